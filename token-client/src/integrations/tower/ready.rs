//! A service below that is ready, as tower has it.

use std::future::poll_fn;

use tower_service::Service;

use super::BoxError;
use crate::integrations::CallError;
use crate::integrations::message::Answer;
use crate::integrations::walk::Below;

/// A service that is ready for one request, and asked before each further one.
pub(super) struct Ready<S> {
    service: S,
    used: bool,
}

impl<S> Ready<S> {
    pub(super) fn new(service: S) -> Self {
        Self { service, used: false }
    }
}

/// What the service below says.
pub(super) fn of_service(error: impl Into<BoxError>) -> CallError {
    CallError::Service(error.into())
}

impl<S, Q> Below<Q> for Ready<S>
where
    S: Service<Q, Response: Answer, Error: Into<BoxError>, Future: Send> + Send,
    Q: Send,
{
    type Answer = S::Response;
    type Error = CallError;

    async fn send(&mut self, request: Q) -> Result<S::Response, CallError> {
        if std::mem::replace(&mut self.used, true) {
            poll_fn(|context| self.service.poll_ready(context)).await.map_err(of_service)?;
        }
        self.service.call(request).await.map_err(of_service)
    }

    fn error(error: CallError) -> CallError {
        error
    }
}
