//! Why a source gave no credential.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::source::Origin;
use crate::text::Harmless;
use crate::{CredentialDescription, Finding};

/// What a failure means for the list: which remedy fits, and when the source is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// This machine does not have what the source needs (no token file variable, no managed
    /// identity). Not for a thing that is there and broken.
    NotApplicable,
    /// The settings cannot work anywhere. User action: change the configuration.
    Misconfigured,
    /// Somebody refused access (file permissions, a vault's 401 or 403). User action: grant it.
    Denied,
    /// The material is there and unusable: expired, wrong password, corrupt, without its key.
    Invalid,
    /// It may work on the next try: network, throttling, a service that is unwell.
    Transient,
}

impl SourceErrorKind {
    /// The kebab-case name, as it stands in JSON output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Misconfigured => "misconfigured",
            Self::Denied => "denied",
            Self::Invalid => "invalid",
            Self::Transient => "transient",
        }
    }
}

/// A source's failure: one pointer wide, cheap to clone, typed by kind, with its cause kept.
///
/// `Display` is the message alone; [`SourceError::finding`] has the setting, its place and the remedy.
/// Nothing in it may be a secret or be derived from one.
#[derive(Clone)]
pub struct SourceError(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: SourceErrorKind,
    code: &'static str,
    message: String,
    path: Option<String>,
    origin: Option<Origin>,
    remedy: Option<String>,
    retry_after: Option<Duration>,
    local: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    setting: Option<Cow<'static, str>>,
}

impl SourceError {
    /// A failure of the given kind; `code` is stable and kebab-case, the message one sentence.
    pub fn new(kind: SourceErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            code,
            message: message.into(),
            path: None,
            origin: None,
            remedy: None,
            retry_after: None,
            local: false,
            source: None,
            setting: None,
        }))
    }

    /// This machine does not have what the source needs.
    pub fn not_applicable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::NotApplicable, code, message)
    }

    /// The settings cannot work.
    pub fn misconfigured(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::Misconfigured, code, message)
    }

    /// Access was refused.
    pub fn denied(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::Denied, code, message)
    }

    /// The material is unusable.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::Invalid, code, message)
    }

    /// It may work on the next try.
    pub fn transient(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(SourceErrorKind::Transient, code, message)
    }

    /// Where it is changed; a shared one is copied first.
    fn inner(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    /// Names the setting at fault. Its path and place are filled in by whoever holds the entry.
    #[must_use]
    pub fn about(mut self, setting: impl Into<Cow<'static, str>>) -> Self {
        self.inner().setting = Some(setting.into());
        self
    }

    /// The error with the path and place of its setting in the entry, or of the entry itself where it
    /// names none. What it has already stays.
    #[must_use]
    pub fn placed(self, entry: &CredentialDescription) -> Self {
        match (&self.0.path, self.0.setting.clone()) {
            (Some(_), _) => self,
            (None, Some(setting)) => entry.at_setting(&setting, self),
            (None, None) => self.at(entry.path(), entry.origin().clone()),
        }
    }

    /// Names the setting at fault by its path, and where its value stands.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>, origin: Origin) -> Self {
        self.inner().path = Some(path.into());
        self.inner().origin = Some(origin);
        self
    }

    /// Says what to do, in plain words.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.inner().remedy = Some(remedy.into());
        self
    }

    /// Keeps the underlying error.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.inner().source = Some(Arc::from(cause.into()));
        self
    }

    /// The service said when to come back: no earlier try. `None` where it said nothing.
    #[must_use]
    pub fn retry_after(mut self, wait: impl Into<Option<Duration>>) -> Self {
        self.inner().retry_after = wait.into();
        self
    }

    /// A look at a local file or variable settled it: looking again costs nothing, so the chain
    /// looks every time instead of backing off.
    #[must_use]
    pub fn settled_locally(mut self) -> Self {
        self.inner().local = true;
        self
    }

    /// What the failure means.
    pub fn kind(&self) -> SourceErrorKind {
        self.0.kind
    }

    /// Stable, kebab-case: what programs compare.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The setting at fault, if one is.
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The name of the setting at fault, if one was named by [`about`](Self::about).
    pub fn setting(&self) -> Option<&str> {
        self.0.setting.as_deref()
    }

    /// Where that setting's value stands.
    pub fn origin(&self) -> Option<&Origin> {
        self.0.origin.as_ref()
    }

    /// What to do.
    pub fn remedy_text(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }

    /// How long the service asked to be left alone.
    pub fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether a local look settled it; see [`SourceError::settled_locally`].
    pub fn is_local(&self) -> bool {
        self.0.local
    }

    /// The same facts as a finding of severity error.
    pub fn finding(&self) -> Finding {
        let mut finding = Finding::error(self.0.code, self.0.message.clone());
        finding.path.clone_from(&self.0.path);
        finding.origin.clone_from(&self.0.origin);
        finding.remedy.clone_from(&self.0.remedy);
        finding.cause = causes(self);
        finding
    }
}

/// The messages of an error's causes, innermost last, without repeats of the text above them.
pub fn causes(error: &(dyn StdError + 'static)) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    let mut above = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !text.is_empty() && !above.contains(&text) {
            list.push(text.clone());
        }
        above = text;
        next = cause.source();
    }
    list
}

/// The error and its causes in one line: what an error's `Debug` is, since a `main` that returns it prints that.
pub fn told(error: &(dyn StdError + 'static), f: &mut fmt::Formatter<'_>) -> fmt::Result {
    fmt::Display::fmt(error, f)?;
    causes(error).iter().try_for_each(|cause| write!(f, ": {}", Harmless(cause)))
}

impl fmt::Display for SourceError {
    /// In one line that moves no terminal, whatever the texts in it are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Harmless(&self.0.message).fmt(f)
    }
}

/// The place, the message, its causes and the remedy: a `main` that returns it prints this.
impl fmt::Debug for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.finding(), f)
    }
}

impl StdError for SourceError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_one_pointer_wide() {
        assert_eq!(size_of::<SourceError>(), size_of::<usize>());
    }

    #[test]
    fn a_finding_keeps_place_remedy_and_causes() {
        let error = SourceError::denied("file-unreadable", "cannot read a.pfx")
            .at("AzureAd:ClientCredentials:0:CertificateDiskPath", Origin::file("a.json", 3, 9))
            .remedy("make it readable")
            .caused_by(std::io::Error::other("permission denied"));
        let finding = error.finding();
        assert_eq!(finding.cause, ["permission denied"]);
        assert_eq!(finding.origin, Some(Origin::file("a.json", 3, 9)));
        assert_eq!(finding.remedy.as_deref(), Some("make it readable"));
    }
}
