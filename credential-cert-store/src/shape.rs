//! What a content is, told from its first bytes and never from a file's name.

use credential_core::{Secret, SourceError};

use crate::ber;
use crate::certificate;
use crate::der::{BIT_STRING, CONTEXT_0, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE};
use crate::error::{Fault, Malformed, What};
use crate::pem;
use crate::pfx;
use crate::pieces::Pieces;
use crate::private_key::{self, PrivateKey};
use crate::work::Work;

/// Largest content that is looked at: 1 MiB, some hundred times a PFX with a long chain.
pub const MAX_CONTENT: u64 = 1024 * 1024;

/// Reads what a content holds.
pub(crate) fn read(content: &[u8], password: Option<&Secret>, work: &mut Work) -> Result<Pieces, SourceError> {
    if content.len() as u64 > MAX_CONTENT {
        return Err(Fault::Bound("MAX_CONTENT (1 MiB)").into_error(What::Content, false));
    }
    if content.first() == Some(&SEQUENCE) {
        return read_der(content, password, work);
    }
    let text = pem::utf8(content);
    if pem::is_pem(&text) {
        return pem::read(&text, password, work);
    }
    Err(name(content, &text))
}

fn read_der(content: &[u8], password: Option<&Secret>, work: &mut Work) -> Result<Pieces, SourceError> {
    let corrupt = |malformed: Malformed| Fault::from(malformed).into_error(What::Der, false);
    let mut pieces = Pieces::default();
    match shape_of_der(content).map_err(corrupt)? {
        Shape::Pfx => return read_pfx(content, password, work),
        Shape::Certificate => pieces.certificates.push(first_element(content)?.to_vec()),
        Shape::Other(error) => return Err(error()),
        _ => pieces.keys.push(read_key(content, password, work)),
    }
    Ok(pieces)
}

/// Reads a private key in any of its structures.
pub(crate) fn read_key(content: &[u8], password: Option<&Secret>, work: &mut Work) -> Result<PrivateKey, SourceError> {
    match shape_of_der(content).map_err(private_key::unreadable)? {
        Shape::Pkcs8 => PrivateKey::from_pkcs8(content),
        Shape::Pkcs1 => PrivateKey::from_pkcs1(content),
        Shape::Sec1 => PrivateKey::from_sec1(content),
        Shape::EncryptedPkcs8 => pem::encrypted_key(content, password, work),
        _ => Err(private_key::unreadable(Malformed("it is something else than a key"))),
    }
}

/// Reads a PFX and nothing else.
pub(crate) fn read_pfx(content: &[u8], password: Option<&Secret>, work: &mut Work) -> Result<Pieces, SourceError> {
    let has_password = password.is_some_and(|text| !text.is_empty());
    let found = pfx::open(content, password, work).map_err(|fault| fault.into_error(What::Pfx, has_password))?;
    let keys = found.keys.into_iter().rev();
    let keys = keys
        .map(|key| key.map_err(|fault| fault.into_error(What::KeyInPfx, has_password)))
        .map(|key| key.and_then(|pkcs8| PrivateKey::from_pkcs8(&pkcs8)));
    // The reference looks from the last bag to the first.
    let certificates = found.certificates.into_iter().rev().map(certificate::certificate_alone);
    Ok(Pieces { certificates: certificates.collect(), keys: keys.collect() })
}

/// The first element, tag and all.
pub(crate) fn first_element(content: &[u8]) -> Result<&[u8], SourceError> {
    let first = Reader::new(content).any();
    first.map(|element| element.raw).map_err(|malformed| Fault::from(malformed).into_error(What::Certificate, false))
}

enum Shape {
    Pfx,
    Certificate,
    Pkcs8,
    EncryptedPkcs8,
    Pkcs1,
    Sec1,
    Other(fn() -> SourceError),
}

fn shape_of_der(content: &[u8]) -> Result<Shape, Malformed> {
    let der = ber::to_der(content)?;
    let mut fields = Reader::new(&der).sequence()?;
    let first = fields.any()?;
    let second = if fields.is_empty() { None } else { Some(fields.any()?) };
    let tag_inside = |value: &[u8]| Reader::new(value).peek();
    let second_tag = second.map(|element| element.tag);
    Ok(match (first.tag, second_tag) {
        (INTEGER, Some(SEQUENCE)) => {
            let identifier = Reader::new(second.map(|element| element.value).unwrap_or_default()).expect(OID)?;
            if identifier.starts_with(PKCS7) { Shape::Pfx } else { Shape::Pkcs8 }
        }
        (INTEGER, Some(INTEGER)) => Shape::Pkcs1,
        (INTEGER, Some(OCTET_STRING)) => Shape::Sec1,
        (SEQUENCE, Some(OCTET_STRING)) => Shape::EncryptedPkcs8,
        (SEQUENCE, Some(BIT_STRING)) => Shape::Other(public_key),
        (SEQUENCE, Some(SEQUENCE)) if tag_inside(first.value) != Some(OID) => {
            let element = Reader::new(content).any()?;
            if certificate::parse(element.raw).is_ok() {
                Shape::Certificate
            } else {
                signed_thing(first.value, element.raw.len())?
            }
        }
        (OID, _) if first.value.starts_with(PKCS7) => Shape::Other(pkcs7),
        _ => return Err(Malformed("it is not a PFX, a certificate or a key")),
    })
}

/// 1.2.840.113549.1.7, which all content types of PKCS#7 begin with.
const PKCS7: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07";

/// Something signed that is no certificate: a request has a name where a revocation list has an algorithm.
fn signed_thing(signed: &[u8], size: usize) -> Result<Shape, Malformed> {
    let mut fields = Reader::new(signed);
    let too_large = size > certificate::MAX_CERTIFICATE;
    // A version in `[0]` is a certificate's alone.
    if too_large && fields.peek() == Some(CONTEXT_0) {
        return Ok(Shape::Other(certificate::too_large));
    }
    fields.optional(INTEGER)?;
    let next = Reader::new(fields.expect(SEQUENCE)?);
    let after_next = fields.peek();
    Ok(match (next.peek(), after_next) {
        (Some(OID), Some(SEQUENCE)) if fields.any().is_ok() && fields.peek() != Some(SEQUENCE) => {
            Shape::Other(revocation_list)
        }
        // BCFKS: an encrypted store with its seal.
        (Some(OID), Some(OCTET_STRING)) => Shape::Other(java_keystore),
        (Some(OID), _) if too_large => Shape::Other(certificate::too_large),
        (Some(OID), _) => return Err(Malformed("it looks like a certificate and cannot be read as one")),
        _ => Shape::Other(request),
    })
}

fn java_keystore() -> SourceError {
    SourceError::invalid("java-keystore", "it is a Java keystore (JKS or JCEKS; BKS or BCFKS of Bouncy Castle)")
        .remedy("convert it: keytool -importkeystore -srckeystore FILE -destkeystore new.p12 -deststoretype PKCS12; for those of Bouncy Castle with its provider")
}

fn public_key() -> SourceError {
    SourceError::invalid("public-key", "it is a public key, without certificate and private key")
        .remedy("use the certificate with its private key, as PFX or PEM")
}

fn pkcs7() -> SourceError {
    SourceError::invalid("pkcs7", "it is PKCS#7 (.p7b), which holds certificates and never a key")
        .remedy("export with the private key as PFX; certificates alone: openssl pkcs7 -inform DER -print_certs")
}

fn request() -> SourceError {
    SourceError::invalid("certificate-request", "it is a certificate request (CSR), not yet a certificate")
        .remedy("send it to the certification authority and use what comes back, with the key")
}

fn revocation_list() -> SourceError {
    SourceError::invalid("revocation-list", "it is a certificate revocation list")
        .remedy("use the certificate with its private key, as PFX or PEM")
}

/// The error for an SSH key.
pub(crate) fn ssh_key() -> SourceError {
    SourceError::invalid("ssh-key", "it is an SSH key; a client is known by a certificate")
        .remedy("make key and certificate: openssl req -x509 -newkey rsa:2048 -keyout app.key -out app.crt")
}

/// The error for a PEM block that can be no part of a credential.
pub(crate) fn of_label(label: &str) -> SourceError {
    match label {
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => request(),
        "PKCS7" | "CMS" => pkcs7(),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => public_key(),
        "X509 CRL" => revocation_list(),
        "SSH2 PUBLIC KEY" => ssh_key(),
        "PKCS12" | "PFX" => SourceError::invalid("pfx-in-armour", "it is a PFX written as PEM text")
            .remedy("take the armour off: sed '/^-----/d' FILE | base64 -d > new.pfx"),
        label if label.starts_with("PGP ") => pgp(),
        label => SourceError::invalid("unknown-content", format!("it is PEM text with \"{label}\" and no certificate")),
    }
}

fn pgp() -> SourceError {
    SourceError::invalid("pgp", "it is an OpenPGP key or message; a client is known by an X.509 certificate")
        .remedy("make key and certificate: openssl req -x509 -newkey rsa:2048 -keyout app.key -out app.crt")
}

/// Names a content that is neither DER nor PEM.
fn name(content: &[u8], text: &[u8]) -> SourceError {
    let trimmed = text.trim_ascii();
    let starts = |what: &[u8]| trimmed.get(..what.len()).is_some_and(|start| start.eq_ignore_ascii_case(what));
    let invalid = SourceError::invalid;
    match content {
        [] => return invalid("empty-content", "it is empty").remedy("write certificate and key into it"),
        [0xFE, 0xED, 0xFE, 0xED, ..] | [0xCE, 0xCE, 0xCE, 0xCE, ..] => {
            return java_keystore();
        }
        // BKS and UBER: version, and the length of a salt.
        [0, 0, 0, 1 | 2, 0, 0, 0, 20, ..] => return java_keystore(),
        [b'P', b'K', 3, 4, ..] | [0x1F, 0x8B, ..] => {
            return invalid("archive", "it is a compressed archive").remedy("unpack it");
        }
        _ => {}
    }
    if starts(b"ssh-") || starts(b"ecdsa-sha2-") || starts(b"PuTTY-User-Key-File") {
        return ssh_key();
    }
    if starts(b"<!doctype") || starts(b"<html") || starts(b"<?xml") {
        return invalid("web-page", "it is a web page or XML").remedy("download the file itself, signed in");
    }
    if starts(b"{") || starts(b"[") {
        return invalid("json", "it is JSON").remedy("give the certificate itself, as PFX or PEM");
    }
    let dashes = |text: &[u8]| pem::find(&text.to_ascii_uppercase(), b"--BEGIN ").is_some();
    if dashes(text) {
        return pem::broken("its lines -----BEGIN and -----END are not written exactly so");
    }
    let digits = pem::base64_digits(trimmed);
    if digits.len() >= 16
        && base64::Engine::decode(&pem::LENIENT_BASE64, &*digits).is_ok_and(|der| der.first() == Some(&SEQUENCE))
    {
        return invalid("base64-text", "it is the base64 text of a certificate or PFX, not the thing itself")
            .remedy("decode it: base64 -d FILE > new.pfx; or put the text into an entry of type Base64Encoded");
    }
    invalid("unknown-content", "it is not a PFX, PEM text or a certificate")
        .remedy("look at its first bytes: openssl asn1parse -inform DER -in FILE; file FILE")
}
