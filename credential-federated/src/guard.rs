//! Holds a provider to its contract, whoever wrote it: an assertion or an error, and in time.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::SourceError;
use credential_core::credential::{Assertion, AssertionProvider, AssertionRequest};
use credential_core::guard::{Unanswered, bounded};

use crate::facts::MAX_ASSERTION_LENGTH;

/// A provider whose panics, endless waits, empty and endless answers are errors that name it and its
/// setting, so that the next entry has its turn.
pub(crate) struct Guarded {
    pub(crate) name: String,
    /// The setting that names the provider.
    pub(crate) setting: &'static str,
    pub(crate) provider: Arc<dyn AssertionProvider>,
}

#[async_trait]
impl AssertionProvider for Guarded {
    async fn assertion(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        let clock = &*request.world.clock;
        let answer = bounded(clock, request.deadline, || self.provider.assertion(request)).await;
        let answer = answer.unwrap_or_else(|unanswered| Err(self.unanswered(unanswered)));
        answer
            .and_then(|assertion| self.check(assertion))
            .map_err(|error| if error.setting().is_none() { error.about(self.setting) } else { error })
    }
}

impl fmt::Debug for Guarded {
    /// The name alone: what the provider itself would show may be its data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Guarded {
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

    fn unanswered(&self, unanswered: Unanswered) -> SourceError {
        match unanswered {
            Unanswered::Panicked => panicked(&self.name),
            _ => {
                let message = format!("the provider {} gave no assertion in time", self.name);
                SourceError::transient("provider-timeout", message).remedy("look at what the provider waits for")
            }
        }
    }
}

/// The panic as an error. What it was raised with is left out: it may show a secret.
pub(crate) fn panicked(name: &str) -> SourceError {
    SourceError::invalid("provider-panicked", format!("the provider {name} panicked"))
        .remedy("mend its code: the panic's own message and place are in the program's error output")
}
