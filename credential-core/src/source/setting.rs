//! What can be said in a configuration: one declaration, which everybody reads.

use super::presentation;

/// The shape of a setting's value. In a configuration every scalar is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SettingKind {
    /// Any text.
    Text,
    /// A name or id: white space around it is an error.
    Identifier,
    /// A GUID in one of the forms of .NET: see [`guid`](crate::text::guid).
    Guid,
    /// `true` or `false`, in any case.
    Flag,
    /// A whole number, not negative.
    Integer,
    /// The path of a file or folder.
    FilePath,
    /// An absolute address: white space around it is an error. In an entry a secret may go there: see
    /// [`check_address`](crate::world::check_address).
    Url,
    /// What follows an address: a path, perhaps with a query.
    RelativeUrl,
    /// A list of texts.
    List,
    /// Names and texts.
    Map,
    /// An object of these settings.
    Object(&'static [Setting]),
    /// An object whose members somebody else declares.
    Data,
    /// A nested entry, with its own `SourceType`; text where [`one_of`](Setting::one_of) names values.
    Entry,
    /// A list of entries.
    Entries,
}

/// What is done with a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// It has an effect.
    Used,
    /// It is known to other readers of the section; nothing is done with it here.
    Elsewhere,
    /// The reference has it and this version does not: saying it is an error.
    Refused {
        /// What it is for, and that this is not done: a predicate, without the setting's name.
        why: &'static str,
        /// What to do instead, beginning with a verb.
        remedy: &'static str,
    },
}

/// One setting, of an entry's source or of a section. Declared once; validation, spelling hints,
/// redaction, `config`, `sources`, the JSON schema and the docs all read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Setting {
    /// The key in the configuration, in PascalCase.
    pub name: &'static str,
    /// The shape of its value.
    pub kind: SettingKind,
    /// Whether it must be there.
    pub required: bool,
    /// Whether its value is never shown.
    pub secret: bool,
    /// What it is for, in one sentence.
    pub about: &'static str,
    /// The value that counts when nothing is said.
    pub default: Option<&'static str>,
    /// Keys that people write when they mean this one.
    pub mistaken: &'static [&'static str],
    /// The only values there are, if they are few.
    pub one_of: &'static [&'static str],
    /// What is done with it.
    pub standing: Standing,
    /// Whether `$NAME` in it is read, when it is used, as the value of that environment variable.
    pub variables: bool,
}

impl Setting {
    /// An optional setting that may be shown and has an effect.
    pub const fn new(name: &'static str, kind: SettingKind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            required: false,
            secret: false,
            about,
            default: None,
            mistaken: &[],
            one_of: &[],
            standing: Standing::Used,
            variables: false,
        }
    }

    /// Makes `$NAME` in it the value of that environment variable: no placeholder that nobody replaced.
    #[must_use]
    pub const fn with_variables(mut self) -> Self {
        self.variables = true;
        self
    }

    /// Makes it required.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Says that its value is never shown.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Names the value that counts when nothing is said, for validation, schema and docs. It is not filled in: the
    /// source does so when it binds.
    #[must_use]
    pub const fn default(mut self, value: &'static str) -> Self {
        self.default = Some(value);
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

    /// Says that other readers of the section know it, and that nothing is done with it here.
    #[must_use]
    pub const fn elsewhere(mut self) -> Self {
        self.standing = Standing::Elsewhere;
        self
    }

    /// Says that the reference has it and this version does not: why, and what to do instead.
    #[must_use]
    pub const fn refused(mut self, why: &'static str, remedy: &'static str) -> Self {
        self.standing = Standing::Refused { why, remedy };
        self
    }

    /// Whether a key is this setting's, whatever its ASCII case.
    pub fn is_named(&self, key: &str) -> bool {
        self.name.eq_ignore_ascii_case(key)
    }

    /// The value in [`one_of`](Self::one_of) that a text is, white space around it and ASCII case aside.
    pub fn value_of(&self, text: &str) -> Option<&'static str> {
        self.one_of.iter().copied().find(|value| value.eq_ignore_ascii_case(text.trim()))
    }
}

/// Settings that every entry understands, whatever its source.
pub const COMMON_SETTINGS: &[Setting] = &[
    Setting::new("SourceType", SettingKind::Text, "Which source loads this credential.").required(),
    Setting::new("Skip", SettingKind::Flag, "`true` leaves this entry out.").default("false"),
    Setting::new(
        "UseBoundCredential",
        SettingKind::Flag,
        "`true` binds the token request to the certificate by mutual TLS.",
    )
    .default("false"),
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
        "Where a client secret goes; which of them work is the server's to say.",
    )
    .one_of(presentation::METHODS)
    .default("client_secret_post")
    .mistaken(&["TokenEndpointAuthMethod", "ClientAuthentication"]),
];
