//! What a source is told when it binds an entry, and how it says what it found.

use std::fmt;
use std::sync::Arc;

use crate::registry::BindError;
use crate::registry::Parts;
use crate::source::{Application, Entry, Value};
use crate::tokens::NoEngine;
use crate::tokens::TokenProvider;
use crate::world::Environment;
use crate::{CredentialChain, CredentialDescription, Finding, Secret, Severity, SourceError, SourceType};

/// An entry that could not be bound. Comes of an error that was reported, so that nothing vanishes
/// silently.
#[derive(Debug)]
pub struct Unbound(());

/// Takes in what a source finds in an entry, and knows for whom the entry is.
pub struct BindContext<'a> {
    pub(crate) entry: &'a CredentialDescription,
    pub(crate) parts: &'a Parts<'a>,
    pub(crate) findings: &'a mut Vec<Finding>,
}

impl<'a> BindContext<'a> {
    /// For whom.
    pub fn application(&self) -> &'a Application {
        &self.parts.binding.application
    }

    /// Reports an error. Its setting ([`SourceError::about`]) gets its path and place here.
    pub fn error(&mut self, error: SourceError) -> Unbound {
        self.findings.push(error.placed(self.entry).finding());
        Unbound(())
    }

    /// Reports a finding of any severity about a setting of the entry.
    pub fn say(&mut self, setting: &str, finding: Finding) {
        self.findings.push(self.entry.finding_at_setting(setting, finding));
    }

    /// The text of a setting that must be there.
    ///
    /// # Errors
    /// When it is missing or empty, which is reported.
    pub fn required<'e>(
        &mut self,
        entry: &'e CredentialDescription,
        name: &'static str,
    ) -> Result<&'e Secret, Unbound> {
        entry.secret(name).ok_or_else(|| {
            let message = format!("{name} is missing or empty");
            self.error(SourceError::misconfigured("missing-setting", message).about(name))
        })
    }

    /// Tokens by a nested entry: `"Credential": { "SourceType": ... }`. It is bound as every entry is, its
    /// findings included, and exchanged by the engine that binds. Without one (a bare registry) binding
    /// works, and asking says why there is no token.
    ///
    /// # Errors
    /// When the setting is no object, or its entry cannot work, which is reported.
    pub fn tokens_of(&mut self, setting: &'static str) -> Result<Arc<dyn TokenProvider>, Unbound> {
        let Some(Entry { value: Value::Map(settings), origin, .. }) = self.entry.entry(setting) else {
            let error = SourceError::misconfigured("wrong-type", format!("{setting} is not an object"));
            return Err(self.error(error.about(setting).remedy("write {\"SourceType\": \"...\", ...}")));
        };
        let named = settings.iter().find(|entry| entry.name.eq_ignore_ascii_case("SourceType"));
        let source_type = match named.map(|entry| &entry.value) {
            Some(Value::Text(text)) => text.expose().trim().to_owned(),
            _ => String::new(),
        };
        let nested = CredentialDescription::new(SourceType::new(source_type))
            .at(self.entry.setting_path(setting), origin.clone());
        let others = settings.iter().filter(|entry| !entry.name.eq_ignore_ascii_case("SourceType"));
        let nested = others.fold(nested, |nested, entry| nested.with_entry(entry.clone()));
        match self.chain(nested) {
            Ok(chain) => {
                self.findings.extend(chain.findings().iter().cloned());
                Ok(self.provider(chain))
            }
            Err(error) => {
                self.findings.extend(error.findings().iter().cloned());
                Err(Unbound(()))
            }
        }
    }

    /// Tokens by an entry that nobody wrote: what the machine's variables amount to, say. It is bound and
    /// exchanged as that of [`tokens_of`](Self::tokens_of) is, and its findings are none of the entry's.
    ///
    /// # Errors
    /// When it cannot work; its source may not be in this build.
    pub fn tokens_for(&self, implied: CredentialDescription) -> Result<Arc<dyn TokenProvider>, BindError> {
        self.chain(implied).map(|chain| self.provider(chain))
    }

    /// Tokens of an identity of the machine, which need no exchange; see [`CredentialSource::tokens`]. The entry that
    /// names it is one that nobody wrote, and its findings are none of the entry's.
    ///
    /// # Errors
    /// When it cannot work; its source may not be in this build.
    ///
    /// [`CredentialSource::tokens`]: crate::CredentialSource::tokens
    pub fn tokens_of_identity(&self, implied: &CredentialDescription) -> Result<Arc<dyn TokenProvider>, BindError> {
        self.parts.registry.tokens(implied, self.parts.binding.clone())
    }

    /// Tokens of another application: the one whose section the setting names. Its section is read and bound as
    /// the application's own is, once for everybody who names it, and what is found there joins the findings.
    /// Without an engine (a bare registry) binding works, and asking says why there is no token.
    ///
    /// # Errors
    /// When the setting is missing, when its section is not there or cannot work, and when the section is the
    /// one that is being bound, or needs that one: all of it is reported.
    pub fn tokens_of_section(&mut self, setting: &str, path: &str) -> Result<Arc<dyn TokenProvider>, Unbound> {
        let Some(tokens) = self.parts.binding.tokens else { return Ok(Arc::new(NoEngine)) };
        match tokens.section(path) {
            Ok(section) => {
                self.join(&section.findings);
                Ok(section.provider)
            }
            Err(error) => {
                let of_no_place = |finding: &Finding| finding.path.is_none();
                let (own, other): (Vec<_>, Vec<_>) = error.findings().iter().cloned().partition(of_no_place);
                self.join(&other);
                own.into_iter().for_each(|finding| self.say(setting, finding));
                let message = format!("the section {path:?} cannot give tokens");
                let unusable = SourceError::misconfigured("section-unusable", message).about(setting.to_owned());
                match Self::failed(error.findings()) {
                    true => Err(Unbound(())),
                    false => Err(self.error(unusable)),
                }
            }
        }
    }

    /// Adds what another binding found, where it is not known yet.
    fn join(&mut self, said: &[Finding]) {
        for finding in said {
            if !self.findings.contains(finding) {
                self.findings.push(finding.clone());
            }
        }
    }

    /// The variables of the machine that the entry is bound on.
    pub fn environment(&self) -> &dyn Environment {
        &*self.parts.binding.world.environment
    }

    fn chain(&self, nested: CredentialDescription) -> Result<CredentialChain, BindError> {
        self.parts.registry.bind(vec![nested], self.parts.binding.clone())
    }

    fn provider(&self, chain: CredentialChain) -> Arc<dyn TokenProvider> {
        match self.parts.binding.tokens {
            Some(tokens) => tokens.provider(chain),
            None => Arc::new(NoEngine),
        }
    }

    /// Whether an error was reported.
    pub(crate) fn failed(findings: &[Finding]) -> bool {
        findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

impl fmt::Debug for BindContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BindContext").field("entry", self.entry).finish_non_exhaustive()
    }
}
