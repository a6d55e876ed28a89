//! One trace from the call to the authority and the API: who says it, who wins, and who is told nothing.

use std::sync::Arc;

use credential_core::World;
use credential_core::world::{HttpRequest, HttpResponse};
use serde_json::json;
use token_client::settings::DownstreamOptions;
use token_client::{DownstreamApi, DownstreamCall, TokenClient, TraceContext};

use crate::there::{There, client};

const RUNNING: &str = "00-11111111111111111111111111111111-2222222222222222-01";
const INCOMING: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

fn trace(parent: &str) -> Option<TraceContext> {
    TraceContext::of_headers([("traceparent", parent), ("tracestate", "vendor=1")])
}

fn options() -> DownstreamOptions {
    let options = DownstreamOptions::builder().base_url("https://api.contoso.com/v1").scopes(["api://x/.default"]);
    options.app_token().build("Api").unwrap()
}

/// An API of a client whose running work says that.
async fn api(there: &Arc<There>, running: fn() -> Option<TraceContext>) -> DownstreamApi {
    let builder = TokenClient::builder().world(World::new(Arc::clone(there) as _)).trace_context(running);
    let builder = builder.instance("https://login.microsoftonline.com/").tenant("contoso.com").client_id("app1");
    let client = builder.client_secret("s3cret").build().await.unwrap();
    DownstreamApi::new(client, options()).unwrap()
}

/// Of a request: the server, and what it says of its trace.
fn told(request: &HttpRequest) -> String {
    let values = |name: &str| {
        let all = request.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        all.map(|(_, value)| value.expose().to_owned()).collect::<Vec<_>>().join(" and ")
    };
    let server = request.url.split('/').nth(2).unwrap();
    format!("{server} {} {}", values("traceparent"), values("tracestate")).trim().to_owned()
}

async fn sent(there: &There, api: &DownstreamApi, call: DownstreamCall) -> Vec<String> {
    api.call(call).await.unwrap();
    there.asked().iter().map(told).collect()
}

#[tokio::test]
async fn the_running_work_is_told_to_everybody_unless_the_call_says_more() {
    let (authority, own) = ("login.microsoftonline.com", "api.contoso.com");
    let call = DownstreamCall::new;
    for (call, expected) in [
        (call(), RUNNING),
        (call().trace_context(trace(INCOMING)), INCOMING),
        (call().trace_context(trace("none at all")), RUNNING),
        (call().trace_context(trace(INCOMING)).header("Traceparent", "forged").header("tracestate", "f=1"), INCOMING),
        (call().trace_context(trace(INCOMING)).trace_context(None), INCOMING),
    ] {
        let there = Arc::<There>::default();
        let api = api(&there, || trace(RUNNING)).await;
        let shown = format!("{call:?}");
        let all = sent(&there, &api, call.force_refresh()).await;
        let expected: Vec<String> =
            [authority, own].iter().map(|server| format!("{server} {expected} vendor=1")).collect();
        assert_eq!(all, expected, "{shown}");
    }
}

#[tokio::test]
async fn a_header_of_ones_own_is_the_apis_alone() {
    let there = Arc::<There>::default();
    let api = api(&there, || trace(RUNNING)).await;
    let all = sent(&there, &api, DownstreamCall::new().header("traceparent", INCOMING)).await;
    assert_eq!(all[1], format!("api.contoso.com {INCOMING}"));
    assert_eq!(all[0], format!("login.microsoftonline.com {RUNNING} vendor=1"));
}

#[tokio::test]
async fn where_nothing_is_said_nothing_is_sent() {
    let there = Arc::<There>::default();
    let section = json!({"BaseUrl": "https://api.contoso.com/v1", "Scopes": ["api://x/.default"],
                         "RequestAppToken": true});
    let without = client(&there, json!({"Api": section})).await.downstream("Api").unwrap();
    assert_eq!(sent(&there, &without, DownstreamCall::new()).await, ["login.microsoftonline.com", "api.contoso.com"]);
    let none = api(&there, || None).await;
    assert_eq!(sent(&there, &none, DownstreamCall::new()).await, ["login.microsoftonline.com", "api.contoso.com"]);
}

#[tokio::test]
async fn a_closure_that_panics_costs_the_trace_and_not_the_call() {
    let there = Arc::<There>::default();
    let api = api(&there, || panic!("a bug of the program's")).await;
    assert_eq!(sent(&there, &api, DownstreamCall::new()).await, ["login.microsoftonline.com", "api.contoso.com"]);
}

#[tokio::test]
async fn each_time_that_a_call_is_sent_it_says_its_trace_and_to_no_other_origin() {
    let answer =
        |status: u16, name: &str, value: &str| HttpResponse::new(status, vec![(name.to_owned(), value.to_owned())], "");
    let challenge = "Bearer error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"";
    for (context, expected) in [(None, RUNNING), (trace(INCOMING), INCOMING)] {
        let there = Arc::<There>::default();
        let api = api(&there, || trace(RUNNING)).await;
        there.answer(answer(401, "www-authenticate", challenge));
        there.answer(answer(503, "retry-after", "0"));
        there.answer(answer(302, "location", "/v1/moved"));
        there.answer(answer(302, "location", "https://other.contoso.com/"));
        let call = DownstreamCall::new().retry(1).follow_redirects(2).trace_context(context);
        let all = sent(&there, &api, call).await;
        let [authority, own] =
            ["login.microsoftonline.com", "api.contoso.com"].map(|server| format!("{server} {expected} vendor=1"));
        let other = "other.contoso.com".to_owned();
        assert_eq!(all, [&authority, &own, &authority, &own, &own, &own, &other].map(Clone::clone));
    }
}
