//! Which sources exist, and the binding of a list of entries to them: every mistake at once, no I/O.

mod bind_entry;
mod spelling;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::{
    Application, BindContext, ChainPolicy, CredentialChain, CredentialDescription, CredentialSource, Finding, Severity,
    SourceType, TokenProviders, World,
};
use bind_entry::bind_entry;

pub use spelling::{nearest, unreplaced};

/// The most entries that one list may have.
pub const MAX_CREDENTIALS: usize = 1024;

/// A source type that exists and is not in this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbsentSource {
    /// The name in the configuration.
    pub source_type: SourceType,
    /// The crate that has it.
    pub crate_name: &'static str,
    /// The feature that brings it, if one does.
    pub feature: Option<&'static str>,
    /// What to do instead, when nothing brings it: its entries are passed over with a warning then.
    pub remedy: Option<&'static str>,
}

/// The sources that a program has, by type.
#[derive(Clone, Debug, Default)]
pub struct SourceRegistry {
    sources: HashMap<SourceType, Arc<dyn CredentialSource>>,
    absent: Vec<AbsentSource>,
}

impl SourceRegistry {
    /// A registry without sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source; one of the same type is replaced, so that a program can put its own in place.
    #[must_use]
    pub fn with(mut self, source: impl CredentialSource + 'static) -> Self {
        self.register(Arc::new(source));
        self
    }

    /// Adds a source that is shared; one of the same type is replaced.
    pub fn register(&mut self, source: Arc<dyn CredentialSource>) {
        self.sources.insert(source.source_type(), source);
    }

    /// Names a source that this program could have, so that an entry that asks for it is told how.
    pub fn note_absent(&mut self, absent: AbsentSource) {
        self.absent.push(absent);
    }

    /// The source of that type.
    pub fn get(&self, source_type: &SourceType) -> Option<&Arc<dyn CredentialSource>> {
        self.sources.get(source_type)
    }

    /// Every source, by name.
    pub fn sources(&self) -> Vec<&Arc<dyn CredentialSource>> {
        let mut list: Vec<_> = self.sources.values().collect();
        list.sort_by_key(|source| source.source_type().to_string());
        list
    }

    /// The sources that exist and are not in this program.
    pub fn absent(&self) -> impl Iterator<Item = &AbsentSource> {
        self.absent.iter().filter(|absent| !self.sources.contains_key(&absent.source_type))
    }

    /// Binds every entry with its source, without I/O, and makes the chain.
    ///
    /// Entries with `Skip` are bound and left out of the chain; they keep their index.
    ///
    /// # Errors
    /// [`BindError`] with every finding of every entry when one of them is an error. Never only the
    /// first. Warnings and hints alone are no error; see [`CredentialChain::findings`].
    pub fn bind<'a>(
        &self,
        descriptions: Vec<CredentialDescription>,
        binding: impl Into<Binding<'a>>,
    ) -> Result<CredentialChain, BindError> {
        let binding = binding.into();
        let mut findings = Vec::new();
        let (mut entries, mut skipped) = (Vec::new(), Vec::new());
        if descriptions.len() > MAX_CREDENTIALS {
            let found = descriptions.len();
            return Err(BindError::new(vec![Finding::error(
                "too-many-credentials",
                format!("the list has {found} credentials; at most {MAX_CREDENTIALS} are read"),
            )]));
        }
        for (index, description) in descriptions.into_iter().enumerate() {
            let loader = bind_entry(&Parts { registry: self, binding: &binding }, &description, &mut findings);
            match loader {
                Some(_) if description.flag("Skip") => skipped.push((index, description)),
                Some(loader) => entries.push((index, loader, description)),
                None => {}
            }
        }
        if BindContext::failed(&findings) {
            return Err(BindError::new(findings));
        }
        Ok(CredentialChain::new(entries, skipped, findings, binding))
    }
}

/// What entries are bound with.
#[derive(Clone)]
#[non_exhaustive]
pub struct Binding<'a> {
    /// The outside world that loaders see.
    pub world: World,
    /// For whom.
    pub application: Application,
    /// How patient the chain is.
    pub policy: ChainPolicy,
    /// Exchanges nested entries for tokens.
    pub tokens: Option<&'a dyn TokenProviders>,
}

impl<'a> Binding<'a> {
    /// In a world, for an application that nobody has named yet, with the usual patience and without
    /// anybody who exchanges credentials.
    pub fn new(world: World) -> Self {
        Self { world, application: Application::new("", ""), policy: ChainPolicy::default(), tokens: None }
    }

    /// For that application.
    #[must_use]
    pub fn application(mut self, application: Application) -> Self {
        self.application = application;
        self
    }

    /// With other patience.
    #[must_use]
    pub fn policy(mut self, policy: ChainPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// With somebody who exchanges nested entries for tokens. It is asked while entries are bound.
    #[must_use]
    pub fn tokens(mut self, tokens: &'a dyn TokenProviders) -> Self {
        self.tokens = Some(tokens);
        self
    }
}

impl From<World> for Binding<'_> {
    fn from(world: World) -> Self {
        Self::new(world)
    }
}

impl fmt::Debug for Binding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("application", &self.application)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// What every entry of a list is bound with.
pub(crate) struct Parts<'a> {
    pub(crate) registry: &'a SourceRegistry,
    pub(crate) binding: &'a Binding<'a>,
}

/// A list of entries that cannot work, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindError {
    findings: Vec<Finding>,
}

impl BindError {
    /// An error from its findings; at least one should be of severity error.
    pub fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
    }

    /// Everything that was found, warnings too.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error);
        for (nth, finding) in errors.enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BindError {}
