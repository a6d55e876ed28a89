//! What a token is asked with decides whose it is.

use std::sync::Arc;

use token_client::TokenRequest;

use crate::authority::{Authority, ONE_SECRET, SCOPE, body, builder, section};

fn with_header(name: &str, value: &str) -> TokenRequest {
    let mut request = TokenRequest::app(SCOPE);
    request.extra_headers.push((name.to_owned(), value.to_owned()));
    request
}

#[tokio::test]
async fn reserved_headers_of_a_token_request_are_refused_before_anything_is_sent() {
    let authority = Arc::new(Authority::good());
    let client = builder(&authority, &section(ONE_SECRET)).build().await.unwrap();
    for name in ["Host", "authorization", "Cookie", "X-Forwarded-For", "content-length"] {
        let error = client.token(&with_header(name, "evil.example")).await.unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(authority.seen().is_empty());
}

#[tokio::test]
async fn a_correlation_id_that_no_header_carries_is_refused_before_anything_is_sent() {
    let authority = Arc::new(Authority::good());
    let client = builder(&authority, &section(ONE_SECRET)).build().await.unwrap();
    for id in ["a\r\nX-Forged: 1", "a\0b", "größer"] {
        let error = client.token(&TokenRequest::app(SCOPE).correlation_id(id)).await.unwrap_err();
        assert!(error.to_string().contains("correlation_id") && !error.is_transient(), "{error}");
    }
    assert!(authority.seen().is_empty());
}

#[tokio::test]
async fn callers_with_different_headers_share_no_token() {
    let authority = Arc::new(Authority::good());
    let client = builder(&authority, &section(ONE_SECRET)).build().await.unwrap();
    for header in ["a", "b", "a"] {
        client.token(&with_header("x-ms-test", header)).await.unwrap();
    }
    client.token(&TokenRequest::app(SCOPE)).await.unwrap();
    assert_eq!(authority.seen().len(), 3);
}

/// External ID stays with its own tenant whatever the call says: one token, then.
#[tokio::test]
async fn a_tenant_that_never_reaches_the_request_is_no_part_of_the_key() {
    let authority = Arc::new(Authority::good());
    let section = format!(
        r#"{{ "Authority": "https://contoso.ciamlogin.com/", "ClientId": "app1", "ClientCredentials": [{ONE_SECRET}] }}"#
    );
    let client = builder(&authority, &section).build().await.unwrap();
    for tenant in ["a.example", "b.example"] {
        client.token(&TokenRequest::app(SCOPE).tenant(tenant)).await.unwrap();
    }
    client.token(&TokenRequest::app(SCOPE)).await.unwrap();
    assert_eq!(authority.seen().len(), 1);
}

/// As pages for developers do: the answer shows the request that it is about.
#[tokio::test]
async fn what_an_authority_repeats_of_a_request_is_not_shown() {
    let user = "e30.e30.dGhlLXVzZXI";
    let authority = Arc::new(Authority::new(|request| {
        let sent = body(request);
        (401, format!(r#"{{"error":"invalid_client","error_description":"no: {sent}","suberror":"{sent}"}}"#))
    }));
    let client = builder(&authority, &section(&ONE_SECRET.replace("first", "~first+"))).build().await.unwrap();
    for request in [TokenRequest::app(SCOPE), TokenRequest::on_behalf_of(user, ["user.read"])] {
        let error = client.token(&request.clone().force_refresh()).await.unwrap_err();
        let shown = format!("{error} {error:?} {:?}", error.findings());
        assert!(shown.contains("client_secret=***") && !shown.contains("s3cret"), "{shown}");
        assert!(!shown.contains(user), "{shown}");
    }
}
