//! Text and bytes that must not be seen: zeroized on drop, compared in constant time, never printed.

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Secret text: a client secret, a password, a signed assertion.
///
/// Cloning shares the one copy, which is wiped when the last owner goes. `Debug` prints `***`, there
/// is no `Display`, and nothing here can be serialized.
#[derive(Clone)]
pub struct Secret {
    text: Arc<Zeroizing<Box<str>>>,
    /// Where in the text it begins.
    start: usize,
}

impl Secret {
    /// Takes the text over and wipes what it was in; the caller's copies, if any, stay the caller's to wipe.
    pub fn new(text: impl Into<String>) -> Self {
        // Copied, in place of being cut to its size: what the allocator moves is not wiped.
        let text = Zeroizing::new(text.into());
        Self { text: Arc::new(Zeroizing::new(Box::from(text.as_str()))), start: 0 }
    }

    /// The text itself, for the one place that sends or uses it.
    pub fn expose(&self) -> &str {
        self.text.get(self.start..).unwrap_or_default()
    }

    /// What follows the prefix, out of the same one copy: a token out of its header's value. `None` where it
    /// begins otherwise.
    pub fn without_prefix(&self, prefix: &str) -> Option<Self> {
        let text = self.expose().starts_with(prefix).then(|| Arc::clone(&self.text))?;
        Some(Self { text, start: self.start + prefix.len() })
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// Secret bytes: the content of a key file, a request body with a secret in it.
#[derive(Clone)]
pub struct SecretBytes(
    /// `None` for no bytes, as most requests have.
    Option<Arc<Zeroizing<Vec<u8>>>>,
);

impl SecretBytes {
    /// Takes ownership of the bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = Zeroizing::new(bytes.into());
        // What has room has had something in it, maybe: it is wiped like any other.
        Self((bytes.capacity() > 0).then(|| Arc::new(bytes)))
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |bytes| bytes)
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.expose().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}

impl Eq for SecretBytes {}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_text() {
        let shown = format!("{:?} {:?}", Secret::new("hunter2"), SecretBytes::new(*b"hunter2"));
        assert_eq!(shown, "*** ***");
    }

    #[test]
    fn equality_is_by_content() {
        assert_eq!(Secret::new("a"), Secret::from("a"));
        assert_ne!(Secret::new("a"), Secret::from("ab"));
        assert_ne!(SecretBytes::new(*b"a"), SecretBytes::new(*b"b"));
    }

    #[test]
    fn what_follows_a_prefix_is_the_same_copy() {
        let header = Secret::new("Bearer hunter2");
        let token = header.without_prefix("Bearer ").unwrap();
        assert_eq!((token.expose(), &token), ("hunter2", &Secret::new("hunter2")));
        assert!(std::ptr::eq(header.expose().get(7..).unwrap(), token.expose()));
        assert_eq!(token.without_prefix("h").unwrap().expose(), "unter2");
        assert!(header.without_prefix("bearer ").is_none() && !token.is_empty());
        assert!(header.without_prefix("Bearer hunter2").unwrap().is_empty());
    }
}
