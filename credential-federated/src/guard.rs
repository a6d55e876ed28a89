//! Holds a provider to its contract, whoever wrote it: an assertion or an error, and in time.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use credential_core::{Assertion, AssertionProvider, AssertionRequest, Origin, SourceError};

use crate::facts::MAX_ASSERTION_LENGTH;

/// A provider whose panics, empty answers and endless waits are errors of its entry, so that the next
/// entry has its turn.
pub(crate) struct Guarded {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) origin: Origin,
    pub(crate) provider: Arc<dyn AssertionProvider>,
}

#[async_trait]
impl AssertionProvider for Guarded {
    async fn assertion(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        let clock = &request.world.clock;
        let answer = tokio::select! {
            biased;
            answer = self.ask(request) => answer,
            () = clock.sleep_until(request.deadline) => Err(self.late()),
        };
        answer.and_then(|assertion| self.check(assertion)).map_err(|error| match error.path() {
            Some(_) => error,
            None => error.at(&self.path, self.origin.clone()),
        })
    }
}

impl fmt::Debug for Guarded {
    /// The name alone: what the provider itself would show may be its data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Guarded {
    async fn ask(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        let unwound = |panic| panicked(&self.name, panic);
        // Making the future is the provider's code too. It is not polled again after a panic.
        let mut asked = catch_unwind(AssertUnwindSafe(|| self.provider.assertion(request))).map_err(unwound)?;
        poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| asked.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(panic) => Poll::Ready(Err(unwound(panic))),
        })
        .await
    }

    fn check(&self, assertion: Assertion) -> Result<Assertion, SourceError> {
        let (name, length) = (&self.name, assertion.token.expose().len());
        if assertion.token.expose().trim().is_empty() {
            let message = format!("the provider {name} gave an empty assertion");
            return Err(SourceError::invalid("empty-assertion", message).remedy("let it give an error that says why"));
        }
        if length as u64 > MAX_ASSERTION_LENGTH {
            let message = format!("the provider {name} gave an assertion of more than {MAX_ASSERTION_LENGTH} bytes");
            return Err(SourceError::invalid("assertion-too-large", message).remedy("let it give a compact JWT"));
        }
        Ok(assertion)
    }

    fn late(&self) -> SourceError {
        let message = format!("the provider {} gave no assertion in time", self.name);
        SourceError::transient("provider-timeout", message).remedy("look at what the provider waits for")
    }
}

/// The panic as an error. What it was raised with is left out: it may show a secret.
pub(crate) fn panicked(name: &str, panic: Box<dyn Any + Send>) -> SourceError {
    // A payload whose destructor panics in its turn must not get through.
    std::mem::forget(panic);
    SourceError::invalid("provider-panicked", format!("the provider {name} panicked"))
        .remedy("a mistake in the provider's code; the panic's own message is in the program's error output")
}
