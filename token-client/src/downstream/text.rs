//! The bytes of an answer as text, in the encoding that it says it has.

use std::borrow::Cow;

use serde::de::{Deserializer, Error, Visitor, value};
use serde::forward_to_deserialize_any;

use crate::http::media_type;
use crate::settings::decode::{self, utf16};

/// What Windows-1252 has in the place of Latin-1's control characters 0x80 to 0x9F.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text: by its byte order mark, else by `charset` (UTF-8, UTF-16, Latin-1, Windows-1252), else UTF-8. Bytes that
/// are none in their encoding become U+FFFD.
pub(super) fn decoded<'a>(bytes: &'a [u8], content_type: &str) -> Cow<'a, str> {
    let is = |names: &[&str], charset: &str| names.iter().any(|name| name.eq_ignore_ascii_case(charset));
    let marked = [&[0xef, 0xbb, 0xbf][..], &[0xff, 0xfe], &[0xfe, 0xff], &[0, 0, 0xfe, 0xff]];
    match media_type::parameter(content_type, "charset") {
        _ if marked.iter().any(|mark| bytes.starts_with(mark)) => decode::decode(bytes),
        Some(charset) if is(&["utf-16", "utf-16le", "utf16"], charset) => utf16(bytes, u16::from_le_bytes),
        Some(charset) if is(&["utf-16be"], charset) => utf16(bytes, u16::from_be_bytes),
        Some(charset) if is(&["iso-8859-1", "iso8859-1", "latin1", "l1"], charset) => {
            bytes.iter().map(|byte| char::from(*byte)).collect()
        }
        Some(charset) if is(&["windows-1252", "cp1252", "x-cp1252"], charset) => bytes.iter().map(windows).collect(),
        _ => String::from_utf8_lossy(bytes),
    }
}

fn windows(byte: &u8) -> char {
    let place = usize::from(*byte).checked_sub(0x80);
    place.and_then(|place| WINDOWS_1252.get(place)).copied().unwrap_or(char::from(*byte))
}

/// A text for a type that is a text and nothing else, as `String` is.
pub(super) struct Plain<'a>(pub(super) &'a str);

impl<'de> Deserializer<'de> for Plain<'_> {
    type Error = value::Error;

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, value::Error> {
        Err(value::Error::custom("text is no other type"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn the_mark_or_else_the_charset_chooses_the_encoding() {
        for (bytes, content_type) in [
            (&b"M\xc3\xbc"[..], "application/json"),
            (b"M\xc3\xbc", "text/plain; charset=UTF-8"),
            (b"M\xc3\xbc", "text/plain; charset=never-heard-of"),
            (b"\xef\xbb\xbfM\xc3\xbc", "text/plain; charset=iso-8859-1"),
            (b"M\xfc", "text/plain; charset=ISO-8859-1"),
            (b"M\xfc", "text/plain; charset=\"latin1\""),
            (b"M\xfc", "text/plain;Charset=windows-1252"),
            (b"M\0\xfc\0", "application/json; charset=utf-16"),
            (b"M\0\xfc\0", "application/json; charset=UTF-16LE"),
            (b"\0M\0\xfc", "application/json; charset=utf-16be"),
            (b"\xfe\xff\0M\0\xfc", "application/json; charset=utf-16"),
            (b"\xff\xfeM\0\xfc\0", ""),
        ] {
            assert_eq!(decoded(bytes, content_type), "Mü", "{bytes:?} {content_type}");
        }
        assert_eq!(decoded(b"\x80\x9f\xff", "text/plain; charset=windows-1252"), "€Ÿÿ");
        assert_eq!(decoded(b"a\xffb", ""), "a\u{fffd}b");
    }
}
