//! Presenting a credential: bounded and guarded, as loading is.

use std::future::Future;
use std::time::Duration;

use tracing::{Instrument, Span};

use crate::chain::{Candidate, Verdict};
use crate::guard::{Unanswered, bounded};
use crate::world::{Clock, Moment};
use crate::{SourceError, spans};

/// Whoever presents has its own end at the deadline; it is overrun by this much before it is cut off.
const OVERRUN: Duration = Duration::from_millis(500);

/// The caller's verdict on a credential. That it panics, or goes on after the deadline, is a failure
/// of the entry: the next one has its turn.
pub(crate) async fn present<T, E, A, F>(
    attempt: &A,
    candidate: Candidate,
    deadline: Moment,
    clock: &dyn Clock,
) -> Verdict<T, E>
where
    E: std::error::Error,
    A: Fn(Candidate) -> F,
    F: Future<Output = Verdict<T, E>>,
{
    let (span, entry) = (spans::present_credential(&candidate), candidate.index);
    let verdict = presented(attempt, candidate, deadline, clock).instrument(span.clone()).await;
    span.in_scope(|| told(&span, entry, &verdict));
    verdict
}

async fn presented<T, E, A, F>(attempt: &A, candidate: Candidate, deadline: Moment, clock: &dyn Clock) -> Verdict<T, E>
where
    A: Fn(Candidate) -> F,
    F: Future<Output = Verdict<T, E>>,
{
    let entry = candidate.index;
    match bounded(clock, deadline.after(OVERRUN), || attempt(candidate)).await {
        Ok(verdict) => verdict,
        Err(Unanswered::Panicked) => {
            tracing::error!(entry, "the code that presents the credential panicked");
            let error = SourceError::transient("presenting-panicked", "presenting the credential panicked");
            Verdict::Unusable(error.remedy(
                "mend the code that presents it: the panic's own message and place are in the program's error output",
            ))
        }
        Err(Unanswered::Late) => {
            let error =
                SourceError::transient("presenting-timeout", "presenting the credential took until the deadline");
            Verdict::Unusable(error.remedy("look at what its signer or provider waits for"))
        }
    }
}

/// The verdict in the traces.
fn told<T, E: std::error::Error>(span: &Span, entry: usize, verdict: &Verdict<T, E>) {
    let verdict = match verdict {
        Verdict::Accept(_) => "accepted",
        Verdict::Next(error) | Verdict::Invalid(error) | Verdict::NextInDoubt(error) => {
            tracing::info!(entry, %error, "the authority refused the credential");
            spans::failed(span, "refused");
            "refused"
        }
        Verdict::Unusable(error) => {
            tracing::info!(entry, code = error.code(), %error, "the credential could not be presented");
            spans::failed(span, error.code());
            "unusable"
        }
        Verdict::Stop(error) => {
            tracing::info!(entry, %error, "the exchange ended, whatever the credential");
            spans::failed(span, "stopped");
            "stopped"
        }
    };
    span.record("verdict", verdict);
}
