//! The bytes of a settings file as text: the byte order mark chooses the encoding, else it is UTF-8.

use std::borrow::Cow;

/// The text. Bytes that are none in their encoding become U+FFFD, which JSON allows in strings alone.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    // UTF-32 first: its little-endian mark starts with that of UTF-16.
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe, 0, 0]) {
        utf32(rest, u32::from_le_bytes)
    } else if let Some(rest) = bytes.strip_prefix(&[0, 0, 0xfe, 0xff]) {
        utf32(rest, u32::from_be_bytes)
    } else if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
        utf16(rest, u16::from_le_bytes)
    } else if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
        utf16(rest, u16::from_be_bytes)
    } else {
        String::from_utf8_lossy(bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes))
    }
}

fn utf32(bytes: &[u8], read: fn([u8; 4]) -> u32) -> Cow<'static, str> {
    let (units, rest) = bytes.as_chunks::<4>();
    let mut text: String =
        units.iter().map(|unit| char::from_u32(read(*unit)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.extend((!rest.is_empty()).then_some(char::REPLACEMENT_CHARACTER));
    text.into()
}

/// UTF-16 without a mark.
pub(crate) fn utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> Cow<'static, str> {
    let (units, rest) = bytes.as_chunks::<2>();
    let mut text: String = char::decode_utf16(units.iter().map(|unit| read(*unit)))
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.extend((!rest.is_empty()).then_some(char::REPLACEMENT_CHARACTER));
    text.into()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn the_mark_chooses_the_encoding() {
        for bytes in [
            &b"\xef\xbb\xbf{}"[..],
            b"{}",
            b"\xff\xfe{\0}\0",
            b"\xfe\xff\0{\0}",
            b"\xff\xfe\0\0{\0\0\0}\0\0\0",
            b"\0\0\xfe\xff\0\0\0{\0\0\0}",
        ] {
            assert_eq!(decode(bytes), "{}", "{bytes:?}");
        }
        assert_eq!(decode(b"\xff\xfe{\0}"), "{\u{fffd}");
        assert_eq!(decode(b"a\xffb"), "a\u{fffd}b");
    }
}
