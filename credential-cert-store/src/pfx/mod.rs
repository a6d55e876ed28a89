//! PKCS#12 (RFC 7292), as OpenSSL, Java, .NET, NSS and the vendors write it.

mod bags;
mod mac;

pub(crate) use bags::unshroud;

use credential_core::Secret;
use zeroize::Zeroizing;

use crate::ber;
use crate::der::{CONTEXT_0, OCTET_STRING, Reader};
use crate::error::{Fault, Malformed};
use crate::oid;
use crate::password::Password;
use crate::pbe;
use crate::work::Work;

/// What the bags of a PFX hold, in their order.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// Certificates, in DER.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Keys as PKCS#8; a key that does not open leaves the others usable.
    pub(crate) keys: Vec<Result<Zeroizing<Vec<u8>>, Fault>>,
}

/// Opens a PFX. No password and the empty one are the same here.
pub(crate) fn open(content: &[u8], password: Option<&Secret>, work: &mut Work) -> Result<Contents, Fault> {
    let der = ber::to_der(content)?;
    let mut pfx = Reader::new(&der).sequence()?;
    pfx.any()?;
    let (content_type, mut safe) = content_info(&mut pfx)?;
    if content_type == oid::PKCS7_SIGNED {
        return Err(Fault::Unsupported("a signature instead of a password".to_owned()));
    }
    if content_type != oid::PKCS7_DATA {
        return Err(Fault::Malformed("a PFX of an unknown kind"));
    }
    let safe = safe.expect(OCTET_STRING)?;
    let candidates = Password::candidates(password);
    if !pfx.is_empty() {
        let password = mac::password_of(pfx.sequence()?, safe, &candidates, work)?;
        return read_safe(safe, password, work);
    }
    let mut failure = Fault::Password;
    for password in candidates {
        match read_safe(safe, password, work) {
            Ok(contents) => return Ok(contents),
            Err(fault) => failure = fault,
        }
    }
    Err(failure)
}

/// `ContentInfo`: its type and what stands in its `[0]`.
fn content_info<'a>(reader: &mut Reader<'a>) -> Result<(&'a [u8], Reader<'a>), Malformed> {
    let (content_type, mut fields) = reader.algorithm()?;
    Ok((content_type, Reader::new(fields.expect(CONTEXT_0)?)))
}

/// `AuthenticatedSafe`: plain and encrypted contents in a row.
fn read_safe(safe: &[u8], password: Password<'_>, work: &mut Work) -> Result<Contents, Fault> {
    let der = ber::to_der(safe)?;
    let mut safe = Reader::new(&der).sequence()?;
    let mut contents = Contents::default();
    while !safe.is_empty() {
        let (content_type, mut content) = content_info(&mut safe)?;
        match content_type {
            oid::PKCS7_DATA => bags::read(content.expect(OCTET_STRING)?, password, work, &mut contents)?,
            oid::PKCS7_ENCRYPTED => {
                let bags = decrypt(content, password, work)?;
                bags::read(&bags, password, work, &mut contents).map_err(undecipherable)?;
            }
            oid::PKCS7_ENVELOPED => {
                return Err(Fault::Unsupported("a public key instead of a password".to_owned()));
            }
            _ => return Err(Fault::Malformed("contents of an unknown kind")),
        }
    }
    Ok(contents)
}

/// One wrong key in 256 leaves padding that looks right: then the content makes no sense.
fn undecipherable(fault: Fault) -> Fault {
    if matches!(fault, Fault::Malformed(_)) { Fault::Password } else { fault }
}

/// `EncryptedData`.
fn decrypt(mut content: Reader<'_>, password: Password<'_>, work: &mut Work) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut fields = content.sequence()?;
    fields.unsigned()?;
    let mut info = fields.sequence()?;
    if info.expect(crate::der::OID)? != oid::PKCS7_DATA {
        return Err(Fault::Malformed("encrypted contents of an unknown kind"));
    }
    let (algorithm, parameters) = info.algorithm()?;
    let encrypted = info.any()?;
    match encrypted.tag {
        crate::der::CONTEXT_0_PRIMITIVE => pbe::decrypt(algorithm, parameters, encrypted.value, password, work),
        // In pieces: the normal form has joined each piece, the row of them is joined here.
        CONTEXT_0 => {
            let mut pieces = Reader::new(encrypted.value);
            let mut joined = Vec::with_capacity(encrypted.value.len());
            while !pieces.is_empty() {
                joined.extend_from_slice(pieces.expect(OCTET_STRING)?);
            }
            pbe::decrypt(algorithm, parameters, &joined, password, work)
        }
        _ => Err(Fault::Malformed("encrypted contents of an unknown kind")),
    }
}
