//! Streaming with the world's client, whoever wrote it: the limits of both bodies, and of their silence.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tracing::Instrument;

use super::{BodyStream, HttpClient, HttpError, HttpErrorKind, HttpStreamRequest, HttpStreamResponse};
use crate::guard::guarded;
use crate::sync::{Mutex, lock};
use crate::world::{Clock, Moment};
use crate::{World, spans};

impl World {
    /// Sends a request whose bodies come in pieces, and gives the answer as soon as its head is there. Every limit
    /// of the request is kept to here, whoever wrote the HTTP client: its time-out, the silence that it
    /// allows, the size of the answer. What panics is an error. Dropping the answer, or the future, gives the
    /// exchange up.
    ///
    /// # Errors
    /// As [`HttpClient::send_stream`] and [`HttpRequest::check`](crate::world::HttpRequest::check); `Timeout` when the time
    /// is over or nothing moves, `TooLarge` when the answer is said to be, or turns out to be, larger than it may
    /// be, `Broken` when the client panics. The answer's body errs with the same.
    pub async fn send_stream(&self, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        let span = spans::http_request(&request.request);
        let answer = self.stream_within(request).instrument(span.clone()).await;
        spans::answered(&span, answer.as_ref().map(|answer| answer.status));
        answer
    }

    async fn stream_within(&self, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        let max = request.request.max_response;
        let watch = Arc::new(Watch {
            clock: Arc::clone(&self.clock),
            deadline: self.clock.moment().after(request.request.timeout),
            idle: request.idle_timeout,
            moved: Mutex::new(self.clock.moment()),
            host: request.request.host(),
        });
        let HttpStreamRequest { request, body, idle_timeout } = request;
        let own = |inner| Box::new(Own { inner, watch: Arc::clone(&watch) }) as Box<dyn BodyStream>;
        let request = HttpStreamRequest { request, body: body.map(own), idle_timeout };
        let mut answer = watch.within(|| checked(&*self.http, request)).await??;
        let length = answer.header("content-length").and_then(|length| length.parse::<u64>().ok());
        if length.is_some_and(|length| length > max) {
            return Err(watch.too_large(max));
        }
        answer.body = Box::new(Limited { inner: Some(answer.body), read: 0, max, watch });
        Ok(answer)
    }
}

async fn checked(client: &dyn HttpClient, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
    request.request.check(client)?;
    client.send_stream(request).await
}

/// Sees to it that an exchange comes to its end.
struct Watch {
    clock: Arc<dyn Clock>,
    deadline: Moment,
    idle: Duration,
    /// When something has moved last.
    moved: Mutex<Moment>,
    host: String,
}

impl Watch {
    fn moves(&self) {
        *lock(&self.moved) = self.clock.moment();
    }

    fn silent_at(&self) -> Moment {
        lock(&self.moved).after(self.idle)
    }

    /// What the future gives, before the time is over and while something moves.
    async fn within<F: Future>(&self, make: impl FnOnce() -> F) -> Result<F::Output, HttpError> {
        tokio::select! {
            biased;
            given = guarded(make) => given.map_err(|_| {
                tracing::error!("the HTTP client panicked");
                HttpError::new(HttpErrorKind::Broken, "the HTTP client panicked")
            }),
            error = self.over() => Err(error),
        }
    }

    async fn over(&self) -> HttpError {
        let (host, idle) = (&self.host, self.idle);
        loop {
            self.clock.sleep_until(self.silent_at().min(self.deadline)).await;
            let now = self.clock.moment();
            if now >= self.deadline {
                return HttpError::new(HttpErrorKind::Timeout, format!("the exchange with {host} took too long"));
            }
            if now >= self.silent_at() {
                let message = format!("nothing moved for {idle:?} in the exchange with {host}");
                return HttpError::new(HttpErrorKind::Timeout, message);
            }
        }
    }

    fn too_large(&self, max: u64) -> HttpError {
        let message = format!("the answer of {} is larger than {max} bytes", self.host);
        HttpError::new(HttpErrorKind::TooLarge, message)
    }
}

/// The request's body: each time that it is asked for more, something has moved.
struct Own {
    inner: Box<dyn BodyStream>,
    watch: Arc<Watch>,
}

#[async_trait]
impl BodyStream for Own {
    async fn next(&mut self) -> Option<Result<Vec<u8>, HttpError>> {
        self.watch.moves();
        let next = guarded(|| self.inner.next()).await;
        self.watch.moves();
        next.unwrap_or_else(|_| {
            tracing::error!("the body of an HTTP request panicked");
            Some(Err(HttpError::new(HttpErrorKind::Request, "the request's body panicked")))
        })
    }
}

/// The answer's body within its limits. Gone after its end.
struct Limited {
    inner: Option<Box<dyn BodyStream>>,
    read: u64,
    max: u64,
    watch: Arc<Watch>,
}

#[async_trait]
impl BodyStream for Limited {
    async fn next(&mut self) -> Option<Result<Vec<u8>, HttpError>> {
        let inner = self.inner.as_mut()?;
        self.watch.moves();
        let next = self.watch.within(|| inner.next()).await;
        self.watch.moves();
        let piece = next.unwrap_or_else(|error| Some(Err(error))).map(|piece| piece.and_then(|piece| self.add(piece)));
        // Kept while the caller comes and goes, and gone after the end.
        if !matches!(piece, Some(Ok(_))) {
            self.inner = None;
        }
        piece
    }
}

impl Limited {
    fn add(&mut self, piece: Vec<u8>) -> Result<Vec<u8>, HttpError> {
        self.read = self.read.saturating_add(piece.len() as u64);
        if self.read > self.max { Err(self.watch.too_large(self.max)) } else { Ok(piece) }
    }
}
