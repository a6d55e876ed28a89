//! Which of the settings says where the secret is: exactly one of them.

use credential_core::{CredentialDescription, Setting, SettingKind, SourceError};

pub(crate) const INLINE: &str = "ClientSecret";
pub(crate) const VARIABLE: &str = "ClientSecretEnvironmentVariable";
pub(crate) const FILE: &str = "ClientSecretDiskPath";

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new(INLINE, SettingKind::Secret, "The client secret itself.").mistaken(&[
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

/// The setting that is in use. A blank one counts as missing, so that an override can fill in another.
///
/// # Errors
/// `Misconfigured` when there is none or more than one; every one of them is named with its place.
pub(crate) fn chosen(description: &CredentialDescription) -> Result<&'static str, SourceError> {
    let filled = |name: &&'static str| description.text(name).is_some_and(|text| !text.trim().is_empty());
    let mut names = [INLINE, VARIABLE, FILE].into_iter().filter(filled);
    let Some(first) = names.next() else { return Err(nothing(description)) };
    let Some(second) = names.next() else { return named(description, first) };
    let others: Vec<String> = std::iter::once(first)
        .chain(names)
        .map(|name| format!("{name} ({})", description.setting_origin(name)))
        .collect();
    let error = SourceError::misconfigured(
        "conflicting-settings",
        format!("{second} stands beside {}: only one of them can hold the secret", others.join(" and ")),
    );
    Err(description.at_setting(second, error.remedy("keep one and remove the others")))
}

/// A variable's name is shown in messages, so it must not be the secret itself by mistake.
fn named(description: &CredentialDescription, setting: &'static str) -> Result<&'static str, SourceError> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-()".contains(&byte);
    match description.text(setting) {
        Some(name) if setting == VARIABLE && !name.trim().bytes().all(is_name) => {
            let error = SourceError::misconfigured(
                "not-a-variable-name",
                format!("{VARIABLE} is not the name of an environment variable"),
            );
            let remedy = format!("write the variable's name; a secret itself goes into {INLINE}");
            Err(description.at_setting(setting, error.remedy(remedy)))
        }
        _ => Ok(setting),
    }
}

fn nothing(description: &CredentialDescription) -> SourceError {
    let blank = [INLINE, VARIABLE, FILE].into_iter().find(|name| description.entry(name).is_some());
    let (code, message) = match blank {
        Some(name) => ("empty-setting", format!("{name} is empty")),
        None => ("missing-setting", format!("{INLINE} is missing: the entry does not say where its secret is")),
    };
    let remedy = format!("set {INLINE}, or {VARIABLE} or {FILE} to keep the secret out of the configuration");
    description.at_setting(blank.unwrap_or(INLINE), SourceError::misconfigured(code, message).remedy(remedy))
}
