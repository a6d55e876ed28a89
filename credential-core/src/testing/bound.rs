//! One entry, bound as a registry binds it: for tests of a single source.

use std::sync::Arc;

use super::FakeWorld;
use crate::registry::{BindError, Binding};
use crate::source::Application;
use crate::{
    Credential, CredentialDescription, CredentialLoader, CredentialSource, Finding, LoadRequest, SourceError,
    SourceRegistry,
};

/// An entry with its loader.
#[derive(Clone, Debug)]
pub struct Bound {
    entry: CredentialDescription,
    loader: Arc<dyn CredentialLoader>,
    findings: Vec<Finding>,
}

impl Bound {
    /// Binds the entry with the source, for the application `app1` of a tenant in the public cloud.
    ///
    /// # Errors
    /// What is wrong with the entry.
    pub fn new(source: impl CredentialSource + 'static, entry: CredentialDescription) -> Result<Self, BindError> {
        let binding = Binding::new(FakeWorld::new().world()).application(application());
        Self::among(&SourceRegistry::new().with(source), entry, binding)
    }

    /// Binds the entry with a registry, which has its source, as a program does: for a source that needs
    /// others beside it, or somebody who exchanges what they give ([`Binding::tokens`]).
    ///
    /// # Errors
    /// What is wrong with the entry.
    pub fn among(
        registry: &SourceRegistry,
        entry: CredentialDescription,
        binding: Binding<'_>,
    ) -> Result<Self, BindError> {
        let chain = registry.bind(vec![entry.clone()], binding)?;
        let findings = chain.findings().to_vec();
        let loader =
            chain.loader(0).ok_or_else(|| BindError::new(vec![Finding::error("skipped", "the entry says Skip")]))?;
        Ok(Self { entry, loader, findings })
    }

    /// Warnings and hints about the entry.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Loads, with the path and place of the setting on an error, as a chain does.
    ///
    /// # Errors
    /// What the loader says.
    pub async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let loaded = self.loader.load(request).await.map(|credential| credential.placed(&self.entry));
        loaded.map_err(|error| error.placed(&self.entry))
    }
}

/// The application that [`Bound`] binds for.
pub fn application() -> Application {
    Application::new("app1", "https://login.microsoftonline.com/contoso.example")
        .tenant("contoso.example")
        .cloud("public")
}
