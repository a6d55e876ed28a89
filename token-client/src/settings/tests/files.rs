//! Settings files that are missing, cannot be read, or are named by a slip.

use std::io::ErrorKind;

use credential_core::Severity;
use credential_core::testing::FakeWorld;

use super::{found, read_world};
use crate::settings::{Configuration, Location, MAX_FILE_SIZE, codes, location};

#[tokio::test]
async fn files_that_cannot_be_read_are_one_finding_each() {
    for (kind, code) in [
        (ErrorKind::IsADirectory, codes::SETTINGS_FILE_UNREADABLE),
        (ErrorKind::PermissionDenied, codes::SETTINGS_FILE_UNREADABLE),
        (ErrorKind::FileTooLarge, codes::SETTINGS_FILE_TOO_LARGE),
        (ErrorKind::Unsupported, codes::SETTINGS_FILE_UNREADABLE),
        (ErrorKind::TimedOut, codes::SETTINGS_FILE_UNREADABLE),
    ] {
        let world = FakeWorld::new();
        world.files.fail("appsettings.json", kind);
        world.files.write("appsettings.Production.json", "{ broken");
        let configuration = read_world(&world).await;
        let said: Vec<&str> = configuration.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(said, [code, codes::BROKEN_JSON], "{kind}");
        assert!(configuration.findings.iter().all(|finding| finding.origin.is_some() && finding.remedy.is_some()));
        let said = configuration.findings.first().unwrap();
        assert_eq!(said.message.contains("is a pipe"), kind == ErrorKind::Unsupported, "{said}");
    }
    let world = FakeWorld::new();
    world.files.write("appsettings.json", " ".repeat(usize::try_from(MAX_FILE_SIZE).unwrap() + 1));
    assert_eq!(found(&read_world(&world).await.findings), ["error settings-file-too-large "]);
    world.files.write("appsettings.json", " // nothing\n");
    assert_eq!(found(&read_world(&world).await.findings), ["error settings-file-empty "]);
}

#[tokio::test]
async fn a_missing_file_is_an_error_unless_variables_are_enough() {
    let world = FakeWorld::new();
    let location = Location::new().file("/srv/app/appsettings.json");
    let findings = Configuration::read(&location, &world.world()).await.findings;
    assert_eq!(found(&findings), ["error settings-file-missing "]);
    assert!(findings.first().unwrap().message.contains("/srv/app/appsettings.json"));

    for (name, value) in [
        ("AzureAd__ClientId", "a"),
        ("AzureAd__TenantId", "t"),
        ("AzureAd__Instance", "https://login.microsoftonline.com/"),
        ("AzureAd__ClientCredentials__0__SourceType", "ClientSecret"),
    ] {
        world.environment.set(name, value);
    }
    let configuration = Configuration::read(&location, &world.world()).await;
    assert_eq!(found(&configuration.findings), ["warning settings-file-missing "]);
    assert!(configuration.ok());
}

#[test]
fn a_bad_environment_name_reads_no_file() {
    assert_eq!(location::environment_file("a.json".as_ref(), "../x").unwrap_err().severity, Severity::Error);
}

#[tokio::test]
async fn an_environment_without_a_file_is_named_where_it_may_be_a_slip() {
    let entry = r#"{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}"#;
    let text = format!(r#"{{"AzureAd": {{"ClientId": "a", "ClientCredentials": [{entry}]}}}}"#);
    let slip: &[&str] = &["warning bad-environment-name "];
    for (variable, named, expected) in [
        (Some("Developmen"), None, slip),
        (Some("Development"), None, &[][..]),
        (Some("Live"), None, &[]),
        (None, Some("Live"), slip),
        (None, Some("staging"), &[]),
        (None, Some("There"), &[]),
    ] {
        let world = FakeWorld::new();
        world.files.write("appsettings.json", text.as_str());
        world.files.write("appsettings.There.json", "{}");
        variable.into_iter().for_each(|name| world.environment.set("DOTNET_ENVIRONMENT", name));
        let location = named.into_iter().fold(Location::new(), Location::environment);
        let configuration = Configuration::read(&location, &world.world()).await;
        assert_eq!(found(&configuration.findings), expected, "{variable:?} {named:?}");
    }
}
