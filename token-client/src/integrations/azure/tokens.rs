//! The tokens of an Azure credential, for whoever takes a [`TokenSource`].

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::azure_core::credentials::TokenCredential;
use ::azure_core::error::Error;
use credential_core::guard::{Unanswered, bounded};
use credential_core::source::causes;
use credential_core::world::{Clock, SystemClock};
use credential_core::{Finding, Secret};

use super::failure::{CODE, MESSAGE, REMEDY, is_transient};
use crate::{AccessToken, DEFAULT_PATIENCE, TokenError, TokenErrorKind, TokenFuture, TokenSource};

/// Tokens of a credential of `azure_core` for one list of scopes: `azure_identity`'s are one, and may stand where a
/// [`TokenClient`](crate::TokenClient) would.
///
/// Nothing is kept here: the credentials of `azure_identity` do it. A call waits
/// [`DEFAULT_PATIENCE`] at most, or as long as [`patience`](Self::patience) says.
///
/// ```
/// # fn example(credential: std::sync::Arc<dyn azure_core::credentials::TokenCredential>) {
/// use token_client::TokenSource;
/// use token_client::integrations::azure::CredentialTokens;
///
/// let source: &dyn TokenSource = &CredentialTokens::new(credential, ["api://orders/.default"]);
/// # let _ = source; }
/// ```
#[derive(Clone)]
pub struct CredentialTokens {
    credential: Arc<dyn TokenCredential>,
    scopes: Vec<String>,
    patience: Duration,
    clock: Arc<dyn Clock>,
}

impl CredentialTokens {
    /// The credential's tokens for those scopes.
    pub fn new<S: Into<String>>(credential: Arc<dyn TokenCredential>, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes = scopes.into_iter().map(Into::into).collect();
        Self { credential, scopes, patience: DEFAULT_PATIENCE, clock: Arc::new(SystemClock::default()) }
    }

    /// How long one call may wait for a token.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    async fn ask(&self) -> Result<AccessToken, TokenError> {
        let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        let deadline = self.clock.moment().after(self.patience);
        match bounded(&*self.clock, deadline, || self.credential.get_token(&scopes, None)).await {
            Ok(Ok(token)) => {
                Ok(AccessToken::new(Secret::new(token.token.secret().to_owned()), token.expires_on.into()))
            }
            Ok(Err(error)) => Err(failed(&error)),
            Err(Unanswered::Panicked) => Err(TokenError::panicked()),
            Err(_) => {
                let message = format!("{MESSAGE} within {:?}: timed out", self.patience);
                let finding = Finding::error(CODE, message).remedy("give it more patience, or look at its host");
                Err(TokenError::of(TokenErrorKind::Timeout, finding))
            }
        }
    }
}

/// What the credential says, as a cause: its words may be anything.
fn failed(error: &Error) -> TokenError {
    let kind = if is_transient(error) { TokenErrorKind::Unwell } else { TokenErrorKind::Credential };
    let mut finding = Finding::error(CODE, MESSAGE).remedy(REMEDY).because(error.to_string());
    finding.cause.extend(error.source().map(|_| causes(error)).unwrap_or_default());
    TokenError::of(kind, finding)
}

impl TokenSource for CredentialTokens {
    fn token(&self) -> TokenFuture<'_> {
        TokenFuture::waiting(self.ask())
    }
}

impl fmt::Debug for CredentialTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialTokens")
            .field("credential", &self.credential)
            .field("scopes", &self.scopes)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
