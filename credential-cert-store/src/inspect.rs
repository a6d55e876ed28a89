//! Everything about a certificate file, for people.

use std::time::SystemTime;

use credential_core::credential::{CertificateFacts, SigningAlgorithm};
use credential_core::{Finding, Secret, SourceError};

use crate::Material;
use crate::certificate::{algorithms_of, certificate_facts};

/// What a certificate file holds, and what is wrong with it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// The leaf, then its chain as far as it came along.
    pub chain: Vec<CertificateFacts>,
    /// Whether the leaf's key came along and can sign.
    pub has_key: bool,
    /// What the leaf's key could sign, preferred first.
    pub algorithms: Vec<SigningAlgorithm>,
    /// What is wrong, errors first: the same findings that a load of it gives.
    pub findings: Vec<Finding>,
}

/// Looks at a content, and at the key's when that is apart, as of the given time. What would fail the
/// load of it (expired, without key) is a finding here. Derives keys: call it off the runtime.
///
/// # Errors
/// When there is nothing to look at: as [`Material::from_bytes`].
pub fn inspect(
    content: &[u8],
    key: Option<&[u8]>,
    password: Option<&Secret>,
    now: SystemTime,
) -> Result<Inspection, SourceError> {
    let material = Material::from_parts(content, key, password)?;
    let chain = material.chain().iter().map(|der| certificate_facts(der)).collect::<Result<Vec<_>, _>>()?;
    let algorithms = material.chain().first().map(|leaf| algorithms_of(leaf)).transpose()?.unwrap_or_default();
    let mut findings: Vec<Finding> = material.key_error().iter().map(SourceError::finding).collect();
    match material.judged(now) {
        Ok(judged) => findings.extend(judged),
        Err(error) => findings.insert(0, error.finding()),
    }
    Ok(Inspection { chain, has_key: material.has_key(), algorithms, findings })
}
