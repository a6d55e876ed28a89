//! What is found in settings: every row of the table of differences that is decided here.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use credential_core::source::Origin;
use credential_core::testing::FakeWorld;
use credential_core::{Finding, Severity};

use super::{Configuration, Location, MAX_FILE_SIZE, codes};

mod refused;

/// A section that nothing is wrong with, for cases about something else.
const GOOD: &str = r#""AzureAd": {"ClientId": "a", "Instance": "https://login.microsoftonline.com/", "TenantId": "t",
    "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "s"}]}"#;

fn read(text: &str) -> Configuration {
    Configuration::from_json(text, &Location::new(), &BTreeMap::new())
}

/// Severity, code and path of everything that was found.
fn found(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let path = finding.path.as_deref().unwrap_or_default();
        format!("{} {} {path}", finding.severity.as_str(), finding.code)
    };
    findings.iter().map(line).collect()
}

fn check(text: &str, expected: &[&str]) {
    let findings = read(text).findings;
    assert_eq!(found(&findings), expected, "{text}");
    for finding in &findings {
        assert!(finding.remedy.is_some(), "no remedy: {finding}");
        assert!(finding.origin.is_some() || finding.code == codes::MISSING_SECTION, "no place: {finding}");
    }
}

/// The application's section with further members.
fn app(members: &str) -> String {
    format!(r#"{{"AzureAd": {{"ClientId": "a", "TenantId": "t", {members}}}}}"#)
}

/// A downstream section beside a good application.
fn api(members: &str) -> String {
    format!(r#"{{{GOOD}, "Api": {{"BaseUrl": "https://b/", {members}}}}}"#)
}

#[test]
fn a_good_file_has_no_findings() {
    check(&format!("{{{GOOD}}}"), &[]);
    check(&api(r#""Scopes": ["User.Read", "Mail.Read"]"#), &[]);
    check(&api(r#""Scopes": ["api://x/.default"], "RequestAppToken": true"#), &[]);
    check(&api(r#""Anonymous": true"#), &[]);
}

#[test]
fn lists_of_credentials() {
    let list = r#""ClientCredentials": [{"SourceType": "Path", "CertificateDiskPath": "a.pfx"}]"#;
    for (members, expected) in [
        (list.to_owned(), &[][..]),
        (
            r#""ClientCredentials": {"SourceType": "ClientSecret", "ClientSecret": "s"}"#.to_owned(),
            &["warning credentials-as-object AzureAd:ClientCredentials"],
        ),
        (
            r#""ClientCredentials": [{"SourceType": 6, "ClientSecret": "s"}, {"SourceType": " clientSecret "}]"#
                .to_owned(),
            &[
                "hint source-type-spelling AzureAd:ClientCredentials:0:SourceType",
                "hint source-type-spelling AzureAd:ClientCredentials:1:SourceType",
            ],
        ),
        (
            r#""ClientCredentials": ["x", [{}], {"SourceType": "Path"}]"#.to_owned(),
            &[
                "error credential-not-an-object AzureAd:ClientCredentials:0",
                "error credential-not-an-object AzureAd:ClientCredentials:1",
            ],
        ),
        (r#""ClientCredentials": "ClientSecret""#.to_owned(), &["error wrong-type AzureAd:ClientCredentials"]),
        (r#""ClientSecret": "s""#.to_owned(), &["hint legacy-setting AzureAd:ClientSecret"]),
        (
            r#""ClientSecret": "  ""#.to_owned(),
            &["error empty-setting AzureAd:ClientSecret", "warning no-credentials AzureAd"],
        ),
        (format!(r#""ClientSecret": "", {list}"#), &["hint empty-setting AzureAd:ClientSecret"]),
        (format!(r#""ClientSecret": "s", {list}"#), &["error client-secret-and-credentials AzureAd:ClientSecret"]),
        (list.replace("ClientCredentials", "ClientCertificates"), &["hint legacy-setting AzureAd:ClientCertificates"]),
        (
            format!(r#""ClientSecret": "s", {}"#, list.replace("ClientCredentials", "ClientCertificates")),
            &[
                "hint legacy-setting AzureAd:ClientCertificates",
                "error client-secret-and-credentials AzureAd:ClientSecret",
            ],
        ),
        (
            format!("{list}, {}", list.replace("ClientCredentials", "ClientCertificates")),
            &["error two-credential-lists AzureAd:ClientCertificates"],
        ),
        (
            r#""ClientCredentialsUsingManagedIdentity": {"IsEnabled": true}"#.to_owned(),
            &["hint legacy-setting AzureAd:ClientCredentialsUsingManagedIdentity"],
        ),
        (
            format!(r#"{list}, "ClientCredentialsUsingManagedIdentity": {{"Enabled": true}}"#),
            &["error misspelt-setting AzureAd:ClientCredentialsUsingManagedIdentity:Enabled"],
        ),
    ] {
        check(&app(&members), expected);
    }
}

#[test]
fn older_forms_become_entries() {
    let configuration = read(&app(r#""ClientSecret": "s""#));
    let entry = configuration.application.credentials.first().unwrap();
    assert_eq!((entry.source_type().as_str(), entry.text("ClientSecret")), ("ClientSecret", Some("s")));
    assert_eq!(entry.setting_path("ClientSecret"), "AzureAd:ClientSecret");
}

#[test]
fn keys_and_values_of_an_application() {
    let list = r#""ClientCredentials": [{"SourceType": "Path"}]"#;
    for (members, expected) in [
        (r#""ClientID ": "x""#, "error misspelt-setting AzureAd:ClientID "),
        (r#""ClientIdd": "x""#, "error misspelt-setting AzureAd:ClientIdd"),
        (r#""AppId": "x""#, "error misspelt-setting AzureAd:AppId"),
        (r#""SomethingElse": "x""#, "warning unknown-setting AzureAd:SomethingElse"),
        (r#""Domain": "<domain>""#, "error placeholder AzureAd:Domain"),
        (r#""Domain": "qualified.domain.name""#, "error placeholder AzureAd:Domain"),
        (r#""Instance": "https://[tenant].b2clogin.com/""#, "error placeholder AzureAd:Instance"),
        (r#""Authority": "https://h/{tenantId}/v2.0""#, "error placeholder AzureAd:Authority"),
        (r#""Instance": "[Enter here]""#, "error placeholder AzureAd:Instance"),
        (r##""AppHomeTenantId": "#{Tenant}#""##, "error placeholder AzureAd:AppHomeTenantId"),
        (r#""Instance": " https://i/""#, "error white-space AzureAd:Instance"),
        (r#""Instance": ["https://i/"]"#, "error wrong-type AzureAd:Instance"),
        (r#""SendX5C": "yes""#, "error wrong-type AzureAd:SendX5C"),
        (r#""SendX5C": """#, "error wrong-type AzureAd:SendX5C"),
        (r#""SendX5C": {"a": 1}"#, "error wrong-type AzureAd:SendX5C"),
        (r#""ExtraQueryParameters": "a=b""#, "error wrong-type AzureAd:ExtraQueryParameters"),
        (r#""ExtraQueryParameters": {"a": ["b"]}"#, "error wrong-type AzureAd:ExtraQueryParameters:a"),
        (r#""ClientCapabilities": "cp1 cp2""#, "hint list-as-text AzureAd:ClientCapabilities"),
        (r#""ClientCapabilities": ["cp1", null]"#, "warning empty-element AzureAd:ClientCapabilities:1"),
    ] {
        check(&app(&format!("{list}, {members}")), &[expected]);
    }
    check(r#"{"AzureAd": {"ClientCredentials": [{}]}}"#, &["error missing-setting AzureAd"]);
}

#[test]
fn known_keys_of_other_readers_are_silent() {
    check(&app(r#""CallbackPath": "/x", "Scopes": "access_as_user", "ClientCredentials": [{}]"#), &[]);
}

#[test]
fn downstream_sections() {
    for (members, expected) in [
        (r#""Scopes": "User.Read Mail.Read""#, &["hint list-as-text Api:Scopes"][..]),
        (r#""Scopes": "a,b""#, &["hint list-as-text Api:Scopes", "warning comma-in-scope Api:Scopes"]),
        (r#""RelativePath": "x""#, &["error no-scopes Api"]),
        (r#""Scopes": []"#, &["error no-scopes Api:Scopes"]),
        (r#""Scopes": ["User.Read"], "Anonymous": true"#, &["warning anonymous-with-scopes Api:Scopes"]),
        (r#""Scopes": ["User.Read", "api://x/y"]"#, &["error several-resources Api:Scopes"]),
        (r#""Scopes": ["api://x/.default", "api://y/.default"]"#, &["error several-resources Api:Scopes"]),
        (r#""Scopes": ["api://x/.default", "api://x/y"]"#, &["error default-with-other-scopes Api:Scopes"]),
        (r#""Scopes": ["User.Read"], "RequestAppToken": true"#, &["error delegated-scope-for-app-token Api:Scopes"]),
        (r#""Scope": "x/y""#, &["error misspelt-setting Api:Scope"]),
        (r#""Scopes": ["<scope>"]"#, &["error placeholder Api:Scopes:0"]),
        (r#""Scopes": ["api://<api>/.default"]"#, &["error placeholder Api:Scopes:0"]),
        (r#""Scopes": ["x"], "HttpMethod": "Gett""#, &["warning wrong-value Api:HttpMethod"]),
        (r#""Scopes": ["x"], "HttpMethod": "G\r\nX: y""#, &["error wrong-value Api:HttpMethod"]),
        (r#""Scopes": ["x"], "RequestAppToken": """#, &["warning empty-setting Api:RequestAppToken"]),
        (
            r#""Scopes": ["x"], "AcquireTokenOptions": {"TenantId": "t", "Claims": {"a": 1}, "CorrelationId": "x"}"#,
            &[
                "error misspelt-setting Api:AcquireTokenOptions:TenantId",
                "error wrong-type Api:AcquireTokenOptions:Claims",
                "error wrong-value Api:AcquireTokenOptions:CorrelationId",
            ],
        ),
        (
            r#""Scopes": ["x"], "AcquireTokenOptions": {"Claims": "not json"}"#,
            &["error wrong-value Api:AcquireTokenOptions:Claims"],
        ),
    ] {
        check(&api(members), expected);
    }
    for (url, expected) in [
        ("http://127.0.0.1:8080/", &[][..]),
        ("http://[::1]:8080/", &[]),
        ("https://your-api.example/", &["error placeholder Api:BaseUrl"]),
        ("http://b/", &["warning insecure-url Api:BaseUrl"]),
        ("graph.microsoft.com", &["error wrong-value Api:BaseUrl"]),
        ("ftp://b/", &["error wrong-value Api:BaseUrl"]),
        ("https://user:hunter2@b/", &["error wrong-value Api:BaseUrl"]),
        ("https://user@b/", &["error wrong-value Api:BaseUrl"]),
        ("http://localhost:hunter2@b/", &["error wrong-value Api:BaseUrl"]),
    ] {
        check(&format!(r#"{{{GOOD}, "Api": {{"BaseUrl": "{url}", "Scopes": ["User.Read"]}}}}"#), expected);
    }
}

#[test]
fn which_sections_are_downstream_apis() {
    let text = format!(
        r#"{{{GOOD}, "Logging": {{"LogLevel": {{"Default": "Information"}}}}, "AllowedHosts": "*",
            "AzureAdB2C": {{"ClientId": "b", "Instance": "https://x/", "Scopes": "access_as_user"}},
            "Graph": {{"Scopes": ["User.Read"]}},
            "DownstreamApis": {{"One": {{"BaseUrl": "https://b/", "Scopes": ["x"]}}, "graph": {{"Scopes": ["x"]}}}}}}"#
    );
    let configuration = read(&text);
    let names: Vec<&str> = configuration.downstream.iter().map(|api| api.name.as_str()).collect();
    assert_eq!(names, ["graph", "One"]);
    assert_eq!(found(&configuration.findings), ["error downstream-twice Graph"]);
    assert_eq!(configuration.downstream("ONE").map(|api| api.path.as_str()), Some("DownstreamApis:One"));
    assert_eq!(configuration.nearest_downstream("Grap"), Some("graph"));
    check(
        &format!(r#"{{{GOOD}, "DownstreamApi": {{"One": {{"BaseUrl": "https://b/", "Scopes": ["x"]}}}}}}"#),
        &["error misspelt-setting DownstreamApi"],
    );
    check(
        &format!(r#"{{{GOOD}, "Api": {{"AcquireTokenOptions": {{"Tenant": "t"}}}}}}"#),
        &["warning incomplete-downstream Api"],
    );
}

#[test]
fn a_missing_section_names_the_nearest() {
    let findings = read(r#"{"AzureADD": {"ClientId": "a"}}"#).findings;
    assert_eq!(found(&findings), ["error missing-section AzureAd"]);
    assert!(findings.first().unwrap().remedy.as_deref().unwrap().contains("AzureADD"));
    check(r#"{"AzureAd": "x"}"#, &["error wrong-type AzureAd"]);
}

async fn read_world(world: &FakeWorld) -> Configuration {
    Configuration::read(&Location::new(), &world.world()).await
}

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
    let shown = |option: &Option<super::Located<String>>| {
        option.as_ref().map(|located| format!("{} ({})", located.value, located.origin)).unwrap()
    };
    assert_eq!(shown(&options.client_id), "argument (set in code)");
    assert_eq!(shown(&options.tenant_id), "variable (environment variable A__B__TenantId)");
    assert_eq!(shown(&options.name), "file (x.json:1:62)");
    assert_eq!(shown(&options.domain), "host (environment variable DOTNET_A__B__Domain)");
}

#[test]
fn a_bad_environment_name_reads_no_file() {
    assert_eq!(super::location::environment_file("a.json".as_ref(), "../x").unwrap_err().severity, Severity::Error);
}

#[test]
fn entries_are_shown_under_their_documented_names() {
    let text =
        app(r#""ClientCredentials": [{"sourcetype": "path", "CERTIFICATEDISKPATH": "a", "skip": "TRUE", "x": "y"}]"#);
    let shown = serde_json::to_value(read(&text).application.shown(&crate::sources::registry())).unwrap();
    assert_eq!(
        shown["ClientCredentials"][0],
        serde_json::json!({"SourceType": "Path", "CertificateDiskPath": "a", "Skip": true, "x": "***"})
    );
}

#[test]
fn no_secret_is_shown() {
    let text = app(r#""ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "hunter2"},
            {"SourceType": "Path", "CertificatePassword": "hunter2", "CertificateDiskPath": "a.pfx"},
            {"SourceType": "hunter", "ClientSecrets": {"a": "hunter2"}}], "ClientSecret": "hunter2""#);
    let configuration = read(&text);
    let shown = serde_json::to_string(&configuration.application.shown(&crate::sources::registry())).unwrap();
    assert!(shown.contains(r#""ClientSecret":"***""#) && shown.contains("a.pfx"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let debug = format!("{configuration:?} {:?}", configuration.tree.leaves("AzureAd"));
    assert!(!debug.contains("hunter2"), "{debug}");

    let api = read(&api(r#""Anonymous": true, "ExtraHeaderParameters": {"X-Api-Key": "hunter2", "X-A": "b"}"#));
    let shown = serde_json::to_string(&api.downstream("Api").unwrap().shown()).unwrap();
    assert!(shown.contains(r#""X-A":"***","X-Api-Key":"***""#), "{shown}");
    assert!(!format!("{api:?}").contains("hunter2"));
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
