//! The keys that shared tokens are sealed with: the first seals, all open.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode::Indifferent;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::GeneralPurposeConfig;
use credential_core::world::{Environment, ProcessEnvironment};
use credential_core::{Finding, Secret};
use zeroize::Zeroizing;

use crate::ConfigurationError;

/// The most keys that a list may have.
pub const MAX_SEALING_KEYS: usize = 4;
/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// The most characters of a key's id.
const MAX_ID: usize = 32;

/// Stable; programs compare them.
const BAD_KEY: &str = "bad-sealing-key";
const MISSING_KEYS: &str = "missing-sealing-keys";

/// The keys of a shared cache, each with an id that values carry: the first one seals, all of them open.
///
/// A key is 32 random bytes in base64, from `openssl rand -base64 32`, and the same in every process that shares. To
/// change keys without losing what is shared, add the new one behind the old everywhere, then put it first everywhere,
/// then leave the old one out an hour or a day later, when the last token sealed with it has ended. `Debug` shows the
/// ids alone.
///
/// ```
/// use token_client::store::SealingKeys;
///
/// # fn main() -> Result<(), token_client::ConfigurationError> {
/// # let (new, old) = ("A".repeat(43) + "=", "E".repeat(43) + "=");
/// let keys = SealingKeys::new("2026-11", new)?.and("2026-05", old)?;
/// # let _ = keys; Ok(()) }
/// ```
#[derive(Clone)]
pub struct SealingKeys(Arc<[SealingKey]>);

#[derive(Clone)]
pub(super) struct SealingKey {
    pub(super) id: String,
    /// What is sealed and named with it comes from this, each by a label of its own.
    pub(super) root: hmac::Key,
}

impl SealingKeys {
    /// One key: an id of letters, digits, `-`, `_` and `.`, and 32 bytes in base64 of either alphabet.
    ///
    /// # Errors
    /// When the id or the key is not valid.
    pub fn new(id: &str, key: impl Into<Secret>) -> Result<Self, ConfigurationError> {
        Ok(Self([sealing_key(id, &key.into())?].into()))
    }

    /// Adds a key that opens what others have sealed.
    ///
    /// # Errors
    /// When the id or the key is not valid, the id is there already, or there are [`MAX_SEALING_KEYS`].
    pub fn and(self, id: &str, key: impl Into<Secret>) -> Result<Self, ConfigurationError> {
        if self.0.iter().any(|known| known.id == id) {
            return Err(bad(format!("the sealing key \"{id}\" is there twice"), "give each key an id of its own"));
        }
        if self.0.len() >= MAX_SEALING_KEYS {
            let message = format!("there are more than {MAX_SEALING_KEYS} sealing keys");
            return Err(bad(message, "leave out keys that nothing is sealed with any more"));
        }
        let key = sealing_key(id, &key.into())?;
        Ok(Self(self.0.iter().cloned().chain([key]).collect()))
    }

    /// Keys as text: `ID:KEY`, several of them with spaces, commas or semicolons between.
    ///
    /// # Errors
    /// When there is none, or one is not valid.
    pub fn parse(text: &Secret) -> Result<Self, ConfigurationError> {
        let separators = |letter: char| letter.is_whitespace() || letter == ',' || letter == ';';
        let mut keys: Option<Self> = None;
        for one in text.expose().split(separators).filter(|one| !one.is_empty()) {
            let Some((id, key)) = one.split_once(':') else {
                return Err(bad("a sealing key is not valid: it has no id".to_owned(), "write it as ID:KEY"));
            };
            keys = Some(match keys {
                None => Self::new(id, key)?,
                Some(keys) => keys.and(id, key)?,
            });
        }
        let missing = || Finding::error(MISSING_KEYS, "the sealing keys are missing: the text is empty");
        keys.ok_or_else(|| missing().remedy("write at least one as ID:KEY").into())
    }

    /// The keys that an environment variable of this process has, as [`parse`](Self::parse) takes them.
    ///
    /// # Errors
    /// When the variable is not set, or one of its keys is not valid.
    pub fn from_variable(name: &str) -> Result<Self, ConfigurationError> {
        let Some(text) = ProcessEnvironment.var(name) else {
            let finding = Finding::error(MISSING_KEYS, format!("the environment variable {name} is missing"));
            return Err(finding.remedy("set it to ID:KEY, the key from openssl rand -base64 32").into());
        };
        Self::parse(&text.into())
    }

    /// The key that seals.
    pub(super) fn first(&self) -> Option<&SealingKey> {
        self.0.first()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &SealingKey> {
        self.0.iter()
    }

    pub(super) fn get(&self, id: &[u8]) -> Option<&SealingKey> {
        self.0.iter().find(|key| key.id.as_bytes() == id)
    }
}

fn sealing_key(id: &str, key: &Secret) -> Result<SealingKey, ConfigurationError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(is_plain) {
        // What stands in the id's place may be the key.
        let message = format!("a sealing key's id is not valid: it has {} characters", id.chars().count());
        return Err(bad(message, "give it an id of 1 to 32 letters, digits, hyphens, underscores and dots"));
    }
    let bytes = decode(key.expose().trim());
    let found = match &bytes {
        Some(bytes) if bytes.len() == KEY_BYTES => {
            return Ok(SealingKey { id: id.to_owned(), root: hmac::Key::new(hmac::HMAC_SHA256, bytes) });
        }
        Some(bytes) => format!("it has {} bytes instead of {KEY_BYTES}", bytes.len()),
        None => "it is not base64".to_owned(),
    };
    let message = format!("the sealing key \"{id}\" is not valid: {found}");
    Err(bad(message, "make one with openssl rand -base64 32"))
}

fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(Indifferent);
    let alphabet = if text.contains(['-', '_']) { URL_SAFE } else { STANDARD };
    GeneralPurpose::new(&alphabet, lenient).decode(text).ok().map(Zeroizing::new)
}

fn bad(message: String, remedy: &'static str) -> ConfigurationError {
    Finding::error(BAD_KEY, message).remedy(remedy).into()
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn keys_come_in_both_alphabets_with_and_without_padding() {
        for key in [
            KEY,
            KEY.trim_end_matches('='),
            "__________________________________________8=",
            "//////////////////////////////////////////8",
        ] {
            assert!(SealingKeys::new("k", key).is_ok(), "{key}");
        }
    }

    #[test]
    fn text_with_several_keys_keeps_their_order() {
        let text = format!("2026-11:{KEY}, 2026-05:{KEY};old:{KEY}\n");
        let keys = SealingKeys::parse(&text.into()).unwrap();
        assert_eq!(format!("{keys:?}"), r#"["2026-11", "2026-05", "old"]"#);
    }

    #[test]
    fn what_is_wrong_is_said_and_shows_nothing_of_the_key() {
        let short = "c2VjcmV0LWtleQ==";
        let twice = format!("a:{KEY} a:{KEY}");
        let many = (0..5).map(|nth| format!("k{nth}:{KEY}")).collect::<Vec<_>>().join(" ");
        for (text, says) in [
            ("", "empty"),
            ("c2VjcmV0LWtleQ==", "no id"),
            ("k:c2VjcmV0LWtleQ==", "10 bytes instead of 32"),
            ("k:c2VjcmV0%%%", "not base64"),
            (":c2VjcmV0LWtleQ==", "id is not valid"),
            (&format!("{short}{KEY}:x"), "id is not valid"),
            (&twice, "there twice"),
            (&many, "more than 4"),
        ] {
            let error = SealingKeys::parse(&text.into()).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
            assert!(!error.contains("c2VjcmV0") && !error.contains(KEY), "{error}");
        }
        let error = SealingKeys::from_variable("TOKEN_CLIENT_TEST_UNSET").unwrap_err().to_string();
        assert!(error.contains("TOKEN_CLIENT_TEST_UNSET is missing"), "{error}");
    }
}
