//! What a source can be told in an entry of the configuration.

use super::presentation;

/// The shape of a setting's value. In a configuration every scalar is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SettingKind {
    /// Any text.
    Text,
    /// Text that is never shown.
    Secret,
    /// `true` or `false`, in any case.
    Flag,
    /// A whole number, not negative.
    Integer,
    /// The path of a file or folder.
    FilePath,
    /// An address that a secret may go to: see [`check_address`](crate::check_address).
    Url,
    /// An object of further settings (or, where the source says so, text).
    Map,
}

/// One setting of a source. Declared once; validation, spelling hints, redaction, `sources`, the JSON
/// schema and the docs all read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// The key in the configuration, in PascalCase.
    pub name: &'static str,
    /// The shape of its value.
    pub kind: SettingKind,
    /// Whether an entry without it is an error.
    pub required: bool,
    /// What it is for, in one sentence.
    pub about: &'static str,
    /// Keys that people write when they mean this one.
    pub mistaken: &'static [&'static str],
    /// The only values there are, if they are few.
    pub one_of: &'static [&'static str],
}

impl Setting {
    /// An optional setting.
    pub const fn new(name: &'static str, kind: SettingKind, about: &'static str) -> Self {
        Self { name, kind, required: false, about, mistaken: &[], one_of: &[] }
    }

    /// Makes it required.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Names keys that are wrong and mean this one; meeting one is an error that says so.
    #[must_use]
    pub const fn mistaken(mut self, keys: &'static [&'static str]) -> Self {
        self.mistaken = keys;
        self
    }

    /// Lists the only values there are, compared ignoring ASCII case.
    #[must_use]
    pub const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.one_of = values;
        self
    }

    /// Whether its value is never shown.
    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, SettingKind::Secret)
    }
}

/// Settings that every entry understands, whatever its source.
pub const COMMON_SETTINGS: &[Setting] = &[
    Setting::new("SourceType", SettingKind::Text, "Which source loads this credential.").required(),
    Setting::new("Skip", SettingKind::Flag, "`true` leaves this entry out."),
    Setting::new(
        "UseBoundCredential",
        SettingKind::Flag,
        "`true` binds the token request to the certificate by mutual TLS.",
    ),
    Setting::new(
        presentation::ALGORITHM,
        SettingKind::Text,
        "What the certificate signs with; without it what the kind of authority usually takes.",
    )
    .one_of(presentation::ALGORITHMS)
    .mistaken(&["SigningAlgorithm", "Alg"]),
    Setting::new(
        presentation::CLIENT_AUTHENTICATION,
        SettingKind::Text,
        "Where a client secret goes; client_secret_post without it. Which of them work is the server's to say.",
    )
    .one_of(presentation::METHODS)
    .mistaken(&["TokenEndpointAuthMethod", "ClientAuthentication"]),
];
