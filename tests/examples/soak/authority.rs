//! An authority on a socket: tokens say whom they are for, faults come and go, certificates too.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::APP;
use crate::weather::{Gust, Kind, Weather};

/// Bytes that make a token as large as most are.
const PADDING: usize = 1000;

pub(crate) struct Authority {
    state: Arc<State>,
    pub(crate) address: SocketAddr,
    server: Mutex<JoinHandle<Infallible>>,
}

struct State {
    weather: Arc<Weather>,
    /// Seconds that a token lives.
    life: u64,
    /// SHA-256 of the certificates that are taken.
    accepted: Mutex<HashSet<String>>,
    requests: AtomicU64,
    issued: AtomicU64,
    refused: AtomicU64,
}

/// What the authority has seen so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) requests: u64,
    pub(crate) issued: u64,
    /// Those with a certificate that was taken back.
    pub(crate) refused: u64,
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed on purpose")
    }
}

impl std::error::Error for Closed {}

impl Authority {
    pub(crate) async fn start(weather: Arc<Weather>, life: u64) -> Self {
        let listener = free_listener().await;
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            weather,
            life,
            accepted: Mutex::default(),
            requests: AtomicU64::new(0),
            issued: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        });
        let server = Mutex::new(tokio::spawn(serve(listener, Arc::clone(&state))));
        Self { state, address, server }
    }

    pub(crate) fn accept(&self, thumbprint: &str) {
        self.state.accepted.lock().unwrap().insert(thumbprint.to_owned());
    }

    pub(crate) fn take_back(&self, thumbprint: &str) {
        self.state.accepted.lock().unwrap().remove(thumbprint);
    }

    /// Listens no more, and breaks its connections off, until the fault is over.
    pub(crate) async fn be_away(&self, gust: &Gust) {
        self.server.lock().unwrap().abort();
        tokio::time::sleep_until(gust.until.into()).await;
        let listener = loop {
            match TcpListener::bind(self.address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        *self.server.lock().unwrap() = tokio::spawn(serve(listener, Arc::clone(&self.state)));
    }

    pub(crate) fn seen(&self) -> Seen {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let State { requests, issued, refused, .. } = &*self.state;
        Seen { requests: read(requests), issued: read(issued), refused: read(refused) }
    }
}

/// Below the ports that connections begin at: one to a port where nobody listens may otherwise meet itself.
async fn free_listener() -> TcpListener {
    let first = 10_000 + (std::process::id() % 10_000) as u16;
    for port in first..first + 1000 {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            return listener;
        }
    }
    panic!("no port is free from {first} on");
}

async fn serve(listener: TcpListener, state: Arc<State>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else { continue };
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&state), request));
            // However a connection ends is the client's to see.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Closed> {
    state.requests.fetch_add(1, Ordering::Relaxed);
    let path = request.uri().path().to_owned();
    let tenant = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let Some(number) = tenant_number(tenant) else { return Ok(reply(404, "{}")) };
    if let Some(gust) = state.weather.of(number) {
        match gust.kind {
            Kind::Broken => return Ok(reply(500, "")),
            Kind::Throttled => return Ok(reply(429, "")),
            Kind::RetryLater => {
                let mut later = reply(429, "");
                later.headers_mut().insert("retry-after", hyper::header::HeaderValue::from_static("2"));
                return Ok(later);
            }
            Kind::Garbage => return Ok(reply(200, "<html>\0{")),
            Kind::Hang => {
                tokio::time::sleep_until(gust.until.into()).await;
                return Err(Closed);
            }
            Kind::Close | Kind::Refused => return Err(Closed),
        }
    }
    let Ok(body) = request.into_body().collect().await else { return Err(Closed) };
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&body.to_bytes()).into_owned().collect();
    let get = |name: &str| form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    if !state.knows(get("client_assertion")) {
        state.refused.fetch_add(1, Ordering::Relaxed);
        return Ok(reply(
            401,
            r#"{"error":"invalid_client","error_codes":[700027],"error_description":"AADSTS700027"}"#,
        ));
    }
    let user = part(get("assertion"), 1).map_or_else(String::new, |user| user["sub"].as_str().unwrap().to_owned());
    Ok(reply(200, &state.token(tenant, &user, get("client_id"), get("scope"))))
}

impl State {
    /// Whether the assertion is signed with a certificate that is taken: by what it says, since the signature is
    /// for other tests to look at.
    fn knows(&self, assertion: &str) -> bool {
        let header = part(assertion, 0).unwrap_or_default();
        header["x5t#S256"].as_str().is_some_and(|thumbprint| self.accepted.lock().unwrap().contains(thumbprint))
    }

    fn token(&self, tenant: &str, user: &str, app: &str, scope: &str) -> String {
        let (number, life) = (self.issued.fetch_add(1, Ordering::Relaxed), self.life);
        let claims = json!({"app": app, "tenant": tenant, "user": user, "scope": scope, "exp": now() + life,
                            "number": number, "padding": "e".repeat(PADDING)});
        let token = format!("e30.{}.e30", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()));
        json!({"token_type": "Bearer", "expires_in": life, "access_token": token, "scope": scope}).to_string()
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

pub(crate) fn tenant_name(number: usize) -> String {
    format!("tenant{number}.example")
}

fn tenant_number(name: &str) -> Option<usize> {
    name.strip_prefix("tenant")?.strip_suffix(".example")?.parse().ok()
}

/// A user's token for a web API, as much of one as is looked at.
pub(crate) fn user_token(user: &str) -> String {
    format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(json!({"sub": user, "aud": APP}).to_string()))
}

/// One of the JSON parts of a JWT.
pub(crate) fn part(token: &str, nth: usize) -> Option<Value> {
    let part = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(nth)?).ok()?;
    serde_json::from_slice(&part).ok()
}

fn reply(status: u16, body: &str) -> Response<Full<Bytes>> {
    let body = Full::new(Bytes::from(body.to_owned()));
    Response::builder().status(status).header("content-type", "application/json").body(body).unwrap()
}
