//! HTTP answers from a script, for sources; anything end to end uses real sockets instead.

use std::collections::VecDeque;

use async_trait::async_trait;

use crate::sync::{Mutex, lock};
use crate::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};

/// Answers requests from a script, in order, and records what was asked.
#[derive(Debug, Default)]
pub struct FakeHttp(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Result<HttpResponse, HttpError>>,
    requests: Vec<HttpRequest>,
}

impl FakeHttp {
    /// Adds an answer to the script.
    pub fn answer(&self, status: u16, body: impl Into<Vec<u8>>) {
        lock(&self.0).script.push_back(Ok(HttpResponse::new(status, Vec::new(), body)));
    }

    /// Adds an answer with headers, or a failure, to the script.
    pub fn reply(&self, reply: Result<HttpResponse, HttpError>) {
        lock(&self.0).script.push_back(reply);
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<HttpRequest> {
        lock(&self.0).requests.clone()
    }
}

#[async_trait]
impl HttpClient for FakeHttp {
    /// # Errors
    /// `Connect` when the script is at its end: a world without a network.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut state = lock(&self.0);
        state.requests.push(request);
        let offline = || Err(HttpError::new(HttpErrorKind::Connect, "no answer is scripted for this request"));
        state.script.pop_front().unwrap_or_else(offline)
    }
}
