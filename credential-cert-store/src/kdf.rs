//! Keys from passwords: the derivation of PKCS#12 (RFC 7292 appendix B.2) and PBKDF2 (RFC 8018).

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

use crate::error::Fault;
use crate::hash::Hash;
use crate::password::Password;
use crate::work::{Derivation, Work};

/// Longest salt that is taken; writers use 8 to 64 bytes.
const MAX_SALT: usize = 4096;

/// What a key is for, in the derivation of PKCS#12.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// The derivation of PKCS#12.
pub(crate) fn pkcs12(
    hash: Hash,
    password: Password<'_>,
    salt: &[u8],
    iterations: u64,
    purpose: Purpose,
    size: usize,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    check_salt(salt)?;
    let iterations = work.take(Derivation::Pkcs12, hash, iterations, size)?;
    let (block, password) = (hash.block(), password.utf16());
    let filled = |length: usize| length.div_ceil(block) * block;
    let mut input = Zeroizing::new(Vec::with_capacity(block + filled(salt.len()) + filled(password.len())));
    input.extend(std::iter::repeat_n(purpose as u8, block));
    input.extend(salt.iter().cycle().take(filled(salt.len())));
    input.extend(password.iter().cycle().take(filled(password.len())));
    let mut key = Zeroizing::new(Vec::with_capacity(size + hash.output()));
    let mut digest = Zeroizing::new([0u8; 64]);
    while key.len() < size {
        hash.hash_into(&input, &mut digest);
        repeat(hash, iterations, &mut digest);
        let made = digest.get(..hash.output()).unwrap_or_default();
        key.extend_from_slice(made);
        let addend: Zeroizing<Vec<u8>> = Zeroizing::new(made.iter().copied().cycle().take(block).collect());
        for chunk in input.get_mut(block..).unwrap_or_default().chunks_mut(block) {
            add(chunk, &addend);
        }
    }
    key.truncate(size);
    Ok(key)
}

/// `number + addend + 1` in place, both big-endian and of one block, modulo the block.
fn add(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1u16;
    for (digit, addend) in number.iter_mut().zip(addend).rev() {
        let sum = u16::from(*digit) + u16::from(*addend) + carry;
        *digit = sum as u8;
        carry = sum >> 8;
    }
}

/// PBKDF2 with HMAC.
pub(crate) fn pbkdf2(
    hash: Hash,
    password: &[u8],
    salt: &[u8],
    iterations: u64,
    size: usize,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    check_salt(salt)?;
    let iterations = work.take(Derivation::Pkcs5, hash, iterations, size)?;
    let (Some(algorithm), Some(iterations)) = (hash.pbkdf2(), NonZeroU32::new(iterations)) else {
        return Err(Fault::Unsupported("PBKDF2 with MD5".to_owned()));
    };
    let mut key = Zeroizing::new(vec![0; size]);
    pbkdf2::derive(algorithm, iterations, salt, password, &mut key);
    Ok(key)
}

/// PBKDF1 (RFC 8018 §5.1): sixteen bytes, key and initialization vector of old keys.
pub(crate) fn pbkdf1(
    hash: Hash,
    password: &[u8],
    salt: &[u8],
    iterations: u64,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    check_salt(salt)?;
    let iterations = work.take(Derivation::Pkcs5, hash, iterations, hash.output())?;
    let mut input = Zeroizing::new(Vec::with_capacity(password.len() + salt.len()));
    input.extend_from_slice(password);
    input.extend_from_slice(salt);
    let mut digest = Zeroizing::new([0u8; 64]);
    hash.hash_into(&input, &mut digest);
    repeat(hash, iterations, &mut digest);
    Ok(Zeroizing::new(digest.get(..16).unwrap_or_default().to_vec()))
}

/// Hashes the digest of the first iteration until all iterations are done.
fn repeat(hash: Hash, iterations: u32, digest: &mut [u8; 64]) {
    let mut last = Zeroizing::new([0u8; 64]);
    for _ in 1..iterations {
        last.copy_from_slice(digest);
        hash.hash_into(last.get(..hash.output()).unwrap_or_default(), digest);
    }
}

fn check_salt(salt: &[u8]) -> Result<(), Fault> {
    if salt.len() > MAX_SALT { Err(Fault::Bound("MAX_SALT (4096 bytes)")) } else { Ok(()) }
}
