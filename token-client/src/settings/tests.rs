//! What is found in settings: every row of the table of differences that is decided here.

mod downstream;
mod files;
mod layers;
mod refused;
mod shown;

use std::collections::BTreeMap;

use credential_core::Finding;
use credential_core::testing::FakeWorld;

use super::{Configuration, Location, codes};

/// A section that nothing is wrong with, for cases about something else.
const GOOD: &str = r#""AzureAd": {"ClientId": "a", "Instance": "https://login.microsoftonline.com/", "TenantId": "t",
    "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "s"}]}"#;

fn read(text: &str) -> Configuration {
    Configuration::from_json(text, &Location::new(), &BTreeMap::new())
}

async fn read_world(world: &FakeWorld) -> Configuration {
    Configuration::read(&Location::new(), &world.world()).await
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
fn a_missing_section_names_the_nearest() {
    let findings = read(r#"{"AzureADD": {"ClientId": "a"}}"#).findings;
    assert_eq!(found(&findings), ["error missing-section AzureAd"]);
    assert!(findings.first().unwrap().remedy.as_deref().unwrap().contains("AzureADD"));
    check(r#"{"AzureAd": "x"}"#, &["error wrong-type AzureAd"]);
}
