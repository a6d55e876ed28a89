//! `init`: a file that works, and no other file's loss.

use jsonschema::validator_for;
use serde_json::Value;

use crate::program::{Program, SECRET, emulator};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arguments_and_answers_make_a_file_that_works() {
    let emulator = emulator(None).await;
    let program = Program::new("init").variable("ORDERS_SECRET", SECRET);
    let (instance, api) = (emulator.instance(), emulator.api_url());
    let arguments = ["init", "--schema", "--instance", &instance, "--api", "Demo", "--base-url", &api];
    let arguments = [&arguments[..], &["--scope", "api://demo/.default"]].concat();
    let ran = program.run_with(&arguments, "contoso.example\napp1\nORDERS_SECRET\n");
    assert_eq!(ran.status, 0, "{ran:?}");
    let call = program.run(&["call", "Demo", "--path", "hello"]);
    assert_eq!((call.status, call.stdout.trim()), (0, r#"{"hello":"app1"}"#), "{call:?}");
    let config = program.run(&["config", "--json"]);
    assert_eq!(config.json()["findings"], serde_json::json!([]), "{config:?}");

    let schema: Value =
        serde_json::from_slice(&std::fs::read(program.folder.join("appsettings.schema.json")).unwrap()).unwrap();
    assert!(validator_for(&schema).is_ok());
    let written = std::fs::read_to_string(program.folder.join("appsettings.json")).unwrap();
    assert!(written.contains(r#""$schema": "./appsettings.schema.json""#) && !written.contains(SECRET), "{written}");

    // Nothing is overwritten.
    let again = program.run(&["init", "--tenant", "t", "--client-id", "c", "--secret-variable", "S"]);
    assert_eq!(again.status, 2, "{again:?}");
    assert_eq!(std::fs::read_to_string(program.folder.join("appsettings.json")).unwrap(), written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_alone_make_a_file_whose_call_works() {
    let emulator = emulator(None).await;
    let program = Program::new("init-answers").variable("ORDERS_SECRET", SECRET);
    let (instance, api) = (emulator.instance(), emulator.api_url());
    let answers = format!("contoso.example\napp1\nORDERS_SECRET\nDemo\n{api}\napi://demo/.default\n");
    let ran = program.run_with(&["init", "--instance", &instance], &answers);
    assert!(ran.status == 0 && ran.stderr.contains("token-client call Demo"), "{ran:?}");
    let call = program.run(&["call", "Demo", "--path", "hello"]);
    assert_eq!((call.status, call.stdout.trim()), (0, r#"{"hello":"app1"}"#), "{call:?}");
}

#[test]
fn without_answers_it_names_the_arguments() {
    let program = Program::new("init-nothing");
    let ran = program.run(&["init"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.stderr.contains("--tenant") && !program.folder.join("appsettings.json").exists(), "{ran:?}");
    let printed =
        program.run(&["init", "--output", "-", "--tenant", "t", "--client-id", "c", "--certificate", "a.pfx"]);
    assert!(
        printed.status == 0 && printed.stdout.contains("a.pfx") && !printed.stdout.contains("schema"),
        "{printed:?}"
    );
}
