//! What is wrong with a configuration or a credential, in a form that programs and people can read.

use std::borrow::Cow;
use std::fmt;

use crate::CredentialDescription;
use crate::source::Origin;
use crate::text::Harmless;

/// How bad a [`Finding`] is. Ordered: `Hint < Warning < Error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It works; there is a better way to write it.
    Hint,
    /// It works now and may not do what was meant, or not for long.
    Warning,
    /// It does not work.
    Error,
}

impl Severity {
    /// The lower-case name, as it stands in JSON output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that is wrong, where it stands and what to do about it. Never contains a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Stable, kebab-case: what programs compare.
    pub code: &'static str,
    /// The setting, as .NET writes it: `AzureAd:ClientCredentials:0:ClientSecret`.
    pub path: Option<String>,
    /// Where its value stands.
    pub origin: Option<Origin>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Underlying causes, innermost last.
    pub cause: Vec<String>,
    /// What to do.
    pub remedy: Option<String>,
    setting: Option<Cow<'static, str>>,
}

impl Finding {
    /// An error: it does not work like this.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning: it works, but may not do what was meant.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// A hint: there is a better way to write it.
    pub fn hint(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Hint, code, message)
    }

    fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            path: None,
            origin: None,
            message: message.into(),
            cause: Vec::new(),
            remedy: None,
            setting: None,
        }
    }

    /// Names the setting that it is about. Its path and place are filled in by whoever holds the entry.
    #[must_use]
    pub fn about(mut self, setting: impl Into<Cow<'static, str>>) -> Self {
        self.setting = Some(setting.into());
        self
    }

    /// The finding with the path and place of its setting in the entry, or of the entry itself where it
    /// names none. What it has already stays.
    #[must_use]
    pub fn placed(self, entry: &CredentialDescription) -> Self {
        match (&self.path, self.setting.clone()) {
            (Some(_), _) => self,
            (None, Some(setting)) => entry.finding_at_setting(&setting, self),
            (None, None) => self.at(entry.path(), entry.origin().clone()),
        }
    }

    /// Names the setting by its path, and the place of its value.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>, origin: Origin) -> Self {
        self.path = Some(path.into());
        self.origin = Some(origin);
        self
    }

    /// Whether both tell a reader the same: code and message about the same setting.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        (&self.path, &self.code, &self.message) == (&other.path, &other.code, &other.message)
    }

    /// Adds an underlying cause; the innermost comes last.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause.push(cause.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl fmt::Display for Finding {
    /// Place, setting, what is wrong, why, what to do: in one line that moves no terminal, whatever the texts in it
    /// are. Without a word for how bad it is: whoever prints an error has said `Error:` before.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if let Some(path) = &self.path {
            write!(f, "{}: ", Harmless(path))?;
        }
        Harmless(&self.message).fmt(f)?;
        for cause in &self.cause {
            write!(f, ": {}", Harmless(cause))?;
        }
        match &self.remedy {
            Some(remedy) => write!(f, " ({})", Harmless(remedy)),
            None => Ok(()),
        }
    }
}
