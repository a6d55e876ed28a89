//! HTTP answers from a script, for sources; anything end to end uses real sockets instead.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;

use super::FakeClock;
use crate::credential::SecretBytes;
use crate::sync::{Mutex, lock};
use crate::world::{
    Clock, HttpClient, HttpError, HttpErrorKind, HttpNeed, HttpRequest, HttpResponse, HttpStreamRequest,
    HttpStreamResponse,
};

/// Answers requests from a script, in order, or by method and address, and records what was asked. It
/// is pending once before it answers, as a connection is.
#[derive(Debug, Default)]
pub struct FakeHttp {
    state: Mutex<State>,
    clock: Arc<FakeClock>,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Result<HttpResponse, HttpError>>,
    routes: Vec<(&'static str, String, FakeReply)>,
    requests: Vec<HttpRequest>,
}

/// What becomes of the requests to one address.
#[derive(Clone)]
#[non_exhaustive]
pub enum FakeReply {
    /// An answer.
    Answer(HttpResponse),
    /// An answer that depends on the request.
    By(Arc<dyn Fn(&HttpRequest) -> HttpResponse + Send + Sync>),
    /// An answer, once the fake clock has gone on for that long.
    Late(Duration, HttpResponse),
    /// No answer, and no end: the request hangs.
    Hang,
    /// No answer, for that reason: `Broken` for a connection that breaks off.
    Fail(HttpErrorKind),
}

impl fmt::Debug for FakeReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(response) | Self::Late(_, response) => response.fmt(f),
            Self::By(_) => f.write_str("By"),
            Self::Hang => f.write_str("Hang"),
            Self::Fail(kind) => kind.fmt(f),
        }
    }
}

impl FakeReply {
    /// An answer that depends on the request.
    pub fn by(answer: impl Fn(&HttpRequest) -> HttpResponse + Send + Sync + 'static) -> Self {
        Self::By(Arc::new(answer))
    }
}

impl FakeHttp {
    /// With the clock that late answers go by.
    pub fn with_clock(clock: Arc<FakeClock>) -> Self {
        Self { state: Mutex::default(), clock }
    }

    /// Adds an answer to the script.
    pub fn answer(&self, status: u16, body: impl Into<Vec<u8>>) {
        self.reply(Ok(HttpResponse::new(status, Vec::new(), body)));
    }

    /// Adds an answer with headers, or a failure, to the script.
    pub fn reply(&self, reply: Result<HttpResponse, HttpError>) {
        lock(&self.state).script.push_back(reply);
    }

    /// Answers every request of that method to an address that begins so, whatever the script says; a
    /// later reply for the same takes an earlier one's place.
    pub fn on(&self, method: &'static str, address: impl Into<String>, reply: FakeReply) {
        let address = address.into();
        let mut state = lock(&self.state);
        state.routes.retain(|(known, begins, _)| (*known, begins) != (method, &address));
        state.routes.push((method, address, reply));
    }

    /// Forgets the script, the addresses and what was asked.
    pub fn clear(&self) {
        *lock(&self.state) = State::default();
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<HttpRequest> {
        lock(&self.state).requests.clone()
    }

    fn next(&self, request: HttpRequest) -> Result<FakeReply, HttpError> {
        let mut state = lock(&self.state);
        let fits = |(method, begins, _): &&(&str, String, FakeReply)| {
            *method == request.method && request.url.starts_with(begins.as_str())
        };
        let route = state.routes.iter().filter(fits).max_by_key(|(_, begins, _)| begins.len());
        let reply = route.map(|(.., reply)| match reply {
            FakeReply::By(answer) => Ok(FakeReply::Answer(answer(&request))),
            reply => Ok(reply.clone()),
        });
        state.requests.push(request);
        let offline = || HttpError::new(HttpErrorKind::Connect, "no answer is scripted for this request");
        reply.or_else(|| Some(state.script.pop_front()?.map(FakeReply::Answer))).unwrap_or_else(|| Err(offline()))
    }
}

#[async_trait]
impl HttpClient for FakeHttp {
    /// # Errors
    /// `Connect` when the script is at its end: a world without a network. What the address's reply says.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let reply = self.next(request)?;
        pending_once().await;
        match reply {
            FakeReply::Answer(response) => Ok(response),
            FakeReply::By(_) => Err(HttpError::new(HttpErrorKind::Connect, "nobody was asked")),
            FakeReply::Late(wait, response) => {
                self.clock.sleep_until(self.clock.moment().after(wait)).await;
                Ok(response)
            }
            FakeReply::Hang => std::future::pending().await,
            FakeReply::Fail(kind) => Err(HttpError::new(kind, format!("{kind:?}, as the test wants it"))),
        }
    }

    /// Reads the request's body to its end, and answers as to any other request, with the body in one piece.
    async fn send_stream(&self, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        let HttpStreamRequest { mut request, body, .. } = request;
        if let Some(mut body) = body {
            let mut whole = Vec::new();
            while let Some(piece) = body.next().await {
                whole.extend(piece?);
            }
            request.body = SecretBytes::new(whole);
        }
        let answer = self.send(request).await?;
        let pieces = VecDeque::from([answer.body.expose().to_vec()]);
        Ok(HttpStreamResponse::new(answer.status, answer.headers, pieces))
    }

    /// Everything: what a request asked for stands in [`requests`](FakeHttp::requests).
    fn can(&self, _need: HttpNeed) -> bool {
        true
    }
}

async fn pending_once() {
    let mut been = false;
    poll_fn(|context| {
        if std::mem::replace(&mut been, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
