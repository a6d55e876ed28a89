//! What a downstream API answered.

use credential_core::Secret;
use credential_core::text::{moves_terminal, printable};
use credential_core::world::HttpResponse;
use serde::de::DeserializeOwned;

use super::DownstreamError;
use crate::AccessToken;
use crate::exchange::echo;

/// The most bytes that an answer may have.
pub const MAX_RESPONSE: u64 = 32 * 1024 * 1024;
/// The most bytes of an answer that an error shows.
const MAX_SHOWN: usize = 4096;

/// An answer of any status.
#[derive(Clone, Debug)]
pub struct DownstreamResponse {
    response: HttpResponse,
    token: Option<AccessToken>,
}

impl DownstreamResponse {
    pub(crate) fn new(response: HttpResponse, token: Option<AccessToken>) -> Self {
        Self { response, token }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.response.status
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.response.status)
    }

    /// Whether the call carried a token.
    pub fn with_token(&self) -> bool {
        self.token.is_some()
    }

    /// Header names and values.
    pub fn headers(&self) -> &[(String, String)] {
        &self.response.headers
    }

    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }

    /// The body.
    pub fn bytes(&self) -> &[u8] {
        self.response.body.expose()
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// The answer, if its status is 2xx.
    ///
    /// # Errors
    /// [`DownstreamError::Status`] with the status and the body.
    pub fn error_for_status(self) -> Result<Self, DownstreamError> {
        if self.is_success() { Ok(self) } else { Err(DownstreamError::Status(Box::new(self))) }
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    /// [`DownstreamError::Status`] when the status is not 2xx; [`DownstreamError::NotJson`] when the
    /// body is not the JSON that `T` takes.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, DownstreamError> {
        let answer = self.error_for_status()?;
        serde_json::from_slice(answer.bytes()).map_err(|error| DownstreamError::NotJson {
            content_type: printable(answer.header("content-type").unwrap_or("no content type"), 100),
            // The line and column alone: the parser's text repeats values.
            place: (error.line(), error.column()),
        })
    }

    /// The body for an error message.
    pub(crate) fn shown(&self) -> String {
        let bytes = self.bytes();
        if bytes.len() > MAX_SHOWN {
            return format!("[{} bytes, too many to show]", bytes.len());
        }
        let token: Vec<Secret> = self.token.iter().map(|token| token.value().clone()).collect();
        let text = echo::without(self.text(), &token);
        text.chars().map(|one| if moves_terminal(one) && one != '\n' { ' ' } else { one }).collect()
    }
}
