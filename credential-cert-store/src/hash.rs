//! The hash functions that containers use.

use aws_lc_rs::{digest, hmac, pbkdf2};
use md5::Digest;

use crate::oid;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    /// In the MAC of a few old PFX files; nothing else is done with it.
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The hash function that a digest's identifier names.
    pub(crate) fn of_digest(digest: &[u8]) -> Option<Self> {
        if digest == oid::SHA1 {
            return Some(Self::Sha1);
        }
        match (oid::below(digest, oid::SHA2), oid::below(digest, oid::RSADSI_DIGEST)) {
            (Some(1), _) => Some(Self::Sha256),
            (Some(2), _) => Some(Self::Sha384),
            (Some(3), _) => Some(Self::Sha512),
            (_, Some(5)) => Some(Self::Md5),
            _ => None,
        }
    }

    /// The hash function of the HMAC that an identifier names.
    pub(crate) fn of_hmac(hmac: &[u8]) -> Option<Self> {
        match oid::below(hmac, oid::RSADSI_DIGEST) {
            Some(7) => Some(Self::Sha1),
            Some(9) => Some(Self::Sha256),
            Some(10) => Some(Self::Sha384),
            Some(11) => Some(Self::Sha512),
            _ => None,
        }
    }

    /// Bytes that come out.
    pub(crate) fn output(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Bytes that it works on at a time.
    pub(crate) fn block(self) -> usize {
        match self {
            Self::Md5 | Self::Sha1 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }

    /// Hashes into the front of `out`, which has room for it.
    pub(crate) fn hash_into(self, input: &[u8], out: &mut [u8; 64]) {
        match self {
            Self::Md5 => copy(&md5::Md5::digest(input), out),
            Self::Sha1 => copy(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, input).as_ref(), out),
            Self::Sha256 => copy(digest::digest(&digest::SHA256, input).as_ref(), out),
            Self::Sha384 => copy(digest::digest(&digest::SHA384, input).as_ref(), out),
            Self::Sha512 => copy(digest::digest(&digest::SHA512, input).as_ref(), out),
        }
    }

    /// The algorithm for PBKDF2; none with MD5.
    pub(crate) fn pbkdf2(self) -> Option<pbkdf2::Algorithm> {
        match self {
            Self::Md5 => None,
            Self::Sha1 => Some(pbkdf2::PBKDF2_HMAC_SHA1),
            Self::Sha256 => Some(pbkdf2::PBKDF2_HMAC_SHA256),
            Self::Sha384 => Some(pbkdf2::PBKDF2_HMAC_SHA384),
            Self::Sha512 => Some(pbkdf2::PBKDF2_HMAC_SHA512),
        }
    }

    /// HMAC over the data.
    pub(crate) fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Md5 => return hmac_md5(key, data),
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        };
        hmac::sign(&hmac::Key::new(algorithm, key), data).as_ref().to_vec()
    }
}

fn copy(from: &[u8], to: &mut [u8; 64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// HMAC-MD5 (RFC 2104) with a key of at most one block: the derived key has 16 bytes.
fn hmac_md5(key: &[u8], data: &[u8]) -> Vec<u8> {
    let pad = |with: u8| {
        let mut block = [with; 64];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= *key;
        }
        block
    };
    let inner = md5::Md5::new().chain_update(pad(0x36)).chain_update(data).finalize();
    md5::Md5::new().chain_update(pad(0x5C)).chain_update(inner).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_md5_gives_what_rfc_2104_shows() {
        let mac = hmac_md5(&[0x0B; 16], b"Hi There");
        assert_eq!(
            mac,
            [0x92, 0x94, 0x72, 0x7a, 0x36, 0x38, 0xbb, 0x1c, 0x13, 0xf4, 0x8e, 0xf8, 0x15, 0x8b, 0xfc, 0x9d]
        );
    }
}
