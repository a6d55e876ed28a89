//! The loopback server that plays a scenario and records what it is asked.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::authority;
use super::calendar::Calendar;
use super::fault::Faults;

/// A request as it came, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Nothing when the connection was closed instead of an answer.
    pub(crate) status: Option<u16>,
    pub(crate) verdict: String,
    /// Seconds since 1970, on the calendar of the case.
    pub(crate) at: i64,
}

/// An answer, and what the cloud thought of the request.
#[derive(Debug)]
pub(crate) struct Answer {
    status: Option<u16>,
    verdict: String,
    pub(crate) headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, verdict: impl Into<String>, body: Vec<u8>) -> Self {
        Self { status: Some(status), verdict: verdict.into(), headers: Vec::new(), body }
    }

    pub(crate) fn json(status: u16, verdict: impl Into<String>, body: &Value) -> Self {
        let mut answer = Self::new(status, verdict, body.to_string().into_bytes());
        answer.headers.push(("content-type".to_owned(), "application/json; charset=utf-8".to_owned()));
        answer
    }

    /// The connection is closed.
    pub(crate) fn closed() -> Self {
        Self { status: None, ..Self::new(0, "fault", Vec::new()) }
    }
}

struct State {
    scenario: Value,
    faults: Faults,
    asked: Vec<Asked>,
    open: usize,
    calendar: Arc<Calendar>,
}

/// A running cloud; it ends when dropped.
pub(crate) struct Cloud {
    state: Arc<Mutex<State>>,
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Cloud {
    pub(crate) async fn start(scenario: &Value, calendar: Arc<Calendar>) -> Self {
        let state = State { scenario: json!({}), faults: Faults::default(), asked: Vec::new(), open: 0, calendar };
        let state = Arc::new(Mutex::new(state));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        let cloud = Self { state, address, task };
        cloud.merge(scenario);
        cloud
    }

    /// Puts the keys over those of the scenario; the faults start to count again.
    pub(crate) fn merge(&self, changes: &Value) {
        let mut state = lock(&self.state);
        for (name, value) in changes.as_object().unwrap() {
            state.scenario[name] = value.clone();
        }
        state.faults = Faults::of(&state.scenario);
    }

    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.state).asked)
    }

    /// Waits until nobody has asked anything for a while.
    pub(crate) async fn settle(&self) {
        let count = || {
            let state = lock(&self.state);
            (state.asked.len(), state.open)
        };
        loop {
            let before = count();
            tokio::time::sleep(Duration::from_millis(200)).await;
            if before == count() && before.1 == 0 {
                return;
            }
        }
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move {
            lock(&state).open += 1;
            let answer = answer(request, &state).await;
            lock(&state).open -= 1;
            answer
        }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, state: &Mutex<State>) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut asked = Asked {
        method: head.method.to_string(),
        host: head.headers["host"].to_str().unwrap().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
        status: None,
        verdict: String::new(),
        at: lock(state).calendar.seconds(),
    };
    let fault = lock(state).faults.due(&asked.path, &asked.body);
    let (scenario, is_fault) = (lock(state).scenario.clone(), fault.is_some());
    if let (Some(delay), false, "POST") = (scenario["delay"].as_f64(), is_fault, head.method.as_str()) {
        tokio::time::sleep(Duration::from_secs_f64(delay)).await;
    }
    let answer = fault.unwrap_or_else(|| authority::answer(&scenario, &asked));
    (asked.status, asked.verdict) = (answer.status, answer.verdict);
    lock(state).asked.push(asked);
    let status = answer.status.ok_or_else(|| io::Error::other("closed on purpose"))?;
    let response = answer
        .headers
        .iter()
        .fold(Response::builder().status(status), |response, (name, value)| response.header(name, value));
    response.body(Full::new(Bytes::from(answer.body))).map_err(io::Error::other)
}
