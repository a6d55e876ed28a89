//! HTTP/1.1 on loopback, bounded in everything.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credential_core::Secret;
use credential_core::credential::SecretBytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::fault::Action;
use super::record::RecordedRequest;
use super::reply::{Reply, ReplyBody};
use super::state::{State, lock};
use super::{api, authority};

/// The most connections at a time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 256;
/// The most bytes of a request's body.
const MAX_BODY: usize = 1024 * 1024;
/// How long the head and the body of a request may take, each.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// How long to wait when there is no connection to be had: no file handles, most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Which of the two servers a connection belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Authority,
    Api,
}

/// The connection is closed without an answer, on purpose.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed on purpose")
    }
}

impl std::error::Error for Closed {}

/// Serves until it is dropped; its connections end with it.
pub(crate) async fn serve(listener: TcpListener, state: Arc<State>, side: Side) -> Infallible {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        // Never closed: the semaphore lives here.
        let permit = Arc::clone(&room).acquire_owned().await.ok();
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    connection(stream, state, side).await;
                    drop(permit);
                });
            }
            Err(_) => pause().await,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a pause of the machine's, not of the emulated time")]
async fn pause() {
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

async fn connection(stream: TcpStream, state: Arc<State>, side: Side) {
    let service = service_fn(move |request| handle(Arc::clone(&state), side, request));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(MAX_WAIT);
    // Whatever ends a connection is the client's to see.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

async fn handle(state: Arc<State>, side: Side, request: Request<Incoming>) -> Result<Response<ReplyBody>, Closed> {
    let Some(origin) = loopback_origin(&request) else {
        return Ok(Reply::new(421, "this server answers under loopback names alone").into_response());
    };
    let (head, body) = request.into_parts();
    let body = match timeout(MAX_WAIT, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return Ok(Reply::new(413, format!("a body has {MAX_BODY} bytes at most")).into_response()),
        Err(_) => return Ok(Reply::new(408, "the body did not come in time").into_response()),
    };
    let request = recorded(&head, &body);
    let number = lock(&state.memory.log).add(request.clone());
    let answer = answer(&state, side, &request, &origin).await;
    let (status, verdict) = match &answer {
        Some((reply, verdict)) => (Some(reply.status), verdict.as_str()),
        None => (None, "fault"),
    };
    lock(&state.memory.log).finish(number, status, verdict);
    answer.map(|(reply, _)| reply.into_response()).ok_or(Closed)
}

/// The answer and the verdict; `None` to close the connection.
async fn answer(state: &State, side: Side, request: &RecordedRequest, origin: &str) -> Option<(Reply, String)> {
    let fault = lock(&state.memory.faults).next(&request.path);
    if let Some(fault) = fault {
        if !fault.delay.is_zero() {
            state.clock.sleep_until(state.clock.moment().after(fault.delay)).await;
        }
        let reply = match fault.action {
            Action::Delay => None,
            Action::Close => return None,
            Action::Answer(reply) => Some(reply),
            Action::Refuse(refusal) => {
                Some(refusal.reply(&authority::correlation_id(request), state.now(), &state.origin))
            }
        };
        if let Some(reply) = reply {
            return Some((reply, "fault".to_owned()));
        }
    }
    Some(match side {
        Side::Authority => authority::answer(state, request, origin),
        Side::Api => api::answer(state, request),
    })
}

/// `http://HOST` as the client wrote it, if that is this machine: a web page that had its name
/// resolved to 127.0.0.1 is not let in.
fn loopback_origin(request: &Request<Incoming>) -> Option<String> {
    let host = request.headers().get(HOST)?.to_str().ok()?.to_ascii_lowercase();
    let name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    ["127.0.0.1", "localhost"].contains(&name).then(|| format!("http://{host}"))
}

fn recorded(head: &hyper::http::request::Parts, body: &[u8]) -> RecordedRequest {
    let pairs = |text: &[u8]| -> Vec<(String, String)> { url::form_urlencoded::parse(text).into_owned().collect() };
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is_form = media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    let form = if is_form { pairs(body) } else { Vec::new() };
    let text = |value: &[u8]| Secret::new(String::from_utf8_lossy(value));
    RecordedRequest {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        status: None,
        verdict: String::new(),
        query: pairs(head.uri.query().unwrap_or_default().as_bytes()),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        form: form.into_iter().map(|(name, value)| (name, Secret::new(value))).collect(),
        body: SecretBytes::new(body),
    }
}
