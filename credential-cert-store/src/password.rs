//! A password as key derivations want it.

use credential_core::Secret;
use zeroize::Zeroizing;

/// The shapes that a password takes in a PFX. Writers disagree about no password at all: OpenSSL
/// means the empty text, .NET the absence of text, and the two derive different keys.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Password<'a> {
    /// A text.
    Text(&'a Secret),
    /// The empty text.
    Empty,
    /// No text.
    Null,
}

impl<'a> Password<'a> {
    /// What to try: the text that is given, or both ways of giving none.
    pub(crate) fn candidates(given: Option<&'a Secret>) -> Vec<Self> {
        match given {
            Some(text) if !text.is_empty() => vec![Self::Text(text)],
            _ => vec![Self::Empty, Self::Null],
        }
    }

    /// UTF-16 with the terminating zero, as PKCS#12 has it (RFC 7292 appendix B.1); nothing at all
    /// for no text.
    pub(crate) fn utf16(self) -> Zeroizing<Vec<u8>> {
        let text = match self {
            Self::Text(text) => text.expose(),
            Self::Empty => "",
            Self::Null => return Zeroizing::default(),
        };
        let mut out = Zeroizing::new(Vec::with_capacity(text.len() * 2 + 2));
        for unit in text.encode_utf16().chain([0]) {
            out.extend_from_slice(&unit.to_be_bytes());
        }
        out
    }

    /// UTF-8, as PKCS#5 has it.
    pub(crate) fn utf8(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.expose().as_bytes(),
            Self::Empty | Self::Null => &[],
        }
    }
}
