//! How much key derivation one file may ask for.

use crate::error::Fault;
use crate::hash::Hash;

/// Rounds of hashing that the key derivations of one file may take together.
///
/// An iteration counts once per block of key that it makes, for PBKDF2 as for the derivation of
/// PKCS#12, and three times with SHA-384 and SHA-512. Three derivations (MAC, certificates, key) of
/// 1,000,000 iterations fit, and an empty password's second try; a derivation that goes beyond is
/// not begun. What fits takes about a second at most.
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
    pub(crate) fn take(&mut self, hash: Hash, iterations: u64, size: usize) -> Result<u32, Fault> {
        if iterations == 0 {
            return Err(Fault::Malformed("key derivation with 0 iterations"));
        }
        let weight = if hash.block() > 64 { 3 } else { 1 };
        let rounds = iterations.saturating_mul(size.div_ceil(hash.output()) as u64 * weight);
        let too_much = Fault::TooMuchWork { rounds, bound: self.bound };
        self.left = self.left.checked_sub(rounds).ok_or_else(|| too_much.clone())?;
        u32::try_from(iterations).map_err(|_| too_much)
    }
}
