//! HTTP/1.1 on loopback, with TLS or without, bounded in everything.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credential_core::Secret;
use credential_core::credential::SecretBytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::answer::Answer;
use super::fault::Action;
use super::observer::EmulatorEvent;
use super::origin;
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
/// What a connection with TLS begins with: the type of a handshake's record (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 22;
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
                // An answer of HTTP/2 is several small pieces, of which none shall wait for what acknowledges the last.
                stream.set_nodelay(true).ok();
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

/// http or, where the emulator has TLS, https: the first byte tells.
async fn connection(stream: TcpStream, state: Arc<State>, side: Side) {
    let Some(tls) = &state.tls else { return speak(stream, state, side, "http").await };
    let mut first = [0];
    match timeout(MAX_WAIT, stream.peek(&mut first)).await {
        Ok(Ok(1)) if first == [TLS_HANDSHAKE] => {}
        Ok(Ok(1)) => return speak(stream, state, side, "http").await,
        _ => return,
    }
    let why = match timeout(MAX_WAIT, TlsAcceptor::from(Arc::clone(&tls.config)).accept(stream)).await {
        Ok(Ok(stream)) => return speak(stream, state, side, "https").await,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it was not ended in time".to_owned(),
    };
    state.observer.tell(EmulatorEvent::HandshakeFailed(&why));
}

async fn speak<S>(stream: S, state: Arc<State>, side: Side, scheme: &'static str)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(move |request| handle(Arc::clone(&state), side, scheme, request));
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(MAX_WAIT);
    // Whatever ends a connection is the client's to see.
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

async fn handle(
    state: Arc<State>,
    side: Side,
    scheme: &str,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, Closed> {
    let (head, body) = request.into_parts();
    let reached = match origin::of(&head.headers, scheme, state.trusts_proxy) {
        Ok(origin) => whole(body).await.map(|body| (origin, body)),
        Err(why) => Err((421, why.to_owned())),
    };
    let mut record = recorded(&head, reached.as_ref().map(|(_, body)| &**body).unwrap_or_default());
    let number = lock(&state.memory.log).add(record.clone());
    let answer = match reached {
        Ok((origin, _)) => answer(&state, side, &record, &origin).await,
        Err((status, why)) => Some(Answer::new(Reply::new(status, why.clone()), "refused").because(why)),
    };
    match &answer {
        Some(answer) => {
            record.status = Some(answer.reply.status);
            record.verdict.clone_from(&answer.verdict);
            record.why.clone_from(&answer.why);
        }
        None => "fault".clone_into(&mut record.verdict),
    }
    lock(&state.memory.log).finish(number, &record);
    state.observer.tell(EmulatorEvent::Answered(&record));
    let answer = answer.ok_or(Closed)?;
    Ok(answer.reply.dated(state.clock.now()).into_response())
}

/// The body, or the status and the reason of a refusal.
async fn whole(body: Incoming) -> Result<Bytes, (u16, String)> {
    match timeout(MAX_WAIT, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => Err((413, format!("a body has {MAX_BODY} bytes at most"))),
        Err(_) => Err((408, "the body did not come in time".to_owned())),
    }
}

/// The answer; `None` to close the connection.
async fn answer(state: &State, side: Side, request: &RecordedRequest, origin: &str) -> Option<Answer> {
    let fault = lock(&state.memory.faults).next(&request.path);
    if let Some(fault) = fault {
        if !fault.delay.is_zero() {
            state.clock.sleep_until(state.clock.moment().after(fault.delay)).await;
        }
        let reply = match fault.action {
            Action::Delay => None,
            Action::Close => return None,
            Action::Answer(reply) => Some(reply),
            Action::Refuse(refusal) => Some(refusal.reply(&authority::correlation_id(request), state.now(), origin)),
        };
        if let Some(reply) = reply {
            return Some(Answer::new(reply, "fault"));
        }
    }
    Some(match side {
        Side::Authority => authority::answer(state, request, origin),
        Side::Api => api::answer(state, request),
    })
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
        why: String::new(),
        query: pairs(head.uri.query().unwrap_or_default().as_bytes()),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        form: form.into_iter().map(|(name, value)| (name, Secret::new(value))).collect(),
        body: SecretBytes::new(body),
    }
}
