//! Why there is no token.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credential_core::chain::{Attempt, ChainError, Outcome};
use credential_core::codes::CREDENTIAL_REJECTED;
use credential_core::text::printable;
use credential_core::world::{HttpError, HttpErrorKind};
use credential_core::{Finding, SourceErrorKind};

use super::challenge;
use super::error_kind::{ABANDONED, PANICKED, SHUT_DOWN, TokenErrorKind, kind_of};
use crate::AuthorityRefusal;
use crate::exchange::{ExchangeError, rejection};
use crate::settings::{all_skipped, codes};

/// Why there is no token: shared by everybody who waited for it.
///
/// [`kind`](Self::kind) is what a program decides by, [`findings`](Self::findings) is everything that is wrong, and
/// `Display` and `Debug` say it to a person. The attempts have the authority's words each:
///
/// ```no_run
/// # use token_client::{AuthorityRefusal, TokenError, TokenErrorKind};
/// # fn answer(error: &TokenError) {
/// match error.kind() {
///     TokenErrorKind::NeedsUser => { /* 401, with error.challenge() in WWW-Authenticate */ }
///     TokenErrorKind::Unwell | TokenErrorKind::Timeout => { /* 503, with error.retry_after() in Retry-After */ }
///     _ => for attempt in error.attempts() {
///         let said = AuthorityRefusal::of(attempt);
///         println!("{attempt} {:?}", said.and_then(AuthorityRefusal::remedy));
///     },
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct TokenError(
    /// One word: whoever is given a token moves the room for an error with it.
    Box<Failure>,
);

#[derive(Clone)]
struct Failure {
    told: Arc<Told>,
    retry_at: Option<SystemTime>,
    retry_after: Option<Duration>,
}

struct Told {
    error: ChainError<ExchangeError>,
    findings: Vec<Finding>,
    /// The request was on behalf of a user.
    for_user: bool,
}

impl TokenError {
    /// The error of a [`TokenSource`](crate::TokenSource) of the program's own: what to decide by, and what is wrong.
    /// Nothing in the finding may be a secret.
    pub fn of(kind: TokenErrorKind, finding: Finding) -> Self {
        Self::before(ExchangeError::Elsewhere(kind, Box::new(finding)))
    }

    /// The search for a token ended before any credential was presented.
    pub(crate) fn before(error: ExchangeError) -> Self {
        let wait = error.retry_after();
        Self::told(ChainError::Stopped { error, attempts: Vec::new() }, None, wait, false)
    }

    /// The search failed, now; `for_user` is whether the request was on behalf of one.
    pub(crate) fn new(error: ChainError<ExchangeError>, now: SystemTime, for_user: bool) -> Self {
        let (error, wait) = match error {
            ChainError::Stopped { error: ExchangeError::LeftAlone(error, wait), attempts } => {
                (ChainError::Stopped { error: *error, attempts }, Some(wait))
            }
            error => (error, None),
        };
        let retry_at = match &error {
            _ if wait.is_some() => wait.and_then(|wait| now.checked_add(wait)),
            ChainError::Exhausted { retry_at, .. } => *retry_at,
            ChainError::Stopped { error, .. } => {
                let wait = error.authority().and_then(|said| said.retry_after);
                wait.and_then(|wait| now.checked_add(wait))
            }
            _ => None,
        };
        let retry_after = retry_at.and_then(|at| at.duration_since(now).ok());
        Self::told(error, retry_at, retry_after, for_user)
    }

    fn told(
        error: ChainError<ExchangeError>,
        retry_at: Option<SystemTime>,
        retry_after: Option<Duration>,
        for_user: bool,
    ) -> Self {
        let findings = said(&error).into_iter().map(|(finding, _)| finding).collect();
        Self(Box::new(Failure { told: Arc::new(Told { error, findings, for_user }), retry_at, retry_after }))
    }

    /// The same, which is left alone from now on for so long.
    pub(crate) fn left_alone_for(mut self, wait: Duration, now: SystemTime) -> Self {
        self.0.retry_at = now.checked_add(wait);
        self.too_early_by(wait)
    }

    /// The same, given again to a caller who is this much too early.
    pub(crate) fn too_early_by(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// No runtime ran the exchange to its end.
    pub(crate) fn abandoned() -> Self {
        let finding =
            Finding::error(ABANDONED, "the exchange ended without a result: no tokio runtime runs it to its end");
        Self::before(Box::new(finding.remedy("ask from within a tokio runtime that goes on running")).into())
    }

    /// The program has ended its client.
    pub(crate) fn shut_down() -> Self {
        let finding = Finding::error(SHUT_DOWN, "the client was shut down: it gets no tokens any more");
        Self::before(Box::new(finding.remedy("ask before shutdown(..), or make another client")).into())
    }

    /// Code that the program brought to the exchange panicked.
    pub(crate) fn panicked() -> Self {
        Self::before(panicked().into())
    }

    /// The caller's patience is over.
    pub(crate) fn late(patience: Duration) -> Self {
        Self::before(Self::too_late(patience))
    }

    /// The same, before it is known what it ends.
    pub(crate) fn too_late(patience: Duration) -> ExchangeError {
        let message = format!("there is no token within {patience:?}: the exchange is still under way");
        ExchangeError::Http(HttpError::new(HttpErrorKind::Timeout, message), Vec::new())
    }

    /// When the next try is worth it: the authority asked to be left alone until then, or the entries
    /// that were refused or failed are. `None` when nothing speaks against a try now;
    /// [`TokenRequest::force_refresh`](crate::TokenRequest::force_refresh) tries what was refused at once.
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.0.retry_at
    }

    /// What was tried, in order.
    pub fn attempts(&self) -> &[Attempt] {
        self.0.told.error.attempts()
    }

    /// What the authority said last, if anything: `claims` in it are to be handed to the user.
    pub fn authority(&self) -> Option<&AuthorityRefusal> {
        match &self.0.told.error {
            ChainError::Stopped { error, .. } => error.authority(),
            ChainError::Exhausted { attempts, .. } => attempts.iter().rev().find_map(AuthorityRefusal::of),
            _ => None,
        }
    }

    /// Whether no credential of the list worked, as opposed to a refusal of the request.
    pub fn is_exhausted(&self) -> bool {
        matches!(&self.0.told.error, ChainError::Exhausted { .. })
    }

    /// Whether the same request may work a moment later: the authority is unwell or out of reach.
    pub fn is_transient(&self) -> bool {
        match &self.0.told.error {
            ChainError::Stopped { error: ExchangeError::Http(error, _), .. } => {
                !matches!(error.kind(), HttpErrorKind::Request | HttpErrorKind::Unsupported)
            }
            ChainError::Stopped { error: ExchangeError::Endpoints(error), .. } => error.is_transient(),
            ChainError::Stopped { error: ExchangeError::Authority(error), .. } => {
                rejection::meaning(error) == rejection::Meaning::Unwell
            }
            ChainError::Stopped { error: ExchangeError::Elsewhere(kind, _), .. } => {
                matches!(kind, TokenErrorKind::Unwell | TokenErrorKind::Timeout)
            }
            ChainError::Stopped { error: ExchangeError::Identity(error), .. } => {
                error.kind() == SourceErrorKind::Transient
            }
            _ => false,
        }
    }

    /// Everything that is wrong, each with its place and remedy.
    pub fn findings(&self) -> &[Finding] {
        &self.0.told.findings
    }

    /// The same, with the authority's words where it spoke.
    #[cfg(feature = "cli")]
    pub(crate) fn said(&self) -> Vec<(Finding, Option<&AuthorityRefusal>)> {
        said(&self.0.told.error)
    }

    /// What to decide by.
    pub fn kind(&self) -> TokenErrorKind {
        kind_of(&self.0.told.error, self.needs_user())
    }

    /// Whether the user must do something before there is a token: consent, pass another factor, sign in again.
    /// Never for a token of the application itself.
    pub fn needs_user(&self) -> bool {
        match &self.0.told.error {
            ChainError::Stopped { error: ExchangeError::Elsewhere(kind, _), .. } => *kind == TokenErrorKind::NeedsUser,
            _ => self.0.told.for_user && self.stopped_by().is_some_and(rejection::needs_user),
        }
    }

    /// The value of the `WWW-Authenticate` header that a service answers its own caller with, beside 401, when that
    /// must bring another user's token: with the claims that the authority asks for, as a resource asks for them
    /// (RFC 6750 §3, Microsoft's claims challenge). `None` unless [`needs_user`](Self::needs_user), and without
    /// the authority's words.
    pub fn challenge(&self) -> Option<String> {
        self.needs_user().then(|| self.stopped_by().map(challenge::of))?
    }

    /// How long to wait before the next try is worth it, from now for whoever has just got this error;
    /// [`retry_at`](Self::retry_at) as a time of day.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The refusal that is not about a credential.
    fn stopped_by(&self) -> Option<&AuthorityRefusal> {
        match &self.0.told.error {
            ChainError::Stopped { error, .. } => error.authority(),
            _ => None,
        }
    }
}

/// Everything that is wrong, and the authority's words where it spoke.
fn said(error: &ChainError<ExchangeError>) -> Vec<(Finding, Option<&AuthorityRefusal>)> {
    match error {
        ChainError::Stopped { error, .. } => vec![(error.finding(), error.authority())],
        ChainError::Exhausted { attempts, .. } => match nothing_to_try(attempts) {
            Some(finding) => vec![(finding, None)],
            None => attempts.iter().flat_map(attempt_findings).collect(),
        },
        _ => Vec::new(),
    }
}

/// Code that the program brought to the exchange panicked.
pub(crate) fn panicked() -> Box<Finding> {
    let remedy = "mend the code that was handed to the client: the panic's own message and place are in the \
                  program's error output";
    Box::new(Finding::error(PANICKED, "the exchange panicked").remedy(remedy))
}

/// What is wrong with a list that has no entry to try.
fn nothing_to_try(attempts: &[Attempt]) -> Option<Finding> {
    let Some(first) = attempts.first() else {
        let message = "ClientCredentials is empty: no credential to try";
        return Some(Finding::error(codes::NO_CREDENTIALS, message).remedy("add an entry to ClientCredentials"));
    };
    let skipped = attempts.iter().all(|attempt| matches!(attempt.outcome, Outcome::Skipped));
    skipped.then(|| all_skipped().at(format!("{}:Skip", first.path), first.origin.clone()))
}

/// An attempt's findings, with the remedy for the authority's number and its words.
pub(crate) fn attempt_findings(attempt: &Attempt) -> Vec<(Finding, Option<&AuthorityRefusal>)> {
    let mut authority = AuthorityRefusal::of(attempt);
    attempt
        .findings()
        .into_iter()
        .map(|mut finding| {
            let said = if finding.code == CREDENTIAL_REJECTED { authority.take() } else { None };
            if let Some(said) = said {
                finding = said.placed(finding);
                if let Some(registered) = to_register(attempt, said) {
                    finding.remedy = finding.remedy.map(|remedy| format!("{remedy}: {registered}"));
                }
            }
            (finding, said)
        })
        .collect()
}

/// What to register where the authority knows no such assertion. An attempt does not know its application.
#[cfg(feature = "federated")]
fn to_register(attempt: &Attempt, said: &AuthorityRefusal) -> Option<String> {
    let Some(credential_core::Credential::Assertion(assertion)) = &attempt.credential else { return None };
    let token = assertion.token().filter(|_| rejection::is_unregistered(said))?;
    credential_federated::registration(&credential_federated::describe(token.expose()).ok()?, "CLIENT_ID")
}

#[cfg(not(feature = "federated"))]
fn to_register(_attempt: &Attempt, _said: &AuthorityRefusal) -> Option<String> {
    None
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.told.error {
            ChainError::Exhausted { attempts, .. } => {
                if let Some(finding) = nothing_to_try(attempts) {
                    return finding.fmt(f);
                }
                f.write_str("no credential worked:")?;
                for attempt in attempts {
                    write!(f, "\n  {}  {}  ", attempt.index, printable(&attempt.id, 500))?;
                    match attempt_findings(attempt).first() {
                        Some((finding, _)) => finding.fmt(f)?,
                        None => f.write_str(attempt.status())?,
                    }
                }
                Ok(())
            }
            ChainError::Stopped { error, .. } => error.finding().fmt(f),
            other => other.fmt(f),
        }
    }
}

/// As `Display`: a `main` that returns it prints this.
impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for TokenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.told.error.source()
    }
}
