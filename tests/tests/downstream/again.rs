//! When a call is sent again, and where it follows: when it is asked to, and never with its token to anybody else.

use std::sync::Arc;
use std::time::Duration;

use credential_core::world::HttpResponse;
use serde_json::json;
use token_client::{DownstreamApi, DownstreamCall};

use crate::there::{There, client};

async fn api(there: &Arc<There>) -> DownstreamApi {
    let section = json!({"BaseUrl": "https://api.contoso.com/v1", "Scopes": ["api://x/.default"],
                         "RequestAppToken": true, "ExtraHeaderParameters": {"X-Key": "k"}});
    client(there, json!({"Api": section})).await.downstream("Api").unwrap()
}

fn answer(status: u16, name: &str, value: &str) -> HttpResponse {
    HttpResponse::new(status, vec![(name.to_owned(), value.to_owned())], "")
}

/// Of each request to the API: method, address, and the names of its headers.
fn asked(there: &There) -> Vec<String> {
    let all = there.asked().into_iter().filter(|request| !request.url.contains("/oauth2/"));
    all.map(|request| {
        let names: Vec<String> = request.headers.iter().map(|(name, _)| name.to_lowercase()).collect();
        let body = if request.body.is_empty() { "" } else { " body" };
        format!("{} {} {}{body}", request.method, request.url, names.join(","))
    })
    .collect()
}

#[tokio::test]
async fn an_api_that_wants_to_be_left_alone_is_asked_again_by_those_who_say_so() {
    let later = "Wed, 21 Oct 2099 07:28:00 GMT";
    for (method, status, retry_after, call, times, last) in [
        ("GET", 503, "0", DownstreamCall::new(), 1, 503),
        ("GET", 503, "0", DownstreamCall::new().retry(2), 3, 200),
        ("PUT", 429, "0", DownstreamCall::new().retry(2), 3, 200),
        ("DELETE", 429, "Wed, 21 Oct 2015 07:28:00 GMT", DownstreamCall::new().retry(3), 3, 200),
        ("GET", 503, "0", DownstreamCall::new().retry(1), 2, 503),
        ("POST", 503, "0", DownstreamCall::new().retry(2), 1, 503),
        ("PATCH", 429, "0", DownstreamCall::new().retry(2), 1, 429),
        ("GET", 500, "0", DownstreamCall::new().retry(2), 1, 500),
        ("GET", 503, "soon", DownstreamCall::new().retry(2), 1, 503),
        // A wait that does not end within the call's time is none.
        ("GET", 503, "101", DownstreamCall::new().retry(2), 1, 503),
        ("GET", 503, later, DownstreamCall::new().retry(2), 1, 503),
        ("GET", 503, "5", DownstreamCall::new().retry(2).timeout(Duration::from_secs(4)), 1, 503),
    ] {
        let there = Arc::<There>::default();
        let api = api(&there).await;
        there.answer(answer(status, "Retry-After", retry_after));
        there.answer(answer(status, "Retry-After", retry_after));
        let shown = format!("{method} {status} {retry_after} {call:?}");
        let got = api.call(call.method(method).text("body")).await.unwrap();
        let asked = asked(&there);
        assert_eq!((got.status(), asked.len()), (last, times), "{shown}");
        assert!(asked.iter().all(|one| one.ends_with(" body")), "{asked:?}");
    }
}

#[tokio::test]
async fn a_wait_is_waited() {
    let there = Arc::<There>::default();
    let api = api(&there).await;
    there.answer(answer(503, "retry-after", "1"));
    let start = tokio::time::Instant::now();
    api.call(DownstreamCall::new().retry(1)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(990));
}

#[tokio::test]
async fn no_redirect_is_followed_unless_asked_and_the_token_stays_at_home() {
    const HOME: &str = "accept,x-key,content-type,authorization";
    let first = format!("POST https://api.contoso.com/v1/a {HOME} body");
    for (status, location, at_most, expected) in [
        (307, "/b", 0, vec![]),
        (307, "/b", 1, vec![format!("POST https://api.contoso.com/b {HOME} body")]),
        (302, "b", 1, vec!["GET https://api.contoso.com/v1/b accept,x-key,authorization".to_owned()]),
        (
            308,
            "https://other.contoso.com/",
            1,
            vec!["POST https://other.contoso.com/ accept,content-type body".to_owned()],
        ),
        (303, "//other.contoso.com/", 1, vec!["GET https://other.contoso.com/ accept".to_owned()]),
        (
            307,
            "https://api.contoso.com:8443/",
            1,
            vec!["POST https://api.contoso.com:8443/ accept,content-type body".to_owned()],
        ),
        (307, "http://api.contoso.com/", 1, vec![]),
        (307, "ftp://api.contoso.com/", 1, vec![]),
    ] {
        let there = Arc::<There>::default();
        let api = api(&there).await;
        there.answer(answer(status, "Location", location));
        let call = DownstreamCall::new().method("POST").path("a").text("body").follow_redirects(at_most);
        let got = api.call(call).await.unwrap();
        assert_eq!(got.status(), if expected.is_empty() { status } else { 200 }, "{location}");
        let expected: Vec<String> = std::iter::once(first.clone()).chain(expected).collect();
        assert_eq!(asked(&there), expected, "{status} {location}");
    }
}

#[tokio::test]
async fn redirects_have_an_end_and_whoever_left_gets_no_token_back() {
    let there = Arc::<There>::default();
    let api = api(&there).await;
    (0..9).for_each(|_| there.answer(answer(302, "location", "/v1/loop")));
    let got = api.call(DownstreamCall::new().follow_redirects(3)).await.unwrap();
    assert_eq!((got.status(), asked(&there).len()), (302, 4));
    let there = Arc::<There>::default();
    let api = self::api(&there).await;
    there.answer(answer(302, "location", "https://other.contoso.com/"));
    there.answer(answer(302, "location", "https://api.contoso.com/v1/back"));
    // Whoever is not the API gets no other token by a challenge either.
    let challenge = "Bearer error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"";
    there.answer(answer(401, "www-authenticate", challenge));
    let got = api.call(DownstreamCall::new().follow_redirects(3)).await.unwrap();
    assert_eq!(got.status(), 401);
    let asked = asked(&there);
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked[1..].iter().all(|one| one.ends_with(" accept")), "{asked:?}");
}
