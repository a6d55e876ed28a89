//! What of this machine a source could work with.

use std::borrow::Cow;

/// A platform that a source has found, as [`CredentialSource::detect`](crate::CredentialSource::detect) tells it: what
/// it is, how that is known, and which entry would use it. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Detected {
    /// Its name for people: `GitHub Actions`.
    pub platform: Cow<'static, str>,
    /// How that is known: `GITHUB_ACTIONS is set`.
    pub because: String,
    /// What it still lacks, and what to do about it; `None` where an entry could work as it is.
    pub lacks: Option<String>,
    /// The settings of an entry for it, beside `SourceType`.
    pub settings: Vec<(&'static str, String)>,
}

impl Detected {
    /// A platform that lacks nothing, for an entry without settings.
    pub fn new(platform: impl Into<Cow<'static, str>>, because: impl Into<String>) -> Self {
        Self { platform: platform.into(), because: because.into(), lacks: None, settings: Vec::new() }
    }

    /// Says what it lacks, and what to do about it.
    #[must_use]
    pub fn lacks(mut self, what: impl Into<String>) -> Self {
        self.lacks = Some(what.into());
        self
    }

    /// Adds a setting that an entry for it has.
    #[must_use]
    pub fn setting(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.settings.push((name, value.into()));
        self
    }
}
