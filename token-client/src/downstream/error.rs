//! Why a downstream call gave nothing that can be used.

use std::fmt;
use std::slice;

use credential_core::Finding;
use credential_core::world::HttpError;

use super::DownstreamResponse;
use crate::TokenError;

/// Why a downstream call failed. [`findings`](Self::findings) name the API, the method, the address (without values
/// of its query), what was answered and the setting to look at.
#[non_exhaustive]
pub enum DownstreamError {
    /// The section or the call cannot work as it is; nothing was sent.
    Call(Box<Finding>),
    /// There is no token for it.
    Token(TokenError),
    /// The API gave no answer, or none in time.
    Http {
        /// What the HTTP client says.
        error: HttpError,
        /// The same as a finding.
        finding: Box<Finding>,
    },
    /// The API answered with another status than 2xx.
    Status {
        /// What it answered.
        answer: Box<DownstreamResponse>,
        /// The same as a finding.
        finding: Box<Finding>,
    },
    /// The answer is not the JSON that was expected.
    NotJson {
        /// What it answered.
        answer: Box<DownstreamResponse>,
        /// The same as a finding, with line and column.
        finding: Box<Finding>,
    },
}

impl DownstreamError {
    /// Everything that is wrong, each with its place and remedy.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Token(error) => error.findings(),
            Self::Call(finding)
            | Self::Http { finding, .. }
            | Self::Status { finding, .. }
            | Self::NotJson { finding, .. } => slice::from_ref(finding),
        }
    }

    /// What the API answered, if it did.
    pub fn answer(&self) -> Option<&DownstreamResponse> {
        match self {
            Self::Status { answer, .. } | Self::NotJson { answer, .. } => Some(answer),
            _ => None,
        }
    }

    /// The status of what the API answered, if it did.
    pub fn status(&self) -> Option<u16> {
        self.answer().map(DownstreamResponse::status)
    }

    /// Why there was no token, if that is the reason: what to answer a caller stands in it.
    pub fn token_error(&self) -> Option<&TokenError> {
        match self {
            Self::Token(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for DownstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            other => other.findings().iter().try_for_each(|finding| finding.fmt(f)),
        }
    }
}

/// As `Display`: a `main` that returns it prints this.
impl fmt::Debug for DownstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for DownstreamError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // What it says is said already.
            Self::Token(error) => error.source(),
            Self::Http { error, .. } => error.source(),
            _ => None,
        }
    }
}

impl From<Box<Finding>> for DownstreamError {
    fn from(finding: Box<Finding>) -> Self {
        Self::Call(finding)
    }
}
