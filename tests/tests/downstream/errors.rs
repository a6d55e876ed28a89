//! What an error of a call says: which call, what the API answered, which setting to look at.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credential_core::world::{HttpErrorKind, HttpResponse};
use serde_json::{Value, json};
use token_client::{DownstreamCall, DownstreamError};

use crate::there::{There, client, form};

fn section() -> Value {
    json!({"BaseUrl": "https://api.contoso.com/v1", "RelativePath": "items", "Scopes": ["api://x/.default"],
           "RequestAppToken": true})
}

#[tokio::test]
async fn a_refusal_names_the_call_the_apis_words_and_the_setting() {
    let there = Arc::<There>::default();
    let client = client(&there, json!({"Stock": section()})).await;
    let api = client.downstream("Stock").unwrap();
    let odata = r#"{"error":{"code":"itemNotFound","message":"The item is not there."}}"#;
    for (status, body, call, parts) in [
        (404, odata, DownstreamCall::new(), ["items", "itemNotFound: The item is not there.", "Stock:RelativePath"]),
        (404, odata, DownstreamCall::new().path("other"), ["/v1/other", "itemNotFound", "Stock:BaseUrl"]),
        (401, "", DownstreamCall::new(), ["though a token was sent", "Stock:Scopes", "audience"]),
        (403, r#"{"title":"No","detail":"no role"}"#, DownstreamCall::new(), ["No: no role", "Stock:Scopes", "role"]),
        (302, "", DownstreamCall::new(), ["302", "Stock:RelativePath", "redirect"]),
        (503, "out of order", DownstreamCall::new(), ["out of order", "DownstreamApis:Stock: ", "try again"]),
    ] {
        there.answer(HttpResponse::new(status, vec![], body));
        let call = call.query("key", "s3cret-of-a-query");
        let error = api.call(call).await.unwrap().error_for_status().unwrap_err();
        assert_eq!(error.status(), Some(status));
        let said = error.to_string();
        assert_eq!(format!("{error:?}"), said);
        for part in parts.into_iter().chain(["GET https://api.contoso.com/v1/", "(Stock)", "appsettings.json:1:"]) {
            assert!(said.contains(part), "{part} is missing in {said}");
        }
        assert!(!said.contains("s3cret") && !said.contains("issued-token"), "{said}");
        assert!(error.findings()[0].remedy.is_some());
    }
    let code = |error: &DownstreamError| error.answer().unwrap().api_error().code;
    there.answer(HttpResponse::new(404, vec![], odata));
    assert_eq!(code(&api.get::<Value>("x").await.unwrap_err()).as_deref(), Some("itemNotFound"));
}

#[tokio::test]
async fn a_refusal_says_what_the_token_had_and_where_the_address_came_from() {
    let part = |claims: Value| BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    let token = |claims: Value| format!("e30.{}.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg", part(claims));
    let app = token(json!({"aud": "api://x", "roles": ["Stock.Read"]}));
    let user = token(json!({"aud": "api://x", "scp": "read write"}));
    let bare = token(json!({"aud": "api://x"}));
    let challenge = "Bearer error=\"invalid_token\", error_description=\"The audience is invalid\"";
    for (status, header, token, parts) in [
        (
            401,
            ("www-authenticate", challenge),
            &app,
            &["invalid_token: The audience is invalid", "audience api://x"][..],
        ),
        (403, ("x", ""), &app, &["the roles Stock.Read", "grant the application the role"]),
        (403, ("x", ""), &user, &["the scopes read write", "add the role or scope"]),
        (403, ("x", ""), &bare, &["neither roles nor scopes", "with admin consent"]),
        (
            404,
            ("x", ""),
            &app,
            &[
                "BaseUrl is \"https://api.contoso.com/v1\" (appsettings.json:1:",
                "RelativePath is \"items\" (appsettings.json:1:",
            ],
        ),
        (
            302,
            ("location", "https://login.example/?code=s3cret"),
            &app,
            &["redirects to https://login.example/?code=***"],
        ),
        (407, ("x", ""), &app, &["HTTPS_PROXY", "Stock:BaseUrl"]),
        (
            401,
            ("www-authenticate", "Negotiate, Basic realm=\"x\""),
            &app,
            &["it asks for Negotiate, Basic, not for Bearer"],
        ),
        (
            302,
            ("location", "https://login.example/t/oauth2/v2.0/authorize?x=s3cret"),
            &app,
            &["answer programs with 401"],
        ),
        (302, ("location", "/.auth/login/aad"), &app, &["redirects to /.auth/login/aad", "answer programs with 401"]),
        (304, ("x", ""), &app, &["correct what the API names"]),
        (429, ("retry-after", "90"), &app, &["wait 90 s, as the API asks for (Retry-After)"]),
        (501, ("x", ""), &app, &["BaseUrl is", "compare method and address"]),
    ] {
        let there = Arc::<There>::default();
        *there.token.lock().unwrap() = Some(token.clone());
        let api = client(&there, json!({"Stock": section()})).await.downstream("Stock").unwrap();
        there.answer(HttpResponse::new(status, vec![(header.0.to_owned(), header.1.to_owned())], ""));
        let said = api.call(DownstreamCall::new()).await.unwrap().error_for_status().unwrap_err().to_string();
        for part in parts {
            assert!(said.contains(part), "{part} is missing in {said}");
        }
        assert!(!said.contains("s3cret") && !said.contains("c2lnbmF0dXJl"), "{said}");
    }
}

#[tokio::test]
async fn what_a_body_says_hides_no_challenge_and_one_that_says_nothing_is_not_repeated() {
    let there = Arc::<There>::default();
    let api = client(&there, json!({"Stock": section()})).await.downstream("Stock").unwrap();
    let challenge = "Bearer error=\"invalid_token\", error_description=\"The audience is invalid\"";
    for (body, part) in [
        ("{}", "though a token was sent: invalid_token: The audience is invalid"),
        (r#"{"title": "No"}"#, "though a token was sent: No"),
        (r#"{"title": "No"}"#, "its challenge says: invalid_token: The audience is invalid"),
    ] {
        let headers = vec![("WWW-Authenticate".to_owned(), challenge.to_owned())];
        there.answer(HttpResponse::new(401, headers, body));
        let said = api.call(DownstreamCall::new()).await.unwrap().error_for_status().unwrap_err().to_string();
        assert!(said.contains(part), "{part} is missing in {said}");
    }
}

#[tokio::test]
async fn methods_send_what_they_say_and_an_empty_answer_is_nothing() {
    let there = Arc::<There>::default();
    let api = client(&there, json!({"Stock": section()})).await.downstream("Stock").unwrap();
    let well: Value = api.put("a", &json!({"n": 1})).await.unwrap();
    assert_eq!(well, json!({"well": true}));
    there.answer(HttpResponse::new(204, vec![], ""));
    api.patch::<()>("b", &json!({"n": 2})).await.unwrap();
    there.answer(HttpResponse::new(204, vec![], ""));
    api.delete("c").await.unwrap();
    let asked = there.asked();
    let calls: Vec<(&str, &str, &[u8])> =
        asked[1..].iter().map(|one| (&*one.method, &*one.url, one.body.expose())).collect();
    let at = |path: &'static str| format!("https://api.contoso.com/v1/{path}");
    let (a, b, c) = (at("a"), at("b"), at("c"));
    assert_eq!(calls, [("PUT", &*a, &b"{\"n\":1}"[..]), ("PATCH", &*b, b"{\"n\":2}"), ("DELETE", &*c, b"")]);
    there.answer(HttpResponse::new(409, vec![], ""));
    assert_eq!(api.delete("c").await.unwrap_err().status(), Some(409));
    there.answer(HttpResponse::new(200, vec![], ""));
    assert!(matches!(api.get::<Vec<u8>>("x").await.unwrap_err(), DownstreamError::NotJson { .. }));
}

#[tokio::test]
async fn claims_and_the_correlation_id_of_a_call_reach_the_authority() {
    let there = Arc::<There>::default();
    let api = client(&there, json!({"Stock": section()})).await.downstream("Stock").unwrap();
    let id = "0a1b2c3d-0000-4000-8000-000000000000";
    let call = DownstreamCall::new().claims(r#"{"access_token":{"a":null}}"#).correlation_id(id);
    api.call(call.header("Client-Request-Id", "another")).await.unwrap();
    let asked = there.asked();
    assert!(form(&asked[0])["claims"].contains("\"a\":null"), "{:?}", form(&asked[0]));
    for request in &asked {
        let ids = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("client-request-id"));
        assert_eq!(ids.map(|(_, value)| value.expose()).collect::<Vec<_>>(), [id], "{}", request.url);
    }
    let error = api.call(DownstreamCall::new().correlation_id("a\r\nX: 1")).await.unwrap_err();
    assert!(matches!(&error, DownstreamError::Call(_)) && there.asked().is_empty(), "{error}");
}

#[tokio::test]
async fn a_call_ends_within_its_timeout_whatever_it_waits_for() {
    for silent in ["/oauth2/", "api.contoso.com"] {
        let there = Arc::new(There::silent_at(silent));
        let api = client(&there, json!({"Stock": section()})).await.downstream("Stock").unwrap();
        let call = api.call(DownstreamCall::new().timeout(Duration::from_millis(50)));
        let error = tokio::time::timeout(Duration::from_secs(10), call).await.unwrap().unwrap_err();
        let DownstreamError::Http { error: http, .. } = &error else { panic!("{error}") };
        assert_eq!(http.kind(), HttpErrorKind::Timeout);
        assert!(error.to_string().contains("timed out") && error.to_string().contains("(Stock)"), "{error}");
    }
}

#[tokio::test]
async fn whatever_a_call_gives_is_an_error_that_main_can_return() {
    async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        DownstreamCall::new().json(&BTreeMap::from([(vec![1], 1)]))?;
        Ok(())
    }
    let error = main().await.unwrap_err();
    assert_eq!(
        format!("{error:?}"),
        "the body cannot be written as JSON: key must be a string (make it a value that JSON has, or send bytes(..))"
    );
}
