//! A credential of the Azure SDK that the program hands over.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use azure_core::credentials::{AccessToken, TokenCredential};
use credential_core::{Secret, SourceError};

use super::challenge::Challenge;
use super::token::{IDENTITY_REFUSED, Token};

/// Reads every vault whose entry names nobody, whatever the environment says.
#[derive(Clone)]
pub(crate) struct ProgramCredential(pub(crate) Arc<dyn TokenCredential>);

impl fmt::Debug for ProgramCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProgramCredential")
    }
}

impl ProgramCredential {
    pub(super) async fn token(&self, challenge: &Challenge) -> Result<Token, SourceError> {
        // Within `Session::until_deadline`; loads and signatures are guarded by whoever asks for them.
        let token = self.0.get_token(&[&challenge.scope], None).await.map_err(|error| {
            SourceError::denied(IDENTITY_REFUSED, "the credential that the program gave has no token")
                .caused_by(error.to_string())
                .remedy("mend what the cause names: it comes from the credential itself")
        })?;
        Ok(of_sdk(&token, "the program's own credential".to_owned()))
    }
}

/// A token of the SDK as ours.
pub(super) fn of_sdk(token: &AccessToken, who: String) -> Token {
    let seconds = u64::try_from(token.expires_on.unix_timestamp()).unwrap_or(0);
    let expires_on = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
    Token { value: Secret::new(token.token.secret()), expires_on, who }
}
