//! The credential that the SDK's clients ask for a token.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::error::{Error, ErrorKind};
use azure_core::time::OffsetDateTime;
use credential_core::SourceError;

use crate::identity;
use crate::session::Session;

/// Gives the kept token, or a new one by the entry's choice.
#[derive(Debug)]
pub(super) struct VaultIdentity(pub(super) Arc<Session>);

#[async_trait]
impl TokenCredential for VaultIdentity {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let session = &self.0;
        let result = identity::token(session).await.and_then(|token| {
            let expires_on = offset(token.expires_on)?;
            Ok(AccessToken::new(Secret::new(token.value.expose().to_owned()), expires_on))
        });
        result.map_err(|error| {
            session.fail(error);
            Error::with_message(ErrorKind::Credential, "stopped by the credential")
        })
    }
}

fn offset(time: SystemTime) -> Result<OffsetDateTime, SourceError> {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()).ok_or_else(|| {
        SourceError::invalid("vault-token-invalid", "the vault's token ends at a time that cannot be")
            .remedy("check who gives tokens for the vault")
    })
}
