//! Values that a template or a deployment should have replaced.

use super::guid::is_guid;

/// What a deployment, a shell or a pipeline should have put a value in the place of, by what encloses the name.
const VARIABLES: [(&str, &str); 6] = [("#{", "}#"), ("#{", "}"), ("${", "}"), ("$(", ")"), ("%(", ")s"), ("@@", "@@")];
/// The same of a template.
const TEMPLATES: [(&str, &str); 6] =
    [("{{", "}}"), ("{%", "%}"), ("<%", "%>"), ("((", "))"), ("[[", "]]"), ("__", "__")];
/// The same where nothing but a name may stand between them: values may begin and end so.
const NAMED: [(&str, &str); 4] = [("%", "%"), ("{", "}"), ("$env:", ""), ("$", "")];
/// What a store of secrets should have been asked for.
const REFERENCES: [&str; 11] = [
    "op://",
    "ref+",
    "vault:secret/",
    "vault:kv/",
    "arn:aws:secretsmanager:",
    "arn:aws:ssm:",
    "projects/secret-manager/",
    "secretref:",
    "env:",
    "keyvaultref:",
    "!vault",
];
/// Words of samples.
const SAMPLES: [&str; 12] = [
    "your-",
    "your_",
    "your ",
    "enter-",
    "enter_the",
    "enter the",
    "insert-",
    "replace-",
    "replace_",
    "replace with ",
    "put your ",
    "paste your ",
];

/// Whole values of samples.
const WORDS: [&str; 9] =
    ["todo", "tbd", "placeholder", "changeme", "change-me", "change_me", "fixme", "replaceme", "<>"];

/// What a value has in it that was masked when it was copied.
const MASKS: [&str; 2] = ["****", "••••"];

/// The same sign over and over, as samples and masks have it: `xxxx`, `****`, `...`, `••••`.
fn is_one_sign(text: &str) -> bool {
    let mut signs = text.chars();
    let Some(first) = signs.next() else { return false };
    "x*.-_•●#?…".contains(first)
        && text.len() >= 3
        && (first != 'x' || text.len() >= 4)
        && signs.all(|one| one == first)
}

/// Says what kind of stand-in `value` is, when it is one that a template or a deployment should have
/// replaced: `<client-id>`, `[Enter here]`, `your-secret`, `#{Token}#`, `{{ .Values.id }}`, `%ID%`,
/// `@Microsoft.KeyVault(...)`, what sops or Ansible encrypted; or a value of Microsoft's project templates that looks
/// like a real one.
pub fn unreplaced(value: &str) -> Option<&'static str> {
    let text = value.trim();
    let lower = text.get(..text.len().min(64)).unwrap_or_default().to_ascii_lowercase();
    let inside = |(open, close): &(&str, &str)| {
        let long = text.len() > open.len() + close.len();
        text.strip_prefix(*open)?.strip_suffix(*close).filter(|_| long)
    };
    let any = |marks: &[(&str, &str)]| marks.iter().any(|marks| inside(marks).is_some());
    if lower.starts_with("@microsoft.keyvault(") {
        Some("an App Service Key Vault reference that was not resolved")
    } else if lower.starts_with("@microsoft.appconfiguration(") {
        Some("an App Configuration reference that was not resolved")
    } else if REFERENCES.iter().any(|start| lower.starts_with(start)) {
        Some("a reference to a secret store that was not resolved")
    } else if text.starts_with("ENC[") && text.ends_with(']') || text.starts_with("$ANSIBLE_VAULT;") {
        Some("a value that is still encrypted (by sops or Ansible Vault)")
    } else if any(&VARIABLES) {
        Some("a deployment variable that was not replaced")
    } else if any(&TEMPLATES) {
        Some("a template variable that was not replaced")
    } else if NAMED.iter().filter_map(inside).any(is_name_of_variable) {
        Some("a variable that was not replaced")
    } else if any(&[("<", ">"), ("[", "]")]) {
        Some("a placeholder in brackets")
    } else if SAMPLES.iter().any(|start| lower.starts_with(start))
        || WORDS.contains(&lower.as_str())
        || is_one_sign(&lower)
        || MASKS.iter().any(|mask| text.contains(mask))
    {
        Some("a placeholder from a sample")
    } else if ["qualified.domain.name", "11111111-1111-1111-11111111111111111", "00000000-0000-0000-0000-000000000000"]
        .contains(&lower.as_str())
    {
        Some("the value of a project template")
    } else {
        None
    }
}

/// Names of variables of one word.
const SECRETS: [&str; 5] = ["secret", "password", "clientsecret", "clientid", "tenantid"];

/// Whether a text is a variable's name as people write them for a shell or a template: of several words.
fn is_name_of_variable(text: &str) -> bool {
    let letters = || text.chars().filter(|one| one.is_ascii_alphabetic());
    let formed = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|one| one.is_ascii_alphanumeric() || "_.-".contains(one));
    let shouted = text.contains('_') && letters().all(|one| one.is_ascii_uppercase());
    let camel = letters().next().is_some_and(|first| first.is_ascii_uppercase())
        && ["Id", "Secret", "Name", "Key", "Password", "Url", "Uri", "Token", "Tenant", "Value"]
            .iter()
            .any(|end| text.ends_with(end));
    let lower = letters().all(|one| one.is_ascii_lowercase()) && text.contains(['_', '-', '.']);
    let word = SECRETS.iter().any(|word| word.eq_ignore_ascii_case(text));
    word || formed && !text.bytes().any(|byte| byte.is_ascii_digit()) && (shouted || camel || lower)
}

/// Whether an address or a name has a placeholder inside: `https://<tenant>.b2clogin.com/`,
/// `api://your-api/.default`.
pub(crate) fn has_placeholder(text: &str) -> bool {
    let between = |open: char, close: char| {
        let (_, rest) = text.split_once(open)?;
        Some(rest.split_once(close)?.0)
    };
    let named = |inner: &str| inner.chars().any(|letter| letter.is_alphabetic());
    // A quotation mark after a brace begins JSON; a GUID may stand in braces.
    let in_braces = |inner: &str| named(inner) && !inner.trim_start().starts_with('"') && !is_guid(inner);
    // Square brackets alone are IPv6 addresses.
    let worded = |inner: &str| inner.contains(|letter: char| letter.is_alphabetic() && !letter.is_ascii_hexdigit());
    between('<', '>').is_some_and(named)
        || between('{', '}').is_some_and(in_braces)
        || between('[', ']').is_some_and(worded)
        || ["://your-", "://your_"].iter().any(|start| text.to_ascii_lowercase().contains(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_placeholders_from_values() {
        // What people leave in settings: samples, not marks of this project's own.
        for value in [
            "<client-secret>",
            "[Enter the Client Secret Here]",
            "your-secret",
            "#{Secret}#",
            "${SECRET}",
            "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)",
            " qualified.domain.name",
            "{{ .Values.clientSecret }}",
            "{% raw %}",
            "<%= ENV['X'] %>",
            "$(ClientSecret)",
            "%CLIENT_SECRET%",
            "$CLIENT_SECRET",
            "$env:CLIENT_SECRET",
            "{ClientId}",
            "{client-id}",
            "__ClientSecret__",
            "@@SECRET@@",
            "((client-secret))",
            "%(secret)s",
            "op://vault/item/field",
            "ENC[AES256_GCM,data:p673w==,type:str]",
            "replace-me",
            "TODO",
            "xxxxxxxx",
            "********",
            "••••••",
            "...",
            "changeme",
            "abC8Q~********",
            "%SECRET%",
            "$Password",
            "{secret}",
            "env:SECRET",
            "secretref:orders",
            "!vault |",
            "@Microsoft.AppConfiguration(Endpoint=https://c.azconfig.io; Key=s)",
        ] {
            assert!(unreplaced(value).is_some(), "{value}");
        }
        for value in [
            "s3cret",
            "a<b>c",
            "<",
            "[]",
            "contoso.example",
            "youre-fine",
            "é<",
            "%a8Q~b%",
            "$ecret",
            "$3cRET_a",
            "{0f8fad5b-d9cb-469f-a165-70867728950e}",
            "xxx",
            "**",
            "x*x*x*",
            "{a8Q}",
            "$A8Q_B",
            "replaced",
            "todos",
        ] {
            assert_eq!(unreplaced(value), None, "{value}");
        }
    }

    #[test]
    fn json_in_an_argument_is_no_placeholder() {
        for (text, is_one) in [
            ("https://{tenant}.b2clogin.com/", true),
            ("api://your-api/.default", true),
            (r#"{"aud":"api://AzureADTokenExchange"}"#, false),
            (r#"{ "aud": "x" }"#, false),
            ("https://[fd00::1]/", false),
            ("{7f2c3b6e-3d5e-4b0a-9c55-0f6a1c2d3e4f}", false),
        ] {
            assert_eq!(has_placeholder(text), is_one, "{text}");
        }
    }
}
