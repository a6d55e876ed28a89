//! Text fits the width that there is, and no word of it is broken.

use serde_json::json;

use crate::program::{Program, SECRET, certificate, emulator, settings};

/// What begins a command, which stays in one piece.
const COMMANDS: [&str; 3] = ["openssl ", "token-client ", "az "];

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn fits(text: &str, width: usize, what: &str) {
    for line in text.lines().filter(|line| line.chars().count() > width) {
        let one = line.trim_start();
        let whole = !one.contains(' ') || COMMANDS.iter().any(|command| one.starts_with(command));
        assert!(whole, "{what} at {width}: {line:?} in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_are_broken_between_words_at_any_width() {
    let emulator = emulator(None).await;
    let list = json!([
        {"SourceType": "SignedAssertionFilePath"},
        {"SourceType": "Path", "CertificateDiskPath": "certs/of/a/service/that/has/a/long/name.pfx"},
        {"SourceType": "ClientSecret", "ClientSecret": "wrong-s3cret-value"},
        {"SourceType": "ClientSecret", "ClientSecret": SECRET},
    ]);
    let make = || {
        let program = Program::with("width", &settings(&emulator, &list));
        program.write("app.pem", certificate());
        program
    };
    let commands: [&[&str]; 5] = [
        &["doctor"],
        &["config"],
        &["sources"],
        &["certificates", "inspect", "app.pem"],
        &["token", "--scope", "api://demo/.default", "--only", "2"],
    ];
    // Refusals differ in ids and times.
    let steady = |text: &str| {
        let text = text.replace('\u{1b}', "");
        words(&text)
            .into_iter()
            .filter(|word| !word.chars().any(|one| one.is_ascii_digit()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    for command in commands {
        let whole = make().run(command).text();
        for width in [40, 80, 120] {
            let ran = make().variable("COLUMNS", &width.to_string()).run(command);
            fits(&ran.text(), width, command[0]);
            assert_eq!(steady(&ran.text()), steady(&whole), "{command:?} at {width}");
        }
    }
}

#[test]
fn help_is_wrapped_and_eighty_columns_wide_where_nobody_says_otherwise() {
    for command in ["", "config", "doctor", "token", "call", "schema", "sources", "emulator", "completions"] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let whole = Program::new("help").variable("COLUMNS", "500").run(&arguments).stdout;
        for width in [40, 80, 120] {
            let text = Program::new("help").variable("COLUMNS", &width.to_string()).run(&arguments).stdout;
            // The line of the usage is the grammar's.
            let body: String =
                text.lines().filter(|line| !line.starts_with("Usage:")).map(|line| format!("{line}\n")).collect();
            fits(&body, width, command);
            assert_eq!(words(&text), words(&whole), "{command} at {width}");
        }
        let piped = Program::new("help").run(&arguments).stdout;
        assert_eq!(piped, Program::new("help").variable("COLUMNS", "80").run(&arguments).stdout);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verbose_says_what_is_tried_and_shows_no_secret() {
    let emulator = emulator(None).await;
    let list = json!([
        {"SourceType": "ClientSecret", "ClientSecret": "wrong-s3cret-value"},
        {"SourceType": "ClientSecret", "ClientSecret": SECRET},
    ]);
    let program = Program::with("verbose", &settings(&emulator, &list));
    let call = |switches: &[&str]| program.run(&[&["call", "Hello"], switches].concat());
    let quiet = call(&[]);
    assert!(!quiet.stderr.contains("load_credential"), "{quiet:?}");
    let ran = call(&["-v"]);
    assert_eq!((ran.status, &ran.stdout), (0, &quiet.stdout), "{ran:?}");
    for line in [
        "load_credential  entry=0  source=ClientSecret  reason=initial",
        "the authority refused the credential",
        "present_credential  entry=1",
        "verdict=accepted",
        "call_downstream  api=Hello  http.request.method=GET",
    ] {
        assert!(ran.stderr.contains(line), "{line:?} is not in\n{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("http_request"), "{ran:?}");
    let more = call(&["-vvv"]);
    assert!(more.stderr.contains("http_request  http.request.method=POST  url.full="), "{more:?}");
    for ran in [ran, more] {
        let text = ran.text();
        assert!(!text.contains(SECRET) && !text.contains("wrong-s3cret-value") && !text.contains("eyJ"), "{text}");
    }
}
