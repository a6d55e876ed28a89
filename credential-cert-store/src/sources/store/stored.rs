//! A certificate in a store.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use credential_core::{CertificateFacts, SourceError};

use crate::Material;
use crate::certificate::{certificate_facts, parse};
use crate::error::again;
use crate::name::Name;
use crate::pieces::Holding;
use crate::shape;
use crate::work::Work;

/// Rounds of key derivation for one file of a store: MAC and two derivations of 300,000, which is the
/// most that .NET does for one. It writes such files with one.
pub(super) const MAX_FILE_ROUNDS: u64 = 900_000;

/// A certificate with what it is found by; its key is checked when it is chosen.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) file: PathBuf,
    pub(super) facts: CertificateFacts,
    pub(super) subject: Name,
    holding: Holding,
    material: OnceLock<Result<Material, SourceError>>,
}

impl Stored {
    /// Takes a file apart; the rounds of key derivation are taken from the folder's.
    pub(super) fn read(file: &Path, content: &[u8], folder_work: &mut Work) -> Result<Self, SourceError> {
        let mut work = Work::limited(MAX_FILE_ROUNDS.min(folder_work.left()));
        let before = work.left();
        let read = shape::read_pfx(content, None, &mut work);
        folder_work.spend(before - work.left());
        let holding = read?.join()?;
        let facts = certificate_facts(holding.leaf())?;
        let subject = Name::parse(parse(holding.leaf())?.subject().as_raw());
        Ok(Self { file: file.to_path_buf(), facts, subject, holding, material: OnceLock::new() })
    }

    pub(super) fn has_key(&self) -> bool {
        matches!(self.holding.key, Some(Ok(_)))
    }

    /// Why there is no key, where there is one that cannot be used.
    pub(super) fn key_problem(&self) -> Option<&SourceError> {
        self.holding.key.as_ref()?.as_ref().err()
    }

    /// What a credential is made of; the key is checked once.
    pub(super) fn material(&self) -> Result<&Material, SourceError> {
        self.material.get_or_init(|| Material::from_holding(&self.holding)).as_ref().map_err(again)
    }
}
