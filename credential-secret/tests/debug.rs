//! `Debug` of what this crate gives shows no secret.

use std::time::Duration;

use credential_core::testing::{Bound, FakeWorld, application};
use credential_core::{CredentialDescription, LoadRequest};
use credential_secret::{ClientSecretSource, sources};

#[tokio::test]
async fn nothing_secret_is_shown() {
    let fake = FakeWorld::new();
    fake.environment.set("NAME", "hunter2-variable");
    fake.files.write("file", "hunter2-file");
    let (application, world) = (application(), fake.world());
    for (name, value) in [
        ("ClientSecret", "hunter2-inline"),
        ("ClientSecretEnvironmentVariable", "NAME"),
        ("ClientSecretDiskPath", "file"),
    ] {
        let description = CredentialDescription::new("ClientSecret").with(name, value);
        let deadline = world.clock.moment().after(Duration::from_secs(10));
        let request = LoadRequest::new(&application, deadline, &world);
        let bound = Bound::new(ClientSecretSource, description.clone());
        let loaded = bound.as_ref().unwrap().load(&request).await;
        assert!(loaded.is_ok(), "{loaded:?}");
        for text in [
            format!("{loaded:?} {bound:?} {description:?} {request:?} {:?}", sources()),
            format!("{loaded:#?} {bound:#?} {description:#?} {request:#?} {:#?}", sources()),
        ] {
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
