//! What a call sends and what comes back from it.

use std::sync::Arc;

use credential_core::world::HttpResponse;
use serde_json::{Value, json};
use token_client::{DownstreamCall, DownstreamError};

use crate::there::{There, client, client_with, form};

fn section() -> Value {
    json!({"BaseUrl": "https://api.contoso.com", "Scopes": ["api://x/.default"], "RequestAppToken": true})
}

fn refusal(claims: &str) -> HttpResponse {
    let challenge = format!("Bearer error=\"insufficient_claims\", claims=\"{claims}\"");
    HttpResponse::new(401, vec![("www-authenticate".to_owned(), challenge)], "{\"why\":\"the API's own words\"}")
}

#[tokio::test]
async fn a_challenge_without_claims_is_the_callers_to_read() {
    for application in [json!({}), json!({"ClientCapabilities": ["cp1"]})] {
        // No base64; base64 of text; of a list; of text that only begins as an object.
        for claims in ["%%%", "bm90IGpzb24=", "W10=", "e30gZ2FyYmFnZQ==", "bnVsbA=="] {
            let there = Arc::<There>::default();
            let client = client_with(&there, application.clone(), json!({"Api": section()})).await.unwrap();
            there.answer(refusal(claims));
            let answer = client.downstream("Api").unwrap().call(DownstreamCall::new()).await.unwrap();
            assert_eq!((answer.status(), answer.with_token()), (401, true), "{claims}");
            assert!(answer.text().contains("the API's own words"), "{claims}");
            assert_eq!(there.asked().len(), 2, "one token, one call");
        }
    }
}

#[tokio::test]
async fn a_challenge_with_claims_is_answered_once() {
    for application in [json!({}), json!({"ClientCapabilities": ["cp1"]})] {
        let there = Arc::<There>::default();
        let client = client_with(&there, application, json!({"Api": section()})).await.unwrap();
        there.answer(refusal("eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="));
        let answer = client.downstream("Api").unwrap().call(DownstreamCall::new()).await.unwrap();
        assert_eq!(answer.status(), 200);
        let asked = there.asked();
        assert_eq!(asked.len(), 4);
        assert!(form(&asked[2])["claims"].starts_with("{\"access_token\":{"), "{:?}", form(&asked[2]));
    }
}

#[tokio::test]
async fn a_body_has_the_media_type_of_its_call_or_section() {
    let patch = "application/merge-patch+json";
    let json_call = || DownstreamCall::new().json(&json!({"a": 1})).unwrap();
    let bytes = |kind| DownstreamCall::new().bytes("a", kind);
    for (content_type, call, expected) in [
        (Value::Null, json_call(), Some("application/json; charset=utf-8")),
        (json!("application/json"), json_call(), Some("application/json; charset=utf-8")),
        (json!(patch), json_call(), Some(patch)),
        (json!("text/plain"), json_call().content_type(patch), Some(patch)),
        (Value::Null, bytes(None).content_type("text/csv"), Some("text/csv")),
        (json!(patch), bytes(None), Some(patch)),
        (json!(patch), bytes(Some("text/plain")), Some("text/plain")),
        (Value::Null, bytes(None), None),
        (Value::Null, DownstreamCall::new(), None),
    ] {
        let there = Arc::<There>::default();
        let mut section = section();
        if content_type != Value::Null {
            section["ContentType"] = content_type.clone();
        }
        let client = client(&there, json!({"Api": section})).await;
        client.downstream("Api").unwrap().call(call).await.unwrap();
        let asked = there.asked();
        let sent = asked[1].headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.expose());
        assert_eq!(sent, expected, "{content_type}");
    }
    let there = Arc::<There>::default();
    let mut section = section();
    section["ContentType"] = json!("text/plain");
    let client = client(&there, json!({"Api": section})).await;
    let said = client.downstream("Api").unwrap().call(json_call()).await.unwrap_err().to_string();
    assert!(said.contains("DownstreamApis:Api:ContentType") && said.contains("bytes(..)"), "{said}");
}

#[tokio::test]
async fn text_goes_as_text() {
    for (content_type, call, expected) in [
        (Value::Null, DownstreamCall::new().text("ü\"x"), "text/plain; charset=utf-8 ü\"x"),
        (json!("text/html"), DownstreamCall::new().text("ü\"x"), "text/html; charset=utf-8 ü\"x"),
        (json!("text/csv; charset=utf-8"), DownstreamCall::new().text("a"), "text/csv; charset=utf-8 a"),
        (json!("application/xml"), DownstreamCall::new().text("<a/>"), "application/xml <a/>"),
        // A text alone is what a section of text sends, however it is given.
        (json!("text/plain"), DownstreamCall::new().json("ü\"x").unwrap(), "text/plain; charset=utf-8 ü\"x"),
        (json!("TEXT/Plain"), DownstreamCall::new().json("a").unwrap(), "TEXT/Plain; charset=utf-8 a"),
        (Value::Null, DownstreamCall::new().json("a").unwrap(), "application/json; charset=utf-8 \"a\""),
    ] {
        let there = Arc::<There>::default();
        let mut section = section();
        if content_type != Value::Null {
            section["ContentType"] = content_type.clone();
        }
        client(&there, json!({"Api": section})).await.downstream("Api").unwrap().call(call).await.unwrap();
        let asked = there.asked().remove(1);
        let sent = asked.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.expose());
        let body = String::from_utf8(asked.body.expose().to_vec()).unwrap();
        assert_eq!(format!("{} {body}", sent.unwrap_or_default()), expected, "{content_type}");
    }
}

#[tokio::test]
async fn answers_are_read_in_their_encoding_and_empty_ones_said_to_be() {
    let there = Arc::<There>::default();
    let api = client(&there, json!({"Api": section()})).await.downstream("Api").unwrap();
    let kind = |text: &str| vec![("content-type".to_owned(), text.to_owned())];
    for (content_type, body) in [
        ("application/json", &b"\xef\xbb\xbf\"M\xc3\xbc\""[..]),
        ("application/json; charset=iso-8859-1", b"\"M\xfc\""),
        ("application/json; charset=utf-16", b"\"\0M\0\xfc\0\"\0"),
        ("text/plain; charset=latin1", b"M\xfc"),
    ] {
        there.answer(HttpResponse::new(200, kind(content_type), body));
        assert_eq!(api.get::<String>("x").await.unwrap(), "Mü", "{content_type}");
    }
    there.answer(HttpResponse::new(400, kind("application/problem+json; charset=utf-16le"), *b"{\0}\0"));
    let error = api.get::<Value>("x").await.unwrap_err();
    assert_eq!((error.status(), error.answer().unwrap().text().as_str()), (Some(400), "{}"));
    let empty = || there.answer(HttpResponse::new(204, vec![], ""));
    empty();
    assert_eq!(api.get::<String>("x").await.unwrap(), "");
    empty();
    assert_eq!(api.get::<Option<Vec<i32>>>("x").await.unwrap(), None);
    empty();
    let error = api.get::<Vec<i32>>("x").await.unwrap_err();
    assert_eq!(error.findings()[0].code, "answer-empty");
    assert!(error.to_string().contains("status 204") && error.to_string().contains("Option<..>"), "{error}");
}

#[tokio::test]
async fn an_entry_that_wants_bound_tokens_is_refused() {
    let there = Arc::<There>::default();
    let entry = |skip: bool| {
        json!({"ClientCredentials": [
            {"SourceType": "ClientSecret", "ClientSecret": "s3cret"},
            {"SourceType": "ClientSecret", "ClientSecret": "s3cret", "UseBoundCredential": true, "Skip": skip},
        ]})
    };
    let error = client_with(&there, entry(false), json!({})).await.unwrap_err();
    let said = error.to_string();
    for part in ["appsettings.json:1:", "AzureAd:ClientCredentials:1:UseBoundCredential", "mutual TLS", "remove it"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert!(client_with(&there, entry(true), json!({})).await.is_ok());
}

#[tokio::test]
async fn an_error_shows_nothing_of_the_token_and_moves_no_terminal() {
    let there = Arc::<There>::default();
    let client = client(&there, json!({"Api": section()})).await;
    let body = "Authorization: Bearer issued-token\u{202e}\u{1b}[2J";
    there.answer(HttpResponse::new(500, vec![], body));
    let error = client.downstream("Api").unwrap().get::<Value>("x").await.unwrap_err().to_string();
    assert!(error.contains("Bearer ***") && !error.contains(['\u{202e}', '\u{1b}']), "{error}");
    there.answer(HttpResponse::new(200, vec![("content-type".to_owned(), "a\u{202e}b".to_owned())], "no JSON"));
    let error = client.downstream("Api").unwrap().get::<Value>("x").await.unwrap_err().to_string();
    assert!(error.contains("a\\u{202e}b"), "{error}");
}

#[tokio::test]
async fn what_no_request_is_made_of_is_found_before_a_token_is_asked_for() {
    let there = Arc::<There>::default();
    let client = client(&there, json!({"Api": section()})).await;
    for call in [
        DownstreamCall::new().method("GE T"),
        DownstreamCall::new().method("GET / HTTP/1.1\r\nX-Forged: 1"),
        DownstreamCall::new().header("X-A", "b\r\nX-Forged: 1"),
        DownstreamCall::new().bytes("a", Some("text/plain\r\nX-Forged: 1")),
    ] {
        let error = client.downstream("Api").unwrap().call(call).await.unwrap_err();
        assert!(matches!(error, DownstreamError::Call(_)), "{error}");
        assert!(there.asked().is_empty());
    }
}
