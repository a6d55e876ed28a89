//! Counts the requests of a command.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use credential_core::world::{
    HttpClient, HttpError, HttpErrorKind, HttpNeed, HttpRequest, HttpResponse, HttpStreamRequest, HttpStreamResponse,
};

/// An HTTP client that counts what goes through it.
#[derive(Clone, Debug)]
pub(crate) struct CountingHttp {
    inner: Arc<dyn HttpClient>,
    count: Arc<AtomicU64>,
}

impl CountingHttp {
    pub(crate) fn new(inner: Arc<dyn HttpClient>) -> Self {
        Self { inner, count: Arc::default() }
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl HttpClient for CountingHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.inner.send(request).await
    }

    async fn send_stream(&self, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.inner.send_stream(request).await
    }

    fn can(&self, need: HttpNeed) -> bool {
        self.inner.can(need)
    }
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
