//! What is wrong with a file gets one error each: the setting, where it stands, what to do.

use std::fmt::Write;

use serde_json::Value;

use crate::program::Program;

/// A configuration whose entry is that, from line 3, column 5 on.
fn with_entry(entry: &str) -> String {
    format!(
        "{{\"AzureAd\": {{\"Instance\": \"https://login.microsoftonline.com/\", \"TenantId\": \"t.example\", \
         \"ClientId\": \"app1\",\n  \"ClientCredentials\": [\n    {entry}\n  ]}}}}"
    )
}

fn errors(program: &Program, command: &[&str]) -> Vec<Value> {
    let ran = program.run(command);
    assert_eq!(ran.status, 1, "{ran:?}");
    let findings = ran.json()["findings"].as_array().unwrap().clone();
    findings.into_iter().filter(|one| one["severity"] == "error").collect()
}

/// Name, file, code, line, a part of message or remedy.
const BROKEN: &[(&str, &str, &str, u64, &str)] = &[
    ("broken", "{\n  \"AzureAd\": {\n    \"ClientId\" \"app1\" }\n}", "broken-json", 3, ""),
    ("unfinished", "{\n  \"AzureAd\": {", "broken-json", 2, ""),
    ("a-list", "[1]", "broken-json", 1, ""),
];

/// Name, entry, code, a part of message or remedy.
const ENTRIES: &[(&str, &str, &str, &str)] = &[
    ("misspelt-type", r#"{"SourceType": "Certificat"}"#, "unknown-source-type", "Certificate"),
    ("misspelt-key", r#"{"SourceType": "ClientSecret", "ClientSecre": "x1y2z3"}"#, "misspelt-setting", "ClientSecret"),
    ("missing-key", r#"{"SourceType": "Path"}"#, "missing-setting", "CertificateDiskPath"),
    ("missing-type", r#"{"CertificateDiskPath": "a.pfx"}"#, "missing-source-type", "Path"),
    ("wrong-type", r#"{"SourceType": "Path", "CertificateDiskPath": ["a.pfx"]}"#, "wrong-type", "CertificateDiskPath"),
    ("empty-secret", r#"{"SourceType": "ClientSecret", "ClientSecret": ""}"#, "empty-setting", "ClientSecret"),
    (
        "placeholder",
        r#"{"SourceType": "ClientSecret", "ClientSecret": "[your-secret]"}"#,
        "placeholder",
        "ClientSecret",
    ),
];

#[test]
fn files_that_are_no_settings() {
    for (name, text, code, line, part) in BROKEN {
        let program = Program::with(&format!("bad-{name}"), text);
        for command in
            [&["config", "--json"][..], &["doctor", "--json"], &["token", "--json"], &["call", "Hello", "--json"]]
        {
            let found = errors(&program, command);
            let one = &found[0];
            assert_eq!(
                (&one["code"], &one["origin"]["line"]),
                (&Value::from(*code), &Value::from(*line)),
                "{name}: {one}"
            );
            assert_eq!(one["origin"]["file"], "appsettings.json");
            assert!(one["origin"]["column"].is_u64() && one.to_string().contains(part), "{name}: {one}");
        }
    }
}

#[test]
fn entries_that_cannot_work() {
    for (name, entry, code, part) in ENTRIES {
        let program = Program::with(&format!("bad-{name}"), &with_entry(entry));
        let found = errors(&program, &["config", "--json"]);
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        let one = &found[0];
        assert_eq!((&one["code"], &one["origin"]["line"]), (&Value::from(*code), &Value::from(3)), "{name}: {one}");
        assert!(one["path"].as_str().unwrap().starts_with("AzureAd:ClientCredentials:0"), "{name}: {one}");
        assert!(one["remedy"].is_string() && one.to_string().contains(part), "{name}: {one}");
        let text = program.run(&["doctor"]);
        assert!(text.status == 1 && text.stdout.contains("appsettings.json:3"), "{name}: {text:?}");
    }
}

#[test]
fn all_at_once() {
    let entries: Vec<&str> = ENTRIES.iter().map(|(_, entry, ..)| *entry).collect();
    let program = Program::with("bad-all", &with_entry(&entries.join(", ")));
    let found = errors(&program, &["config", "--json"]);
    let codes: Vec<&str> = found.iter().map(|one| one["code"].as_str().unwrap()).collect();
    for (name, _, code, _) in ENTRIES {
        assert!(codes.contains(code), "{name}: {codes:?}");
    }
    let variable =
        Program::with("bad-variable", &with_entry("{}")).variable("AzureAd__ClientCredentials__0__SourceType", "Pth");
    let found = errors(&variable, &["config", "--json"]);
    assert_eq!(found[0]["origin"]["env"], "AzureAd__ClientCredentials__0__SourceType");
    let argument = Program::with("bad-argument", &with_entry("{}"));
    let found = errors(&argument, &["config", "--json", "--set", "AzureAd:ClientCredentials:0:SourceType=Pth"]);
    assert_eq!(found[0]["origin"]["argument"], "--set");
}

#[test]
fn files_that_entries_name() {
    let program = Program::with("bad-files", "{}");
    std::fs::create_dir(program.folder.join("folder")).unwrap();
    program.write("empty.pfx", "");
    program.write("text.pfx", "this is no certificate");
    program.write("large.pfx", vec![b'x'; 8 << 20]);
    for (file, code) in [
        ("none.pfx", "file-not-found"),
        ("folder", "file-is-folder"),
        ("empty.pfx", "empty-content"),
        ("text.pfx", "unknown-content"),
        ("large.pfx", "file-too-large"),
    ] {
        let entry = format!(r#"{{"SourceType": "Path", "CertificateDiskPath": "{file}"}}"#);
        program.write("appsettings.json", with_entry(&entry));
        let found = errors(&program, &["doctor", "--offline", "--json"]);
        assert_eq!(
            (found.len(), &found[0]["code"], &found[0]["origin"]["line"]),
            (1, &Value::from(code), &Value::from(3)),
            "{found:?}"
        );
        assert_eq!(found[0]["path"], "AzureAd:ClientCredentials:0:CertificateDiskPath");
    }
}

#[test]
fn limits_are_named() {
    let mut many = String::new();
    for nth in 0..1025 {
        let comma = if nth == 0 { "" } else { "," };
        write!(many, r#"{comma}{{"SourceType": "ClientSecret", "ClientSecret": "s{nth}x"}}"#).unwrap();
    }
    let deep = format!("{{\"AzureAd\": {}1{}}}", "{\"a\": ".repeat(70), "}".repeat(70));
    for (name, text, part) in [
        ("large", format!("{{\"A\": \"{}\"}}", "x".repeat(1 << 20)), "1048576"),
        ("deep", deep, "64"),
        ("many", with_entry(&many), "1024"),
    ] {
        let program = Program::with(&format!("bad-{name}"), &text);
        let found = errors(&program, &["config", "--json"]);
        assert!(found[0].to_string().contains(part), "{name}: {:?}", found[0]);
    }
}

#[test]
fn a_missing_file_is_named() {
    let found = errors(&Program::new("bad-none"), &["token", "--json", "--config", "none.json"]);
    assert!(found[0]["message"].as_str().unwrap().contains("none.json") && found[0]["remedy"].is_string(), "{found:?}");
}

/// What an argument names is told as what an entry names.
#[test]
fn arguments_that_name_no_file() {
    let program = Program::with("bad-arguments", &with_entry(r#"{"SourceType": "ClientSecret", "ClientSecret": "s"}"#));
    std::fs::create_dir(program.folder.join("folder")).unwrap();
    for (file, part) in [
        ("absent", "absent: file not found"),
        ("folder", "folder is a directory; a file is expected: name the file in it"),
        ("/dev/zero", "/dev/zero is a pipe, a socket or a device"),
    ] {
        let ran = program.run(&["token", "--scope", "user.read", "--user-assertion", &format!("@{file}")]);
        assert!(ran.status == 2 && ran.stderr.contains(part), "{ran:?}");
    }
}
