//! The seal of a PFX: which password it was made with.

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::der::{INTEGER, OCTET_STRING, Reader};
use crate::error::{Fault, Malformed};
use crate::hash::Hash;
use crate::kdf::{self, Purpose};
use crate::oid;
use crate::password::Password;
use crate::pbe::{self, Pbkdf2};
use crate::work::Work;

/// `MacData`.
struct Seal<'a> {
    kind: Kind<'a>,
    value: &'a [u8],
}

enum Kind<'a> {
    /// A MAC whose key comes of the derivation of PKCS#12.
    Hmac { hash: Hash, salt: &'a [u8], iterations: u64 },
    /// PBMAC1 (RFC 9579): the key comes of PBKDF2.
    Pbmac1 { derivation: Pbkdf2<'a>, size: usize, hash: Hash },
}

/// The candidate that made the seal.
pub(super) fn password_of<'p>(
    mac_data: Reader<'_>,
    sealed: &[u8],
    candidates: &[Password<'p>],
    work: &mut Work,
) -> Result<Password<'p>, Fault> {
    let seal = parse(mac_data)?;
    for &candidate in candidates {
        let key = match seal.kind {
            Kind::Hmac { hash, salt, iterations } => {
                kdf::pkcs12(hash, candidate, salt, iterations, Purpose::Mac, hash.output(), work)?
            }
            Kind::Pbmac1 { derivation, size, .. } => derivation.derive(candidate.utf8(), size, work)?,
        };
        let (Kind::Hmac { hash, .. } | Kind::Pbmac1 { hash, .. }) = seal.kind;
        if verify_slices_are_equal(&hash.hmac(&key, sealed), seal.value).is_ok() {
            return Ok(candidate);
        }
    }
    Err(Fault::Password)
}

fn parse(mut fields: Reader<'_>) -> Result<Seal<'_>, Fault> {
    let mut digest = fields.sequence()?;
    let (algorithm, parameters) = digest.algorithm()?;
    let value = digest.expect(OCTET_STRING)?;
    let salt = fields.expect(OCTET_STRING)?;
    let iterations = if fields.peek() == Some(INTEGER) { fields.unsigned()? } else { 1 };
    let kind = if oid::below(algorithm, oid::PKCS5) == Some(14) {
        pbmac1(parameters)?
    } else {
        let hash = Hash::of_digest(algorithm)
            .ok_or_else(|| Fault::Unsupported(format!("a MAC with {}", pbe::named(algorithm))))?;
        Kind::Hmac { hash, salt, iterations }
    };
    Ok(Seal { kind, value })
}

fn pbmac1(mut parameters: Reader<'_>) -> Result<Kind<'_>, Fault> {
    let mut fields = parameters.sequence()?;
    let (derivation, derivation_parameters) = fields.algorithm()?;
    let derivation = Pbkdf2::parse(derivation, derivation_parameters)?;
    let (scheme, _) = fields.algorithm()?;
    let hash =
        Hash::of_hmac(scheme).ok_or_else(|| Fault::Unsupported(format!("PBMAC1 with {}", pbe::named(scheme))))?;
    // RFC 9579 wants the length said; more than a block of the hash adds nothing.
    let size = derivation.key_size.and_then(|size| usize::try_from(size).ok());
    match size {
        Some(size) if (20..=128).contains(&size) => Ok(Kind::Pbmac1 { derivation, size, hash }),
        _ => Err(Malformed("PBMAC1 without a sensible key length").into()),
    }
}
