//! Spans of OpenTelemetry, and the requests that say them: one trace over the token to the API.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanId, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use token_client::emulator::{EmulatedApp, Emulator, RecordedRequest};
use token_client::integrations::ApiToken;
use token_client::integrations::tower::TokenLayer;
use token_client::settings::DownstreamOptions;
use token_client::{DownstreamApi, DownstreamCall, TokenClient, TokenRequest, TraceContext};
use tower::{Layer, ServiceExt};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;

const INCOMING: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The spans that ended.
#[derive(Clone, Debug, Default)]
struct Ended(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Ended {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

impl Ended {
    fn names(&self) -> HashMap<SpanId, String> {
        let all = self.0.lock().unwrap();
        all.iter().map(|span| (span.span_context.span_id(), span.name.to_string())).collect()
    }
}

async fn client(emulator: &Emulator) -> TokenClient {
    let builder = TokenClient::builder().trace_context(|| {
        let mut headers = HashMap::new();
        TraceContextPropagator::new().inject_context(&tracing::Span::current().context(), &mut headers);
        TraceContext::of_headers(&headers)
    });
    let builder = builder.instance(emulator.instance()).tenant("contoso.example").client_id("app1");
    builder.client_secret("s3cret").build().await.unwrap()
}

/// The trace of a request, and the span that sent it.
fn told(request: &RecordedRequest) -> (String, SpanId) {
    let parent = request.header("traceparent").unwrap();
    let mut fields = parent.split('-').skip(1);
    (fields.next().unwrap().to_owned(), SpanId::from_hex(fields.next().unwrap()).unwrap())
}

/// A service whose request came in with a trace, and all that it leads to.
async fn serve(work: impl Future<Output = ()>, level: tracing::Level) -> Ended {
    let ended = Ended::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(ended.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("service"));
    let filter = tracing_subscriber::filter::LevelFilter::from_level(level);
    let subscriber = tracing_subscriber::registry().with(filter).with(layer);
    let _guard = tracing::subscriber::set_default(subscriber);
    let span = tracing::info_span!("request");
    let incoming = HashMap::from([("traceparent".to_owned(), INCOMING.to_owned())]);
    span.set_parent(TraceContextPropagator::new().extract(&incoming)).unwrap();
    work.instrument(span).await;
    ended
}

#[tokio::test]
async fn the_incoming_requests_trace_goes_over_the_token_to_the_api() {
    for (level, sends) in [
        (tracing::Level::DEBUG, "http_request and http_request"),
        (tracing::Level::INFO, "present_credential and call_downstream"),
    ] {
        let app = EmulatedApp::new("app1").secret("s3cret");
        let emulator = Emulator::builder().tenant("contoso.example").app(app).start().await.unwrap();
        let client = client(&emulator).await;
        let options = DownstreamOptions::builder().base_url(emulator.api_url()).scopes(["api://demo/.default"]);
        let api = DownstreamApi::new(client, options.app_token().build("Api").unwrap()).unwrap();
        let call = async {
            assert!(api.call(DownstreamCall::new().path("hello")).await.unwrap().is_success());
            assert!(api.stream(DownstreamCall::new().path("hello")).await.unwrap().is_success());
        };
        let names = serve(Box::pin(call), level).await.names();
        let requests = emulator.requests();
        assert!(requests.iter().all(|request| INCOMING.contains(&told(request).0)), "{requests:?}");
        let sender = |end: &str| {
            let senders = requests.iter().filter(|request| request.path.ends_with(end));
            let mut senders: Vec<&str> = senders.map(|request| names[&told(request).1].as_str()).collect();
            senders.dedup();
            senders.join(", ")
        };
        assert_eq!(format!("{} and {}", sender("/token"), sender("/hello")), sends, "{level}");
    }
}

#[tokio::test]
async fn a_request_of_a_stack_keeps_its_own_trace_and_its_token_has_the_services() {
    let app = EmulatedApp::new("app1").secret("s3cret");
    let emulator = Emulator::builder().tenant("contoso.example").app(app).start().await.unwrap();
    let client = client(&emulator).await;
    let token = client.token_source(TokenRequest::app("api://demo/.default"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let below = tower::service_fn({
        let seen = Arc::clone(&seen);
        move |request: Request<()>| {
            seen.lock().unwrap().push(request.headers().clone());
            std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(())))
        }
    });
    let stack = TokenLayer::new(ApiToken::new(token, ["https://api.example"]).unwrap()).layer(below);
    let own = "00-ffffffffffffffffffffffffffffffff-1111111111111111-00";
    let request = Request::get("https://api.example/orders").header("traceparent", own).header("tracestate", "a=1");
    let call = async { _ = stack.oneshot(request.body(()).unwrap()).await.unwrap() };
    serve(Box::pin(call), tracing::Level::DEBUG).await;
    let headers = &seen.lock().unwrap()[0];
    let values = |name: &str| headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
    assert_eq!((values("traceparent"), values("tracestate")), (vec![own], vec!["a=1"]));
    for request in emulator.token_requests() {
        assert!(INCOMING.contains(&told(&request).0), "{request:?}");
    }
}
