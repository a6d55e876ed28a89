//! Why there is no token.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credential_core::chain::{Attempt, ChainError, Outcome};
use credential_core::codes::CREDENTIAL_REJECTED;
use credential_core::text::printable;
use credential_core::world::{HttpError, HttpErrorKind};
use credential_core::{Finding, Severity};

use crate::exchange::rejection;
use crate::settings::{all_skipped, codes};
use crate::{AuthorityRefusal, ExchangeError};

/// Why there is no token: shared by everybody who waited for it.
#[derive(Clone, Debug)]
pub struct TokenError(Arc<Told>);

#[derive(Debug)]
struct Told {
    error: ChainError<ExchangeError>,
    retry_at: Option<SystemTime>,
}

impl TokenError {
    /// The search for a token ended before any credential was presented.
    pub(crate) fn before(error: ExchangeError) -> Self {
        Self(Arc::new(Told { error: ChainError::Stopped { error, attempts: Vec::new() }, retry_at: None }))
    }

    /// The search failed, now.
    pub(crate) fn new(error: ChainError<ExchangeError>, now: SystemTime) -> Self {
        let retry_at = match &error {
            ChainError::Exhausted { retry_at, .. } => *retry_at,
            ChainError::Stopped { error, .. } => {
                let wait = error.authority().and_then(|said| said.retry_after);
                wait.and_then(|wait| now.checked_add(wait))
            }
            _ => None,
        };
        Self(Arc::new(Told { error, retry_at }))
    }

    /// No runtime ran the exchange to its end.
    pub(crate) fn abandoned() -> Self {
        let finding = Finding::error(
            "exchange-abandoned",
            "the exchange ended without a result: no tokio runtime runs it to its end",
        );
        Self::before(Box::new(finding.remedy("ask from within a tokio runtime that goes on running")).into())
    }

    /// Code that the program brought to the exchange panicked.
    pub(crate) fn panicked() -> Self {
        Self::before(panicked().into())
    }

    /// The caller's patience is over.
    pub(crate) fn late(patience: Duration) -> Self {
        let message = format!("there is no token within {patience:?}: the exchange is still under way");
        Self::before(ExchangeError::Http(HttpError::new(HttpErrorKind::Timeout, message)))
    }

    /// When the next try is worth it: the authority asked to be left alone until then, or the entries
    /// that were refused or failed are. `None` when nothing speaks against a try now;
    /// [`TokenRequest::force_refresh`](crate::TokenRequest::force_refresh) tries what was refused at once.
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.0.retry_at
    }

    /// What was tried, in order.
    pub fn attempts(&self) -> &[Attempt] {
        self.0.error.attempts()
    }

    /// What the authority said last, if anything: `claims` in it are to be handed to the user.
    pub fn authority(&self) -> Option<&AuthorityRefusal> {
        match &self.0.error {
            ChainError::Stopped { error, .. } => error.authority(),
            ChainError::Exhausted { attempts, .. } => attempts.iter().rev().find_map(refusal),
            _ => None,
        }
    }

    /// Whether no credential of the list worked, as opposed to a refusal of the request.
    pub fn is_exhausted(&self) -> bool {
        matches!(&self.0.error, ChainError::Exhausted { .. })
    }

    /// Whether the same request may work a moment later: the authority is unwell or out of reach.
    pub fn is_transient(&self) -> bool {
        match &self.0.error {
            ChainError::Stopped { error: ExchangeError::Http(error), .. } => {
                !matches!(error.kind(), HttpErrorKind::Request | HttpErrorKind::Unsupported)
            }
            ChainError::Stopped { error: ExchangeError::Endpoints(error), .. } => error.is_transient(),
            ChainError::Stopped { error: ExchangeError::Authority(error), .. } => {
                rejection::meaning(error) == rejection::Meaning::Unwell
            }
            _ => false,
        }
    }

    /// Everything that is wrong, each with its place and remedy, and the authority's words where it spoke.
    pub fn findings(&self) -> Vec<(Finding, Option<&AuthorityRefusal>)> {
        match &self.0.error {
            ChainError::Stopped { error, .. } => vec![(error.finding(), error.authority())],
            ChainError::Exhausted { attempts, .. } => match nothing_to_try(attempts) {
                Some(finding) => vec![(finding, None)],
                None => attempts.iter().flat_map(attempt_findings).collect(),
            },
            _ => Vec::new(),
        }
    }
}

/// Code that the program brought to the exchange panicked.
pub(crate) fn panicked() -> Box<Finding> {
    let remedy = "mend the code that was handed to the client: the panic's own message and place are in the \
                  program's error output";
    Box::new(Finding::error("exchange-panicked", "the exchange panicked").remedy(remedy))
}

/// What is wrong with a list that has no entry to try.
fn nothing_to_try(attempts: &[Attempt]) -> Option<Finding> {
    let Some(first) = attempts.first() else {
        let message = "ClientCredentials is empty: no credential to try";
        return Some(Finding::error(codes::NO_CREDENTIALS, message).remedy("add an entry to ClientCredentials"));
    };
    let skipped = attempts.iter().all(|attempt| matches!(attempt.outcome, Outcome::Skipped));
    skipped.then(|| all_skipped(Severity::Error).at(format!("{}:Skip", first.path), first.origin.clone()))
}

/// The authority's refusal of an attempt's credential.
pub(crate) fn refusal(attempt: &Attempt) -> Option<&AuthorityRefusal> {
    match &attempt.outcome {
        Outcome::Rejected(error) => error.downcast_ref::<ExchangeError>()?.authority(),
        _ => None,
    }
}

/// An attempt's findings, with the remedy for the authority's number and its words.
pub(crate) fn attempt_findings(attempt: &Attempt) -> Vec<(Finding, Option<&AuthorityRefusal>)> {
    let mut authority = refusal(attempt);
    let remedy = authority.and_then(rejection::remedy);
    attempt
        .findings()
        .into_iter()
        .map(|mut finding| {
            let said = if finding.code == CREDENTIAL_REJECTED { authority.take() } else { None };
            if said.is_some() && finding.remedy.is_none() {
                finding.remedy = remedy.map(str::to_owned);
            }
            (finding, said)
        })
        .collect()
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.error {
            ChainError::Exhausted { attempts, .. } => {
                if let Some(finding) = nothing_to_try(attempts) {
                    return finding.fmt(f);
                }
                f.write_str("no credential worked:")?;
                for attempt in attempts {
                    match attempt_findings(attempt).first() {
                        Some((finding, _)) => {
                            write!(f, "\n  {}  {}  {finding}", attempt.index, printable(&attempt.id, 500))?;
                        }
                        None => {
                            write!(f, "\n  {}  {}  {}", attempt.index, printable(&attempt.id, 500), attempt.status())?;
                        }
                    }
                }
                Ok(())
            }
            ChainError::Stopped { error, .. } => error.finding().fmt(f),
            other => other.fmt(f),
        }
    }
}

impl std::error::Error for TokenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.error.source()
    }
}
