//! `Debug` of every public type that holds what somebody else has written shows nothing secret.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use credential_core::credential::{Assertion, AssertionRequest, SecretBytes};
use credential_core::source::{Application, Entry, Origin, Value};
use credential_core::testing::FakeWorld;
use credential_core::world::{ClientCertificate, HttpRequest, HttpResponse, Moment};
use credential_core::{Credential, CredentialDescription, LoadRequest, Secret, SourceError, SourceRegistry};

/// Stands in everything that may be secret.
const CANARY: &str = "hunter2";

fn shows_nothing(value: &dyn Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.contains(CANARY), "{text}");
        // Bytes are shown as numbers.
        assert!(!text.replace([' ', '\n'], "").contains("104,117,110,116"), "{text}");
    }
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let (secret, bytes) = (Secret::from(CANARY), SecretBytes::new(CANARY.as_bytes()));
    let request = HttpRequest::post("https://user:hunter2@h.example/p?code=hunter2#hunter2")
        .header("authorization", CANARY)
        .client_certificate(ClientCertificate::new(vec![Vec::new()], bytes.clone()))
        .body(CANARY);
    let certificate = request.client_certificate.clone();
    let response = HttpResponse::new(200, vec![("set-cookie".to_owned(), CANARY.to_owned())], CANARY);
    let odd = HttpRequest::get("https://user:p?w/hunter2@h.example/");
    let entry = Entry::text("ClientSecret", CANARY, Origin::Code);
    let map = Entry::map("Data", vec![entry.clone()], Origin::Code);
    let description = CredentialDescription::new("ClientSecret").with_entry(entry.clone()).with_entry(map.clone());
    let given = CredentialDescription::new("Certificate").given(Credential::secret("id", CANARY));
    let assertion = Assertion::new(CANARY, Some(SystemTime::UNIX_EPOCH));
    let credentials = [Credential::secret("id", CANARY), Credential::assertion("id", Assertion::new(CANARY, None))];
    let world = FakeWorld::new();
    world.environment.set("SECRET", CANARY);
    world.environment.set_not_unicode("OTHER");
    world.files.write("secret", CANARY);
    world.http.answer(200, CANARY);
    let _ = world.world().http.send(request.clone()).await;
    let real = world.world();
    let application = Application::new("app1", "https://login.example/t");
    let deadline = Moment::default().after(Duration::from_secs(1));
    let mut asked = AssertionRequest::new("app1", "https://u:hunter2@login.example/token?p=hunter2", deadline, &real);
    asked.claims = Some(CANARY);
    let load = LoadRequest::new(&application, deadline, &real);
    let chain = SourceRegistry::new().bind(Vec::new(), real.clone());
    let error = SourceError::denied("code", "message");
    let all: [&dyn Debug; 21] = [
        &secret,
        &bytes,
        &request,
        &certificate,
        &response,
        &odd,
        &entry,
        &Value::Text(secret.clone()),
        &map,
        &description,
        &given,
        &assertion,
        &credentials[0],
        &credentials[1],
        &world,
        &real,
        &application,
        &asked,
        &load,
        &chain,
        &error,
    ];
    all.into_iter().for_each(shows_nothing);
    assert!(format!("{request:?}").contains("https://***@h.example/p"), "{request:?}");
}
