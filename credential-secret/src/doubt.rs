//! What was put where a secret belongs, and looks like something else. Shows nothing of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use credential_core::credential::SecretBytes;
use credential_core::text::guid::is_guid;
use credential_core::text::{invisible, unreplaced};
use credential_core::{Finding, Secret};

/// What is doubtful about the secret that this setting leads to.
pub(crate) fn findings(secret: &Secret, setting: &'static str) -> Vec<Finding> {
    let text = secret.expose();
    let bare = text.trim();
    let quoted = ["\"", "'", "`"].iter().any(|mark| {
        bare.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark)).is_some_and(|inner| !inner.is_empty())
    });
    let mut list = Vec::new();
    if is_guid(bare) {
        list.push(
            Finding::warning("secret-is-an-id", "what stands here has the form of a secret's id")
                .remedy("use the secret's value; the portal shows it once, when the secret is made"),
        );
    }
    if quoted {
        list.push(
            Finding::warning("secret-in-quotes", "the secret stands in quotes, and they are sent with it")
                .remedy("remove the quotes around the secret"),
        );
    }
    if bare != text {
        list.push(
            Finding::warning("secret-with-white-space", "the secret has white space around it, which is sent with it")
                .remedy("remove the spaces and line ends around the secret"),
        );
    }
    let other = something_else(bare);
    if let (Some(sign), None) = (invisible(bare), other) {
        let sign = u32::from(sign);
        let message = format!("the secret has an invisible character in it (U+{sign:04X}), which is sent with it");
        list.push(
            Finding::warning("secret-with-white-space", message)
                .remedy("copy the secret anew, and paste it as plain text"),
        );
    }
    if let Some((what, remedy)) = other {
        let message = format!("what stands here looks like {what}, not like a client secret");
        list.push(Finding::warning("secret-is-something-else", message).remedy(remedy));
    }
    list.into_iter().map(|finding| finding.about(setting)).collect()
}

/// What else the text looks like, and where that belongs.
fn something_else(text: &str) -> Option<(&'static str, &'static str)> {
    if let Some(what) = unreplaced(text) {
        return Some((what, "put the real secret in its place"));
    }
    let is_drive = |drive: &str| drive.len() == 1 && drive.bytes().all(|letter| letter.is_ascii_alphabetic());
    let windows = text.split_once(":\\").is_some_and(|(drive, _)| is_drive(drive));
    if text.starts_with("-----BEGIN ") {
        Some(("a certificate or key in PEM", "use an entry of the source type Path or Base64Encoded for a certificate"))
    } else if text.starts_with("eyJ") && text.split('.').count() == 3 {
        Some(("a token (JWT)", "use an entry of the source type SignedAssertionFilePath for a federated token"))
    } else if text.starts_with("MII") && text.len() > 200 {
        Some(("a certificate in base64", "use an entry of the source type Base64Encoded for a certificate"))
    } else if is_text_in_base64(text) {
        Some(("the base64 text of a secret", "decode it once, as base64 --decode does, and use what comes out"))
    } else if text.starts_with("https://") || text.starts_with("http://") {
        Some((
            "an address",
            "write the secret itself, or use an entry of the source type KeyVault for a vault's certificate",
        ))
    } else if text.starts_with('{') && text.ends_with('}') && text.contains("\":") {
        Some(("a JSON object", "write the secret alone: the value of its member"))
    } else if is_percent_encoded(text) {
        Some(("a text with percent-encoding", "decode it: %7E is written ~"))
    } else if windows || ["/", "./", "../", "~/"].iter().any(|start| text.starts_with(start)) && !text.ends_with('=') {
        Some(("the path of a file", "write the path of a file that holds the secret as ClientSecretDiskPath"))
    } else {
        None
    }
}

/// Whether it is the base64 of a text: random bytes are hardly ever one.
fn is_text_in_base64(text: &str) -> bool {
    let decoded = STANDARD.decode(text).map(SecretBytes::new);
    decoded.is_ok_and(|bytes| {
        let text = bytes.expose().trim_ascii_end();
        text.len() >= MIN_DECODED && text.iter().all(u8::is_ascii_graphic)
    })
}

/// The fewest letters that tell a text from chance: one in 10^8 of random bytes looks like one of this length.
const MIN_DECODED: usize = 18;

/// Whether each % in it, of which there is one, begins what stands for another character.
fn is_percent_encoded(text: &str) -> bool {
    let mut parts = text.split('%').skip(1).peekable();
    let is_digits = |part: &str| part.get(..2).is_some_and(|two| two.bytes().all(|one| one.is_ascii_hexdigit()));
    parts.peek().is_some() && parts.all(is_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_something_else_is_said_and_not_shown() {
        for (text, codes) in [
            ("s3cret", &[][..]),
            ("s\"3cret", &[]),
            ("\"\"", &[]),
            ("\"s3cret\"", &["secret-in-quotes"]),
            ("'s3cret' ", &["secret-in-quotes", "secret-with-white-space"]),
            ("s3cret\n", &["secret-with-white-space"]),
            ("-----BEGIN PRIVATE KEY-----", &["secret-is-something-else"]),
            ("eyJhbGciOiJSUzI1NiJ9.e30.s3cret", &["secret-is-something-else"]),
            ("/run/secrets/s3cret", &["secret-is-something-else"]),
            ("C:\\secrets\\s3cret", &["secret-is-something-else"]),
            ("MIIs3cret", &[]),
            // The base64 of "Zx8Q~s3cret-s3cret-s3cret", and of bytes.
            ("Wng4UX5zM2NyZXQtczNjcmV0LXMzY3JldA==", &["secret-is-something-else"]),
            ("k8Hs3cretzW2m0yXs3cretq7Xw==", &[]),
            ("https://orders.vault.azure.net/secrets/s3cret", &["secret-is-something-else"]),
            ("{\"password\": \"s3cret\"}", &["secret-is-something-else"]),
            ("Zx8Q%7Es3cret", &["secret-is-something-else"]),
            ("s3cret%", &[]),
            ("s3%cret%41", &[]),
            ("s3cret\u{200b}", &["secret-with-white-space"]),
            ("@Microsoft.KeyVault(SecretUri=s3cret)", &["secret-is-something-else"]),
            ("0f8fad5b-d9cb-469f-a165-70867728950e", &["secret-is-an-id"]),
        ] {
            let found = findings(&Secret::from(text), "ClientSecret");
            assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), codes, "{text:?}");
            assert!(found.iter().all(|one| !one.to_string().contains("s3cret") && !one.to_string().contains("0f8f")));
        }
    }
}
