//! What is used of a certificate (RFC 5280 §4.1): names, validity, key and what the key is for.

use crate::der::{BIT_STRING, BOOLEAN, CONTEXT_0, Element, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE};
use crate::error::Malformed;
use crate::time::asn1_time;

/// `[3]` around the extensions, `[1]` and `[2]` of the unique identifiers that nobody uses.
const EXTENSIONS: u8 = 0xA3;
const UNIQUE_IDS: [u8; 2] = [0x81, 0x82];

/// 2.5.29.15, 2.5.29.37 (§4.2.1.3, §4.2.1.12).
const KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x0F];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x25];
/// 2.5.29.37.0 and 1.3.6.1.5.5.7.3.2.
const ANY_USAGE: &[u8] = &[0x55, 0x1D, 0x25, 0x00];
const CLIENT_AUTH: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// A certificate, taken apart as far as it is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Certificate<'a> {
    /// The name, in DER.
    pub(crate) subject: &'a [u8],
    /// The same of who issued it.
    pub(crate) issuer: &'a [u8],
    /// The whole `SubjectPublicKeyInfo`.
    pub(crate) key_info: &'a [u8],
    /// Seconds since 1970.
    pub(crate) not_before: i64,
    /// The same.
    pub(crate) not_after: i64,
    /// Whether its key may sign; `None` where the certificate does not say.
    pub(crate) signs: Option<bool>,
    /// Whether it is for clients; `None` where the certificate does not say.
    pub(crate) for_clients: Option<bool>,
}

impl<'a> Certificate<'a> {
    /// Takes a certificate in DER apart; what stands behind it is no part of it.
    ///
    /// # Errors
    /// What is wrong with its form. Not for extensions that cannot be read: they say nothing then.
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self, Malformed> {
        let mut whole = Reader::new(der).sequence()?;
        let mut body = whole.sequence()?;
        whole.algorithm()?;
        whole.expect(BIT_STRING)?;
        if let Some(version) = body.optional(CONTEXT_0)? {
            Reader::new(version).expect(INTEGER)?;
        }
        body.expect(INTEGER)?;
        body.algorithm()?;
        let issuer = sequence(&mut body)?;
        let mut validity = body.sequence()?;
        let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
        let (subject, key) = (sequence(&mut body)?, sequence(&mut body)?);
        let mut info = Reader::new(key.value);
        info.algorithm()?;
        info.expect(BIT_STRING)?;
        for id in UNIQUE_IDS {
            body.optional(id)?;
        }
        let extensions = body.optional(EXTENSIONS)?.map(|list| Reader::new(list).sequence()).transpose()?;
        let usage = |oid| extensions.and_then(|list| extension(list, oid).ok().flatten());
        Ok(Self {
            subject: subject.raw,
            issuer: issuer.raw,
            key_info: key.raw,
            not_before,
            not_after,
            signs: usage(KEY_USAGE).and_then(|value| signs(value).ok()),
            for_clients: usage(EXTENDED_KEY_USAGE).and_then(|value| for_clients(value).ok()),
        })
    }
}

fn sequence<'a>(reader: &mut Reader<'a>) -> Result<Element<'a>, Malformed> {
    let element = reader.any()?;
    if element.tag == SEQUENCE { Ok(element) } else { Err(Malformed("an element of another type than expected")) }
}

fn time(reader: &mut Reader<'_>) -> Result<i64, Malformed> {
    let element = reader.any()?;
    asn1_time(element.tag, element.value).ok_or(Malformed("a date that is none"))
}

/// The value of an extension; `None` when it is not there. One that is there twice says nothing.
fn extension<'a>(mut list: Reader<'a>, wanted: &[u8]) -> Result<Option<&'a [u8]>, Malformed> {
    let mut found = None;
    while !list.is_empty() {
        let mut one = list.sequence()?;
        let oid = one.expect(OID)?;
        one.optional(BOOLEAN)?;
        let value = one.expect(OCTET_STRING)?;
        if oid == wanted && found.replace(value).is_some() {
            return Err(Malformed("an extension that is there twice"));
        }
    }
    Ok(found)
}

/// Bit 0 of the usage: `digitalSignature`.
fn signs(value: &[u8]) -> Result<bool, Malformed> {
    let bits = Reader::new(value).expect(BIT_STRING)?;
    Ok(bits.get(1).is_some_and(|first| first & 0x80 != 0))
}

fn for_clients(value: &[u8]) -> Result<bool, Malformed> {
    let mut purposes = Reader::new(value).sequence()?;
    let mut fits = false;
    while !purposes.is_empty() {
        let purpose = purposes.expect(OID)?;
        fits |= purpose == ANY_USAGE || purpose == CLIENT_AUTH;
    }
    Ok(fits)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "recorded files")]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
    use x509_parser::prelude::{FromDer, X509Certificate};

    /// Parts of a certificate, its validity, and what it says of its usage.
    type Read = (String, (i64, i64), [Option<bool>; 2]);

    /// What another reader says of it, in the same form.
    fn theirs(der: &[u8]) -> Option<Read> {
        let (_, other) = X509Certificate::from_der(der).ok()?;
        let purposes = other.extended_key_usage().ok().flatten().map(|one| one.value.client_auth || one.value.any);
        let usage = other.key_usage().ok().flatten().map(|one| one.value.digital_signature());
        let validity = (other.validity().not_before.timestamp(), other.validity().not_after.timestamp());
        let (subject, issuer) = (other.subject().as_raw(), other.issuer().as_raw());
        let parts = format!("{subject:?} {issuer:?} {:?}", other.public_key().raw);
        Some((parts, validity, [usage, purposes]))
    }

    fn ours(der: &[u8]) -> Option<Read> {
        let Certificate { subject, issuer, key_info, not_before, not_after, signs, for_clients } =
            Certificate::parse(der).ok()?;
        let validity = (not_before, not_after);
        let parts = format!("{subject:?} {issuer:?} {key_info:?}");
        Some((parts, validity, [signs, for_clients]))
    }

    /// Certificates of every make that is recorded, and of every usage.
    fn certificates() -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        for folder in ["pfx", "store-certs"] {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden").join(folder);
            let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
            for content in files.iter().map(|file| std::fs::read(file).unwrap()) {
                all.extend(x509_parser::pem::Pem::iter_from_buffer(&content).flatten().map(|pem| pem.contents));
                all.push(content);
            }
        }
        let key = KeyPair::generate().unwrap();
        let purposes = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let usages = [KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::DigitalSignature];
        for which in 0..16 {
            let mut params = CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, "Größe");
            let chosen = |at: usize| which >> at & 1 == 1;
            params.extended_key_usages = (0..2).filter(|at| chosen(*at)).map(|at| purposes[at].clone()).collect();
            params.key_usages = (0..2).filter(|at| chosen(at + 2)).map(|at| usages[at]).collect();
            all.push(params.self_signed(&key).unwrap().der().to_vec());
        }
        all.retain(|one| theirs(one).is_some());
        all
    }

    #[test]
    fn another_reader_says_the_same_of_whole_and_of_damaged_certificates() {
        let all = certificates();
        assert!(all.len() > 30, "{}", all.len());
        let (mut agreed, mut numbers) = (0, 0x5EED_u64);
        let mut next = |end: usize| {
            numbers = numbers.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (numbers >> 33) as usize % end
        };
        for der in &all {
            assert_eq!(ours(der), theirs(der));
            for _ in 0..300 {
                let mut damaged = der.clone();
                let (at, value) = (next(damaged.len()), next(256) as u8);
                damaged[at] = value;
                // There a part ends where what is understood of it ends, and a usage that is half one counts.
                if let (Some((_, ours, usage)), Some((_, theirs, others))) = (ours(&damaged), theirs(&damaged)) {
                    assert_eq!(ours, theirs, "{at} {value}");
                    let both = usage.iter().zip(others).filter(|(own, other)| own.is_some() && other.is_some());
                    both.for_each(|(own, other)| assert_eq!(*own, other, "{at} {value}"));
                    agreed += 1;
                }
            }
        }
        assert!(agreed > 1000, "{agreed}");
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let der = certificates().pop().unwrap();
        for cut in 0..der.len() {
            assert!(Certificate::parse(&der[..cut]).is_err(), "{cut}");
        }
        let longer = [der.as_slice(), b"more"].concat();
        assert_eq!(ours(&longer), ours(&der));
    }
}
