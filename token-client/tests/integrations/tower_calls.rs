//! Calls through a `TokenLayer`: which token, where, and what a challenge leads to.

use http::Request;
use token_client::credential_core::Finding;
use token_client::integrations::tower::{Cloned, TokenLayer};
use token_client::integrations::{ApiToken, CallError, CallToken};
use token_client::{TokenError, TokenErrorKind, TokenSource};
use tower::{Layer, ServiceExt};

use crate::fakes::{API, Api, Body, CLAIMS, Plain, Source, asks_for_claims, for_api, request, unauthorized};

const ORDERS: &str = "https://api.example/orders?open=1";

fn with_token(mut request: Request<Body>, source: impl TokenSource + 'static) -> Request<Body> {
    request.extensions_mut().insert(CallToken::of(source));
    request
}

#[tokio::test]
async fn the_token_is_added_once_and_never_shown() {
    let api = Api::default();
    let source = Source::new("s3cret");
    let service = TokenLayer::new(for_api(source)).layer(api.clone());
    service.oneshot(request(ORDERS)).await.unwrap();
    let seen = &api.seen()[0];
    assert_eq!(seen.tokens(), ["Bearer s3cret-1"]);
    assert_eq!(
        (seen.request.uri().to_string(), &seen.request.headers()["x-trace"]),
        (ORDERS.to_owned(), &"t1".parse().unwrap())
    );
    assert!(!format!("{:?}", seen.request).contains("s3cret"), "{:?}", seen.request);
}

#[tokio::test]
async fn a_token_goes_to_its_addresses_alone() {
    for elsewhere in [
        "http://api.example/orders",
        "https://api.example:8443/",
        "https://api.example.evil.example/",
        "https://user@api.example/",
        "http://evil.example/",
        "https://evil.example/",
    ] {
        let (api, source) = (Api::default(), Source::new("t"));
        let refusing = TokenLayer::new(for_api(source.clone())).layer(api.clone());
        let error = refusing.oneshot(request(elsewhere)).await.unwrap_err();
        assert!(matches!(error, CallError::Call(_)), "{elsewhere}: {error}");
        assert_eq!(error.findings()[0].code, "address-not-covered", "{elsewhere}");
        assert!(api.seen().is_empty(), "{elsewhere}");

        let passing = TokenLayer::new(for_api(source).others_without_token()).layer(api.clone());
        passing.oneshot(request(elsewhere)).await.unwrap();
        assert_eq!(api.tokens(), [""], "{elsewhere}");
    }
}

#[test]
fn addresses_that_no_token_may_go_to_are_found_when_it_is_made() {
    for bad in ["http://api.example", "api.example", "https://user:pw@api.example"] {
        let error = ApiToken::new(Plain, [bad]).unwrap_err();
        assert!(!error.to_string().contains("pw"), "{error}");
    }
    assert!(ApiToken::new(Plain, ["http://127.0.0.1:80", "http://[::1]:9", "http://localhost"]).is_ok());
}

#[tokio::test]
async fn a_path_alone_goes_where_the_service_leads() {
    let api = Api::default();
    let service = TokenLayer::new(for_api(Source::new("t"))).layer(api.clone());
    service.oneshot(request("/package.Orders/Get")).await.unwrap();
    assert_eq!(api.tokens(), ["Bearer t-1"]);
}

#[tokio::test]
async fn each_api_of_one_stack_gets_its_own_token() {
    let api = Api::default();
    let other = ApiToken::new(Source::new("other"), ["https://other.example"]).unwrap().others_without_token();
    let inner = TokenLayer::new(other).layer(api.clone());
    let service = TokenLayer::new(for_api(Source::new("t")).others_without_token()).layer(inner);
    for address in ["https://other.example/", ORDERS, "https://third.example/"] {
        service.clone().oneshot(request(address)).await.unwrap();
    }
    assert_eq!(api.tokens(), ["Bearer other-1", "Bearer t-1", ""]);
}

#[tokio::test]
async fn a_challenge_is_answered_once_with_the_whole_request() {
    let (api, source) = (Api::default(), Source::new("t"));
    let service = TokenLayer::new(for_api(source.clone())).resend(Cloned).layer(api.clone());
    api.answers(asks_for_claims());
    let answer = service.clone().oneshot(request(ORDERS)).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(api.tokens(), ["Bearer t-1", "Bearer t-2+claims"]);
    assert_eq!(source.claims(), [CLAIMS]);
    for seen in api.seen() {
        use http_body_util::BodyExt;
        let (parts, body) = seen.request.into_parts();
        assert_eq!((parts.method.as_str(), parts.uri.to_string()), ("POST", ORDERS.to_owned()));
        assert_eq!(parts.headers["x-trace"], "t1");
        assert_eq!(body.collect().await.unwrap().to_bytes(), "the body");
    }

    // An API that is never content: its own answer, after two requests.
    api.answers(asks_for_claims());
    api.answers(asks_for_claims());
    let answer = service.oneshot(request(ORDERS)).await.unwrap();
    assert_eq!((answer.status().as_u16(), api.seen().len()), (401, 4));
    assert!(answer.headers().contains_key("www-authenticate"));
}

#[tokio::test]
async fn a_body_that_cannot_be_sent_again_leaves_the_new_token_for_the_next_call() {
    let (api, source) = (Api::default(), Source::new("t"));
    let service = TokenLayer::new(for_api(source.clone())).layer(api.clone());
    api.answers(asks_for_claims());
    assert_eq!(service.clone().oneshot(request(ORDERS)).await.unwrap().status(), 401);
    assert_eq!((api.seen().len(), source.claims().len()), (1, 1));
    assert_eq!(service.oneshot(request(ORDERS)).await.unwrap().status(), 200);
    assert!(api.tokens()[1].ends_with("+claims"), "{:?}", api.tokens());
}

#[tokio::test]
async fn a_closure_decides_which_bodies_are_sent_again() {
    use http_body::Body as _;
    let api = Api::default();
    let small = |body: &Body| (body.size_hint().exact()? < 100).then(|| body.clone());
    let service = TokenLayer::new(for_api(Source::new("t"))).resend(small).layer(api.clone());
    for (size, status) in [(8, 200), (100, 401)] {
        api.answers(asks_for_claims());
        let call = request(ORDERS).map(|_| Body::from("x".repeat(size)));
        assert_eq!(service.clone().oneshot(call).await.unwrap().status(), status, "{size}");
    }
}

#[tokio::test]
async fn anything_else_is_the_apis_answer() {
    let service = |api: &Api| TokenLayer::new(for_api(Source::new("t"))).resend(Cloned).layer(api.clone());
    for challenge in [
        "Bearer error=\"invalid_token\"",
        "Basic realm=\"x\"",
        "Bearer error=\"insufficient_claims\", claims=\"bm90IGpzb24=\"",
        "",
    ] {
        let api = Api::default();
        api.answers(unauthorized(challenge));
        assert_eq!(service(&api).oneshot(request(ORDERS)).await.unwrap().status(), 401, "{challenge}");
        assert_eq!(api.seen().len(), 1, "{challenge}");
    }
    // Claims in an answer that refuses nothing, and a source that cannot ask for them.
    let api = Api::default();
    let mut forbidden = asks_for_claims();
    *forbidden.status_mut() = http::StatusCode::FORBIDDEN;
    api.answers(forbidden);
    assert_eq!(service(&api).oneshot(request(ORDERS)).await.unwrap().status(), 403);
    api.answers(asks_for_claims());
    let plain = TokenLayer::new(for_api(Plain)).resend(Cloned).layer(api.clone());
    assert_eq!(plain.oneshot(request(ORDERS)).await.unwrap().status(), 401);
    assert_eq!(api.seen().len(), 2);
}

#[tokio::test]
async fn a_users_call_is_never_made_as_another() {
    let api = Api::default();
    let layer = TokenLayer::new(ApiToken::of_each_call([API]).unwrap()).resend(Cloned);
    let service = layer.layer(api.clone());
    let (ada, bob) = (Source::new("ada"), Source::new("bob"));
    api.answers(asks_for_claims());
    service.clone().oneshot(with_token(request(ORDERS), ada.clone())).await.unwrap();
    service.clone().oneshot(with_token(request(ORDERS), bob.clone())).await.unwrap();
    assert_eq!(api.tokens(), ["Bearer ada-1", "Bearer ada-2+claims", "Bearer bob-1"]);
    assert!(bob.claims().is_empty());

    let error = service.oneshot(request(ORDERS)).await.unwrap_err();
    assert_eq!((error.findings()[0].code, api.seen().len()), ("call-token-missing", 3));

    // A user's token goes before the stack's own, and is refused beside a header.
    let app = TokenLayer::new(for_api(Source::new("app"))).layer(api.clone());
    app.clone().oneshot(with_token(request(ORDERS), ada)).await.unwrap();
    assert!(api.tokens()[3].starts_with("Bearer ada-"), "{:?}", api.tokens());
    let mut forged = with_token(request(ORDERS), bob);
    forged.headers_mut().insert("authorization", "Bearer hunter2".parse().unwrap());
    let error = app.oneshot(forged).await.unwrap_err();
    assert_eq!((error.findings()[0].code, api.seen().len()), ("authorization-present", 4));
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

#[tokio::test]
async fn without_a_token_nothing_is_sent_and_the_error_is_the_sources() {
    let api = Api::default();
    let service = TokenLayer::new(for_api(Source::failing("t"))).layer(api.clone());
    let error = service.oneshot(request(ORDERS)).await.unwrap_err();
    let token_error = error.token_error().unwrap();
    assert!(token_error.is_transient() && error.to_string().contains("there is none today"), "{error}");
    assert!(api.seen().is_empty());
}

#[test]
fn the_error_of_a_source_of_ones_own_says_what_to_decide_by() {
    for (kind, transient, needs_user) in [
        (TokenErrorKind::NeedsUser, false, true),
        (TokenErrorKind::Unwell, true, false),
        (TokenErrorKind::Timeout, true, false),
        (TokenErrorKind::Credential, false, false),
    ] {
        let error = TokenError::of(kind, Finding::error("mine", "there is none").remedy("ask again"));
        assert_eq!((error.kind(), error.is_transient(), error.needs_user()), (kind, transient, needs_user));
        assert_eq!((error.findings()[0].code, error.challenge()), ("mine", None));
        assert_eq!(error.to_string(), "there is none (ask again)");
    }
}
