//! Bodies and header values on their way through the HTTP client, in memory that is wiped.
//!
//! What hyper and rustls copy into buffers of their own is theirs: see SECURITY.md.

use bytes::Bytes;
use credential_core::Secret;
use credential_core::credential::SecretBytes;
use reqwest::header::HeaderValue;
use zeroize::{Zeroize, Zeroizing};

/// Room for an answer that does not say how long it is.
const FIRST_ROOM: usize = 8 * 1024;

/// The request's body: the secret itself is shared with the HTTP client, and wiped by its last owner.
pub(super) fn request_body(body: &SecretBytes) -> Bytes {
    struct Owner(SecretBytes);
    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            self.0.expose()
        }
    }
    Bytes::from_owner(Owner(body.clone()))
}

/// A header's value, shared likewise and never shown; `None` when no header can carry it.
pub(crate) fn header_value(value: &Secret) -> Option<HeaderValue> {
    struct Owner(Secret);
    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            self.0.expose().as_bytes()
        }
    }
    let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(Owner(value.clone()))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// An answer's body as it comes in. It never grows in place, so that no copy stays behind.
pub(super) struct Collected {
    bytes: Zeroizing<Vec<u8>>,
    max: usize,
}

impl Collected {
    /// Room for all of it at once where its length is known; `None` when that is more than `max`.
    pub(super) fn new(length: Option<u64>, max: u64) -> Option<Self> {
        if length.is_some_and(|length| length > max) {
            return None;
        }
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        // A length is a promise of somebody else's: what it claims is taken at its word up to a point.
        let promised = length.and_then(|length| usize::try_from(length).ok()).map(|length| length.min(1024 * 1024));
        let room = promised.unwrap_or(FIRST_ROOM.min(max));
        Some(Self { bytes: Zeroizing::new(Vec::with_capacity(room)), max })
    }

    /// Adds a piece, and wipes it where the HTTP client has let go of it; `None` when it is too much.
    pub(super) fn add(&mut self, piece: Bytes) -> Option<()> {
        let length = self.bytes.len().checked_add(piece.len()).filter(|length| *length <= self.max)?;
        if length > self.bytes.capacity() {
            let room = length.max(self.bytes.capacity().saturating_mul(2));
            let mut larger = Zeroizing::new(Vec::with_capacity(room));
            larger.extend_from_slice(&self.bytes);
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(&piece);
        if let Ok(mut piece) = piece.try_into_mut() {
            piece.as_mut().zeroize();
        }
        Some(())
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_its_bound_and_no_other() {
        assert!(Collected::new(Some(11), 10).is_none());
        for length in [None, Some(10), Some(1)] {
            let mut body = Collected::new(length, 10).unwrap();
            let mut add = |piece: &'static [u8]| body.add(Bytes::from_static(piece)).is_some();
            assert!(add(b"01234") && add(b"56789") && !add(b"x"), "{length:?}");
            assert_eq!(body.into_bytes(), b"0123456789");
        }
    }

    #[test]
    fn header_values_are_what_headers_can_carry() {
        assert_eq!(header_value(&Secret::new("Bearer ey.x")).unwrap().as_bytes(), b"Bearer ey.x");
        for bad in ["a\r\nb", "a\0", "\u{7f}"] {
            assert!(header_value(&Secret::new(bad)).is_none(), "{bad:?}");
        }
    }
}
