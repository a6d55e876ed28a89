//! A source that has its credential already.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    BindContext, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest, Setting,
    SourceError, SourceType, Unbound,
};

/// Gives one credential, or one error, whatever an entry says; for tests of what uses credentials.
#[derive(Clone, Debug)]
pub struct FixedSource {
    source_type: SourceType,
    gives: Result<Credential, SourceError>,
    settings: &'static [Setting],
}

impl FixedSource {
    /// A source of that type, which gives that.
    pub fn new(source_type: impl Into<SourceType>, gives: Result<Credential, SourceError>) -> Self {
        Self { source_type: source_type.into(), gives, settings: &[] }
    }

    /// Declares settings.
    #[must_use]
    pub fn settings(mut self, settings: &'static [Setting]) -> Self {
        self.settings = settings;
        self
    }
}

impl CredentialSource for FixedSource {
    fn source_type(&self) -> SourceType {
        self.source_type.clone()
    }

    fn settings(&self) -> &[Setting] {
        self.settings
    }

    fn bind(
        &self,
        _entry: &CredentialDescription,
        _cx: &mut BindContext<'_>,
    ) -> Result<Arc<dyn CredentialLoader>, Unbound> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl CredentialLoader for FixedSource {
    async fn load(&self, _request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        self.gives.clone()
    }
}
