//! An authority in this process that answers as it is told, and counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::world::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use credential_core::{Credential, World};
use credential_tests::memory_authority::client_in;
use token_client::{TokenClient, TokenRequest};

/// Its answer to everything.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// A token that lives so many seconds, after a while.
    Token(u64, Duration),
    Status(u16, Option<u64>, &'static str),
    NoConnection,
    Never,
}

#[derive(Debug)]
pub(crate) struct Authority {
    answer: Answer,
    requests: AtomicUsize,
}

impl Authority {
    pub(crate) fn new(answer: Answer) -> Arc<Self> {
        Arc::new(Self { answer, requests: AtomicUsize::new(0) })
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) async fn client(self: &Arc<Self>) -> TokenClient {
        client_in(World::new(Arc::clone(self) as _), Credential::secret("figures", "s3cret")).await
    }
}

#[async_trait]
impl HttpClient for Authority {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        match self.answer {
            Answer::Token(life, wait) => {
                match wait.is_zero() {
                    true => tokio::task::yield_now().await,
                    false => tokio::time::sleep(wait).await,
                }
                let token = "e".repeat(1500);
                let body = format!(r#"{{"token_type":"Bearer","expires_in":{life},"access_token":"{token}"}}"#);
                Ok(HttpResponse::new(200, Vec::new(), body))
            }
            Answer::Status(status, retry_after, body) => {
                tokio::task::yield_now().await;
                let headers = retry_after.map(|seconds| ("retry-after".to_owned(), seconds.to_string()));
                Ok(HttpResponse::new(status, headers.into_iter().collect(), body))
            }
            Answer::NoConnection => Err(HttpError::new(HttpErrorKind::Connect, "connection refused")),
            Answer::Never => std::future::pending().await,
        }
    }
}

/// On behalf of a user whose token has the usual length.
pub(crate) fn user(nth: usize) -> TokenRequest {
    let token = format!("e30.e30{}.{nth:08}", "A".repeat(1200));
    TokenRequest::on_behalf_of(token, ["user.read"])
}
