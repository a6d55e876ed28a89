//! A source that has its credential already.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Setting, SourceError, SourceType,
};

/// Binds every entry to one loader, whatever it says; for tests of what uses credentials.
#[derive(Clone, Debug)]
pub struct FixedSource {
    source_type: SourceType,
    loader: Arc<dyn CredentialLoader>,
    settings: &'static [Setting],
}

impl FixedSource {
    /// A source of that type, whose entries all give that.
    pub fn new(source_type: impl Into<SourceType>, gives: Result<Credential, SourceError>) -> Self {
        Self::loaded_by(source_type, Arc::new(Given(gives)))
    }

    /// A source of that type, whose entries are all loaded by that.
    pub fn loaded_by(source_type: impl Into<SourceType>, loader: Arc<dyn CredentialLoader>) -> Self {
        Self { source_type: source_type.into(), loader, settings: &[] }
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

    fn bind(&self, _entry: &CredentialDescription, _cx: &mut BindContext<'_>) -> BindResult {
        Ok(Arc::clone(&self.loader))
    }
}

#[derive(Debug)]
struct Given(Result<Credential, SourceError>);

#[async_trait]
impl CredentialLoader for Given {
    async fn load(&self, _request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        self.0.clone()
    }
}
