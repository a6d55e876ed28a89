//! `reqwest-middleware` with a `TokenMiddleware`, against the emulator.

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error};
use serde_json::{Value, json};
use token_client::emulator::RecordedRequest;
use token_client::integrations::reqwest_middleware::TokenMiddleware;
use token_client::integrations::{ApiToken, CallError, CallToken};
use token_client::{TokenRequest, TraceContext};

use crate::emulated::{app, calls, client, demand_claims, emulator, token_of, unbuilt};
use crate::fakes::Source;

fn stack(token: ApiToken) -> ClientWithMiddleware {
    ClientBuilder::new(reqwest::Client::new()).with(TokenMiddleware::new(token)).build()
}

fn call_error(error: &Error) -> &CallError {
    let Error::Middleware(below) = error else { panic!("{error}") };
    below.downcast_ref().unwrap()
}

#[tokio::test]
async fn a_request_has_its_token_and_a_challenge_is_answered_once() {
    let emulator = emulator().await;
    let client = client(&emulator).await;
    let url = format!("{}/orders", emulator.api_url());
    let http = stack(ApiToken::new(client.token_source(app()), [emulator.api_url()]).unwrap());
    let post = || http.post(&url).header("x-trace", "t1").body("the body").send();
    let echo =
        async |answer: reqwest::Response| -> Value { serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap() };
    assert_eq!(post().await.unwrap().status(), 200);
    demand_claims(&emulator);
    let echo = echo(post().await.unwrap()).await;
    assert_eq!((&echo["body"], &echo["headers"]["x-trace"]), (&json!("the body"), &json!("t1")));
    assert_eq!((calls(&emulator).len(), emulator.token_requests().len()), (3, 2));
    emulator.demand_claims(json!({"access_token": {"azp": {"value": "nobody"}}}));
    assert_eq!(post().await.unwrap().status(), 401);
    assert_eq!(calls(&emulator).len(), 5);
}

#[tokio::test]
async fn a_users_request_is_sent_as_that_user_alone() {
    let emulator = emulator().await;
    let client = client(&emulator).await;
    let url = format!("{}/orders", emulator.api_url());
    let http = stack(ApiToken::of_each_call([emulator.api_url()]).unwrap());
    for user in ["ada@contoso.example", "bob@contoso.example"] {
        let incoming = emulator.mint_user_token(user, "app1", "access_as_user").unwrap();
        let token = client.token_source(TokenRequest::on_behalf_of(incoming, ["api://demo/access_as_user"]));
        http.get(&url).with_extension(CallToken::of(token)).send().await.unwrap();
        assert_eq!(token_of(calls(&emulator).last().unwrap())["preferred_username"], user);
    }
    let error = http.get(&url).send().await.unwrap_err();
    assert_eq!((call_error(&error).findings()[0].code, calls(&emulator).len()), ("call-token-missing", 2));
}

#[tokio::test]
async fn a_request_keeps_its_own_trace_each_time_it_is_sent_and_its_token_has_the_works() {
    const OWN: &str = "00-ffffffffffffffffffffffffffffffff-1111111111111111-00";
    const RUNNING: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let emulator = emulator().await;
    let running = || TraceContext::of_headers([("traceparent", RUNNING), ("tracestate", "running=1")]);
    let client = unbuilt(&emulator).trace_context(running).build().await.unwrap();
    let http = stack(ApiToken::new(client.token_source(app()), [emulator.api_url()]).unwrap());
    let get = || http.get(format!("{}/orders", emulator.api_url()));
    demand_claims(&emulator);
    let traced = get().header("traceparent", OWN).header("tracestate", "own=1").send().await.unwrap();
    let untraced = get().send().await.unwrap();
    assert_eq!((traced.status().as_u16(), untraced.status().as_u16()), (200, 200));
    let told = |requests: Vec<RecordedRequest>| -> Vec<String> {
        let value = |request: &RecordedRequest, name| request.header(name).unwrap_or("none").to_owned();
        requests.iter().map(|one| format!("{} {}", value(one, "traceparent"), value(one, "tracestate"))).collect()
    };
    let own = format!("{OWN} own=1");
    assert_eq!(told(calls(&emulator)), [own.clone(), own, "none none".to_owned()]);
    assert_eq!(told(emulator.token_requests()), vec![format!("{RUNNING} running=1"); 2]);
}

#[tokio::test]
async fn elsewhere_and_without_a_token_nothing_is_sent() {
    let emulator = emulator().await;
    let url = format!("{}/orders", emulator.api_url());
    let other = ApiToken::new(Source::new("t"), ["https://api.example"]).unwrap();
    let error = stack(other.clone()).get(&url).send().await.unwrap_err();
    assert_eq!(call_error(&error).findings()[0].code, "address-not-covered");
    let failing = ApiToken::new(Source::failing("t"), [emulator.api_url()]).unwrap();
    let error = stack(failing).get(&url).send().await.unwrap_err();
    assert!(call_error(&error).token_error().unwrap().is_transient());
    assert!(calls(&emulator).is_empty());
    assert_eq!(stack(other.others_without_token()).get(&url).send().await.unwrap().status(), 401);
    assert_eq!(calls(&emulator)[0].header("authorization"), None);
}

#[tokio::test]
async fn a_redirect_to_another_origin_does_not_take_the_token_along() {
    let emulator = emulator().await;
    let (here, there) = (elsewhere::redirecting_to(&emulator.api_url()).await, emulator.api_url());
    let http = stack(ApiToken::new(Source::new("t"), [here.as_str()]).unwrap());
    assert_eq!(http.get(format!("{here}/start")).send().await.unwrap().status(), 401, "{there}");
    assert_eq!(calls(&emulator)[0].header("authorization"), None);
}

mod elsewhere {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// A server that sends everybody to `/orders` there.
    pub(super) async fn redirecting_to(there: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = format!("http://{}", listener.local_addr().unwrap());
        let answer = format!("HTTP/1.1 302 Found\r\nlocation: {there}/orders\r\ncontent-length: 0\r\n\r\n");
        #[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let read = socket.read(&mut request).await.unwrap();
            assert!(String::from_utf8_lossy(&request[..read]).contains("Bearer t-1"));
            socket.write_all(answer.as_bytes()).await.unwrap();
        });
        here
    }
}
