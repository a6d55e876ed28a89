//! From what a variable or a file holds to the secret in it.

use credential_core::credential::SecretBytes;
use credential_core::{Secret, SourceError};

/// The most bytes that a client secret may have. Authorities make secrets of some 40 characters.
pub const MAX_SECRET_LENGTH: u64 = 8 * 1024;

/// The secret in a file's content.
pub(crate) fn from_bytes(content: &SecretBytes, place: &str) -> Result<Secret, SourceError> {
    let bytes = content.expose();
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(SourceError::invalid("secret-not-text", format!("{place} holds UTF-16"))
            .remedy("save it as UTF-8 without a byte order mark"));
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(text) {
        Ok(text) => from_text(text, place),
        Err(_) => Err(SourceError::invalid("secret-not-text", format!("{place} is not valid UTF-8 text"))
            .remedy("put the secret there as plain text")),
    }
}

/// The text without its line end, which editors and `echo` add.
///
/// # Errors
/// `Invalid` when nothing is left, when there is more than one line, or above [`MAX_SECRET_LENGTH`].
pub(crate) fn from_text(text: &str, place: &str) -> Result<Secret, SourceError> {
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.trim().is_empty() {
        let error = SourceError::invalid("empty-secret", format!("{place} is empty"));
        return Err(error.remedy("put the client secret there"));
    }
    if secret.len() as u64 > MAX_SECRET_LENGTH {
        let limit = format!("{place} has more than {MAX_SECRET_LENGTH} bytes, the most that a client secret may have");
        return Err(SourceError::invalid("secret-too-large", limit).remedy("check that it is the right one"));
    }
    if secret.contains(['\r', '\n']) {
        let error = SourceError::invalid("secret-of-several-lines", format!("{place} holds more than one line"));
        return Err(error.remedy("put the client secret there alone"));
    }
    Ok(Secret::new(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_end_is_cut_and_nothing_else() {
        for (content, secret) in [
            ("s3cret", "s3cret"),
            ("s3cret\n", "s3cret"),
            ("s3cret\r\n", "s3cret"),
            ("s3cret\n\n", "s3cret"),
            (" s3 cret ", " s3 cret "),
            ("\u{feff}s3cret\n", "s3cret"),
        ] {
            assert_eq!(from_bytes(&SecretBytes::new(content), "FILE").unwrap().expose(), secret, "{content:?}");
        }
    }

    #[test]
    fn what_holds_no_secret_says_why() {
        let long = "a".repeat(8 * 1024 + 1);
        for (content, code) in [
            (&b""[..], "empty-secret"),
            (b"\r\n", "empty-secret"),
            (b"  \t\n", "empty-secret"),
            (b"one\ntwo\n", "secret-of-several-lines"),
            (b"\xff\xfes\0", "secret-not-text"),
            (b"\xc3\x28", "secret-not-text"),
            (long.as_bytes(), "secret-too-large"),
        ] {
            let error = from_bytes(&SecretBytes::new(content), "FILE").unwrap_err();
            assert_eq!(error.code(), code);
            assert!(error.to_string().starts_with("FILE"), "{error}");
        }
    }
}
