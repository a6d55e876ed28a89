//! How much key derivation one file may ask for.

use crate::error::Fault;
use crate::hash::Hash;

/// Rounds of PBKDF2 with SHA-256 that the key derivations of one file may take together; other
/// derivations count by what they take beside it: with SHA-384 and SHA-512 two and a half times as
/// much, that of PKCS#12 half. An iteration counts once per block of key that it makes.
///
/// Three derivations (MAC, certificates, key) of 1,000,000 iterations fit, and an empty password's
/// second try, as do 600,000 with SHA-512, which NSS writes; a derivation that goes beyond is not
/// begun.
pub const MAX_ROUNDS: u64 = 4_500_000;

/// Which bound a refusal names.
const OF_FILE: &str = "MAX_ROUNDS (4,500,000 for one file)";

/// What is left of the rounds of one file.
#[derive(Debug)]
pub(crate) struct Work {
    left: u64,
    bound: &'static str,
}

impl Default for Work {
    fn default() -> Self {
        Self { left: MAX_ROUNDS, bound: OF_FILE }
    }
}

impl Work {
    /// Another allowance, with what it is called when it is used up.
    #[cfg(feature = "sources")]
    pub(crate) fn limited(rounds: u64, bound: &'static str) -> Self {
        Self { left: rounds, bound }
    }

    /// How many rounds are left.
    #[cfg(feature = "sources")]
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Takes rounds that were done elsewhere.
    #[cfg(feature = "sources")]
    pub(crate) fn spend(&mut self, rounds: u64) {
        self.left = self.left.saturating_sub(rounds);
    }

    /// Takes the rounds for deriving `size` bytes.
    ///
    /// # Errors
    /// When there are not as many left; for a count of 0.
    pub(crate) fn take(
        &mut self,
        derivation: Derivation,
        hash: Hash,
        iterations: u64,
        size: usize,
    ) -> Result<u32, Fault> {
        if iterations == 0 {
            return Err(Fault::Malformed("key derivation with 0 iterations"));
        }
        let quarters = match (derivation, hash.block() > 64) {
            (Derivation::Pkcs5, false) => 4,
            (Derivation::Pkcs5, true) => 10,
            (Derivation::Pkcs12, false) => 2,
            (Derivation::Pkcs12, true) => 5,
        };
        let blocks = size.div_ceil(hash.output()) as u64;
        let rounds = iterations.saturating_mul(blocks).saturating_mul(quarters) / 4;
        let too_much = Fault::TooMuchWork { rounds, bound: self.bound };
        self.left = self.left.checked_sub(rounds).ok_or_else(|| too_much.clone())?;
        u32::try_from(iterations).map_err(|_| too_much)
    }
}

/// How a key is derived: what one iteration takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Derivation {
    /// PBKDF1 and PBKDF2 (RFC 8018): HMAC, two blocks of hashing.
    Pkcs5,
    /// RFC 7292 appendix B.2: one.
    Pkcs12,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the tools write at most fits: MAC, certificates and key.
    #[test]
    fn what_tools_write_fits_and_one_derivation_more_does_not() {
        for (derivation, hash, iterations) in [
            (Derivation::Pkcs5, Hash::Sha256, 1_000_000),
            (Derivation::Pkcs5, Hash::Sha512, 600_000),
            (Derivation::Pkcs12, Hash::Sha256, 2_000_000),
        ] {
            let mut work = Work::default();
            for _ in 0..3 {
                assert!(work.take(derivation, hash, iterations, 32).is_ok(), "{derivation:?} {hash:?}");
            }
            assert!(work.take(derivation, hash, iterations * 2, 32).is_err(), "{derivation:?} {hash:?}");
        }
    }
}
