//! What the source must keep to, and that it is found by its name.

use credential_core::testing::{Conformance, FakeWorld};
use credential_core::{CredentialDescription, SourceRegistry};
use example_source::SystemdCredential;

fn entry(name: &str) -> CredentialDescription {
    CredentialDescription::new("SystemdCredential").with("CredentialName", name)
}

fn put(world: &FakeWorld, secret: &str) {
    world.environment.set("CREDENTIALS_DIRECTORY", "/run/credentials/orders.service");
    world.files.write("/run/credentials/orders.service/orders", secret);
}

#[tokio::test]
async fn conforms() {
    Conformance::new(SystemdCredential, entry("orders"))
        .works_when(|world| put(world, "hunter2-first\n"))
        .rotates_when(|world| put(world, "hunter2-second\n"))
        .fails_when(|world| world.environment.unset("CREDENTIALS_DIRECTORY"))
        .never_shows(["hunter2"])
        .check()
        .await
        .unwrap();
}

#[test]
fn an_entry_finds_it_by_name_and_is_checked() {
    let registry = SourceRegistry::new().with(SystemdCredential);
    let bind = |entry| registry.bind(vec![entry], FakeWorld::new().world());
    assert!(bind(entry("orders")).is_ok());
    let error = bind(entry("../orders")).unwrap_err().to_string();
    assert!(error.contains("CredentialName is a path") && error.contains("write the name alone"), "{error}");
    let misspelt = bind(CredentialDescription::new("SystemdCredentials")).unwrap_err().to_string();
    assert!(misspelt.contains("write \"SystemdCredential\""), "{misspelt}");
}
