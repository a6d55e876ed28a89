//! Values that a template or a deployment should have replaced.

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
pub(crate) fn has_placeholder(text: &str) -> bool {
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
