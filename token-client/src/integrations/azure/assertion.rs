//! The token of an Azure credential as a client assertion: an entry of `ClientCredentials`.

use std::sync::Arc;

use ::azure_core::credentials::TokenCredential;
use async_trait::async_trait;
use credential_core::credential::{Assertion, AssertionProvider, AssertionRequest};
use credential_core::guard::{Unanswered, bounded};
use credential_core::{Secret, SourceError};

use super::failure::{CODE, MESSAGE, REMEDY, is_transient};

/// A credential of `azure_core` whose token is presented as the client assertion: the application trusts its issuer
/// and subject by a federated credential ("workload identity federation"). A managed identity is one, and what
/// `azure_identity` finds on a developer's machine.
///
/// Registered in code and named by an entry:
///
/// ```
/// # fn example(credential: std::sync::Arc<dyn azure_core::credentials::TokenCredential>) {
/// use token_client::TokenClient;
/// use token_client::integrations::azure::CredentialAssertion;
///
/// // { "SourceType": "CustomSignedAssertion", "CustomSignedAssertionProviderName": "Azure" }
/// # #[cfg(feature = "federated")]
/// let builder = TokenClient::builder().assertion_provider("Azure", CredentialAssertion::new(credential));
/// # }
/// ```
///
/// # Errors
/// `Transient` where the credential's host gave no answer or is unwell, `Denied` for everything else that it says: the
/// next entry has its turn.
#[derive(Clone, Debug)]
pub struct CredentialAssertion {
    credential: Arc<dyn TokenCredential>,
    scope: String,
}

impl CredentialAssertion {
    /// The credential's tokens for `api://AzureADTokenExchange/.default`, which the public cloud expects.
    pub fn new(credential: Arc<dyn TokenCredential>) -> Self {
        Self { credential, scope: "api://AzureADTokenExchange/.default".to_owned() }
    }

    /// Tokens for another scope: `api://AzureADTokenExchangeUSGov/.default` in the cloud of the US government.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }
}

#[async_trait]
impl AssertionProvider for CredentialAssertion {
    async fn assertion(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        let scopes = [self.scope.as_str()];
        let asked = || self.credential.get_token(&scopes, None);
        match bounded(&*request.world.clock, request.deadline, asked).await {
            Ok(Ok(token)) => {
                Ok(Assertion::new(Secret::new(token.token.secret().to_owned()), Some(token.expires_on.into())))
            }
            Ok(Err(error)) => {
                let said = if is_transient(&error) { SourceError::transient } else { SourceError::denied };
                Err(said(CODE, MESSAGE.to_owned()).remedy(REMEDY).caused_by(error))
            }
            Err(Unanswered::Panicked) => Err(SourceError::invalid(CODE, "the Azure credential panicked")),
            Err(_) => Err(SourceError::transient(CODE, format!("{MESSAGE} in time: timed out"))),
        }
    }
}
