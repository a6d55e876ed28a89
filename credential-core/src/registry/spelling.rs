//! What somebody meant when they wrote something else.

use crate::{Finding, Setting, Standing};

/// What to say of a key that is none of the declared settings of `what` (`an application`): an error where
/// one is meant (by a key that its declaration lists, by white space, by spelling), else a warning.
pub fn unknown_setting(declared: &[Setting], key: &str, what: &str) -> Finding {
    let listed = declared.iter().find(|setting| setting.mistaken.iter().any(|wrong| wrong.eq_ignore_ascii_case(key)));
    let names = || declared.iter().filter(|setting| setting.standing != Standing::Elsewhere).map(|one| one.name);
    let trimmed = key.trim();
    if let Some(meant) = names().find(|name| trimmed != key && name.eq_ignore_ascii_case(trimmed)) {
        return Finding::error("misspelt-setting", format!("the key {key:?} has white space around it"))
            .remedy(format!("write \"{meant}\""));
    }
    if let Some(meant) = listed.map(|setting| setting.name).or_else(|| nearest(key, names())) {
        return Finding::error("misspelt-setting", format!("{key:?} is no setting of {what}"))
            .remedy(format!("write \"{meant}\""));
    }
    let known: Vec<&str> = names().collect();
    let remedy = if known.is_empty() || known.len() > MAX_LISTED {
        "remove it, or move it to the section that it belongs to".to_owned()
    } else {
        format!("remove it; known: {}", known.join(", "))
    };
    Finding::warning("unknown-setting", format!("{key:?} is no setting of {what} and is ignored")).remedy(remedy)
}

/// The most names that a remedy lists.
const MAX_LISTED: usize = 20;

/// The known name nearest to `word`, if one is near enough to be meant: compared ignoring ASCII case,
/// a third of its letters may be wrong.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.trim().to_ascii_lowercase();
    // A distance needs time in the product of both lengths: no name is that long.
    if word.is_empty() || word.len() > 200 {
        return None;
    }
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&word, &name.to_ascii_lowercase()), name))
        .filter(|(distance, name)| *distance <= name.chars().count().div_ceil(3).min(5))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Says what kind of stand-in `value` is, when it is one that a template or a deployment should have
/// replaced: `<client-id>`, `[Enter here]`, `your-secret`, `#{Token}#`, `@Microsoft.KeyVault(...)`; or a value
/// of Microsoft's project templates that looks like a real one.
pub fn unreplaced(value: &str) -> Option<&'static str> {
    let text = value.trim();
    let lower = text.get(..text.len().min(64)).unwrap_or_default().to_ascii_lowercase();
    let enclosed = |open: &str, close: &str| {
        text.len() > open.len() + close.len() && text.starts_with(open) && text.ends_with(close)
    };
    if lower.starts_with("@microsoft.keyvault(") {
        Some("an App Service Key Vault reference that was not resolved")
    } else if enclosed("#{", "}#") || enclosed("#{", "}") || enclosed("${", "}") || enclosed("$(", ")") {
        Some("a deployment variable that was not replaced")
    } else if enclosed("{{", "}}") || enclosed("__", "__") {
        Some("a template variable that was not replaced")
    } else if enclosed("<", ">") || enclosed("[", "]") {
        Some("a placeholder in brackets")
    } else if ["your-", "your_", "your ", "enter-", "enter_the", "enter the", "insert-"]
        .iter()
        .any(|start| lower.starts_with(start))
    {
        Some("a placeholder from a sample")
    } else if ["qualified.domain.name", "11111111-1111-1111-11111111111111111"].contains(&lower.as_str()) {
        Some("the value of a project template")
    } else {
        None
    }
}

/// Whether an address or a name has a placeholder inside: `https://<tenant>.b2clogin.com/`,
/// `api://your-api/.default`.
pub(super) fn has_placeholder(text: &str) -> bool {
    let between = |open: char, close: char| {
        let (_, rest) = text.split_once(open)?;
        Some(rest.split_once(close)?.0)
    };
    let named = |inner: &str| inner.chars().any(|letter| letter.is_alphabetic());
    // Square brackets alone are IPv6 addresses.
    let worded = |inner: &str| inner.contains(|letter: char| letter.is_alphabetic() && !letter.is_ascii_hexdigit());
    between('<', '>').is_some_and(named)
        || between('{', '}').is_some_and(named)
        || between('[', ']').is_some_and(worded)
        || ["://your-", "://your_"].iter().any(|start| text.to_ascii_lowercase().contains(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_that_was_meant() {
        let known = ["Certificate", "ClientSecret", "KeyVault", "Path"];
        assert_eq!(nearest("Certificat", known), Some("Certificate"));
        assert_eq!(nearest("clientsecrets", known), Some("ClientSecret"));
        assert_eq!(nearest("KeyVaultt", known), Some("KeyVault"));
        assert_eq!(nearest("ManagedHsm", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn a_key_that_is_no_setting_is_told_which_one_was_meant() {
        use crate::{Setting, SettingKind, Severity};
        const DECLARED: &[Setting] = &[
            Setting::new("TenantId", SettingKind::Identifier, "").mistaken(&["Directory"]),
            Setting::new("LogLevel", SettingKind::Text, "").elsewhere(),
        ];
        for (key, severity, part) in [
            ("directory", Severity::Error, "write \"TenantId\""),
            ("TenantI", Severity::Error, "write \"TenantId\""),
            ("TenantId ", Severity::Error, "write \"TenantId\""),
            ("Colour", Severity::Warning, "known: TenantId"),
            ("LogLeve", Severity::Warning, "known: TenantId"),
        ] {
            let finding = unknown_setting(DECLARED, key, "a test");
            assert_eq!(finding.severity, severity, "{key}");
            assert!(finding.remedy.as_deref().is_some_and(|remedy| remedy.ends_with(part)), "{finding}");
        }
        let remedy = unknown_setting(&[], "Colour", "a test").remedy.unwrap();
        assert!(remedy.starts_with("remove it"), "{remedy}");
    }

    #[test]
    fn tells_placeholders_from_values() {
        for value in [
            "<client-secret>",
            "[Enter the Client Secret Here]",
            "your-secret",
            "#{Secret}#",
            "${SECRET}",
            "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)",
            " qualified.domain.name",
        ] {
            assert!(unreplaced(value).is_some(), "{value}");
        }
        for value in ["s3cret", "a<b>c", "<", "[]", "contoso.example", "youre-fine", "é<"] {
            assert_eq!(unreplaced(value), None, "{value}");
        }
    }
}
