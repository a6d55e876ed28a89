//! No command but `token` prints a token, and none prints a secret, whatever goes wrong.

use serde_json::json;

use crate::program::{Program, SECRET, certificate, emulator, settings};

const WRONG: &str = "another-s3cret-value";
const PASSWORD: &str = "pa55word-of-nothing";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_is_printed() {
    let pem = certificate();
    let emulator = emulator(Some(&pem)).await;
    let list = json!([
        {"SourceType": "ClientSecret", "ClientSecret": WRONG},
        {"SourceType": "Path", "CertificateDiskPath": "app.pem", "CertificatePassword": PASSWORD},
        {"SourceType": "Base64Encoded", "Base64EncodedValue": "MIIJabcdefgh", "CertificatePassword": PASSWORD},
        {"SourceType": "ClientSecret", "ClientSecret": SECRET},
    ]);
    let good = settings(&emulator, &list);
    let program = Program::with("secrets", &good).variable("AzureAd__ClientCredentials__4__ClientSecret", WRONG);
    program.write("app.pem", &pem);
    let incoming = emulator.mint_user_token("ada@contoso.example", "app1", "access_as_user").unwrap();
    program.write("user.jwt", &incoming);
    program.write("broken.json", good.replace("\"ClientId\"", "ClientId"));
    program.write("unknown.json", good.replace("\"Base64Encoded\"", "\"Base64\"").replace("\"Path\"", "7.5"));
    let key_lines: Vec<&str> = pem.lines().filter(|line| !line.starts_with('-') && line.len() > 40).collect();
    for file in ["appsettings.json", "broken.json", "unknown.json"] {
        for command in [
            &["config"][..],
            &["doctor"],
            &["doctor", "--offline"],
            &["call", "Hello"],
            &["call", "Me", "--user-assertion", "@user.jwt"],
            &["token", "--scope", "api://demo/.default"],
            &["token", "--scope", "api://demo/access_as_user", "--user-assertion", "@user.jwt"],
            &["token", "--scope", "api://demo/.default", "--only", "0"],
        ] {
            for json in [&[][..], &["--json"]] {
                let ran = program.run(&[command, &["--config", file], json].concat());
                let text = ran.text();
                for secret in [SECRET, WRONG, PASSWORD, "MIIJabcdefgh", &incoming].iter().chain(&key_lines) {
                    assert!(!text.contains(secret), "{command:?} {json:?} {file}: {secret} in {text}");
                }
                let beside_token = if command[0] == "token" { &ran.stderr } else { &text };
                assert!(!beside_token.contains("eyJ"), "{command:?} {json:?} {file}: a token in {beside_token}");
            }
        }
    }
}
