//! Why a call with a token gave no answer.

use std::error::Error;
use std::fmt;
use std::slice;

use credential_core::Finding;

use crate::TokenError;

/// Why a call with a token gave no answer.
#[non_exhaustive]
pub enum CallError {
    /// The request cannot be sent with a token, as it is; nothing was sent.
    Call(Box<Finding>),
    /// There is no token for it.
    Token(TokenError),
    /// What the service below says: `downcast_ref` has its own error.
    Service(Box<dyn Error + Send + Sync>),
}

impl CallError {
    /// Everything that is wrong with the call or its token, each with its remedy; nothing of the service's error.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Call(finding) => slice::from_ref(finding),
            Self::Token(error) => error.findings(),
            Self::Service(_) => &[],
        }
    }

    /// Why there was no token, if that is the reason: what to answer a caller stands in it.
    pub fn token_error(&self) -> Option<&TokenError> {
        match self {
            Self::Token(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(finding) => finding.fmt(f),
            Self::Token(error) => error.fmt(f),
            Self::Service(error) => error.fmt(f),
        }
    }
}

/// As `Display`: a `main` that returns it prints this.
impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Call(_) => None,
            // What they say is said already.
            Self::Token(error) => error.source(),
            Self::Service(error) => error.source(),
        }
    }
}

impl From<Box<Finding>> for CallError {
    fn from(finding: Box<Finding>) -> Self {
        Self::Call(finding)
    }
}
