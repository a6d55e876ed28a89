//! Counts the requests of a command, and notes by what clocks they are answered.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use credential_core::world::{
    Clock, HttpClient, HttpError, HttpErrorKind, HttpNeed, HttpRequest, HttpResponse, HttpStreamRequest,
    HttpStreamResponse,
};

use super::skew::Skew;

/// An HTTP client that counts what goes through it.
#[derive(Clone, Debug)]
pub(crate) struct CountingHttp {
    inner: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    count: Arc<AtomicU64>,
    /// By origin; of the last answer.
    skews: Arc<Mutex<HashMap<String, Skew>>>,
}

impl CountingHttp {
    pub(crate) fn new(inner: Arc<dyn HttpClient>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock, count: Arc::default(), skews: Arc::default() }
    }

    /// How far this machine's clock is from that of whoever answers at that address.
    pub(crate) fn skew(&self, address: &str) -> Option<Skew> {
        self.skews.lock().unwrap_or_else(PoisonError::into_inner).get(&origin(address)?).copied()
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl HttpClient for CountingHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let (origin, sent) = (origin(&request.url), self.clock.now());
        let answer = self.inner.send(request).await;
        let skew = answer.as_ref().ok().and_then(|answer| Skew::of(answer, sent, self.clock.now()));
        if let Some((origin, skew)) = origin.zip(skew) {
            self.skews.lock().unwrap_or_else(PoisonError::into_inner).insert(origin, skew);
        }
        answer
    }

    async fn send_stream(&self, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.inner.send_stream(request).await
    }

    fn can(&self, need: HttpNeed) -> bool {
        self.inner.can(need)
    }
}

fn origin(address: &str) -> Option<String> {
    Some(url::Url::parse(address).ok()?.origin().ascii_serialization())
}

/// Stands for a network that is not there: every request fails with the reason.
#[derive(Debug)]
pub(crate) struct NoNetwork(pub(crate) String);

#[async_trait]
impl HttpClient for NoNetwork {
    async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, HttpError> {
        Err(HttpError::new(HttpErrorKind::Connect, self.0.clone()))
    }
}
