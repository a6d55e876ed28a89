//! Which of the settings says where the secret is: exactly one of them.

use credential_core::{BindContext, CredentialDescription, Secret, Setting, SettingKind, SourceError, Unbound};

pub(crate) const INLINE: &str = "ClientSecret";
pub(crate) const VARIABLE: &str = "ClientSecretEnvironmentVariable";
pub(crate) const FILE: &str = "ClientSecretDiskPath";

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new(INLINE, SettingKind::Text, "The client secret itself.").secret().mistaken(&[
        "Secret",
        "AppSecret",
        "ClientSecretValue",
        "Value",
    ]),
    Setting::new(VARIABLE, SettingKind::Text, "The environment variable that holds the client secret.").mistaken(&[
        "ClientSecretVariable",
        "ClientSecretEnvVar",
        "ClientSecretEnvironment",
        "EnvironmentVariable",
    ]),
    Setting::new(FILE, SettingKind::FilePath, "The file that holds the client secret; it may be replaced at any time.")
        .mistaken(&["ClientSecretFile", "ClientSecretPath", "ClientSecretFilePath", "ClientSecretFileDiskPath"]),
];

/// Where an entry's secret is.
#[derive(Debug)]
pub(crate) enum Place {
    Inline(Secret),
    /// An environment variable, by name.
    Variable(String),
    /// A file, by path.
    File(String),
}

impl Place {
    /// What the entry says. A blank setting counts as missing, so that an override can fill in another.
    ///
    /// # Errors
    /// When it says none or more than one; every one of them is named with its place. When a variable's
    /// name cannot be one.
    pub(crate) fn of(entry: &CredentialDescription, cx: &mut BindContext<'_>) -> Result<Self, Unbound> {
        let filled = |name: &&'static str| entry.text(name).is_some_and(|text| !text.trim().is_empty());
        let mut names = [INLINE, VARIABLE, FILE].into_iter().filter(filled);
        let Some(first) = names.next() else { return Err(nothing(entry, cx)) };
        let Some(second) = names.next() else { return Self::at(first, entry, cx) };
        let others: Vec<String> = std::iter::once(first)
            .chain(names)
            .map(|name| format!("{name} ({})", entry.setting_origin(name)))
            .collect();
        let message = format!("{second} stands beside {}: only one of them can hold the secret", others.join(" and "));
        let error = SourceError::misconfigured("conflicting-settings", message).about(second);
        Err(cx.error(error.remedy("keep one and remove the others")))
    }

    fn at(setting: &'static str, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> Result<Self, Unbound> {
        let value = cx.required(entry, setting)?;
        let text = value.expose().trim();
        match setting {
            VARIABLE if text.bytes().all(is_of_name) => Ok(Self::Variable(text.to_owned())),
            VARIABLE => {
                let message = format!("{VARIABLE} is not the name of an environment variable");
                let error = SourceError::misconfigured("not-a-variable-name", message).about(VARIABLE);
                Err(cx.error(error.remedy(format!("write the variable's name; a secret itself goes into {INLINE}"))))
            }
            FILE => Ok(Self::File(text.to_owned())),
            _ => Ok(Self::Inline(value.clone())),
        }
    }

    /// The setting that says so.
    pub(crate) fn setting(&self) -> &'static str {
        match self {
            Self::Inline(_) => INLINE,
            Self::Variable(_) => VARIABLE,
            Self::File(_) => FILE,
        }
    }
}

/// A variable's name is shown in messages, so it must not be the secret itself by mistake.
fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.:-()".contains(&byte)
}

fn nothing(entry: &CredentialDescription, cx: &mut BindContext<'_>) -> Unbound {
    let blank = [INLINE, VARIABLE, FILE].into_iter().find(|name| entry.entry(name).is_some());
    let (code, message) = match blank {
        Some(name) => ("empty-setting", format!("{name} is empty")),
        None => ("missing-setting", format!("{INLINE} is missing: the entry does not say where its secret is")),
    };
    let remedy = format!("set {INLINE}, or {VARIABLE} or {FILE} to keep the secret out of the configuration");
    cx.error(SourceError::misconfigured(code, message).about(blank.unwrap_or(INLINE)).remedy(remedy))
}
