//! A reader for DER, as far as containers and keys need it (ITU-T X.690).

use crate::error::Malformed;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
/// `[0]` around one element, or a constructed string tagged `[0]`.
pub(crate) const CONTEXT_0: u8 = 0xA0;
/// A primitive string tagged `[0]`.
pub(crate) const CONTEXT_0_PRIMITIVE: u8 = 0x80;

/// One element: its tag and what is inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    /// Tag, length and value.
    pub(crate) raw: &'a [u8],
}

/// The head of an element: tag, length (`None`: indefinite), and how many bytes the head takes.
pub(crate) fn head(input: &[u8]) -> Result<(u8, Option<usize>, usize), Malformed> {
    let (&tag, rest) = input.split_first().ok_or(Malformed("it ends early"))?;
    if tag & 0x1F == 0x1F {
        return Err(Malformed("a tag of more than one byte"));
    }
    let (&first, rest) = rest.split_first().ok_or(Malformed("it ends early"))?;
    match first {
        0..=0x7F => Ok((tag, Some(usize::from(first)), 2)),
        0x80 => Ok((tag, None, 2)),
        _ => {
            let count = usize::from(first & 0x7F);
            let bytes = rest.get(..count).ok_or(Malformed("it ends early"))?;
            let mut length = 0usize;
            for &byte in bytes {
                if length > usize::MAX >> 8 {
                    return Err(Malformed("a length beyond all measure"));
                }
                length = length << 8 | usize::from(byte);
            }
            Ok((tag, Some(length), 2 + count))
        }
    }
}

/// Reads element after element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn any(&mut self) -> Result<Element<'a>, Malformed> {
        let (tag, length, at) = head(self.0)?;
        let length = length.ok_or(Malformed("an indefinite length"))?;
        let end = at.checked_add(length).ok_or(Malformed("a length beyond all measure"))?;
        let (raw, rest) = self.0.split_at_checked(end).ok_or(Malformed("it ends early"))?;
        let value = raw.get(at..).unwrap_or_default();
        self.0 = rest;
        Ok(Element { tag, value, raw })
    }

    /// The tag of what comes next.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The value of the next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        let element = self.any()?;
        if element.tag == tag { Ok(element.value) } else { Err(Malformed("an element of another type than expected")) }
    }

    /// The next element, if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.peek() == Some(tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    pub(crate) fn sequence(&mut self) -> Result<Reader<'a>, Malformed> {
        self.expect(SEQUENCE).map(Reader)
    }

    /// A whole number that fits; negative ones do not.
    pub(crate) fn unsigned(&mut self) -> Result<u64, Malformed> {
        let value = self.expect(INTEGER)?;
        let significant = magnitude(value)?;
        if significant.len() > 8 {
            return Ok(u64::MAX);
        }
        Ok(significant.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// An algorithm: its identifier and what stands behind it.
    pub(crate) fn algorithm(&mut self) -> Result<(&'a [u8], Reader<'a>), Malformed> {
        let mut fields = self.sequence()?;
        let oid = fields.expect(OID)?;
        Ok((oid, fields))
    }
}

/// The bytes of a number that is not negative, without leading zeros.
pub(crate) fn magnitude(integer: &[u8]) -> Result<&[u8], Malformed> {
    match integer.first() {
        None => Err(Malformed("a number without digits")),
        Some(first) if first & 0x80 != 0 => Err(Malformed("a negative number")),
        Some(_) => {
            let zeros = integer.iter().take_while(|&&byte| byte == 0).count();
            Ok(integer.get(zeros..).unwrap_or_default())
        }
    }
}

/// Writes tag and length, then the value.
pub(crate) fn write(out: &mut Vec<u8>, tag: u8, value: &[u8]) {
    write_head(out, tag, value.len());
    out.extend_from_slice(value);
}

/// Writes tag and length.
pub(crate) fn write_head(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    match length {
        0..=0x7F => out.push(length as u8),
        length => {
            let bytes = length.to_be_bytes();
            let digits: Vec<u8> = bytes.iter().copied().skip_while(|&byte| byte == 0).collect();
            out.push(0x80 | digits.len() as u8);
            out.extend_from_slice(&digits);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_every_form_are_read_and_the_shortest_is_written() {
        for size in [0usize, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let mut out = Vec::new();
            write(&mut out, OCTET_STRING, &vec![7; size]);
            let mut reader = Reader::new(&out);
            assert_eq!(reader.expect(OCTET_STRING).unwrap().len(), size);
            assert!(reader.is_empty());
        }
        assert_eq!(Reader::new(&[4, 0x83, 0, 0, 1, 9]).expect(OCTET_STRING).unwrap(), [9]);
    }

    #[test]
    fn what_is_too_long_or_too_short_is_refused() {
        for bad in [&[4u8, 5, 1][..], &[4], &[], &[4, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1], &[0x1F, 1, 1], &[4, 0x80]] {
            assert!(Reader::new(bad).any().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbers_beyond_64_bits_saturate_and_negative_ones_are_refused() {
        assert_eq!(Reader::new(&[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]).unsigned().unwrap(), u64::MAX);
        assert_eq!(Reader::new(&[2, 2, 0, 200]).unsigned().unwrap(), 200);
        assert!(Reader::new(&[2, 1, 0xFF]).unsigned().is_err());
    }
}
