//! PEM text (RFC 7468), and what people make of it: any order, text around, CRLF, BOM, UTF-16,
//! everything on one line, newlines written as `\n`.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use credential_core::{Secret, SourceError};
use zeroize::Zeroizing;

use crate::error::{Fault, What};
use crate::password::Password;
use crate::pfx;
use crate::pieces::Pieces;
use crate::private_key::{self, PrivateKey};
use crate::shape;
use crate::work::Work;

/// Most blocks in one text.
const MAX_BLOCKS: usize = 1024;

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";

/// Base64 that does not mind missing padding.
pub(crate) const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

struct Block<'a> {
    label: &'a str,
    body: &'a [u8],
}

/// Whether the content is PEM text.
pub(crate) fn is_pem(content: &[u8]) -> bool {
    find(content, BEGIN).is_some()
}

/// The text in UTF-8, byte-order marks understood.
pub(crate) fn utf8(content: &[u8]) -> Zeroizing<Vec<u8>> {
    let wide = |order: fn([u8; 2]) -> u16, rest: &[u8]| {
        let units = rest.as_chunks::<2>().0.iter().map(|&pair| order(pair));
        let characters = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        let mut out = Zeroizing::new(Vec::with_capacity(rest.len() * 2));
        for character in characters {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        out
    };
    match content {
        [0xEF, 0xBB, 0xBF, rest @ ..] => Zeroizing::new(rest.to_vec()),
        [0xFF, 0xFE, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xFE, 0xFF, rest @ ..] => wide(u16::from_be_bytes, rest),
        _ => Zeroizing::new(content.to_vec()),
    }
}

/// Reads every certificate and key of the text.
///
/// # Errors
/// When a block is broken or of a kind that cannot be a credential. A key that does not open is
/// no error yet.
pub(crate) fn read(text: &[u8], password: Option<&Secret>, work: &mut Work) -> Result<Pieces, SourceError> {
    let mut pieces = Pieces::default();
    let mut rejected = None;
    for block in blocks(text)? {
        match block.label {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                let content = block.decode()?;
                pieces.certificates.push(shape::first_element(&content)?.to_vec());
            }
            label if label.ends_with("PRIVATE KEY") => pieces.keys.push(key(&block, password, work)),
            "EC PARAMETERS" | "DH PARAMETERS" => {}
            label => rejected = rejected.or(Some(shape::of_label(label))),
        }
    }
    if pieces.certificates.is_empty() && find(&text.to_ascii_uppercase(), b"BEGIN CERTIFICATE--").is_some() {
        return Err(broken("the lines around its certificate are not written exactly so"));
    }
    match rejected {
        Some(error) if pieces.certificates.is_empty() && pieces.keys.is_empty() => Err(error),
        _ => Ok(pieces),
    }
}

/// The key of a block.
fn key(block: &Block<'_>, password: Option<&Secret>, work: &mut Work) -> Result<PrivateKey, SourceError> {
    if find(block.body, b"ENCRYPTED").is_some() && find(block.body, b"Proc-Type").is_some() {
        return Err(SourceError::invalid(
            "pem-legacy-encryption",
            format!("the {} is encrypted in OpenSSL's old way (DEK-Info), which is not read", block.label),
        )
        .remedy("convert it: openssl pkcs8 -topk8 -in old.key -out new.key"));
    }
    match block.label {
        // Labels are often wrong; the content is not.
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => {
            shape::read_key(&block.decode()?, password, work)
        }
        "DSA PRIVATE KEY" => Err(private_key::unsupported("DSA")),
        "OPENSSH PRIVATE KEY" => Err(shape::ssh_key()),
        label => Err(private_key::unsupported(&format!("in a block \"{label}\""))),
    }
}

/// PKCS#8 under a password.
pub(crate) fn encrypted_key(
    content: &[u8],
    password: Option<&Secret>,
    work: &mut Work,
) -> Result<PrivateKey, SourceError> {
    let what = What::EncryptedKey;
    let Some(text) = password.filter(|password| !password.is_empty()) else {
        return Err(Fault::Password.into_error(what, false));
    };
    let pkcs8 = pfx::unshroud(content, Password::Text(text), work).map_err(|fault| fault.into_error(what, true))?;
    PrivateKey::from_pkcs8(&pkcs8).map_err(|_| Fault::Password.into_error(what, true))
}

fn blocks(text: &[u8]) -> Result<Vec<Block<'_>>, SourceError> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = find(rest, BEGIN) {
        rest = rest.get(at + BEGIN.len()..).unwrap_or_default();
        let number = found.len() + 1;
        let broken = |how: &str| broken(&format!("block {number}: {how}"));
        let end = find(rest, DASHES).filter(|&end| end <= 64).ok_or_else(|| broken("its first line is not ended"))?;
        let (label, body) = rest.split_at_checked(end).unwrap_or_default();
        let label = std::str::from_utf8(label).map_err(|_| broken("its label is not text"))?;
        let body = body.get(DASHES.len()..).unwrap_or_default();
        let closing = format!("-----END {label}-----");
        let end = find(body, closing.as_bytes()).ok_or_else(|| broken(&format!("it has no line \"{closing}\"")))?;
        let (body, after) = body.split_at_checked(end).unwrap_or_default();
        if find(body, BEGIN).is_some() {
            return Err(broken(&format!("another block begins before its line \"{closing}\"")));
        }
        found.push(Block { label, body });
        if found.len() > MAX_BLOCKS {
            return Err(Fault::Bound("MAX_BLOCKS (1024 blocks)").into_error(What::PemText, false));
        }
        rest = after.get(closing.len()..).unwrap_or_default();
    }
    Ok(found)
}

impl Block<'_> {
    fn decode(&self) -> Result<Zeroizing<Vec<u8>>, SourceError> {
        let digits = base64_digits(self.without_headers());
        let mut out = Zeroizing::new(vec![0; digits.len()]);
        let size = LENIENT_BASE64
            .decode_slice(&*digits, &mut out)
            .map_err(|_| broken(&format!("the block \"{}\" holds something else than base64", self.label)))?;
        out.truncate(size);
        Ok(out)
    }

    /// The body after headers (RFC 1421) and the empty line that ends them.
    fn without_headers(&self) -> &[u8] {
        match self.body.iter().rposition(|&byte| byte == b':') {
            Some(colon) => {
                let rest = self.body.get(colon..).unwrap_or_default();
                let line = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
                rest.get(line..).unwrap_or_default()
            }
            None => self.body,
        }
    }
}

/// The text without white space, and without newlines that became `\n` or `\r`.
pub(crate) fn base64_digits(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' && bytes.next_if(|next| matches!(next, b'n' | b'r')).is_some() || byte.is_ascii_whitespace() {
            continue;
        }
        digits.push(byte);
    }
    digits
}

/// The error for PEM text that breaks its own rules.
pub(crate) fn broken(how: &str) -> SourceError {
    SourceError::invalid("pem-broken", format!("this PEM text is broken: {how}"))
        .remedy("copy it whole, from -----BEGIN to the end of the line -----END, five dashes each, labels in capitals")
}

/// Where `part` begins in the text.
pub(crate) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_in_either_order_is_read() {
        assert_eq!(&**utf8(b"\xFF\xFEa\0b\0"), b"ab");
        assert_eq!(&**utf8(b"\xFE\xFF\0a\0b"), b"ab");
    }

    #[test]
    fn newlines_written_as_text_are_no_digits() {
        assert_eq!(&**base64_digits(b"AB\\nCD\\r\\n E"), b"ABCDE");
    }
}
