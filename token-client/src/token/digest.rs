//! A user's token that came in, as the cache remembers it: by a digest that nobody outside can compute.

use std::fmt;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use credential_core::{Secret, World};

/// The digest of a user's token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 16]);

/// Makes digests with a random key of its own.
///
/// The digest is GMAC (NIST SP 800-38D) with one nonce, which makes it a keyed universal hash: two different
/// texts of at most `n` blocks of 16 bytes have the same digest with a probability of at most `(n + 1) / 2^128`
/// over the keys, whoever chose them, as long as no digest is seen outside. None ever is: they are compared in
/// this process and nothing else. Among a million tokens of 16 KB the odds for any two are below `2^-78`.
pub(crate) struct Digests(Option<LessSafeKey>);

impl Digests {
    pub(crate) fn new(world: &World) -> Self {
        let mut key = zeroize::Zeroizing::new([0; 16]);
        world.random.fill(key.as_mut());
        Self(UnboundKey::new(&AES_128_GCM, key.as_slice()).ok().map(LessSafeKey::new))
    }

    pub(crate) fn of(&self, text: &Secret) -> Digest {
        let text = text.expose().as_bytes();
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let tag = self.0.as_ref().and_then(|key| {
            let tag = key.seal_in_place_separate_tag(nonce, Aad::from(text), &mut []).ok()?;
            <[u8; 16]>::try_from(tag.as_ref()).ok()
        });
        Digest(tag.unwrap_or_else(|| first_half_of_sha256(text)))
    }
}

/// For a text that is too long for the other, and a library that has no keys.
fn first_half_of_sha256(text: &[u8]) -> [u8; 16] {
    let whole = digest(&SHA256, text);
    whole.as_ref().first_chunk().copied().unwrap_or_default()
}

impl fmt::Debug for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digests")
    }
}

#[cfg(test)]
mod tests {
    use credential_core::testing::FakeWorld;

    use super::*;

    #[test]
    fn different_texts_and_different_clients_have_different_digests() {
        let world = FakeWorld::new().world();
        let (one, other) = (Digests::new(&world), Digests::new(&world));
        let texts = ["", "a", "b", "ab", &"e".repeat(1200), &"e".repeat(1201)].map(Secret::new);
        for (nth, text) in texts.iter().enumerate() {
            assert_eq!(one.of(text), one.of(&Secret::new(text.expose())));
            assert!(texts.iter().skip(nth + 1).all(|next| one.of(next) != one.of(text)));
            assert!(one.of(text) != other.of(text) || text.is_empty(), "the key is the client's own");
        }
    }
}
