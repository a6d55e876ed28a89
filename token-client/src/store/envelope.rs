//! A value as it lies in a store: sealed for one key of the cache, by a key that its id names.
//!
//! `01 | length of the id | id | salt (16) | nonce (12) | AES-256-GCM of the value | tag (16)`. The key of a value is
//! HMAC-SHA-256 of its salt under the sealing key, so that no number of values wears a sealing key out (NIST SP 800-38D
//! §8.3 allows one key 2^32 random nonces). What stands before the ciphertext, and what the value is for, are
//! authenticated with it: a value copied to another name does not open there.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use zeroize::Zeroizing;

use super::SealingKeys;
use super::sealing_keys::SealingKey;

const VERSION: u8 = 1;
const SALT: usize = 16;
const NONCE: usize = 12;
const TAG: usize = 16;
const LABEL: &[u8] = b"token-client value 1\0";

/// Why a value does not open. None of these is an error of the call: the token is asked for anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unopened {
    /// It is none of ours, or of a later version.
    Foreign,
    /// It names a key that is not in the list.
    UnknownKey,
    /// It was changed, cut short, copied from elsewhere, or sealed with another key of that id.
    Changed,
}

/// Seals a value for what it is kept for. `None` where the system has no randomness.
pub(super) fn seal(keys: &SealingKeys, context: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let key = keys.first()?;
    let (mut salt, mut nonce) = ([0; SALT], [0; NONCE]);
    rand::fill(&mut salt).ok()?;
    rand::fill(&mut nonce).ok()?;
    let mut sealed = Vec::with_capacity(2 + key.id.len() + SALT + NONCE + value.len() + TAG);
    sealed.extend([VERSION, u8::try_from(key.id.len()).ok()?]);
    sealed.extend(key.id.as_bytes());
    sealed.extend(salt);
    sealed.extend(nonce);
    let associated = associated(&sealed, context);
    let mut body = Zeroizing::new(Vec::with_capacity(value.len() + TAG));
    body.extend_from_slice(value);
    cipher(key, &salt)?
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut *body)
        .ok()?;
    sealed.extend_from_slice(&body);
    Some(sealed)
}

/// Opens a value that was sealed for the same.
pub(super) fn open(keys: &SealingKeys, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
    let Some(([VERSION, id_length], rest)) = sealed.split_first_chunk() else { return Err(Unopened::Foreign) };
    let (id, rest) = rest.split_at_checked(usize::from(*id_length)).ok_or(Unopened::Foreign)?;
    let (salt, rest) = rest.split_first_chunk::<SALT>().ok_or(Unopened::Foreign)?;
    let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or(Unopened::Foreign)?;
    let key = keys.get(id).ok_or(Unopened::UnknownKey)?;
    let head = sealed.len().checked_sub(body.len()).and_then(|head| sealed.get(..head)).ok_or(Unopened::Foreign)?;
    let associated = associated(head, context);
    let mut value = Zeroizing::new(body.to_vec());
    let cipher = cipher(key, salt).ok_or(Unopened::Changed)?;
    let opened = cipher.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(associated), &mut value);
    let length = opened.map_err(|_| Unopened::Changed)?.len();
    value.truncate(length);
    Ok(value)
}

fn cipher(key: &SealingKey, salt: &[u8; SALT]) -> Option<LessSafeKey> {
    let mut derived = hmac::Context::with_key(&key.root);
    derived.update(LABEL);
    derived.update(salt);
    UnboundKey::new(&AES_256_GCM, derived.sign().as_ref()).ok().map(LessSafeKey::new)
}

fn associated(head: &[u8], context: &[u8]) -> Vec<u8> {
    [head, context].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(list: &[(&str, u8)]) -> SealingKeys {
        use base64::Engine;
        let key = |byte: u8| base64::engine::general_purpose::STANDARD.encode([byte; 32]);
        let mut list = list.iter();
        let (id, byte) = list.next().unwrap();
        list.fold(SealingKeys::new(id, key(*byte)).unwrap(), |keys, (id, byte)| keys.and(id, key(*byte)).unwrap())
    }

    #[test]
    fn what_is_sealed_opens_with_any_list_that_has_the_key() {
        let (old, new) = (keys(&[("a", 1)]), keys(&[("b", 2), ("a", 1)]));
        let sealed = seal(&old, b"for this", b"ey.token").unwrap();
        assert!(!sealed.windows(8).any(|window| window == b"ey.token"));
        assert_eq!(*open(&new, b"for this", &sealed).unwrap(), b"ey.token");
        let renewed = seal(&new, b"for this", b"ey.token").unwrap();
        assert_eq!(open(&old, b"for this", &renewed), Err(Unopened::UnknownKey));
        assert_eq!(open(&keys(&[("a", 7)]), b"for this", &sealed), Err(Unopened::Changed));
    }

    #[test]
    fn the_same_value_is_sealed_differently_each_time() {
        let keys = keys(&[("a", 1)]);
        let (one, other) = (seal(&keys, b"c", b"v").unwrap(), seal(&keys, b"c", b"v").unwrap());
        let salt_and_nonce =
            |sealed: &[u8]| (sealed[3..3 + SALT].to_vec(), sealed[3 + SALT..3 + SALT + NONCE].to_vec());
        let ((one, nonce), (other, other_nonce)) = (salt_and_nonce(&one), salt_and_nonce(&other));
        assert!(one != other && nonce != other_nonce);
        // Each salt makes another key.
        let tag = |salt: &[u8; SALT]| {
            let cipher = cipher(keys.first().unwrap(), salt).unwrap();
            let nonce = Nonce::assume_unique_for_key([0; NONCE]);
            cipher.seal_in_place_separate_tag(nonce, Aad::empty(), &mut [0; 8]).unwrap().as_ref().to_vec()
        };
        assert_ne!(tag(&[0; SALT]), tag(&[1; SALT]));
    }

    #[test]
    fn no_change_of_a_single_bit_no_cut_and_no_copy_opens() {
        let keys = keys(&[("a", 1)]);
        let sealed = seal(&keys, b"for this", b"ey.token").unwrap();
        for nth in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[nth / 8] ^= 1 << (nth % 8);
            assert!(open(&keys, b"for this", &changed).is_err(), "bit {nth}");
        }
        for length in 0..sealed.len() {
            assert!(open(&keys, b"for this", &sealed[..length]).is_err(), "{length}");
        }
        assert_eq!(open(&keys, b"for that", &sealed), Err(Unopened::Changed));
        let longer = [sealed.as_slice(), b"x"].concat();
        assert_eq!(open(&keys, b"for this", &longer), Err(Unopened::Changed));
        for garbage in [b"".as_slice(), b"{}", b"null", br#"{"AccessToken":{}}"#, b"\x09\xf0\xc9\xf0", &[0; 64]] {
            assert_eq!(open(&keys, b"for this", garbage), Err(Unopened::Foreign));
        }
    }
}
