//! The sources keep to the contract, and their errors name what is wrong and where.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says where")]

mod golden;

use std::io;
use std::time::Duration;

use base64::Engine;
use credential_cert_store::{Base64Source, CertificateSource, Material, PathSource, StoreSource};
use credential_core::source::Origin;
use credential_core::testing::{Bound, Conformance, FakeWorld, application};
use credential_core::{
    Credential, CredentialDescription, CredentialSource, LoadRequest, Secret, Severity, SourceError, SourceErrorKind,
    SourceType,
};

const PFX: &str = "/certs/app.pfx";
const STORE: &str = "/home/app/.dotnet/corefx/cryptography/x509stores/my";

fn base64(content: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(content)
}

async fn load(bound: &Bound, world: &FakeWorld) -> Result<Credential, SourceError> {
    let (world, application) = (world.world(), application());
    let deadline = world.clock.moment().after(Duration::from_secs(30));
    bound.load(&LoadRequest::new(&application, deadline, &world)).await
}

fn bound(source: impl CredentialSource + 'static, entry: &CredentialDescription) -> Bound {
    Bound::new(source, entry.clone()).unwrap()
}

/// The code of the error that keeps an entry from being bound.
fn unbound(source: impl CredentialSource + 'static, entry: &CredentialDescription) -> &'static str {
    let error = Bound::new(source, entry.clone()).unwrap_err();
    let [finding] = error.findings() else { panic!("{error}") };
    assert_eq!(finding.severity, Severity::Error);
    finding.code
}

fn path_entry(path: &str) -> CredentialDescription {
    CredentialDescription::new("Path")
        .at("AzureAd:ClientCredentials:0", Origin::file("appsettings.json", 4, 7))
        .with("CertificateDiskPath", path)
}

#[tokio::test]
async fn path_keeps_to_the_contract() {
    let entry = CredentialDescription::new("Path")
        .with("CertificateDiskPath", PFX)
        .with("CertificatePassword", "pw")
        .with("CertificateKeyDiskPath", "/certs/app.key");
    Conformance::new(PathSource, entry)
        .works_when(|world| {
            world.files.write(PFX, golden::read("pfx/ossl-default.pfx"));
            world.files.write("/certs/app.key", golden::read("pfx/p-key-only.pem"));
        })
        .rotates_when(|world| world.files.write(PFX, golden::read("pfx/ossl-key-rsa3072.pfx")))
        .fails_when(|world| world.files.remove(PFX))
        .never_shows(["\"pw\"", &base64(&golden::read("pfx/ossl-default.pfx"))])
        .check()
        .await
        .unwrap();
}

#[tokio::test]
async fn base64_keeps_to_the_contract() {
    let value = base64(&golden::read("pfx/ossl-default.pfx"));
    let entry = CredentialDescription::new("Base64Encoded")
        .with("Base64EncodedValue", value.clone())
        .with("CertificatePassword", "pw");
    Conformance::new(Base64Source, entry).never_shows([value, "\"pw\"".to_owned()]).check().await.unwrap();
}

#[tokio::test]
async fn a_given_certificate_keeps_to_the_contract() {
    let material = Material::from_bytes(&golden::read("pfx/ossl-default.pfx"), Some(&Secret::from("pw"))).unwrap();
    let credential = material.into_credential("given", golden::now()).unwrap();
    let entry = CredentialDescription::new(SourceType::CERTIFICATE).given(credential);
    Conformance::new(CertificateSource, entry).check().await.unwrap();
    let missing = CredentialDescription::new(SourceType::CERTIFICATE);
    assert_eq!(unbound(CertificateSource, &missing), "no-certificate-given");
    let secret = CredentialDescription::new(SourceType::CERTIFICATE).given(Credential::secret("s", "x"));
    assert_eq!(unbound(CertificateSource, &secret), "no-certificate-given");
}

#[tokio::test]
async fn stores_keep_to_the_contract() {
    let by = [
        ("CertificateThumbprint", "0117E83D74AECA52BF47B0D7439870E20B0B868E"),
        ("CertificateDistinguishedName", "CN=app-plain"),
        ("CertificateSubjectName", "app-plain"),
    ];
    for (source, (setting, value)) in StoreSource::all().into_iter().zip(by) {
        let entry = CredentialDescription::new(source.source_type())
            .with("CertificateStorePath", "CurrentUser/My")
            .with(setting, value);
        let file = format!("{STORE}/0117E83D74AECA52BF47B0D7439870E20B0B868E.pfx");
        let removed = file.clone();
        Conformance::new(source, entry)
            .works_when(move |world| {
                world.environment.set("HOME", "/home/app");
                world.files.write(&file, golden::read("store-certs/plain.store.pfx"));
            })
            .fails_when(move |world| world.files.remove(&removed))
            .check()
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn each_failure_of_a_file_has_its_kind_and_names_setting_and_origin() {
    let world = FakeWorld::new();
    world.files.write("/a/folder/x", *b"x");
    world.files.fail("/a/denied.pfx", io::ErrorKind::PermissionDenied);
    world.files.write("/a/empty.pfx", *b"");
    world.files.write("/a/large.pfx", vec![0x30; 1024 * 1024 + 1]);
    world.files.write("/a/locked.pfx", golden::read("pfx/ossl-default.pfx"));
    world.files.write("/a/cert.cer", golden::read("pfx/net-cert.cer"));
    world.files.write("/a/expired.pfx", golden::read("store-certs/expired.store.pfx"));
    world.files.write("/a/future.pfx", golden::read("store-certs/future.store.pfx"));
    for (path, kind, code, setting) in [
        ("/a/none.pfx", SourceErrorKind::NotApplicable, "file-not-found", "CertificateDiskPath"),
        ("/a/folder", SourceErrorKind::Invalid, "file-is-folder", "CertificateDiskPath"),
        ("/a/denied.pfx", SourceErrorKind::Denied, "file-unreadable", "CertificateDiskPath"),
        ("/a/empty.pfx", SourceErrorKind::Invalid, "empty-content", "CertificateDiskPath"),
        ("/a/large.pfx", SourceErrorKind::Invalid, "file-too-large", "CertificateDiskPath"),
        ("/a/locked.pfx", SourceErrorKind::Invalid, "password-missing", "CertificatePassword"),
        ("/a/cert.cer", SourceErrorKind::Invalid, "certificate-without-key", "CertificateDiskPath"),
        ("/a/expired.pfx", SourceErrorKind::Invalid, "certificate-expired", "CertificateDiskPath"),
        ("/a/future.pfx", SourceErrorKind::Invalid, "certificate-not-yet-valid", "CertificateDiskPath"),
    ] {
        let error = load(&bound(PathSource, &path_entry(path)), &world).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, code), "{path}: {error}");
        assert_eq!(error.path(), Some(format!("AzureAd:ClientCredentials:0:{setting}").as_str()), "{path}");
        assert!(error.is_local() && error.remedy_text().is_some() && error.origin().is_some(), "{path}: {error}");
        assert!(error.to_string().contains(path), "{path}: {error}");
    }
    let wrong = path_entry("/a/locked.pfx").with("CertificatePassword", "hunter2");
    let error = load(&bound(PathSource, &wrong), &world).await.unwrap_err();
    assert_eq!(error.code(), "wrong-password");
    assert!(!format!("{error:?} {error}").contains("hunter2"));
}

#[tokio::test]
async fn a_key_file_of_its_own_is_joined_with_the_certificate() {
    let world = FakeWorld::new();
    world.files.write("/a/tls.crt", golden::read("store-certs/plain.crt"));
    world.files.write("/a/tls.key", golden::read("store-certs/plain.key"));
    world.files.write("/a/other.key", golden::read("pfx/p-key-only.pem"));
    let entry = |key: &str| path_entry("/a/tls.crt").with("CertificateKeyDiskPath", key);
    let found = load(&bound(PathSource, &entry("/a/tls.key")), &world).await.unwrap();
    assert_eq!(found.id(), "certificate in /a/tls.crt");
    assert_eq!(
        load(&bound(PathSource, &entry("/a/other.key")), &world).await.unwrap_err().code(),
        "key-does-not-belong"
    );
    let missing = load(&bound(PathSource, &entry("/a/none.key")), &world).await.unwrap_err();
    assert_eq!(missing.path(), Some("AzureAd:ClientCredentials:0:CertificateKeyDiskPath"));
}

#[tokio::test]
async fn of_two_files_the_one_at_fault_is_named() {
    let world = FakeWorld::new();
    let pfx = Material::from_bytes(&golden::read("store-certs/expired.store.pfx"), None).unwrap();
    world.files.write("/a/tls.crt", golden::read("store-certs/plain.crt"));
    world.files.write("/a/old.crt", pfx.chain()[0].clone());
    world.files.write("/a/tls.key", golden::read("store-certs/plain.key"));
    world.files.write("/a/other.key", golden::read("pfx/p-key-only.pem"));
    world.files.write("/a/empty", *b"");
    world.files.write("/a/locked.key", golden::read("pfx/p-enc-iter-1e7.pem"));
    const FILE: &str = "CertificateDiskPath";
    const KEY: &str = "CertificateKeyDiskPath";
    for (file, key, code, setting, named) in [
        ("tls.crt", "empty", "empty-content", KEY, "/a/empty"),
        ("tls.crt", "other.key", "key-does-not-belong", KEY, "/a/other.key"),
        ("tls.crt", "locked.key", "password-missing", "CertificatePassword", "/a/locked.key"),
        ("empty", "tls.key", "empty-content", FILE, "/a/empty"),
        ("old.crt", "other.key", "certificate-expired", FILE, "/a/old.crt"),
    ] {
        let entry = path_entry(&format!("/a/{file}")).with(KEY, format!("/a/{key}"));
        let error = load(&bound(PathSource, &entry), &world).await.unwrap_err();
        assert_eq!(error.code(), code, "{file} {key}: {error}");
        assert!(error.path().unwrap().ends_with(&format!(":{setting}")), "{file} {key}: {error:?}");
        assert!(error.to_string().starts_with(named), "{file} {key}: {error}");
    }
}

/// Whoever makes a certificate chooses its name; messages go to terminals and logs.
#[tokio::test]
async fn a_name_in_a_message_moves_no_cursor_and_has_an_end() {
    let mut parameters = rcgen::CertificateParams::default();
    let name = format!("app\u{1b}[31m\nerror  forged\u{202e}{}", "x".repeat(5000));
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let certificate = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    let world = FakeWorld::new();
    world.files.write("/a/app.cer", certificate.der().to_vec());
    let message = load(&bound(PathSource, &path_entry("/a/app.cer")), &world).await.unwrap_err().to_string();
    assert!(!message.contains(|one: char| one.is_control() || one == '\u{202e}'), "{message:?}");
    assert!(message.contains("\\u{1b}[31m") && message.len() < 500, "{message}");
}

/// Two of the same kind in a list are told apart by where they stand.
#[tokio::test]
async fn what_is_noteworthy_about_a_certificate_says_which_setting_led_to_it() {
    let world = FakeWorld::new();
    world.files.write("/a/app.pfx", golden::read("store-certs/ca-issued.store.pfx"));
    let found = load(&bound(PathSource, &path_entry("/a/app.pfx")), &world).await.unwrap();
    let finding = found.findings().iter().find(|finding| finding.code == "chain-incomplete").unwrap();
    assert_eq!(finding.path.as_deref(), Some("AzureAd:ClientCredentials:0:CertificateDiskPath"));
    assert!(finding.origin.is_some());
}

#[tokio::test]
async fn an_unchanged_content_is_not_taken_apart_again_and_ends_when_it_expires() {
    let world = FakeWorld::new();
    world.files.write(PFX, golden::read("store-certs/dup-old.store.pfx"));
    let entry = bound(PathSource, &path_entry(PFX));
    let (Credential::Certificate(first), Credential::Certificate(second)) =
        (load(&entry, &world).await.unwrap(), load(&entry, &world).await.unwrap())
    else {
        panic!("no certificates");
    };
    assert!(std::sync::Arc::ptr_eq(first.signer(), second.signer()));
    world.clock.advance(Duration::from_secs(20 * 366 * 86_400));
    assert_eq!(load(&entry, &world).await.unwrap_err().code(), "certificate-expired");
}

#[tokio::test]
async fn two_entries_with_one_path_remember_each_their_own() {
    let world = FakeWorld::new();
    world.files.write(PFX, golden::read("pfx/ossl-default.pfx"));
    let entry = |password: &str| bound(PathSource, &path_entry(PFX).with("CertificatePassword", password));
    let (right, wrong) = (entry("pw"), entry("hunter2"));
    let mut signers = Vec::new();
    for _ in 0..2 {
        let Credential::Certificate(found) = load(&right, &world).await.unwrap() else { panic!("no certificate") };
        signers.push(std::sync::Arc::clone(found.signer()));
        assert_eq!(load(&wrong, &world).await.unwrap_err().code(), "wrong-password");
    }
    assert!(std::sync::Arc::ptr_eq(&signers[0], &signers[1]), "the file was taken apart again");
}

#[tokio::test]
async fn base64_is_read_in_every_way_of_writing_it() {
    let pfx = golden::read("pfx/ossl-default.pfx");
    let standard = base64(&pfx);
    let lines = standard.as_bytes().chunks(64).map(|line| String::from_utf8(line.to_vec()).unwrap());
    let pem = String::from_utf8(golden::read("pfx/p-cert-first.pem")).unwrap();
    for value in [
        standard.clone(),
        lines.collect::<Vec<_>>().join("\r\n"),
        standard.replace('+', "-").replace('/', "_"),
        standard.trim_end_matches('=').to_owned(),
        base64(pem.as_bytes()),
        pem.clone(),
    ] {
        let entry = CredentialDescription::new("Base64Encoded")
            .with("Base64EncodedValue", value)
            .with("CertificatePassword", "pw");
        let found = load(&bound(Base64Source, &entry), &FakeWorld::new()).await.unwrap();
        assert!(found.id().contains("48F398A8A7CC88955BB6D24A8F73A97221A8CDBD"), "{found:?}");
    }
    let twice = CredentialDescription::new("Base64Encoded").with("Base64EncodedValue", base64(standard.as_bytes()));
    let error = load(&bound(Base64Source, &twice), &FakeWorld::new()).await.unwrap_err();
    assert!(error.code() == "base64-text" && error.remedy_text().unwrap().contains("base64 of base64"), "{error:?}");
    for (value, code) in [("%%%", "not-base64"), ("/certs/app.pfx", "not-base64"), ("MIIJ", "corrupt")] {
        let entry = CredentialDescription::new("Base64Encoded").with("Base64EncodedValue", value);
        let (found, shown) = match Bound::new(Base64Source, entry) {
            Err(error) => (error.findings()[0].code, format!("{error:?}")),
            Ok(bound) => {
                let error = load(&bound, &FakeWorld::new()).await.unwrap_err();
                (error.code(), format!("{error:?}"))
            }
        };
        assert_eq!(found, code, "{shown}");
        assert!(!shown.contains(value), "{shown}");
    }
}

#[tokio::test]
async fn a_store_skips_bad_files_by_name_reads_each_file_once_and_says_why_nothing_fits() {
    let world = FakeWorld::new();
    world.environment.set("HOME", "/home/app");
    world.files.write(format!("{STORE}/good.pfx"), golden::read("store-certs/plain.store.pfx"));
    world.files.write(format!("{STORE}/garbage.pfx"), *b"garbage");
    world.files.write(format!("{STORE}/other.PFX"), golden::read("store-certs/plain.store.pfx"));
    world.files.write(format!("{STORE}/old.pfx"), golden::read("store-certs/expired.store.pfx"));
    let [source, by_name, by_subject] = StoreSource::all();
    let entry = |source: StoreSource, setting: &str, value: &str| {
        let entry = CredentialDescription::new(source.source_type()).with("CertificateStorePath", "CurrentUser/My");
        bound(source, &entry.with(setting, value))
    };
    let plain = entry(source, "CertificateThumbprint", "0117E83D74AECA52BF47B0D7439870E20B0B868E");
    let subject = |value: &str| entry(by_subject, "CertificateSubjectName", value);
    // As `openssl x509 -noout -subject` prints it.
    let named = entry(by_name, "CertificateDistinguishedName", "subject=CN = app-plain");
    let found = load(&plain, &world).await.unwrap();
    let finding = found.findings().iter().find(|finding| finding.code == "store-files-skipped").unwrap();
    assert!(finding.cause[0].contains("garbage.pfx") && finding.path.is_some(), "{finding}");
    let all = [plain.clone(), subject("app-plain"), named];
    for one in &all {
        load(one, &world).await.unwrap();
    }
    let reads = world.files.reads();
    for one in &all {
        load(one, &world).await.unwrap();
    }
    assert_eq!(world.files.reads(), reads, "files were read again");
    let expired = load(&subject("app-expired"), &world).await.unwrap_err();
    assert_eq!((expired.kind(), expired.code()), (SourceErrorKind::Invalid, "no-usable-certificate"));
    assert!(expired.to_string().contains("old.pfx") && expired.to_string().contains("expired on"), "{expired}");
    let none = load(&subject("nobody"), &world).await.unwrap_err();
    assert_eq!((none.kind(), none.code()), (SourceErrorKind::NotApplicable, "certificate-not-found"));
    let cause = format!("{none:?}");
    assert!(cause.contains("CN=app-plain") && cause.contains("garbage.pfx"), "{cause}");
    world.files.fail(format!("{STORE}/garbage.pfx"), io::ErrorKind::PermissionDenied);
    assert!(load(&plain, &world).await.is_ok());
    world.files.write(format!("{STORE}/garbage.pfx"), golden::read("store-certs/umlaut.store.pfx"));
    let found = load(&subject("app-ÄÖÜ"), &world).await.unwrap();
    assert!(found.findings().iter().all(|finding| finding.code != "store-files-skipped"), "{found:?}");
}

#[test]
fn everything_that_is_wrong_with_a_look_up_is_said_when_it_is_bound() {
    let [by_thumbprint, by_name, _] = StoreSource::all();
    let bind = |source: StoreSource, setting: &str, store: &str, value: &str| {
        let entry = CredentialDescription::new(source.source_type()).with("CertificateStorePath", store);
        Bound::new(source, entry.with(setting, value))
    };
    let error = bind(by_name, "CertificateDistinguishedName", "Nowhere", "no name").unwrap_err();
    let codes: Vec<&str> = error.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["bad-store-path", "not-a-name"], "{error}");
    let long = "0117E83D74AECA52BF47B0D7439870E20B0B868Ez";
    let bound = bind(by_thumbprint, "CertificateThumbprint", "CurrentUser/My", long).unwrap();
    let [finding] = bound.findings() else { panic!("{:?}", bound.findings()) };
    let at = finding.path.as_deref().unwrap();
    assert!(finding.code == "thumbprint-too-long" && at.ends_with(":CertificateThumbprint"), "{finding}");
}
