//! What happened to each entry while a credential was looked for: part of the public API.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::codes::CREDENTIAL_REJECTED;
use crate::source::Origin;
use crate::source::causes;
use crate::text::Harmless;
use crate::{Credential, CredentialDescription, Finding, SourceError, SourceType};

/// Any error, shared.
pub type SharedError = Arc<dyn StdError + Send + Sync>;

/// How far one entry came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The authority accepted the credential.
    Accepted,
    /// There was no credential.
    Failed(SourceError),
    /// The authority refused the credential.
    Rejected(SharedError),
    /// The authority's answer ended the search: it was not about the credential.
    Stopped,
    /// An earlier entry was accepted, or the search ended before this one's turn.
    NotTried,
    /// The entry says `Skip`.
    Skipped,
}

/// What one entry did in one exchange, in the order of trying.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// The entry's place in the list, from 0.
    pub index: usize,
    /// Its source.
    pub source_type: SourceType,
    /// For people: which credential; the source type until one is loaded.
    pub id: String,
    /// The entry's path and place in the configuration.
    pub path: String,
    /// Where the entry stands.
    pub origin: Origin,
    /// What came of it.
    pub outcome: Outcome,
    /// The credential, once loaded.
    pub credential: Option<Credential>,
    /// Waiting for the load and the authority; what others shared counts for each.
    pub duration: Duration,
    /// The failure is remembered from an earlier exchange; nothing was tried now.
    pub remembered: bool,
    /// How long before this refusal the same authority had accepted the same credential, if that was
    /// within the last minute: the authority, not the credential, is the first suspect then.
    pub accepted_ago: Option<Duration>,
    /// A newer credential could not be had for this reason, and the one that worked before was used.
    pub degraded_by: Option<SourceError>,
}

impl Attempt {
    /// An attempt at an entry; everything else is as for one that was made now and held no surprise.
    pub(crate) fn of(
        index: usize,
        entry: &CredentialDescription,
        outcome: Outcome,
        credential: Option<Credential>,
        duration: Duration,
    ) -> Self {
        Self {
            index,
            source_type: entry.source_type().clone(),
            id: credential.as_ref().map_or_else(|| entry.source_type().to_string(), |found| found.id().to_owned()),
            path: entry.path().to_owned(),
            origin: entry.origin().clone(),
            outcome,
            credential,
            duration,
            remembered: false,
            accepted_ago: None,
            degraded_by: None,
        }
    }

    /// The name of the outcome, as it stands in JSON output.
    pub fn status(&self) -> &'static str {
        match self.outcome {
            Outcome::Accepted => "accepted",
            Outcome::Failed(_) => "failed",
            Outcome::Rejected(_) => "rejected",
            Outcome::Stopped => "loaded",
            Outcome::NotTried => "not-tried",
            Outcome::Skipped => "skipped",
        }
    }

    /// The kind of failure, if it is one: a [`SourceErrorKind`](crate::SourceErrorKind)'s name or `rejected`.
    pub fn kind(&self) -> Option<&'static str> {
        match &self.outcome {
            Outcome::Failed(error) => Some(error.kind().as_str()),
            Outcome::Rejected(_) => Some("rejected"),
            _ => None,
        }
    }

    /// Where it ended: `load` or `exchange`.
    pub fn stage(&self) -> Option<&'static str> {
        match &self.outcome {
            Outcome::Failed(_) => Some("load"),
            Outcome::Accepted | Outcome::Rejected(_) | Outcome::Stopped => Some("exchange"),
            Outcome::NotTried | Outcome::Skipped => None,
        }
    }

    /// The failure as a finding with the entry's place; what the credential itself has to say follows.
    pub fn findings(&self) -> Vec<Finding> {
        let mut list = Vec::new();
        match &self.outcome {
            Outcome::Failed(error) => {
                let finding = error.finding();
                list.push(if finding.path.is_some() { finding } else { finding.at(&self.path, self.origin.clone()) });
            }
            Outcome::Rejected(error) => {
                let mut finding =
                    Finding::error(CREDENTIAL_REJECTED, error.to_string()).at(&self.path, self.origin.clone());
                finding.cause = causes(error.as_ref());
                if let Some(ago) = self.accepted_ago {
                    let seconds = ago.as_secs();
                    finding = finding.remedy(format!(
                        "the same credential was accepted {seconds} s before: look at the authority first"
                    ));
                }
                list.push(finding);
            }
            _ => {}
        }
        if let Some(error) = &self.degraded_by {
            let mut finding = error.finding();
            finding.severity = crate::Severity::Warning;
            list.push(finding.because("the credential that worked before is still used"));
        }
        if let Some(credential) = &self.credential {
            list.extend(credential.findings().iter().cloned());
        }
        list
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}  ", self.index, Harmless(&self.id))?;
        match self.findings().first() {
            Some(finding) if !matches!(self.outcome, Outcome::Accepted) => {
                let kind = self.kind().unwrap_or_else(|| self.status());
                write!(f, "{kind}: {finding}")
            }
            _ => f.write_str(self.status()),
        }
    }
}

/// An accepted credential's result, and how it came about.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepted<T> {
    /// What the caller's attempt gave.
    pub value: T,
    /// The entry that was accepted.
    pub index: usize,
    /// Every entry: those that were tried in the order of trying, the accepted one last, then the
    /// others by position.
    pub attempts: Vec<Attempt>,
}

/// No credential was accepted.
#[non_exhaustive]
pub enum ChainError<E> {
    /// The caller's attempt ended the search.
    Stopped {
        /// What it ended it with.
        error: E,
        /// What was tried until then.
        attempts: Vec<Attempt>,
    },
    /// Every entry failed or was refused.
    Exhausted {
        /// Every entry, in the order of trying.
        attempts: Vec<Attempt>,
        /// When the first of those that are left alone for now will be tried again; `None` when none is.
        retry_at: Option<SystemTime>,
    },
}

impl<E> ChainError<E> {
    /// What was tried, in order.
    pub fn attempts(&self) -> &[Attempt] {
        match self {
            Self::Stopped { attempts, .. } | Self::Exhausted { attempts, .. } => attempts,
        }
    }

    /// The same, for whoever knows more about them.
    pub fn attempts_mut(&mut self) -> &mut [Attempt] {
        match self {
            Self::Stopped { attempts, .. } | Self::Exhausted { attempts, .. } => attempts,
        }
    }
}

impl<E: fmt::Display> fmt::Display for ChainError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped { error, .. } => error.fmt(f),
            Self::Exhausted { attempts, .. } if attempts.is_empty() => f.write_str("no credential to try"),
            Self::Exhausted { attempts, .. } => {
                f.write_str("no credential worked:")?;
                attempts.iter().try_for_each(|attempt| write!(f, "\n  {attempt}"))
            }
        }
    }
}

/// What it says: a `main` that returns it prints this.
impl<E: fmt::Display> fmt::Debug for ChainError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<E: StdError + 'static> StdError for ChainError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Stopped { error, .. } => error.source(),
            Self::Exhausted { .. } => None,
        }
    }
}
