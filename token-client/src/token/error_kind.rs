//! What a program decides by when there is no token.

use credential_core::SourceErrorKind;
use credential_core::chain::ChainError;
use credential_core::world::HttpErrorKind;

use crate::AuthorityRefusal;
use crate::exchange::ExchangeError;
use crate::exchange::rejection::{Meaning, meaning};

/// What a program decides by when there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenErrorKind {
    /// The request, or the settings that it is made with, cannot work; nothing was sent. Another try gives the same.
    Request,
    /// No credential of the list worked: none could be had, or the authority refused each; or the machine has no
    /// such managed identity. Worth a try after [`retry_after`](crate::TokenError::retry_after).
    Credential,
    /// The authority refused the request, whatever the credential: no such application, scope or permission.
    Refused,
    /// The user must do something: answer the caller with the [`challenge`](crate::TokenError::challenge).
    NeedsUser,
    /// The authority, or the host of a managed identity, is unwell, out of reach, or asks to be left alone for a
    /// while.
    Unwell,
    /// There was no answer in time.
    Timeout,
    /// The exchange did not come to its end: its runtime ended, the client was
    /// [shut down](crate::TokenClient::shutdown), or code that the program brought panicked.
    Aborted,
}

impl TokenErrorKind {
    /// The kind's name in traces: `request`, `credential`, `refused`, `needs-user`, `unwell`, `timeout`, `aborted`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Credential => "credential",
            Self::Refused => "refused",
            Self::NeedsUser => "needs-user",
            Self::Unwell => "unwell",
            Self::Timeout => "timeout",
            Self::Aborted => "aborted",
        }
    }
}

/// The kind of an error, by what ended the search.
pub(super) fn kind_of(error: &ChainError<ExchangeError>, needs_user: bool) -> TokenErrorKind {
    let ChainError::Stopped { error, .. } = error else { return TokenErrorKind::Credential };
    match error {
        ExchangeError::Authority(said) => refused(said, needs_user),
        ExchangeError::Http(error, _) => match error.kind() {
            HttpErrorKind::Timeout => TokenErrorKind::Timeout,
            HttpErrorKind::Request | HttpErrorKind::Unsupported => TokenErrorKind::Request,
            _ => TokenErrorKind::Unwell,
        },
        ExchangeError::LeftAlone(..) => TokenErrorKind::Unwell,
        ExchangeError::Endpoints(error) if error.is_late() => TokenErrorKind::Timeout,
        ExchangeError::Endpoints(error) if error.is_transient() => TokenErrorKind::Unwell,
        ExchangeError::Request(finding) if ABORTED.contains(&finding.code) => TokenErrorKind::Aborted,
        ExchangeError::Identity(error) => match error.kind() {
            SourceErrorKind::Transient => TokenErrorKind::Unwell,
            SourceErrorKind::Misconfigured => TokenErrorKind::Request,
            _ => TokenErrorKind::Credential,
        },
        ExchangeError::Endpoints(_) | ExchangeError::Request(_) => TokenErrorKind::Request,
        ExchangeError::Elsewhere(kind, _) => *kind,
    }
}

/// The codes of exchanges that did not come to their end.
pub(super) const PANICKED: &str = "exchange-panicked";
pub(super) const ABANDONED: &str = "exchange-abandoned";
pub(super) const SHUT_DOWN: &str = "client-shut-down";
const ABORTED: [&str; 3] = [PANICKED, ABANDONED, SHUT_DOWN];

fn refused(said: &AuthorityRefusal, needs_user: bool) -> TokenErrorKind {
    match meaning(said) {
        Meaning::Unwell => TokenErrorKind::Unwell,
        _ if needs_user => TokenErrorKind::NeedsUser,
        _ => TokenErrorKind::Refused,
    }
}
