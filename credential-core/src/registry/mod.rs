//! Which sources exist, and the binding of a list of entries to them: every mistake at once, no I/O.

mod bind_entry;
mod bind_error;
mod binding;
mod check_path;
mod check_value;
mod unknown_setting;

use std::collections::HashMap;
use std::sync::Arc;

use crate::tokens::TokenProvider;
use crate::{BindContext, CredentialChain, CredentialDescription, CredentialSource, Finding, SourceError, SourceType};
use bind_entry::{bind_entry, read_entry};

pub use bind_error::BindError;
pub use binding::Binding;
pub(crate) use binding::Parts;
pub use check_value::check_form;
#[cfg(feature = "testing")]
pub(crate) use check_value::check_text;
pub use unknown_setting::unknown_setting;

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
            let message = format!("the list has {found} credentials; at most {MAX_CREDENTIALS} are read");
            let finding = Finding::error("too-many-credentials", message);
            return Err(BindError::new(vec![finding.remedy("remove the entries that are not needed")]));
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

    /// Tokens of the identity that the entry names, without an exchange; see [`CredentialSource::tokens`]. Nothing is
    /// sent.
    ///
    /// # Errors
    /// [`BindError`] with every finding when one of them is an error, and when entries of that type are exchanged.
    pub fn tokens<'a>(
        &self,
        entry: &CredentialDescription,
        binding: impl Into<Binding<'a>>,
    ) -> Result<Arc<dyn TokenProvider>, BindError> {
        let (binding, mut findings) = (binding.into(), Vec::new());
        let parts = Parts { registry: self, binding: &binding };
        let tokens = read_entry(&parts, entry, &mut findings, |source, cx| match source.tokens(entry, cx)? {
            Some(tokens) => Ok(tokens),
            None => {
                let source_type = entry.source_type();
                let message = format!("a {source_type} entry gives no tokens without an exchange");
                let error = SourceError::misconfigured("no-tokens-of-source", message).about("SourceType");
                Err(cx.error(error.remedy("name an identity of the machine")))
            }
        });
        tokens.filter(|_| !BindContext::failed(&findings)).ok_or_else(|| BindError::new(findings))
    }
}
