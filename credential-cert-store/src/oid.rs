//! Object identifiers in their encoded form, and as text.

pub(crate) const PKCS7_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
pub(crate) const PKCS7_SIGNED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
pub(crate) const PKCS7_ENVELOPED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
pub(crate) const PKCS7_ENCRYPTED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";

/// 1.2.840.113549.1.12.10.1: bags by their last number.
pub(crate) const BAG: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01";
/// 1.2.840.113549.1.12.1: PBES1 of PKCS#12 by its last number.
pub(crate) const PKCS12_PBE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";
/// 1.2.840.113549.1.5: PKCS#5 by its last number.
pub(crate) const PKCS5: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05";
/// 1.2.840.113549.2: digests and HMACs of RSA by their last number.
pub(crate) const RSADSI_DIGEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02";
/// 1.2.840.113549.3: ciphers of RSA by their last number.
pub(crate) const RSADSI_CIPHER: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x03";
/// 2.16.840.1.101.3.4.1: AES by key size and mode.
pub(crate) const AES: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01";
/// 2.16.840.1.101.3.4.2: SHA-2 by its last number.
pub(crate) const SHA2: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02";
pub(crate) const SHA1: &[u8] = b"\x2b\x0e\x03\x02\x1a";
pub(crate) const DES_CBC: &[u8] = b"\x2b\x0e\x03\x02\x07";
pub(crate) const SCRYPT: &[u8] = b"\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";

pub(crate) const CERT_X509: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01";

pub(crate) const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
pub(crate) const RSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
pub(crate) const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
pub(crate) const DSA: &[u8] = b"\x2a\x86\x48\xce\x38\x04\x01";
pub(crate) const ED25519: &[u8] = b"\x2b\x65\x70";
pub(crate) const ED448: &[u8] = b"\x2b\x65\x71";
pub(crate) const P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
pub(crate) const P384: &[u8] = b"\x2b\x81\x04\x00\x22";
pub(crate) const P521: &[u8] = b"\x2b\x81\x04\x00\x23";

/// The identifier's last number, when it stands directly below `arc` and fits a byte.
pub(crate) fn below(oid: &[u8], arc: &[u8]) -> Option<u8> {
    match oid.strip_prefix(arc) {
        Some(&[last]) if last < 0x80 => Some(last),
        _ => None,
    }
}

/// Dotted decimal; `?` for what is no identifier.
pub(crate) fn text(oid: &[u8]) -> String {
    let mut numbers: Vec<u128> = Vec::new();
    let mut number = 0u128;
    for &byte in oid {
        if number > u128::MAX >> 7 {
            return "?".to_owned();
        }
        number = number << 7 | u128::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    let Some((&first, rest)) = numbers.split_first() else { return "?".to_owned() };
    let arc = (first / 40).min(2);
    let mut text = format!("{arc}.{}", first - arc * 40);
    for number in rest {
        text.push('.');
        text.push_str(&number.to_string());
    }
    text
}

/// Dotted decimal to its encoded form; `None` for what is no identifier.
#[cfg(feature = "sources")]
pub(crate) fn parse(text: &str) -> Option<Vec<u8>> {
    let mut numbers = text.split('.').map(|number| number.parse::<u64>().ok());
    let (first, second) = (numbers.next()??, numbers.next()??);
    if first > 2 || (first < 2 && second > 39) {
        return None;
    }
    let mut out = Vec::new();
    push(&mut out, first.checked_mul(40)?.checked_add(second)?);
    for number in numbers {
        push(&mut out, number?);
    }
    Some(out)
}

#[cfg(feature = "sources")]
fn push(out: &mut Vec<u8>, number: u64) {
    let digits = (64 - number.leading_zeros()).div_ceil(7).max(1);
    for digit in (0..digits).rev() {
        let bits = (number >> (7 * digit)) as u8 & 0x7F;
        out.push(if digit == 0 { bits } else { bits | 0x80 });
    }
}

#[cfg(test)]
#[cfg(feature = "sources")]
mod tests {
    use super::*;

    #[test]
    fn identifiers_go_both_ways() {
        for dotted in
            ["2.5.4.3", "1.2.840.113549.1.9.1", "0.9.2342.19200300.100.1.25", "2.999.1", "1.3.6.1.4.1.99999.1"]
        {
            assert_eq!(text(&parse(dotted).unwrap()), dotted);
        }
        assert_eq!(parse("3.1"), None);
        assert_eq!(parse("CN"), None);
        assert_eq!(parse("1.40"), None);
    }
}
