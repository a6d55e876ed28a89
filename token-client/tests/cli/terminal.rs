//! Nothing that a file, a variable or a server says moves a terminal.

use credential_core::text::moves_terminal;
use serde_json::{Value, json};

use crate::program::{Program, SECRET, emulator, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_of_others_are_written_out() {
    let emulator = emulator(None).await;
    let evil = "x\u{2028}error forged\u{2029}y\u{202e}z\u{1b}[2J\u{7f}\u{9b}1m\nforged";
    let mut file: Value =
        serde_json::from_str(&settings(&emulator, &json!([{"SourceType": "ClientSecret", "ClientSecret": SECRET}])))
            .unwrap();
    file["AzureAd"]["Name"] = json!(evil);
    file["AzureAd"][evil] = json!("value");
    let entries =
        |file: &mut Value, entry: Value| file["AzureAd"]["ClientCredentials"].as_array_mut().unwrap().push(entry);
    entries(&mut file, json!({"SourceType": evil, evil: "value"}));
    file["DownstreamApis"] = json!({evil: {"BaseUrl": emulator.api_url(), "Scopes": [evil]}});
    let broken = Program::with("terminal", &file.to_string()).variable("AzureAd__A\u{202e}B", evil);
    file["AzureAd"]["ClientCredentials"].as_array_mut().unwrap().pop();
    let works = Program::with("terminal-works", &file.to_string());
    for program in [&broken, &works] {
        for command in ["config", "doctor", "token", "call"] {
            let api = if command == "call" { &[evil][..] } else { &[] };
            for json in [&[][..], &["--json"]] {
                let ran = program.run(&[&[command], api, json].concat());
                let text = ran.text();
                let moving: Vec<char> = text.chars().filter(|one| *one != '\n' && moves_terminal(*one)).collect();
                assert!(moving.is_empty(), "{command} {json:?}: {moving:?} in {text:?}");
                let forged = text.lines().any(|line| line.trim_start().starts_with("forged"));
                assert!(!forged, "{command} {json:?}: a line is forged in {text}");
            }
        }
    }
}
