//! `LocalMachine/Root` and `LocalMachine/CertificateAuthority`: certificates that OpenSSL trusts, without keys.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

mod golden;

use std::sync::Arc;
use std::time::Duration;

use credential_cert_store::StoreSource;
use credential_core::testing::{Bound, FakeWorld, application};
use credential_core::world::LocalFiles;
use credential_core::{CredentialDescription, CredentialSource, LoadRequest, SourceError, SourceErrorKind};

/// Looks up a subject where the two variables point to; a store without keys always ends in an error.
async fn look_up(file: &str, folder: &str, store: &str, subject: &str) -> SourceError {
    let fake = FakeWorld::new();
    fake.environment.set("SSL_CERT_FILE", file);
    fake.environment.set("SSL_CERT_DIR", folder);
    let world = fake.world().with_files(Arc::new(LocalFiles::default()));
    let [.., source] = StoreSource::all();
    let entry = CredentialDescription::new(source.source_type())
        .with("CertificateStorePath", store)
        .with("CertificateSubjectName", subject);
    let application = application();
    let deadline = world.clock.moment().after(Duration::from_secs(30));
    Bound::new(source, entry).unwrap().load(&LoadRequest::new(&application, deadline, &world)).await.unwrap_err()
}

#[tokio::test]
async fn the_variables_name_a_file_and_folders_and_the_issuer_tells_which_store() {
    let golden = |name: &str| golden::path(name).display().to_string();
    let (plain, issued) = (golden("store-certs/plain.crt"), golden("store-certs/ca-issued.crt"));
    let folders = format!("/nowhere:{}", golden("store-certs"));
    let (root, between) = ("LocalMachine/Root", "localmachine\\certificateauthority");
    let (found, absent) = ("no-usable-certificate", "certificate-not-found");
    for (file, folder, store, subject, code) in [
        (plain.as_str(), "", root, "app-plain", found),
        (plain.as_str(), "", between, "app-plain", absent),
        (issued.as_str(), "", root, "app-issued", absent),
        (issued.as_str(), "", between, "app-issued", found),
        ("", folders.as_str(), root, "app-plain", found),
        ("", folders.as_str(), between, "app-issued", found),
        ("", folders.as_str(), root, "app-expired", found),
        ("", folders.as_str(), root, "nobody", absent),
        ("", "", root, "app-plain", absent),
        ("/nowhere.pem", "/nowhere", root, "app-plain", absent),
    ] {
        let error = look_up(file, folder, store, subject).await;
        assert_eq!(error.code(), code, "{file} {folder} {store} {subject}: {error}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_trusted_has_no_key_and_the_error_says_where_keys_are() {
    let file = golden::path("store-certs/plain.crt").display().to_string();
    let error = look_up(&file, "", "LocalMachine/Root", "app-plain").await;
    assert_eq!(error.kind(), SourceErrorKind::Invalid);
    assert!(error.to_string().contains(&file) && error.to_string().contains("without its private key"), "{error}");
    assert!(error.remedy_text().unwrap().contains("CurrentUser/My"), "{error:?}");
}
