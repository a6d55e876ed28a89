//! A source that needs another entry's token.

use std::sync::Arc;

use async_trait::async_trait;

use crate::tokens::{TokenFor, TokenProvider};
use crate::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Setting, SettingKind, SourceError, SourceType,
};

/// Gives the token of the entry in its setting `Credential` as a secret, as a vault would what it is read with; for
/// tests of what exchanges nested entries.
#[derive(Clone, Debug)]
pub struct NestedSource {
    source_type: SourceType,
    scope: &'static str,
}

impl NestedSource {
    /// A source of that type, whose entries ask for a token of that scope.
    pub fn new(source_type: impl Into<SourceType>, scope: &'static str) -> Self {
        Self { source_type: source_type.into(), scope }
    }

    /// What its entries are loaded by, where the tokens are there already.
    pub fn loader(&self, tokens: Arc<dyn TokenProvider>) -> Arc<dyn CredentialLoader> {
        Arc::new(Nested { tokens, scope: self.scope })
    }
}

impl CredentialSource for NestedSource {
    fn source_type(&self) -> SourceType {
        self.source_type.clone()
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] =
            &[Setting::new("Credential", SettingKind::Entry, "Who asks for the token.").required()];
        SETTINGS
    }

    fn bind(&self, _entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        Ok(self.loader(cx.tokens_of("Credential")?))
    }
}

#[derive(Debug)]
struct Nested {
    tokens: Arc<dyn TokenProvider>,
    scope: &'static str,
}

#[async_trait]
impl CredentialLoader for Nested {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let token = self.tokens.token(&TokenFor::new(self.scope, request.deadline, request.world)).await?;
        Ok(Credential::secret("a token", token.token).with_expiry(token.expires_on))
    }
}
