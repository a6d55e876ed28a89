//! `doctor`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::world::{Clock, Moment, SystemClock};
use serde_json::{Value, json};
use token_client::emulator::{EmulatedApp, Emulator};

use crate::program::{
    Program, SECRET, assert_shape, certificate, credential, credentials, emulator, finding, is_time, settings,
};

fn shape() -> Value {
    json!({
        "ok": true, "findings": [finding()], "credentials": [credential()],
        "downstream": [{"name": "", "findings": [finding()]}], "environment": [{"name": "", "found": true}], "requests": 1,
    })
}

fn statuses(report: &Value) -> Vec<(&str, &str)> {
    let list = report["credentials"].as_array().unwrap().iter();
    list.map(|one| (one["status"].as_str().unwrap(), one["stage"].as_str().unwrap_or_default())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_every_entry_and_every_downstream_section() {
    let pem = certificate();
    let emulator = emulator(Some(&pem)).await;
    let list = json!([
        {"SourceType": "Path", "CertificateDiskPath": "none.pfx"},
        {"SourceType": "ClientSecret", "ClientSecret": "wrong-s3cret-value"},
        {"SourceType": "ClientSecret", "ClientSecret": "skipped-s3cret", "Skip": true},
        {"SourceType": "Path", "CertificateDiskPath": "app.pem"},
        {"SourceType": "ClientSecret", "ClientSecret": SECRET},
    ]);
    let program = Program::with("doctor", &settings(&emulator, &list));
    program.write("app.pem", &pem);
    let ran = program.run(&["doctor", "--json"]);
    let report = ran.json();
    assert_shape(&report, &shape(), "doctor");
    assert_eq!((ran.status, &report["ok"]), (0, &json!(true)), "{ran:?}");
    let expected = [
        ("failed", "load"),
        ("rejected", "exchange"),
        ("skipped", ""),
        ("accepted", "exchange"),
        ("accepted", "exchange"),
    ];
    assert_eq!(statuses(&report), expected);
    let rejected = &report["credentials"][1];
    assert_eq!(
        (&rejected["kind"], &rejected["findings"][0]["authority"]["error_codes"]),
        (&json!("rejected"), &json!([7_000_215]))
    );
    let facts = &report["credentials"][3]["certificate"];
    assert_eq!((&facts["key"], &facts["chain_length"]), (&json!("RSA 2048"), &json!(1)));
    assert!(is_time(&facts["not_after"]) && facts["thumbprint"].as_str().unwrap().len() == 40, "{facts}");
    let names: Vec<&Value> = report["downstream"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["Hello", "Me"]);
    assert_eq!(report["downstream"][1]["findings"][0]["code"], "needs-a-user");
    assert!(report["requests"].as_u64().unwrap() >= 3);
    let text = program.run(&["doctor"]);
    assert!(text.stdout.contains("the service would use entry 3"), "{text:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offline_loads_and_asks_nobody() {
    let emulator = emulator(None).await;
    let program = Program::with("doctor-offline", &settings(&emulator, &credentials()));
    let ran = program.run(&["doctor", "--offline", "--json"]);
    let report = ran.json();
    assert_shape(&report, &shape(), "doctor --offline");
    assert_eq!((ran.status, &report["requests"]), (0, &json!(0)), "{ran:?}");
    assert_eq!(statuses(&report), [("failed", "load"), ("loaded", "exchange")]);
    assert!(emulator.requests().is_empty());
}

#[test]
fn apis_that_are_called_with_managed_identities_need_no_credential() {
    let api = json!({"BaseUrl": "https://blobs.example/", "Scopes": ["https://storage.azure.com/.default"],
        "AcquireTokenOptions": {"ManagedIdentity": {"UserAssignedClientId": "mine"}}});
    let program = Program::with("doctor-identities", &json!({"Blobs": api}).to_string());
    let ran = program.run(&["doctor", "--offline", "--json"]);
    let report = ran.json();
    assert_eq!((ran.status, &report["ok"], &report["findings"]), (0, &json!(true), &json!([])), "{ran:?}");
    let text = program.run(&["doctor", "--offline"]);
    assert!(text.stdout.contains("the service would need no credential"), "{text:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_are_worst_first_and_unbound_entries_are_shown() {
    let emulator = emulator(None).await;
    let list = json!([
        {"SourceType": "ClientSecret", "ClientSecret": SECRET},
        {"SourceType": "Certificat", "CertificateDiskPath": "a.pfx"},
        {"SourceType": 3, "CertificateDiskPath": "a.pfx"},
    ]);
    let program = Program::with("doctor-bind", &settings(&emulator, &list));
    let ran = program.run(&["doctor", "--json"]);
    let report = ran.json();
    assert_shape(&report, &shape(), "doctor");
    assert_eq!((ran.status, &report["ok"]), (1, &json!(false)));
    assert_eq!(statuses(&report)[..2], [("not-tried", ""), ("failed", "bind")]);
    let severities: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|one| one["severity"].as_str().unwrap()).collect();
    let rank = |one: &&str| ["error", "warning", "hint"].iter().position(|known| known == one).unwrap();
    assert!(severities.is_sorted_by_key(rank) && severities.len() > 1, "{severities:?}");
    assert!(emulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_without_a_token_is_not_well() {
    let emulator = emulator(None).await;
    let program = Program::with("doctor-api", &settings(&emulator, &credentials()));
    let ran = program.run(&["doctor", "--json", "--set", "Hello:Scopes:0=api://unknown-resource/.default"]);
    let report = ran.json();
    assert_eq!((ran.status, &report["ok"]), (1, &json!(false)), "{ran:?}");
    assert_eq!(report["findings"][0]["code"], "authority-refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_authority_no_entry_is_said_to_be_used() {
    let emulator = emulator(None).await;
    let program = Program::with("doctor-unreachable", &settings(&emulator, &credentials()));
    let ran = program.run(&["doctor", "--set", "AzureAd:Instance=http://127.0.0.1:9/"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.stdout.contains("the service would get no token"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_for_users_is_no_failure_and_one_for_either_is_tried_as_the_application() {
    let emulator = emulator(None).await;
    let program = Program::with("doctor-caller", &settings(&emulator, &credentials()));
    let unsaid = ["doctor", "--json", "--set", "Hello:RequestAppToken="];
    let ran = program.run(&unsaid);
    let report = ran.json();
    assert_eq!((ran.status, &report["ok"]), (0, &json!(true)), "{ran:?}");
    for (nth, name, code) in [(0, "Hello", "app-or-user"), (1, "Me", "needs-a-user")] {
        let api = &report["downstream"][nth];
        assert_eq!(api["name"], name);
        assert_eq!((&api["findings"][0]["code"], &api["findings"][0]["severity"]), (&json!(code), &json!("hint")));
    }
    let unknown = [&unsaid[..], &["--set", "Hello:Scopes:0=api://unknown-resource/.default"]].concat();
    let ran = program.run(&unknown);
    assert_eq!((ran.status, &ran.json()["findings"][0]["code"]), (1, &json!("authority-refused")), "{ran:?}");
}

/// This machine's clock, as an authority whose clock is off has it.
#[derive(Debug)]
struct Off(SystemClock, i64);

#[async_trait]
impl Clock for Off {
    fn now(&self) -> SystemTime {
        let by = Duration::from_secs(self.1.unsigned_abs());
        if self.1 < 0 { self.0.now() - by } else { self.0.now() + by }
    }

    fn moment(&self) -> Moment {
        self.0.moment()
    }

    async fn sleep_until(&self, moment: Moment) {
        self.0.sleep_until(moment).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_off_is_said_with_what_breaks() {
    for (off, expected) in [
        (0, None),
        (-20, None),
        (430, Some(("7 min ", "behind that of 127.0.0.1", "(exp)"))),
        (-430, Some(("7 min ", "ahead of that of 127.0.0.1", "AADSTS700024"))),
        (90, Some(("1 min 2", "behind", "tolerates"))),
    ] {
        let app = EmulatedApp::new("app1").secret(SECRET);
        let clock = Arc::new(Off(SystemClock::default(), off));
        let builder = Emulator::builder().tenant("contoso.example").app(app).clock(clock);
        let emulator = builder.start().await.unwrap();
        let program = Program::with("doctor-clock", &settings(&emulator, &credentials()));
        let report = program.run(&["doctor", "--json"]).json();
        let found = report["findings"].as_array().unwrap().iter().find(|one| one["code"] == "clock-skew");
        let Some((by, side, breaks)) = expected else {
            assert_eq!(found, None, "{off}");
            continue;
        };
        let found = found.unwrap_or_else(|| panic!("{off}: {report}"));
        let message = found["message"].as_str().unwrap();
        assert!([by, side, breaks].iter().all(|part| message.contains(part)), "{off}: {message}");
        assert_eq!((&found["severity"], &report["ok"]), (&json!("warning"), &json!(true)), "{off}");
        assert!(program.run(&["doctor"]).stdout.contains("clock-skew"), "its place in the page");
        assert!(program.run(&["doctor", "--offline"]).status == 0);
    }
}

/// The heading that a page's anchor leads to.
fn is_explained(page: &str, anchor: &str) -> bool {
    page.lines().filter_map(|line| line.strip_prefix("### ")).any(|heading| heading.to_lowercase() == anchor)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_finding_names_its_place_in_the_page_of_all_errors() {
    let page = include_str!("../../docs/troubleshooting.md");
    let emulator = emulator(None).await;
    let list = json!([
        {"SourceType": "Path", "CertificateDiskPath": "none.pfx"},
        {"SourceType": "ClientSecret", "ClientSecret": "wrong-s3cret-value"},
    ]);
    let ran = Program::with("doctor-help", &settings(&emulator, &list)).run(&["doctor"]);
    let anchors: Vec<&str> =
        ran.stdout.lines().filter_map(|line| Some(line.trim().split_once("troubleshooting.md#")?.1)).collect();
    assert!(anchors.contains(&"file-not-found") && anchors.contains(&"aadsts7000215"), "{ran:?}");
    for anchor in anchors {
        assert!(is_explained(page, anchor), "{anchor} is nowhere in the page");
    }
}

#[test]
fn a_remedy_speaks_of_the_programs_switches() {
    let program = Program::with("doctor-words", r#"{"Other": {"ClientId": "a"}}"#);
    let section = program.run(&["doctor"]);
    assert!(section.stdout.contains("--section NAME") && !section.stdout.contains("(..)"), "{section:?}");
    let missing = program.run(&["config", "--json", "--config", "none.json"]);
    assert!(missing.stdout.contains("--config FILE") && !missing.stdout.contains("(..)"), "{missing:?}");
    let set = program.run(&["config", "--json", "--set", "AzureAd__TenantId=t.example"]);
    assert!(set.stdout.contains(r#""argument": "--set""#), "{set:?}");
}

/// A machine with a platform, and a list that has nothing for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn says_which_platform_it_is_on_and_which_entry_would_be_for_it() {
    let emulator = emulator(None).await;
    let of_git_hub = |settings: &str, name: &str| {
        Program::with(name, settings)
            .variable("GITHUB_ACTIONS", "true")
            .variable("ACTIONS_ID_TOKEN_REQUEST_URL", "https://127.0.0.1:1/x?y=z")
            .variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "s3cret-of-the-job")
    };
    let wrong = json!([{"SourceType": "ClientSecret", "ClientSecret": "wrong-s3cret-value"}]);
    let program = of_git_hub(&settings(&emulator, &wrong), "doctor-platform");
    let ran = program.run(&["doctor", "--json"]);
    let report = ran.json();
    assert_shape(&report, &shape(), "doctor");
    assert!(report["environment"].as_array().unwrap().contains(&json!({"name": "GitHub Actions", "found": true})));
    let hint = report["findings"].as_array().unwrap().iter().find(|one| one["code"] == "platform-detected").unwrap();
    assert_eq!(hint["message"], "GitHub Actions (GITHUB_ACTIONS is set): no entry is for it");
    assert_eq!(hint["remedy"], r#"add {"SourceType":"GitHubActions"} to ClientCredentials"#);
    assert!(!ran.text().contains("s3cret-of-the-job"), "{ran:?}");
    // Where an entry works, what else there is stands in the last lines alone.
    let right = json!([{"SourceType": "GitHubActions"}, {"SourceType": "ClientSecret", "ClientSecret": SECRET}]);
    let program = of_git_hub(&settings(&emulator, &right), "doctor-platform-entry");
    let report = program.run(&["doctor", "--json"]).json();
    let codes: Vec<&Value> = report["findings"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert!(!codes.contains(&&json!("platform-detected")), "{codes:?}");
    let text = program.run(&["doctor"]);
    assert!(text.stdout.contains("GitHub Actions (GITHUB_ACTIONS is set): entry 0 is for it"), "{text:?}");
}
