//! What somebody meant when they wrote something else.

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
/// replaced: `<client-id>`, `[Enter here]`, `your-secret`, `#{Token}#`, `@Microsoft.KeyVault(...)`.
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
    } else {
        None
    }
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
    fn tells_placeholders_from_values() {
        for value in [
            "<client-secret>",
            "[Enter the Client Secret Here]",
            "your-secret",
            "#{Secret}#",
            "${SECRET}",
            "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)",
        ] {
            assert!(unreplaced(value).is_some(), "{value}");
        }
        for value in ["s3cret", "a<b>c", "<", "[]", "contoso.example", "youre-fine", "é<"] {
            assert_eq!(unreplaced(value), None, "{value}");
        }
    }
}
