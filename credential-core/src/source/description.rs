//! One entry of `ClientCredentials`: a source type and settings that know where they stand.

use std::fmt;

use crate::source::Origin;
use crate::{Credential, Finding, Secret, SourceError, SourceType};

/// A setting's value: text, or an object of further settings (an array has the keys `0`, `1`, ...).
///
/// Text is kept as a [`Secret`], since any of it may be one: `Debug` shows none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A scalar, as text.
    Text(Secret),
    /// An object.
    Map(Vec<Entry>),
}

/// A key with its value and the place where the value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key as it was written.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Where the value stands.
    pub origin: Origin,
}

impl Entry {
    /// A key with a text value.
    pub fn text(name: impl Into<String>, value: impl Into<Secret>, origin: Origin) -> Self {
        Self { name: name.into(), value: Value::Text(value.into()), origin }
    }

    /// A key with an object of further settings.
    pub fn map(name: impl Into<String>, entries: Vec<Self>, origin: Origin) -> Self {
        Self { name: name.into(), value: Value::Map(entries), origin }
    }
}

/// One entry of `ClientCredentials`, unchecked: [`SourceRegistry::bind`](crate::SourceRegistry::bind)
/// checks it against what its source declares.
#[derive(Clone)]
pub struct CredentialDescription {
    source_type: SourceType,
    path: String,
    origin: Origin,
    settings: Vec<Entry>,
    given: Option<Credential>,
}

impl CredentialDescription {
    /// An entry made in code.
    pub fn new(source_type: impl Into<SourceType>) -> Self {
        let source_type = source_type.into();
        Self { path: source_type.to_string(), source_type, origin: Origin::Code, settings: Vec::new(), given: None }
    }

    /// Says where the entry stands: its path (`AzureAd:ClientCredentials:0`) and place.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>, origin: Origin) -> Self {
        self.path = path.into();
        self.origin = origin;
        self
    }

    /// Sets a setting in code.
    #[must_use]
    pub fn with(self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.with_entry(Entry::text(name, value, Origin::Code))
    }

    /// Adds a setting with its place; a later one replaces an earlier one of the same name.
    #[must_use]
    pub fn with_entry(mut self, entry: Entry) -> Self {
        self.settings.retain(|old| !old.name.eq_ignore_ascii_case(&entry.name));
        self.settings.push(entry);
        self
    }

    /// Hands over a credential that the program has already, for the source type `Certificate`.
    #[must_use]
    pub fn given(mut self, credential: Credential) -> Self {
        self.given = Some(credential);
        self
    }

    /// Which source loads it.
    pub fn source_type(&self) -> &SourceType {
        &self.source_type
    }

    /// Its place in the tree: `AzureAd:ClientCredentials:0`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it stands.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its settings, `SourceType` left out.
    pub fn settings(&self) -> &[Entry] {
        &self.settings
    }

    /// The credential that the program handed over.
    pub fn given_credential(&self) -> Option<&Credential> {
        self.given.as_ref()
    }

    /// The setting of that name, whatever its case.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.settings.iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// A text setting; `None` when it is missing, empty or an object. A declared default is not filled in: it tells
    /// readers what the source does without the setting.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.secret(name).map(Secret::expose)
    }

    /// A text setting that is secret; `None` when it is missing, empty or an object.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        match &self.entry(name)?.value {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// An object of further settings; `None` when it is missing or text.
    pub fn map(&self, name: &str) -> Option<&[Entry]> {
        match &self.entry(name)?.value {
            Value::Map(entries) => Some(entries),
            Value::Text(_) => None,
        }
    }

    /// A flag; `false` when it is missing (a value that is none was refused when it was bound).
    pub fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
    }

    /// A whole number; `None` when it is missing.
    pub fn integer(&self, name: &str) -> Option<u64> {
        self.text(name)?.trim().parse().ok()
    }

    /// A text setting that must be there.
    ///
    /// # Errors
    /// `Misconfigured`, naming the setting, when it is missing or empty.
    pub fn required(&self, name: &str) -> Result<&Secret, SourceError> {
        self.secret(name).ok_or_else(|| {
            self.at_setting(name, SourceError::misconfigured("missing-setting", format!("{name} is missing or empty")))
        })
    }

    /// The path of a setting of this entry: `AzureAd:ClientCredentials:0:ClientSecret`.
    pub fn setting_path(&self, name: &str) -> String {
        format!("{}:{name}", self.path)
    }

    /// Where a setting stands; the entry's own place when it is missing.
    pub fn setting_origin(&self, name: &str) -> Origin {
        self.entry(name).map_or_else(|| self.origin.clone(), |entry| entry.origin.clone())
    }

    /// Puts a setting's path and place on an error.
    pub fn at_setting(&self, name: &str, error: SourceError) -> SourceError {
        error.at(self.setting_path(name), self.setting_origin(name))
    }

    /// Puts a setting's path and place on a finding.
    #[must_use]
    pub fn finding_at_setting(&self, name: &str, finding: Finding) -> Finding {
        finding.at(self.setting_path(name), self.setting_origin(name))
    }
}

impl fmt::Debug for CredentialDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.settings.iter().map(|entry| entry.name.as_str()).collect();
        f.debug_struct("CredentialDescription")
            .field("source_type", &self.source_type)
            .field("path", &self.path)
            .field("origin", &self.origin)
            .field("settings", &names)
            .field("given", &self.given)
            .finish()
    }
}
