//! Runs the program in a folder of its own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use token_client::emulator::{EmulatedApp, Emulator};

/// The secret of the application in these tests.
pub(crate) const SECRET: &str = "s3cret-of-these-tests";

/// The program in a folder.
pub(crate) struct Program {
    pub(crate) folder: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a run of it gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The one JSON object on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Everything that was written.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl Program {
    /// In a new folder of that name.
    pub(crate) fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self { folder, variables: Vec::new() }
    }

    /// With a settings file.
    pub(crate) fn with(name: &str, settings: &str) -> Self {
        let program = Self::new(name);
        program.write("appsettings.json", settings);
        program
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.join(name), content).unwrap();
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The command, with no variables but its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_token-client"));
        command.args(arguments).current_dir(&self.folder).env_clear();
        command.env("HOME", &self.folder).env("TMPDIR", &self.folder).envs(self.variables.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    /// With that text on stdin.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // The program may end without having read it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// An RSA key and its certificate, both in one PEM text.
pub(crate) fn certificate() -> String {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let certificate = CertificateParams::new(vec!["app1".to_owned()]).unwrap().self_signed(&key).unwrap();
    format!("{}{}", key.serialize_pem(), certificate.pem())
}

/// An authority and an API that know the application of [`settings`].
pub(crate) async fn emulator(certificate: Option<&str>) -> Emulator {
    let mut app = EmulatedApp::new("app1").secret(SECRET);
    if let Some(pem) = certificate {
        let begin = pem.find("-----BEGIN CERTIFICATE").unwrap();
        app = app.certificate(&pem.as_bytes()[begin..]);
    }
    Emulator::builder()
        .tenant("contoso.example")
        .tenant("other.example")
        .app(app)
        .api_audience("api://demo")
        .start()
        .await
        .unwrap()
}

/// Settings of the emulator's application with these credentials, an API called `Hello` as the
/// application and one called `Me` on behalf of a user.
pub(crate) fn settings(emulator: &Emulator, credentials: &Value) -> String {
    let api = format!("{}/", emulator.api_url().trim_end_matches('/'));
    let settings = json!({
        "AzureAd": {
            "Instance": emulator.instance(), "TenantId": "contoso.example", "ClientId": "app1",
            "ClientCredentials": credentials,
        },
        "Hello": {"BaseUrl": api, "RelativePath": "hello", "Scopes": ["api://demo/.default"], "RequestAppToken": true},
        "Me": {"BaseUrl": api, "RelativePath": "hello", "Scopes": ["api://demo/access_as_user"]},
    });
    format!("{settings:#}")
}

/// The credentials that work: one that is not there, and the secret.
pub(crate) fn credentials() -> Value {
    json!([
        {"SourceType": "SignedAssertionFilePath"},
        {"SourceType": "ClientSecret", "ClientSecret": SECRET},
    ])
}

/// Whether the value has that shape: each member of the expected object is there, and of the kind that
/// the expected value is; a list's members all have the shape of the first expected one. `null` fits
/// anything.
pub(crate) fn assert_shape(value: &Value, expected: &Value, place: &str) {
    match (value, expected) {
        (_, Value::Null) => {}
        (Value::Object(value), Value::Object(expected)) => {
            for (name, expected) in expected {
                let place = format!("{place}.{name}");
                let (name, optional) = name.strip_suffix('?').map_or((name.as_str(), false), |name| (name, true));
                match value.get(name) {
                    Some(value) => assert_shape(value, expected, &place),
                    None => assert!(optional, "{place} is missing in {value:?}"),
                }
            }
            let known = |name: &String| expected.contains_key(name) || expected.contains_key(&format!("{name}?"));
            let unknown: Vec<&String> = value.keys().filter(|name| !expected.is_empty() && !known(name)).collect();
            assert!(unknown.is_empty(), "{place} has {unknown:?}, of which the contract says nothing");
        }
        (Value::Array(values), Value::Array(expected)) => {
            for (nth, value) in values.iter().enumerate() {
                assert_shape(value, expected.first().unwrap_or(&Value::Null), &format!("{place}.{nth}"));
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => {}
        _ => panic!("{place} is {value}, unlike {expected}"),
    }
}

/// The shape of a finding.
pub(crate) fn finding() -> Value {
    json!({
        "severity": "", "code": "", "path?": "", "origin?": {}, "message": "", "cause?": [""], "remedy?": "",
        "authority?": {"error": "", "error_codes?": [1], "suberror?": "", "claims?": "", "trace_id?": "", "correlation_id?": "", "timestamp?": ""},
    })
}

/// The shape of a credential.
pub(crate) fn credential() -> Value {
    json!({
        "index": 1, "source_type": "", "id": "", "status": "", "stage?": "", "kind?": "", "duration_ms?": 1,
        "certificate?": {
            "subject": "", "issuer": "", "thumbprint": "", "thumbprint_sha256": "", "not_before": "", "not_after": "",
            "key": "", "chain_length": 1,
        },
        "assertion?": {"issuer?": "", "subject?": "", "audience?": "", "expires_on?": ""},
        "findings": [finding()],
    })
}

/// The shape of a token without the token.
pub(crate) fn token() -> Value {
    json!({
        "token_type": "", "expires_on": "", "refresh_on?": "", "scopes": [""], "tenant?": "", "from": "",
        "credential": credential(), "attempts": [credential()],
    })
}

/// Whether it is a time as RFC 3339 has it, in UTC.
pub(crate) fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T')
}
