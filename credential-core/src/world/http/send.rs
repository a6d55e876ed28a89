//! Sending with the world's client, whoever wrote it.

use tracing::Instrument;

use super::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use crate::guard::{Unanswered, bounded};
use crate::world::OVERRUN;
use crate::{World, spans};

impl World {
    /// Sends a request with the world's HTTP client, whoever wrote it: its panic, and an answer that
    /// does not come within the request's time-out, are errors. What the client cannot do is refused before
    /// anything is sent.
    ///
    /// # Errors
    /// As [`HttpClient::send`] and [`HttpRequest::check`]; `Timeout` when it does not keep to the time-out, `Broken` when it panics.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let span = spans::http_request(&request);
        let answer = self.send_within(request).instrument(span.clone()).await;
        spans::answered(&span, answer.as_ref().map(|answer| answer.status));
        answer
    }

    async fn send_within(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let deadline = self.clock.moment().after(request.timeout).after(OVERRUN);
        match bounded(&*self.clock, deadline, || checked(&*self.http, request)).await {
            Ok(answer) => answer,
            Err(Unanswered::Late) => {
                Err(HttpError::new(HttpErrorKind::Timeout, "the HTTP client gave no answer within the time-out"))
            }
            Err(Unanswered::Panicked) => {
                tracing::error!("the HTTP client panicked");
                Err(HttpError::new(HttpErrorKind::Broken, "the HTTP client panicked"))
            }
        }
    }
}

async fn checked(client: &dyn HttpClient, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    request.check(client)?;
    client.send(request).await
}
