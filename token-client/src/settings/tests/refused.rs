//! What is refused instead of being done by halves, and what is said to change nothing.

use super::{api, app, check};

#[test]
fn what_cannot_be_honoured_is_refused_by_name() {
    let options = |members: &str| format!(r#""Scopes": ["x"], "AcquireTokenOptions": {{{members}}}"#);
    for (members, path) in [
        (r#""Scopes": ["x"], "ProtocolScheme": "MTLS""#.to_owned(), "ProtocolScheme"),
        (r#""Scopes": ["x"], "ProtocolScheme": "MTLS_POP""#.to_owned(), "ProtocolScheme"),
        (r#""Scopes": ["x"], "ProtocolScheme": "Pop""#.to_owned(), "ProtocolScheme"),
        (options(r#""AuthenticationOptionsName": "Other""#), "AcquireTokenOptions:AuthenticationOptionsName"),
        (options(r#""ClaimsFromClient": "{}""#), "AcquireTokenOptions:ClaimsFromClient"),
        (options(r#""LongRunningWebApiSessionKey": "k""#), "AcquireTokenOptions:LongRunningWebApiSessionKey"),
        (options(r#""PopClaim": "c""#), "AcquireTokenOptions:PopClaim"),
        (options(r#""PopPublicKey": "k""#), "AcquireTokenOptions:PopPublicKey"),
        (options(r#""UserFlow": "f""#), "AcquireTokenOptions:UserFlow"),
        (options(r#""ExtraParameters": {"a": "b"}"#), "AcquireTokenOptions:ExtraParameters"),
    ] {
        check(&api(&members), &[&format!("error not-supported Api:{path}")]);
    }
    check(&api(r#""Scopes": ["x"], "ProtocolScheme": "bearer""#), &[]);
    check(&api(&options(r#""AuthenticationOptionsName": "", "UserFlow": null, "ManagedIdentity": {}"#)), &[]);
}

#[test]
fn what_changes_nothing_here_is_said() {
    let list = r#""ClientCredentials": [{"SourceType": "KeyVault"}]"#;
    for (members, expected) in [
        (r#""Audience": "api://x""#, "hint without-effect AzureAd:Audience"),
        (r#""Audiences": ["api://x"]"#, "hint without-effect AzureAd:Audiences"),
        (r#""WithSpaAuthCode": true"#, "hint without-effect AzureAd:WithSpaAuthCode"),
        (r#""EditProfilePolicyId": "p""#, "hint without-effect AzureAd:EditProfilePolicyId"),
        (
            r#""TokenDecryptionCredentials": [{"SourceType": "Path"}]"#,
            "warning without-effect AzureAd:TokenDecryptionCredentials",
        ),
        (
            r#""UserAssignedManagedIdentityClientId": "i""#,
            "warning without-effect AzureAd:UserAssignedManagedIdentityClientId",
        ),
    ] {
        check(&app(&format!("{list}, {members}")), &[expected]);
    }
    check(&app(&format!(r#"{list}, "WithSpaAuthCode": false, "ErrorPath": """#)), &[]);
}

#[test]
fn what_no_call_can_be_made_of_is_found_in_the_section() {
    for (members, expected) in [
        (r#""RelativePath": "../admin""#, &["error bad-path Api:RelativePath"][..]),
        (r#""RelativePath": "%2E%2e/admin""#, &["error bad-path Api:RelativePath"]),
        (r#""RelativePath": "https://evil.example/""#, &["error bad-path Api:RelativePath"]),
        (r#""RelativePath": "items?$top=5""#, &[]),
        (r#""ExtraHeaderParameters": {"X-A": "b\r\nX-C: d"}"#, &["error bad-header Api:ExtraHeaderParameters:X-A"]),
        (r#""AcceptHeader": "a/b\r\nX-C: d""#, &["error bad-header Api:AcceptHeader"]),
        (r#""ContentType": "a/b\r\nX-C: d""#, &["error bad-header Api:ContentType"]),
        (r#""AcquireTokenOptions": {"Tenant": "../t"}"#, &["error wrong-value Api:AcquireTokenOptions:Tenant"]),
        (r#""AcquireTokenOptions": {"Tenant": ""}"#, &[]),
        (
            r#""ExtraHeaderParameters": {"authorization": "Basic eA=="}"#,
            &["warning reserved-header Api:ExtraHeaderParameters:authorization"],
        ),
        (
            r#""AcquireTokenOptions": {"ExtraHeadersParameters": {"Host": "h"}}"#,
            &["error reserved-header Api:AcquireTokenOptions:ExtraHeadersParameters:Host"],
        ),
    ] {
        check(&api(&format!(r#""Scopes": ["x"], {members}"#)), expected);
    }
}
