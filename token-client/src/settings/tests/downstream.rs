//! Sections of downstream APIs: which are ones, and what is found in them.

use super::{GOOD, api, check, found, read};

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
fn what_stands_in_the_place_of_a_section_is_said() {
    for (api, expected) in [
        (r#""https://b/""#, &["error wrong-type DownstreamApis:Api"][..]),
        (r#"[{"BaseUrl": "https://b/", "Scopes": ["x"]}]"#, &["error wrong-type DownstreamApis:Api"]),
        ("null", &[]),
        ("{}", &[]),
    ] {
        check(&format!(r#"{{{GOOD}, "DownstreamApis": {{"Api": {api}}}}}"#), expected);
    }
    for identity in ["true", r#""system""#] {
        let options = format!(r#""Scopes": ["x"], "AcquireTokenOptions": {{"ManagedIdentity": {identity}}}"#);
        let found = read(&api(&options)).findings;
        assert_eq!(found[0].path.as_deref(), Some("Api:AcquireTokenOptions:ManagedIdentity"));
        assert!(found[0].remedy.as_deref().unwrap().contains("UserAssignedClientId"), "{found:?}");
    }
    let away = read(&api(r#""Scopes": ["x"], "RelativePath": "https://u:hunter2@c/?a=hunter2""#)).findings;
    assert_eq!(away[0].cause, ["RelativePath is \"https://***@c/?a=***\""]);
}
