//! Every recorded certificate on its whole road: from settings over the authority to the API, and what
//! the API was called with. Equal to the reference or a listed difference.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests fail by panicking"
)]

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use credential_cert_store::Material;
use credential_core::testing::{FakeEnvironment, FakeFiles};
use credential_core::{Secret, Severity, World};
use serde_json::{Value, json};
use token_client::emulator::{EmulatedApp, Emulator};
use token_client::settings::Location;
use token_client::{DownstreamCall, DownstreamError, ReqwestHttp, TokenClient};

const SETTINGS: &str = "/case/appsettings.json";
const STORE: &str = "/home/app/.dotnet/corefx/cryptography/x509stores/my";
const STORED: &[&str] = &["plain", "nokey", "expired"];
const PFX: &str = "ossl-default.pfx";

/// Case, what it comes to there, what it comes to here, why.
const DIFFERENCES: &[(&str, &str, &str, &str)] = &[
    ("path-pem-then-secret", "error", "client_assertion", "PEM text is read with its key"),
    ("base64-url", "error", "client_assertion", "either alphabet of base64 is read"),
    (
        "store-bad-path-then-secret",
        "client_secret",
        "error bad-store-path not-a-thumbprint",
        "a wrong setting is told at the start",
    ),
];

/// What those that fail say here.
const ERRORS: &[(&str, &str)] = &[
    ("path-pfx-no-key", "certificate-without-key"),
    ("path-missing-file", "file-not-found"),
    ("path-missing-property", "missing-setting"),
    ("path-empty", "empty-setting"),
    ("path-ec-base64", "key-type-not-accepted"),
    ("path-dsa", "key-not-supported"),
    ("path-ed25519", "key-not-supported"),
    ("base64-cert-only", "certificate-without-key"),
    ("base64-invalid", "not-base64"),
    ("base64-empty", "empty-setting"),
    ("store-not-found", "certificate-not-found"),
    ("store-no-key", "no-usable-certificate"),
    ("store-expired", "no-usable-certificate"),
];

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/golden")).join(name)).unwrap()
}

/// Long values were cut when they were recorded: the file that each is of, as the row says.
fn uncut(case: &str, entry: &mut Value) {
    let Some(cut) = entry["Base64EncodedValue"].as_str().and_then(|value| value.strip_suffix('…')) else { return };
    let file = match case {
        "path-ec-base64" => "ossl-key-ec256.pfx",
        "base64-cert-only" => "net-cert.cer",
        _ => PFX,
    };
    let whole = STANDARD.encode(golden(&format!("pfx/{file}")));
    assert!(whole.starts_with(cut), "{case}: {file} is another file");
    entry["Base64EncodedValue"] = match case {
        "base64-newlines" => whole.as_bytes().chunks(76).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n"),
        "base64-url" => whole.replace('+', "-").replace('/', "_"),
        _ => whole,
    }
    .into();
}

/// The row's settings against the emulator.
fn settings(row: &Value, emulator: &Emulator) -> Value {
    let mut credentials = row["azuread"]["ClientCredentials"].clone();
    for entry in credentials.as_array_mut().unwrap() {
        uncut(row["name"].as_str().unwrap(), entry);
        if let Some(path) = entry["CertificateDiskPath"].as_str() {
            // One file was not recorded; this one holds no key either.
            let path = path.replace("$DIR", "/case").replace("ossl-cert-only", "ossl-certs-only");
            entry["CertificateDiskPath"] = path.into();
        }
    }
    json!({
        "AzureAd": {
            "Instance": emulator.instance(), "TenantId": "contoso.example", "ClientId": "app1",
            "ClientCredentials": credentials,
        },
        "DownstreamApis": { "Api": { "BaseUrl": emulator.api_url(), "Scopes": row["section"]["Scopes"] } },
    })
}

fn world() -> (World, Arc<FakeFiles>) {
    let environment = FakeEnvironment::default();
    environment.set("HOME", "/home/app");
    let files = Arc::new(FakeFiles::default());
    for name in STORED {
        files.write(format!("{STORE}/{name}.pfx"), golden(&format!("store-certs/{name}.store.pfx")));
    }
    let http = Arc::new(ReqwestHttp::new().unwrap());
    (World::new(http).with_environment(Arc::new(environment)).with_files(Arc::clone(&files) as _), files)
}

/// What the program got: the kind of credential that the authority took, or the codes of what is wrong.
async fn ours(row: &Value) -> String {
    let leaf = |content: Vec<u8>| Material::from_bytes(&content, Some(&Secret::from("pw"))).unwrap().chain()[0].clone();
    let app = EmulatedApp::new("app1").secret("s3cret").certificate(leaf(golden(&format!("pfx/{PFX}"))));
    let app = app.certificate(leaf(golden("store-certs/plain.pfx")));
    let app = app.certificate(leaf(golden("pfx/p-cert-first.pem"))).certificate(leaf(golden("pfx/ossl-chain.pfx")));
    let emulator = Emulator::builder()
        .tenant("contoso.example")
        .app(app)
        .api_audience("https://graph.microsoft.com")
        .start()
        .await
        .unwrap();
    let (world, files) = world();
    files.write(SETTINGS, settings(row, &emulator).to_string());
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/golden/pfx")).unwrap() {
        let file = file.unwrap();
        files.write(PathBuf::from("/case").join(file.file_name()), std::fs::read(file.path()).unwrap());
    }
    let mut location = Location::default();
    location.file = SETTINGS.into();
    let client = match TokenClient::builder().location(location).world(world).build().await {
        Ok(client) => client,
        Err(error) => {
            let errors = error.findings().iter().filter(|finding| finding.severity == Severity::Error);
            return codes(errors.map(|finding| finding.code.to_string()));
        }
    };
    match client.downstream("Api").unwrap().call(DownstreamCall::new().as_app()).await {
        Ok(response) => {
            assert_eq!((response.status(), response.with_token()), (200, true));
            let [exchange] = emulator.token_requests().try_into().unwrap();
            let taken = ["client_assertion", "client_secret"].into_iter().find(|name| exchange.form(name).is_some());
            taken.unwrap().to_owned()
        }
        Err(DownstreamError::Token(error)) => {
            assert!(emulator.token_requests().is_empty(), "{error}");
            codes(error.findings().iter().map(|finding| finding.code.to_string()))
        }
        Err(error) => error.to_string(),
    }
}

fn codes(codes: impl Iterator<Item = String>) -> String {
    format!("error {}", codes.collect::<Vec<_>>().join(" "))
}

/// The same of the reference; it has no codes for most of its errors.
fn theirs(row: &Value) -> &'static str {
    let form = &row["token_request_log"][0]["form"];
    match row["result"]["status"].as_i64() {
        Some(200) if form["client_assertion"].is_string() => "client_assertion",
        Some(200) if form["client_secret"].is_string() => "client_secret",
        _ => "error",
    }
}

#[tokio::test]
async fn each_certificate_is_used_or_refused_as_by_the_reference_or_a_listed_difference() {
    let rows = String::from_utf8(golden("flow.jsonl")).unwrap();
    let (mut wrong, mut met) = (Vec::new(), 0);
    for row in rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap()) {
        let name = row["name"].as_str().unwrap();
        let (ours, theirs) = (ours(&row).await, theirs(&row));
        let error = ERRORS.iter().find(|one| one.0 == name).map(|(_, code)| format!("error {code}"));
        let listed = DIFFERENCES.iter().find(|one| one.0 == name);
        met += usize::from(error.is_some()) + usize::from(listed.is_some());
        let is_expected = match (listed, error) {
            (Some((_, there, here, _)), None) => *there == theirs && *here == ours,
            (None, Some(error)) => theirs == "error" && ours == error,
            _ => ours == theirs,
        };
        if !is_expected {
            wrong.push(format!("{name}: {ours}, the reference: {theirs}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(met, DIFFERENCES.len() + ERRORS.len(), "everything that is listed is of a row that is there");
}
