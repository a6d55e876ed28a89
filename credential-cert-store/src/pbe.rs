//! Password-based encryption: PBES1 of PKCS#12 and PKCS#5, and PBES2 (RFC 8018, RFC 7292 appendix C).

use zeroize::Zeroizing;

use crate::cipher::Cipher;
use crate::der::{INTEGER, OCTET_STRING, Reader};
use crate::error::{Fault, Malformed};
use crate::hash::Hash;
use crate::kdf::{self, Purpose};
use crate::oid;
use crate::password::Password;
use crate::work::Work;

/// Decrypts content that an algorithm identifier and its parameters describe.
pub(crate) fn decrypt(
    algorithm: &[u8],
    parameters: Reader<'_>,
    content: &[u8],
    password: Password<'_>,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let cipher = match (oid::below(algorithm, oid::PKCS12_PBE), oid::below(algorithm, oid::PKCS5)) {
        (Some(3), _) => Cipher::TripleDes,
        (Some(4), _) => Cipher::TwoKeyTripleDes,
        (Some(5), _) => Cipher::Rc2 { bytes: 16, bits: 128 },
        (Some(6), _) => Cipher::Rc2 { bytes: 5, bits: 40 },
        (Some(1 | 2), _) => return Err(Fault::Unsupported("RC4".to_owned())),
        (_, Some(13)) => return pbes2(parameters, content, password, work),
        (_, Some(scheme @ (3 | 6 | 10 | 11))) => return pbes1(scheme, parameters, content, password, work),
        _ => return Err(Fault::Unsupported(named(algorithm))),
    };
    let (salt, iterations) = pbe_parameters(parameters)?;
    let mut derive = |purpose, size| kdf::pkcs12(Hash::Sha1, password, salt, iterations, purpose, size, work);
    let key = derive(Purpose::Key, cipher.key_size())?;
    let iv = derive(Purpose::Iv, cipher.block_size())?;
    cipher.decrypt(&key, &iv, content)
}

/// `PBEParameter`: salt and iterations.
fn pbe_parameters(mut parameters: Reader<'_>) -> Result<(&[u8], u64), Malformed> {
    let mut fields = parameters.sequence()?;
    Ok((fields.expect(OCTET_STRING)?, fields.unsigned()?))
}

/// PBES1 of PKCS#5: MD5 or SHA-1 with DES or RC2 of 64 bits.
fn pbes1(
    scheme: u8,
    parameters: Reader<'_>,
    content: &[u8],
    password: Password<'_>,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let hash = if scheme < 10 { Hash::Md5 } else { Hash::Sha1 };
    let cipher = if matches!(scheme, 3 | 10) { Cipher::Des } else { Cipher::Rc2 { bytes: 8, bits: 64 } };
    let (salt, iterations) = pbe_parameters(parameters)?;
    let made = kdf::pbkdf1(hash, password.utf8(), salt, iterations, work)?;
    let (key, iv) = made.split_at_checked(8).ok_or(Fault::Malformed("a short key"))?;
    cipher.decrypt(key, iv, content)
}

fn pbes2(
    mut parameters: Reader<'_>,
    content: &[u8],
    password: Password<'_>,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut fields = parameters.sequence()?;
    let (derivation, derivation_parameters) = fields.algorithm()?;
    let (scheme, scheme_parameters) = fields.algorithm()?;
    let derivation = Pbkdf2::parse(derivation, derivation_parameters)?;
    let (cipher, iv) = cipher_of(scheme, scheme_parameters, derivation.key_size)?;
    let size = cipher.key_size();
    if derivation.key_size.is_some_and(|said| said != size as u64) {
        return Err(Fault::Malformed("a key length that is not the cipher's"));
    }
    let key = derivation.derive(password.utf8(), size, work)?;
    cipher.decrypt(&key, iv, content)
}

/// The parameters of PBKDF2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pbkdf2<'a> {
    salt: &'a [u8],
    iterations: u64,
    pub(crate) key_size: Option<u64>,
    hash: Hash,
}

impl<'a> Pbkdf2<'a> {
    pub(crate) fn parse(algorithm: &[u8], mut parameters: Reader<'a>) -> Result<Self, Fault> {
        if algorithm == oid::SCRYPT {
            return Err(Fault::Unsupported("scrypt".to_owned()));
        }
        if oid::below(algorithm, oid::PKCS5) != Some(12) {
            return Err(Fault::Unsupported(named(algorithm)));
        }
        let mut fields = parameters.sequence()?;
        let salt = fields.expect(OCTET_STRING)?;
        let iterations = fields.unsigned()?;
        let key_size = if fields.peek() == Some(INTEGER) { Some(fields.unsigned()?) } else { None };
        let hash = if fields.is_empty() {
            Hash::Sha1
        } else {
            let (function, _) = fields.algorithm()?;
            Hash::of_hmac(function).ok_or_else(|| Fault::Unsupported(named(function)))?
        };
        Ok(Self { salt, iterations, key_size, hash })
    }

    pub(crate) fn derive(self, password: &[u8], size: usize, work: &mut Work) -> Result<Zeroizing<Vec<u8>>, Fault> {
        kdf::pbkdf2(self.hash, password, self.salt, self.iterations, size, work)
    }
}

/// The cipher of PBES2 with its initialization vector.
fn cipher_of<'a>(
    scheme: &[u8],
    mut parameters: Reader<'a>,
    key_size: Option<u64>,
) -> Result<(Cipher, &'a [u8]), Fault> {
    let aes = match oid::below(scheme, oid::AES) {
        Some(2) => Some(Cipher::Aes128),
        Some(22) => Some(Cipher::Aes192),
        Some(42) => Some(Cipher::Aes256),
        _ => None,
    };
    let cipher = match (aes, oid::below(scheme, oid::RSADSI_CIPHER)) {
        (Some(aes), _) => aes,
        (_, Some(7)) => Cipher::TripleDes,
        (_, Some(2)) => return rc2_of(parameters, key_size),
        _ if scheme == oid::DES_CBC => Cipher::Des,
        _ => return Err(Fault::Unsupported(named(scheme))),
    };
    Ok((cipher, parameters.expect(OCTET_STRING)?))
}

/// RC2 writes its effective key size as a code (RFC 2268 §6).
fn rc2_of(mut parameters: Reader<'_>, key_size: Option<u64>) -> Result<(Cipher, &[u8]), Fault> {
    if parameters.peek() == Some(OCTET_STRING) {
        return Ok((Cipher::Rc2 { bytes: 4, bits: 32 }, parameters.expect(OCTET_STRING)?));
    }
    let mut fields = parameters.sequence()?;
    let bits = match fields.unsigned()? {
        160 => 40,
        120 => 64,
        58 => 128,
        bits @ 256..=1024 => bits as usize,
        _ => return Err(Fault::Malformed("an effective key size that RC2 does not have")),
    };
    let bytes = match key_size {
        None => bits / 8,
        Some(size @ 1..=128) => size as usize,
        Some(_) => return Err(Fault::Malformed("a key length that RC2 does not have")),
    };
    Ok((Cipher::Rc2 { bytes, bits }, fields.expect(OCTET_STRING)?))
}

/// The name of what is not read, where it has one that people know; else the identifier.
pub(crate) fn named(algorithm: &[u8]) -> String {
    let text = oid::text(algorithm);
    let name = match text.as_str() {
        "1.2.392.200011.61.1.1.1.2" | "1.2.392.200011.61.1.1.1.3" | "1.2.392.200011.61.1.1.1.4" => "Camellia",
        "1.2.410.200046.1.1.2" | "1.2.410.200046.1.1.7" | "1.2.410.200046.1.1.12" => "ARIA",
        "2.16.840.1.101.3.4.1.4" | "2.16.840.1.101.3.4.1.24" | "2.16.840.1.101.3.4.1.44" => "AES in CFB mode",
        "2.16.840.1.101.3.4.2.4" | "1.2.840.113549.2.8" => "SHA-224",
        "2.16.840.1.101.3.4.2.5" | "2.16.840.1.101.3.4.2.6" | "1.2.840.113549.2.12" | "1.2.840.113549.2.13" => {
            "truncated SHA-512"
        }
        "1.3.36.3.2.1" => "RIPEMD-160",
        "1.2.156.10197.1.401" => "SM3",
        "1.2.643.7.1.1.2.2" | "1.2.643.7.1.1.2.3" => "Streebog (GOST)",
        "1.2.840.113549.1.5.1" | "1.2.840.113549.1.5.4" => "PBES1 with MD2",
        _ => return format!("algorithm {text}"),
    };
    format!("{name} ({text})")
}
