//! Our tokens for the Azure SDK.

use ::azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use ::azure_core::error::{Error, ErrorKind};
use async_trait::async_trait;
use credential_core::Secret;

use crate::{TokenClient, TokenRequest};

/// A [`TokenClient`] as a credential of the Azure SDK. The SDK's crates say the scopes; the rest is the client's.
///
/// # Errors
/// `get_token` gives `ErrorKind::Credential`, which the SDK does not try again: the client has. The
/// [`TokenError`](crate::TokenError) is to be had by `downcast_ref`.
#[derive(Clone, Debug)]
pub struct ClientCredential {
    client: TokenClient,
    /// Everything but the scopes.
    request: TokenRequest,
}

impl ClientCredential {
    /// Tokens of the application itself.
    pub fn new(client: TokenClient) -> Self {
        Self::of_request(client, TokenRequest::app(""))
    }

    /// Tokens by that request, with the scopes that the SDK asks for in the place of its own.
    pub fn of_request(client: TokenClient, request: TokenRequest) -> Self {
        Self { client, request }
    }

    /// Asks another tenant than the configured one.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.request.tenant = Some(tenant.into());
        self
    }

    /// Asks on behalf of the user whose access token came in (the token alone, without `Bearer`). The SDK client that
    /// this credential is given to is that user's from then on.
    #[must_use]
    pub fn on_behalf_of(mut self, user_assertion: impl Into<Secret>) -> Self {
        self.request.user_assertion = Some(user_assertion.into());
        self
    }
}

#[async_trait]
impl TokenCredential for ClientCredential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> ::azure_core::Result<AccessToken> {
        let mut request = self.request.clone();
        request.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let token = self.client.token(&request).await.map_err(|error| Error::new(ErrorKind::Credential, error))?;
        Ok(AccessToken::new(token.value().expose().to_owned(), token.expires_on().into()))
    }
}
