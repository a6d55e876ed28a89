//! Where a call goes: below the address of its section, whatever the path is made of.

use std::sync::Arc;

use serde_json::{Value, json};
use token_client::{DownstreamCall, DownstreamError};

use crate::there::{There, client, client_with};

fn section(base: &str, relative: Option<&str>) -> Value {
    let mut section = json!({"BaseUrl": base, "Scopes": ["api://x/.default"], "RequestAppToken": true});
    if let Some(relative) = relative {
        section["RelativePath"] = json!(relative);
    }
    section
}

/// The address that the call went to, or the error that came before it went anywhere.
async fn gone_to(section: Value, call: DownstreamCall) -> String {
    let there = Arc::<There>::default();
    let client = client(&there, json!({"Api": section})).await;
    match client.downstream("Api").unwrap().call(call).await {
        Ok(_) => there.asked().pop().unwrap().url,
        Err(DownstreamError::Call(finding)) => {
            assert!(there.asked().is_empty(), "{finding}: not even a token is asked for");
            finding.to_string()
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn no_path_leaves_the_base() {
    for path in [
        "../../admin",
        "..",
        "items/../../admin",
        "%2e%2e/admin",
        "%2E%2E/admin",
        ".%2e/admin",
        "%252e%252e/admin",
        "%25252e%25252e/admin",
        "items%2f..%2f..%2fadmin",
        "..\\..\\admin",
        "..%5c..%5cadmin",
        "..%255c..%255cadmin",
        "\\\\evil.example\\x",
        "//evil.example/x",
        "https://evil.example/x",
        "HTTPS://evil.example/x",
        ".\t./admin",
        "..;/admin",
    ] {
        let said = gone_to(section("https://api.contoso.com/v1", None), DownstreamCall::new().path(path)).await;
        assert!(said.contains("the path "), "{path:?} went to {said}");
    }
    for path in ["items?admin=true", "items#x", "?admin=true"] {
        let said = gone_to(section("https://api.contoso.com/v1", None), DownstreamCall::new().path(path)).await;
        assert!(said.contains("query(..)"), "{path:?} went to {said}");
    }
}

#[tokio::test]
async fn what_comes_from_outside_is_escaped() {
    let at = |call: DownstreamCall| gone_to(section("https://api.contoso.com/v1/", Some("items?fixed=1")), call);
    let base = "https://api.contoso.com/v1/";
    for (call, expected) in [
        (DownstreamCall::new(), "items?fixed=1"),
        (DownstreamCall::new().segment("4/2?x=y#z"), "items/4%2F2%3Fx%3Dy%23z?fixed=1"),
        (
            DownstreamCall::new().path("users").segment("a@b.c").path_segments(["x y", "ü"]),
            "users/a%40b.c/x%20y/%C3%BC",
        ),
        (DownstreamCall::new().path("users/").segment("https://evil.example/"), "users/https%3A%2F%2Fevil.example%2F"),
        (DownstreamCall::new().path("users").query("q", "a&b=c d"), "users?q=a%26b%3Dc%20d"),
        (DownstreamCall::new().path(""), ""),
    ] {
        assert_eq!(at(call).await, format!("{base}{expected}"));
    }
    let template = section(base, Some("users/{id}/items"));
    let call = DownstreamCall::new().path_parameter("id", "CONTOSO\\a/b");
    assert_eq!(gone_to(template.clone(), call).await, format!("{base}users/CONTOSO%5Ca%2Fb/items"));
    for value in ["..", "../x", ""] {
        let said = gone_to(template.clone(), DownstreamCall::new().path_parameter("id", value)).await;
        assert!(said.contains("the path "), "{value:?} went to {said}");
    }
    for segment in ["", ".", "..", "../../admin", "%2e%2e", "..\\x"] {
        let said = at(DownstreamCall::new().path("users").segment(segment)).await;
        assert!(said.contains("the path "), "{segment:?} went to {said}");
    }
}

#[tokio::test]
async fn a_section_says_no_other_place_and_no_user() {
    for (base, relative, code) in [
        ("https://api.contoso.com/v1", Some("../admin"), "bad-path"),
        ("https://api.contoso.com/v1", Some("%2e%2e/admin"), "bad-path"),
        ("https://api.contoso.com/v1", Some("//evil.example/"), "bad-path"),
        ("https://user:hunter2@api.contoso.com/v1", None, "wrong-value"),
        ("https://hunter2@api.contoso.com/v1", None, "wrong-value"),
    ] {
        let there = Arc::<There>::default();
        let error = client_with(&there, Value::Null, json!({"Api": section(base, relative)})).await.unwrap_err();
        let codes: Vec<&str> = error.findings().iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [code], "{base} {relative:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn an_address_that_no_token_goes_to_is_refused_by_its_setting() {
    for base in ["http://inventory.contoso.com", "http://foo.localhost", "http://10.0.0.1"] {
        let there = Arc::<There>::default();
        let client = client(&there, json!({"Api": section(base, None)})).await;
        let Err(DownstreamError::Call(finding)) = client.downstream("Api").unwrap().call(DownstreamCall::new()).await
        else {
            panic!("{base}: it was called");
        };
        assert_eq!(finding.path.as_deref(), Some("DownstreamApis:Api:BaseUrl"), "{finding}");
        assert!(there.asked().is_empty());
    }
}
