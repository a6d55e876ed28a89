//! A key that no setting has.

use crate::source::Standing;
use crate::text::nearest;
use crate::{Finding, Setting};

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
        // A letter of another alphabet looks like one of ours.
        let foreign = key.chars().find(|one| !one.is_ascii());
        let foreign = foreign.map(|one| format!(" (with the character U+{:04X})", u32::from(one))).unwrap_or_default();
        return Finding::error("misspelt-setting", format!("unknown setting {key:?} in {what}{foreign}"))
            .remedy(format!("write \"{meant}\""));
    }
    let known: Vec<&str> = names().collect();
    let remedy = if known.is_empty() || known.len() > MAX_LISTED {
        "remove it, or move it to the section that it belongs to".to_owned()
    } else {
        format!("remove it; known: {}", known.join(", "))
    };
    Finding::warning("unknown-setting", format!("unknown setting {key:?} in {what}: it is ignored")).remedy(remedy)
}

/// The most names that a remedy lists.
const MAX_LISTED: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

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
        let foreign = unknown_setting(DECLARED, "\u{422}enantId", "a test");
        assert!(foreign.message.contains("U+0422"), "{foreign}");
        let remedy = unknown_setting(&[], "Colour", "a test").remedy.unwrap();
        assert!(remedy.starts_with("remove it"), "{remedy}");
    }
}
