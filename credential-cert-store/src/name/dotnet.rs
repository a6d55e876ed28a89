//! Names as .NET writes them: last part first, `, ` between, quotes where a value needs them.

use std::fmt;

use super::{Attribute, Name, Value, labels};
use crate::der::{Element, OCTET_STRING};

const UTF8_STRING: u8 = 0x0C;
const NUMERIC_STRING: u8 = 0x12;
const PRINTABLE_STRING: u8 = 0x13;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const BMP_STRING: u8 = 0x1E;

/// The value of an attribute by the rules of its string type.
pub(super) fn decode(element: Element<'_>) -> Value {
    let bytes = element.value;
    let text = match element.tag {
        UTF8_STRING => std::str::from_utf8(bytes).ok().map(str::to_owned),
        PRINTABLE_STRING => ascii(bytes, is_printable),
        NUMERIC_STRING => ascii(bytes, |byte| byte.is_ascii_digit() || byte == b' '),
        IA5_STRING => ascii(bytes, |byte| byte.is_ascii()),
        TELETEX_STRING => Some(match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().copied().map(char::from).collect(),
        }),
        BMP_STRING => bmp(bytes),
        OCTET_STRING => return Value::Hex(hex(bytes)),
        _ => return Value::Hex(hex(element.raw)),
    };
    text.map_or(Value::Undecodable, Value::Text)
}

fn ascii(bytes: &[u8], allowed: impl Fn(u8) -> bool) -> Option<String> {
    bytes.iter().all(|&byte| allowed(byte)).then(|| bytes.iter().copied().map(char::from).collect())
}

fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

/// UCS-2: pairs of surrogates are no characters of it.
fn bmp(bytes: &[u8]) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&pair| char::from_u32(u32::from(u16::from_be_bytes(pair)))).collect()
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write;

    bytes.iter().fold("#".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

impl fmt::Display for Name {
    /// As `X500DistinguishedName.Name`: nothing at all when a part cannot be decoded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = |attribute: &Attribute| format!("{}=", labels::label(&attribute.oid));
        f.write_str(&self.joined(self.sets.iter().rev(), label))
    }
}

impl Name {
    /// The values alone in the order of the certificate: where .NET looks for a subject's name.
    #[cfg(feature = "sources")]
    pub(crate) fn values(&self) -> String {
        self.joined(self.sets.iter(), |_| String::new())
    }

    fn joined<'a>(
        &self,
        sets: impl Iterator<Item = &'a Vec<Attribute>>,
        label: impl Fn(&Attribute) -> String,
    ) -> String {
        if self.sets.iter().flatten().any(|attribute| attribute.value == Value::Undecodable) {
            return String::new();
        }
        let written = |attribute: &Attribute| format!("{}{}", label(attribute), quoted(&attribute.value));
        let set = |set: &Vec<Attribute>| set.iter().map(written).collect::<Vec<_>>().join(" + ");
        sets.filter(|attributes| !attributes.is_empty()).map(set).collect::<Vec<_>>().join(", ")
    }
}

fn quoted(value: &Value) -> String {
    match value {
        Value::Text(text) if needs_quotes(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        Value::Text(text) | Value::Hex(text) => text.clone(),
        Value::Undecodable => String::new(),
    }
}

fn needs_quotes(text: &str) -> bool {
    let at_edge = [' ', '\t'];
    text.is_empty()
        || text.starts_with(at_edge)
        || text.ends_with(at_edge)
        || text.contains([',', '+', '=', '"', '<', '>', '#', ';', '\n'])
}
