//! Why a downstream call gave nothing that can be used.

use std::fmt;

use credential_core::Finding;
use credential_core::world::HttpError;

use super::DownstreamResponse;
use crate::TokenError;

/// Why a downstream call failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum DownstreamError {
    /// The section or the call cannot work as it is; nothing was sent.
    Call(Box<Finding>),
    /// There is no token for it.
    Token(TokenError),
    /// The API gave no answer.
    Http(HttpError),
    /// The API answered with another status than 2xx.
    Status(Box<DownstreamResponse>),
    /// The answer is not the JSON that was expected.
    NotJson {
        /// What the API says it is.
        content_type: String,
        /// Line and column, from 1.
        place: (usize, usize),
    },
}

impl fmt::Display for DownstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(finding) => finding.fmt(f),
            Self::Token(error) => error.fmt(f),
            Self::Http(error) => error.fmt(f),
            Self::Status(answer) => {
                write!(f, "the API answered {}", answer.status())?;
                if answer.status() == 401 {
                    f.write_str(if answer.with_token() { " though a token was sent" } else { ": no token was sent" })?;
                }
                if answer.bytes().is_empty() { Ok(()) } else { write!(f, ": {}", answer.shown()) }
            }
            Self::NotJson { content_type, place: (line, column) } => {
                write!(
                    f,
                    "the answer ({content_type}) is not the JSON that was expected, at line {line}, column {column}"
                )
            }
        }
    }
}

impl std::error::Error for DownstreamError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Token(error) => Some(error),
            Self::Http(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Box<Finding>> for DownstreamError {
    fn from(finding: Box<Finding>) -> Self {
        Self::Call(finding)
    }
}
