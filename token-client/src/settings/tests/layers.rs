//! What goes over what: files, variables and arguments, and what is left of the one below.

use credential_core::source::Origin;
use credential_core::testing::FakeWorld;

use super::{GOOD, found, read_world};
use crate::settings::{Configuration, Located, Location};

#[tokio::test]
async fn remains_of_a_longer_list_are_named_with_both_origins() {
    let world = FakeWorld::new();
    let entry = |secret: &str| format!(r#"{{"SourceType": "ClientSecret", "ClientSecret": "{secret}"}}"#);
    world.files.write(
        "appsettings.json",
        format!(r#"{{"AzureAd": {{"ClientId": "a", "ClientCredentials": [{}, {}]}}}}"#, entry("1"), entry("2")),
    );
    world
        .files
        .write("appsettings.Production.json", format!(r#"{{"AzureAd": {{"ClientCredentials": [{}]}}}}"#, entry("3")));
    let configuration = read_world(&world).await;
    assert_eq!(found(&configuration.findings), ["warning list-remains AzureAd:ClientCredentials"]);
    let finding = configuration.findings.first().unwrap();
    assert_eq!(finding.origin, Some(Origin::file("appsettings.Production.json", 1, 36)));
    assert!(finding.message.contains("appsettings.json:1:"), "{finding}");
    assert_eq!(configuration.application.credentials.len(), 2);

    // One key of one entry in a variable is an addition, not another list.
    world.files.remove("appsettings.Production.json");
    world.environment.set("AzureAd__ClientCredentials__0__ClientSecret", "4");
    assert_eq!(found(&read_world(&world).await.findings), Vec::<String>::new());
    world.environment.set("AzureAd__ClientCredentials__0__SourceType", "ClientSecret");
    assert_eq!(found(&read_world(&world).await.findings), ["warning list-remains AzureAd:ClientCredentials"]);
}

#[tokio::test]
async fn an_entry_with_another_source_type_and_old_settings_is_named() {
    let world = FakeWorld::new();
    world.files.write(
        "appsettings.json",
        r#"{"AzureAd": {"ClientId": "a", "ClientCredentials": [{"SourceType": "Path", "CertificateDiskPath": "a"}]}}"#,
    );
    world.environment.set("AzureAd__ClientCredentials__0__SourceType", "ClientSecret");
    world.environment.set("AzureAd__ClientCredentials__0__ClientSecret", "s");
    let findings = read_world(&world).await.findings;
    assert_eq!(found(&findings), ["warning mixed-entry AzureAd:ClientCredentials:0"]);
    assert_eq!(
        findings.first().unwrap().origin,
        Some(Origin::environment("AzureAd__ClientCredentials__0__SourceType"))
    );
}

#[tokio::test]
async fn text_over_a_list_of_credentials_is_said_to_be_ignored() {
    let world = FakeWorld::new();
    let entry = r#"{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}"#;
    let text = format!(r#"{{"AzureAd": {{"ClientId": "a", "ClientCredentials": [{entry}]}}}}"#);
    world.files.write("appsettings.json", text);
    world.environment.set("AzureAd__ClientCredentials", "s3cret");
    let configuration = read_world(&world).await;
    assert_eq!(found(&configuration.findings), ["warning value-and-children AzureAd:ClientCredentials"]);
    assert_eq!(configuration.application.credentials.len(), 1);
}

#[tokio::test]
async fn arguments_go_over_variables_over_files_over_host_variables() {
    let world = FakeWorld::new();
    world.files.write("x.json", r#"{"A": {"B": {"ClientId": "file", "TenantId": "file", "Name": "file"}}}"#);
    world.environment.set("DOTNET_A__B__Domain", "host");
    world.environment.set("DOTNET_A__B__Name", "host");
    world.environment.set("A__B__TenantId", "variable");
    world.environment.set("A__B__ClientId", "variable");
    let location = Location::new().file("x.json").section("a:b").set("A:B:ClientId", "argument").environment("None");
    let options = Configuration::read(&location, &world.world()).await.application;
    let shown = |option: &Option<Located<String>>| {
        option.as_ref().map(|located| format!("{} ({})", located.value, located.origin)).unwrap()
    };
    assert_eq!(shown(&options.client_id), "argument (set in code)");
    assert_eq!(shown(&options.tenant_id), "variable (environment variable A__B__TenantId)");
    assert_eq!(shown(&options.name), "file (x.json:1:62)");
    assert_eq!(shown(&options.domain), "host (environment variable DOTNET_A__B__Domain)");
}

#[tokio::test]
async fn a_variable_that_nobody_can_read_is_found() {
    let world = FakeWorld::new();
    world
        .files
        .write("appsettings.json", format!(r#"{{{GOOD}, "Api": {{"BaseUrl": "https://b/", "Scopes": ["x"]}}}}"#));
    for (name, path) in [
        ("LS_COLORS", ""),
        ("AzureAdSomething__ClientId", ""),
        ("AzureAd__ClientId", "AzureAd:ClientId"),
        ("AZUREAD__CLIENTCREDENTIALS__0__CLIENTSECRET", "AZUREAD:CLIENTCREDENTIALS:0:CLIENTSECRET"),
        ("DOTNET_AzureAd__TenantId", "AzureAd:TenantId"),
        ("Api__BaseUrl", "Api:BaseUrl"),
        ("DownstreamApis__New__BaseUrl", "DownstreamApis:New:BaseUrl"),
    ] {
        let world = FakeWorld { environment: std::sync::Arc::default(), ..world.clone() };
        world.environment.set_not_unicode(name);
        let findings = read_world(&world).await.findings;
        let expected = if path.is_empty() { "warning" } else { "error" };
        assert_eq!(found(&findings), [format!("{expected} variable-not-unicode {path}")]);
        assert_eq!(findings[0].origin, Some(Origin::environment(name)));
        assert!(findings[0].message.contains(name) && findings[0].remedy.is_some());
    }
}
