//! `migrate`: what other tools' variables become works as it is.

use token_client::emulator::{EmulatedApp, Emulator};

use crate::program::{Program, SECRET};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_variables_of_azure_identity_become_a_file_that_works() {
    let emulator = Emulator::builder().tenant("contoso.example").app(EmulatedApp::new("app1").secret(SECRET));
    let emulator = emulator.start().await.unwrap();
    let program = Program::new("migrate")
        .variable("AZURE_TENANT_ID", "contoso.example")
        .variable("AZURE_CLIENT_ID", "app1")
        .variable("AZURE_CLIENT_SECRET", SECRET)
        .variable("AZURE_USERNAME", "ada@contoso.example")
        .variable("AZURE_AUTHORITY_HOST", &emulator.instance());
    let ran = program.run(&["migrate"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(!ran.text().contains(SECRET), "{ran:?}");
    assert!(ran.stderr.contains("AZURE_USERNAME is left out"), "{ran:?}");
    program.write("appsettings.json", &ran.stdout);
    let token = program.run(&["token", "--scope", "api://demo/.default", "--json"]);
    assert_eq!(token.status, 0, "{token:?}");
    assert_eq!(emulator.token_requests()[0].verdict, "secret");
}

#[test]
fn without_variables_it_says_what_it_looks_for() {
    let ran = Program::new("migrate-nothing").run(&["migrate"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{ran:?}");
    assert!(ran.stderr.contains("AZURE_CLIENT_SECRET") && ran.stderr.contains("ARM_CLIENT_SECRET"), "{ran:?}");
}
