//! Why one exchange with the authority gave no token.

use std::fmt;
use std::time::Duration;

use credential_core::codes::AUTHORITY_UNREACHABLE;
use credential_core::source::causes;
use credential_core::world::{HttpError, HttpErrorKind};
use credential_core::{Finding, SourceError};

use super::led::{self, Led};
use crate::http::unanswered;
use crate::{AuthorityRefusal, TokenErrorKind, authority};

/// Why one exchange with the authority gave no token.
#[derive(Clone, Debug)]
pub(crate) enum ExchangeError {
    /// The authority refused.
    Authority(Box<AuthorityRefusal>),
    /// The authority gave no answer.
    Http(HttpError, Vec<Led>),
    /// The authority's endpoints could not be had.
    Endpoints(authority::AuthorityError),
    /// The request cannot be sent as it is; nothing was sent.
    Request(Box<Finding>),
    /// A source of tokens that is not this client's gave none.
    Elsewhere(TokenErrorKind, Box<Finding>),
    /// The machine's managed identity has no token.
    Identity(SourceError),
    /// The authority is left alone for that long, for what it said or did before; nothing was sent.
    LeftAlone(Box<ExchangeError>, Duration),
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authority(error) => error.fmt(f),
            Self::Http(error, _) => error.fmt(f),
            Self::Endpoints(error) => error.fmt(f),
            Self::Request(finding) | Self::Elsewhere(_, finding) => finding.fmt(f),
            Self::Identity(error) => error.fmt(f),
            Self::LeftAlone(error, _) => error.fmt(f),
        }
    }
}

impl std::error::Error for ExchangeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Authority(_) | Self::Endpoints(_) | Self::Request(_) | Self::Elsewhere(..) => None,
            Self::Http(error, _) => error.source(),
            Self::Identity(error) => error.source(),
            Self::LeftAlone(error, _) => error.source(),
        }
    }
}

impl ExchangeError {
    /// The same facts as a finding.
    pub(crate) fn finding(&self) -> Finding {
        match self {
            Self::Authority(error) => error.placed(Finding::error("authority-refused", error.to_string())),
            Self::Http(error, led) => {
                let (code, remedy) = match error.kind() {
                    HttpErrorKind::Request => {
                        ("request-not-sent", "correct what the cause names: the HTTP client cannot send such a request")
                    }
                    _ => (AUTHORITY_UNREACHABLE, unanswered::remedy(error)),
                };
                let mut finding = Finding::error(code, error.to_string()).remedy(remedy);
                finding.cause = causes(error);
                led::placed(finding, led)
            }
            Self::Endpoints(error) => error.finding().clone(),
            Self::Request(finding) | Self::Elsewhere(_, finding) => (**finding).clone(),
            Self::Identity(error) => error.finding(),
            Self::LeftAlone(error, _) => error.finding(),
        }
    }

    /// How long whoever was asked wants to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Authority(said) => said.retry_after,
            Self::Identity(error) => error.wait(),
            Self::LeftAlone(_, wait) => Some(*wait),
            _ => None,
        }
    }

    /// The authority's own words, if it gave an answer.
    pub(crate) fn authority(&self) -> Option<&AuthorityRefusal> {
        match self {
            Self::Authority(error) => Some(error),
            Self::LeftAlone(error, _) => error.authority(),
            _ => None,
        }
    }
}

impl From<Box<Finding>> for ExchangeError {
    fn from(finding: Box<Finding>) -> Self {
        Self::Request(finding)
    }
}
