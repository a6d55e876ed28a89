//! `SafeContents`: bags of certificates and keys.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::Contents;
use crate::ber;
use crate::der::{CONTEXT_0, OCTET_STRING, OID, Reader};
use crate::error::Fault;
use crate::oid;
use crate::password::Password;
use crate::pbe;
use crate::work::Work;

/// Most certificates and keys in one PFX.
const MAX_BAGS: usize = 1024;
/// Deepest nesting of `SafeContents` bags; no writer is known that nests more than once.
const MAX_NESTED_BAGS: usize = 4;

/// Reads bags in their order. Names and ids of bags are not read: keys join certificates by what they are.
pub(super) fn read(
    contents: &[u8],
    password: Password<'_>,
    work: &mut Work,
    found: &mut Contents,
) -> Result<(), Fault> {
    match ber::to_der(contents)? {
        Cow::Borrowed(der) => read_nested(der, password, work, found, 0),
        Cow::Owned(der) => read_nested(&Zeroizing::new(der), password, work, found, 0),
    }
}

fn read_nested(
    der: &[u8],
    password: Password<'_>,
    work: &mut Work,
    found: &mut Contents,
    depth: usize,
) -> Result<(), Fault> {
    if depth > MAX_NESTED_BAGS {
        return Err(Fault::Bound("MAX_NESTED_BAGS (4)"));
    }
    let mut bags = Reader::new(der).sequence()?;
    while !bags.is_empty() {
        let mut bag = bags.sequence()?;
        let kind = bag.expect(OID)?;
        let value = bag.expect(CONTEXT_0)?;
        match oid::below(kind, oid::BAG) {
            Some(1) => found.keys.push(Ok(Zeroizing::new(value.to_vec()))),
            Some(2) => found.keys.push(unshroud(value, password, work)),
            Some(3) => found.certificates.extend(certificate(value)?),
            Some(6) => read_nested(value, password, work, found, depth + 1)?,
            _ => {}
        }
        if found.keys.len() + found.certificates.len() > MAX_BAGS {
            return Err(Fault::Bound("MAX_BAGS (1024 certificates and keys)"));
        }
    }
    Ok(())
}

/// `EncryptedPrivateKeyInfo` to PKCS#8.
pub(crate) fn unshroud(value: &[u8], password: Password<'_>, work: &mut Work) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut fields = Reader::new(value).sequence()?;
    let (algorithm, parameters) = fields.algorithm()?;
    pbe::decrypt(algorithm, parameters, fields.expect(OCTET_STRING)?, password, work)
}

/// The certificate in its bag; `None` for other kinds of certificates (SDSI).
fn certificate(value: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    let mut fields = Reader::new(value).sequence()?;
    if fields.expect(OID)? != oid::CERT_X509 {
        return Ok(None);
    }
    let mut content = Reader::new(fields.expect(CONTEXT_0)?);
    Ok(Some(content.expect(OCTET_STRING)?.to_vec()))
}
