//! A token for the vault, whoever it was given to.

use std::time::SystemTime;

use credential_core::Secret;

/// The code for a reader that was given no token.
pub(super) const IDENTITY_REFUSED: &str = "vault-identity-refused";

/// A token for the vault.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) value: Secret,
    pub(crate) expires_on: SystemTime,
    /// For people: which identity it was given to.
    pub(crate) who: String,
}
