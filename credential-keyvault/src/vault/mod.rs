//! The vault: where it is, what is asked of it, and what it answers.

pub(crate) mod address;
pub(crate) mod clouds;
pub(crate) mod error_response;
pub(crate) mod material;
pub(crate) mod not_found;
pub(crate) mod remote_signer;
mod sdk;
pub(crate) mod version;

pub(crate) use sdk::{Certificate, Failed, Vault};
