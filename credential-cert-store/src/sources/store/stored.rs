//! A certificate in a store.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use credential_core::SourceError;
use credential_core::credential::CertificateFacts;

use super::folder::{OF_STORE, Outcome};
use super::place::Kind;
use crate::Material;
use crate::certificate::{certificate_facts, is_self_issued, parse};
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
    /// Takes a file apart; the rounds of key derivation are taken from the store's.
    pub(super) fn read(kind: Kind, file: &Path, content: &[u8], store_work: &mut Work) -> Vec<Outcome> {
        let mut work = match store_work.left() {
            left if left < MAX_FILE_ROUNDS => Work::limited(left, OF_STORE),
            _ => Work::limited(MAX_FILE_ROUNDS, "MAX_FILE_ROUNDS (900,000 for a file of a store)"),
        };
        let before = work.left();
        let outcomes = match kind {
            Kind::Personal => {
                vec![shape::read_pfx(content, None, &mut work).and_then(|pieces| Self::new(file, pieces.join()?))]
            }
            Kind::Roots => Self::read_trusted(file, content, &mut work, true),
            Kind::Intermediates => Self::read_trusted(file, content, &mut work, false),
        };
        store_work.spend(before - work.left());
        outcomes.into_iter().map(|outcome| outcome.map(Arc::new)).collect()
    }

    /// Each certificate of the file by itself, without its key: such a store has none.
    fn read_trusted(file: &Path, content: &[u8], work: &mut Work, roots: bool) -> Vec<Result<Self, SourceError>> {
        let certificates = match shape::read(content, None, work) {
            Ok(pieces) => pieces.certificates,
            Err(error) => return vec![Err(error)],
        };
        let wanted = |der: &Vec<u8>| is_self_issued(der).map_or(true, |is_root| is_root == roots);
        let alone = |der| Self::new(file, Holding { chain: vec![der], unused: 0, key: None });
        certificates.into_iter().filter(wanted).map(alone).collect()
    }

    fn new(file: &Path, holding: Holding) -> Result<Self, SourceError> {
        let facts = certificate_facts(holding.leaf())?;
        let certificate = parse(holding.leaf())?;
        let subject = Name::parse(certificate.subject);
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
        self.material.get_or_init(|| Material::from_holding(&self.holding)).as_ref().map_err(Clone::clone)
    }
}
