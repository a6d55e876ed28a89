//! What a subscriber is told of a token's whole road: the spans that the documents promise, each within the one
//! that it belongs to, and no secret anywhere at any level.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and wait in real time"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use credential_core::World;
use credential_core::testing::{FakeClock, FakeFiles};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use token_client::emulator::{EmulatedApp, Emulator};
use token_client::settings::Location;
use token_client::{DownstreamCall, ReqwestHttp, TokenClient, TokenRequest};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

const WRONG_SECRET: &str = "canary+wrong/secret";
const RIGHT_SECRET: &str = "canary+right/secret";
const PASSWORD: &str = "canary-of-a-password";
const HEADER: &str = "canary-of-a-header";
const BODY: &str = "canary-of-a-body";

/// A span that was made.
#[derive(Clone, Debug, Default)]
struct Seen {
    name: &'static str,
    level: String,
    /// Every field that it may have.
    declared: BTreeSet<String>,
    fields: BTreeMap<String, String>,
    parent: Option<u64>,
    follows: Option<u64>,
    closed: bool,
}

/// Everything that anybody traces, in order.
#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<BTreeMap<u64, Seen>>>,
    /// Whatever was said, as text.
    said: Arc<Mutex<String>>,
}

struct Fields<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Collector {
    fn hear(&self, what: &str, record: impl FnOnce(&mut Fields<'_>)) -> BTreeMap<String, String> {
        let mut fields = BTreeMap::new();
        record(&mut Fields(&mut fields));
        writeln!(self.said.lock().unwrap(), "{what} {fields:?}").unwrap();
        fields
    }

    /// What was seen since the last look, by its number.
    fn take(&self) -> BTreeMap<u64, Seen> {
        std::mem::take(&mut *self.spans.lock().unwrap())
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }
}

/// Numbers that are never used again, unlike a registry's.
struct Number(u64);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        let metadata = attributes.metadata();
        let fields = self.hear(metadata.name(), |fields| attributes.record(fields));
        let number_of =
            |span: tracing_subscriber::registry::SpanRef<'_, S>| span.extensions().get::<Number>().map(|one| one.0);
        let parent = span.parent().and_then(number_of);
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        span.extensions_mut().insert(Number(number));
        // Of others (hyper, h2) the text alone counts.
        if metadata.target().starts_with("token_client") || metadata.target().starts_with("credential_") {
            let declared = metadata.fields().iter().map(|field| field.name().to_owned()).collect();
            let (name, level) = (metadata.name(), metadata.level().to_string());
            let seen = Seen { name, level, declared, fields, parent, ..Seen::default() };
            self.spans.lock().unwrap().insert(number, seen);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let fields = self.hear("record", |fields| values.record(fields));
        let span = context.span(id).unwrap();
        if let Some(seen) = self.spans.lock().unwrap().get_mut(&span.extensions().get::<Number>().unwrap().0) {
            seen.fields.extend(fields);
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let number = |id| context.span(id).map(|span| span.extensions().get::<Number>().unwrap().0);
        let (own, follows) = (number(id).unwrap(), number(follows));
        if let Some(seen) = self.spans.lock().unwrap().get_mut(&own) {
            seen.follows = follows;
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        self.hear(event.metadata().target(), |fields| event.record(fields));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let number = context.span(&id).unwrap().extensions().get::<Number>().unwrap().0;
        if let Some(seen) = self.spans.lock().unwrap().get_mut(&number) {
            seen.closed = true;
        }
    }
}

/// The spans as a tree, with what tells them apart.
fn tree(spans: &BTreeMap<u64, Seen>) -> Vec<String> {
    fn below(out: &mut Vec<String>, spans: &BTreeMap<u64, Seen>, parent: Option<u64>, depth: usize) {
        // What was begun outside of what is looked at is a root here.
        let is_child = |seen: &Seen| seen.parent.filter(|parent| spans.contains_key(parent)) == parent;
        for (id, seen) in spans.iter().filter(|(_, seen)| is_child(seen)) {
            let mut line = format!("{}{}", "  ".repeat(depth), seen.name);
            for field in ["entry", "reason", "verdict", "what", "http.response.status_code", "error.type"] {
                seen.fields.get(field).into_iter().for_each(|value| line += &format!(" {value}"));
            }
            out.push(line);
            below(out, spans, Some(*id), depth + 1);
        }
    }
    let mut out = Vec::new();
    below(&mut out, spans, None, 0);
    out
}

async fn settled(collector: &Collector, wanted: impl Fn(&BTreeMap<u64, Seen>) -> bool) {
    for _ in 0..500 {
        if wanted(&collector.spans.lock().unwrap()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:#?}", tree(&collector.spans.lock().unwrap()));
}

fn settings(emulator: &Emulator, authority: &Value) -> String {
    let mut application = json!({
        "ClientId": "app1",
        "ClientCredentials": [
            { "SourceType": "ClientSecret", "ClientSecret": WRONG_SECRET },
            { "SourceType": "Path", "CertificateDiskPath": "app1.pfx", "CertificatePassword": PASSWORD },
            { "SourceType": "ClientSecret", "ClientSecret": RIGHT_SECRET },
        ],
    });
    application.as_object_mut().unwrap().extend(authority.as_object().unwrap().clone());
    let scopes = [format!("{}/access_as_user", emulator.api_audience())];
    json!({
        "AzureAd": application,
        "DownstreamApis": { "Api": { "BaseUrl": emulator.api_url(), "Scopes": scopes } },
    })
    .to_string()
}

struct Scene {
    emulator: Emulator,
    clock: Arc<FakeClock>,
    files: Arc<FakeFiles>,
}

impl Scene {
    /// An authority that knows the second and the third credential of the settings.
    async fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
        let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
        let pfx = p12::PFX::new(certificate.der(), &key.serialize_der(), None, PASSWORD, "app1").unwrap();
        let clock = Arc::new(FakeClock::default());
        let app = EmulatedApp::new("app1").secret(RIGHT_SECRET).certificate(certificate.der().to_vec());
        let builder = Emulator::builder().app(app).clock(Arc::clone(&clock) as _);
        let emulator = builder.refresh_in(Duration::from_secs(60)).start().await.unwrap();
        let files = Arc::new(FakeFiles::default());
        files.write("/s/app1.pfx", pfx.to_der());
        Self { emulator, clock, files }
    }

    async fn client(&self, authority: Value) -> TokenClient {
        self.files.write("/s/appsettings.json", settings(&self.emulator, &authority));
        let world = World::new(Arc::new(ReqwestHttp::new().unwrap()));
        let world = world.with_files(Arc::clone(&self.files) as _).with_clock(Arc::clone(&self.clock) as _);
        let mut location = Location::default();
        location.file = "/s/appsettings.json".into();
        TokenClient::builder().location(location).world(world).build().await.unwrap()
    }
}

/// The rows of the documents' table: level and fields by name.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let table = include_str!("../../token-client/docs/observability.md").split("## Spans").nth(1).unwrap();
    let cell = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    rows.take_while(|line| line.starts_with('|'))
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
            let name = cell(cells[0]).pop_first().unwrap();
            let mut fields = cells.get(3).map(|fields| cell(fields)).unwrap_or_default();
            if name != "try_better_credentials" {
                fields.extend(["error.type".to_owned(), "otel.status_code".to_owned()]);
            }
            (name, (cells[1].trim().to_owned(), fields))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_span_is_where_the_documents_have_it_and_no_secret_is_anywhere() {
    let collector = Collector::default();
    let subscriber = tracing_subscriber::registry().with(collector.clone());
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let mut seen = BTreeMap::new();
    let scene = Scene::new().await;
    let emulator = &scene.emulator;
    let user = emulator.mint_user_token("ada@contoso.example", "app1", "access_as_user").unwrap();
    let entra = json!({ "Instance": emulator.instance(), "TenantId": "contoso.example" });
    let client = scene.client(entra).await;
    collector.take();

    let call = || {
        let call = DownstreamCall::new().on_behalf_of(user.as_str()).header("x-note", HEADER);
        call.method("POST").query("code", BODY).bytes(BODY.as_bytes().to_vec(), Some("text/plain"))
    };
    let answer = client.downstream("Api").unwrap().call(call()).await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    settled(&collector, |spans| spans.values().all(|seen| seen.closed)).await;
    let spans = collector.take();
    let expected = [
        "call_downstream 200",
        "  get_token",
        "    exchange",
        "      load_credential 0 initial",
        "      present_credential 0 refused refused",
        "        http_request 401 401",
        "      load_credential 0 rejected",
        "      load_credential 1 initial",
        "      present_credential 1 accepted",
        "        http_request 200",
        "  http_request 200",
    ];
    assert_eq!(tree(&spans), expected);
    fields(&spans, emulator);
    seen.extend(spans);

    // The token is cached: nobody asks for it anew.
    client.downstream("Api").unwrap().call(call()).await.unwrap();
    let spans = collector.take();
    assert_eq!(tree(&spans), ["call_downstream 200", "  http_request 200"]);

    behind_the_back(&scene, &client, &user, &collector, &mut seen).await;
    metadata_and_a_refusal(&scene, &collector, &mut seen).await;

    promised(&seen);
    let said = collector.said();
    let mut secrets: Vec<String> = [WRONG_SECRET, RIGHT_SECRET, PASSWORD, HEADER, BODY].map(str::to_owned).into();
    secrets.push(user.rsplit('.').next().unwrap().to_owned());
    for request in emulator.requests() {
        secrets.extend(request.form("client_assertion").map(|jwt| jwt.rsplit('.').next().unwrap().to_owned()));
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        secrets.extend(bearer.map(|jwt| jwt.rsplit('.').next().unwrap().to_owned()));
    }
    assert!(secrets.len() >= 9, "{secrets:?}");
    for secret in secrets {
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        assert!(!said.contains(&secret) && !said.contains(&encoded), "{secret} is in the traces");
    }
    assert!(said.contains("AADSTS7000215") && said.contains("credential in use changed"), "{said}");
}

/// The fields of the first call.
fn fields(spans: &BTreeMap<u64, Seen>, emulator: &Emulator) {
    let of = |name: &str| &spans.values().find(|seen| seen.name == name).unwrap().fields;
    let (exchange, request) = (of("exchange"), of("http_request"));
    assert_eq!(
        (&*exchange["client_id"], &*exchange["grant"], &*exchange["renewal"]),
        ("app1", "on_behalf_of", "false")
    );
    assert_eq!((&*exchange["tenant"], &*exchange["server.address"]), ("contoso.example", "127.0.0.1"));
    let sent = emulator.token_requests();
    assert_eq!(exchange["client_request_id"], sent[0].header("client-request-id").unwrap());
    assert!(exchange["credential"].contains("app1.pfx"), "{exchange:?}");
    assert_eq!(of("get_token")["credential"], exchange["credential"]);
    assert_eq!((&*of("call_downstream")["api"], &*of("call_downstream")["http.request.method"]), ("Api", "POST"));
    assert_eq!(of("load_credential")["source"], "ClientSecret");
    assert_eq!((&*request["http.request.method"], &*request["otel.kind"]), ("POST", "client"));
    assert_eq!(request["server.port"], emulator.port().to_string());
    assert_eq!(request["url.full"], emulator.token_endpoint());
    assert_eq!(request["otel.status_code"], "ERROR");
    let api = spans.values().rfind(|seen| seen.name == "http_request").unwrap();
    assert!(api.fields["url.full"].ends_with("?code=***"), "{api:?}");
}

/// A token that is due, and a better-placed entry: by themselves, after what they were begun in.
async fn behind_the_back(
    scene: &Scene,
    client: &TokenClient,
    user: &str,
    collector: &Collector,
    seen: &mut BTreeMap<u64, Seen>,
) {
    scene.clock.advance(Duration::from_secs(700));
    let request = TokenRequest::on_behalf_of(user, [format!("{}/access_as_user", scene.emulator.api_audience())]);
    let caller = tracing::info_span!(target: "token_client::test", "caller");
    let token = tracing::Instrument::instrument(client.token(&request), caller.clone()).await;
    token.unwrap();
    drop(caller);
    let ended = |spans: &BTreeMap<u64, Seen>| {
        let tries = |name| spans.values().any(|seen| seen.name == name && seen.closed);
        tries("exchange") && tries("try_better_credentials") && spans.values().all(|seen| seen.closed)
    };
    settled(collector, ended).await;
    let mut spans = collector.take();
    let caller = spans.iter().find(|(_, seen)| seen.name == "caller").map(|(id, _)| *id).unwrap();
    let exchange = spans.iter().find(|(_, seen)| seen.name == "exchange").unwrap();
    assert_eq!((exchange.1.parent, exchange.1.follows), (None, Some(caller)));
    assert_eq!(exchange.1.fields["renewal"], "true");
    let better = spans.values().find(|seen| seen.name == "try_better_credentials").unwrap();
    assert_eq!((better.parent, better.follows), (None, Some(*exchange.0)));
    let lines = tree(&spans);
    let at = lines.iter().position(|line| line == "try_better_credentials").unwrap();
    assert_eq!(lines[at + 1], "  load_credential 0 refresh");
    spans.remove(&caller);
    seen.extend(spans);
}

/// Another kind of authority, and a scope that nobody knows.
async fn metadata_and_a_refusal(scene: &Scene, collector: &Collector, seen: &mut BTreeMap<u64, Seen>) {
    let client = scene.client(json!({ "Authority": scene.emulator.authority() })).await;
    let client = client.with_only(2).unwrap();
    let error = client.token(&TokenRequest::app("api://nobody/.default")).await.unwrap_err();
    settled(collector, |spans| spans.values().all(|seen| seen.closed)).await;
    let spans = collector.take();
    let kind = error.kind().as_str();
    let expected = [
        format!("get_token {kind}"),
        format!("  exchange {kind}"),
        "    read_metadata openid configuration".to_owned(),
        "      http_request 200".to_owned(),
        "    load_credential 2 initial".to_owned(),
        "    present_credential 2 stopped stopped".to_owned(),
        "      http_request 400 400".to_owned(),
    ];
    assert_eq!(tree(&spans), expected, "{error}");
    seen.extend(spans);
}

/// Each span is as the documents have it, and each of the documents' was seen.
fn promised(seen: &BTreeMap<u64, Seen>) {
    let mut documented = documented();
    let kinds: BTreeMap<&str, &Seen> = seen.values().map(|seen| (seen.name, seen)).collect();
    for (name, seen) in kinds {
        let (level, fields) = documented.remove(name).unwrap_or_else(|| panic!("{name} is not documented"));
        assert_eq!((&seen.level, &seen.declared), (&level, &fields), "{name}");
    }
    assert!(documented.is_empty(), "never seen: {documented:?}");
}
