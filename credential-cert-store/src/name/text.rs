//! Names as people write them: .NET's form, RFC 4514, `openssl x509 -subject` in its three forms.

use super::{Attribute, MAX_ATTRIBUTES, Name, Value, spelling};

/// Longest text that is taken for a name.
const MAX_TEXT: usize = 8 * 1024;

/// What ends a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The next part follows.
    Part,
    /// Another attribute of the same part follows.
    Attribute,
    Text,
}

pub(super) fn parse(written: &str) -> Result<Name, String> {
    if written.len() > MAX_TEXT {
        return Err(format!("it is longer than MAX_TEXT ({MAX_TEXT} bytes)"));
    }
    let trimmed = written.trim();
    let (rest, separators): (&str, &[char]) = match trimmed.strip_prefix('/') {
        Some(rest) => (rest, &['/']),
        None => (trimmed, &[',', ';', '\n']),
    };
    let mut parser = Parser { rest, separators };
    let (mut sets, mut set, mut count) = (Vec::new(), Vec::new(), 0);
    while !parser.rest.trim().is_empty() {
        let oid = parser.label()?;
        let (value, end) = parser.value();
        set.push(Attribute { oid, value: Value::Text(value) });
        count += 1;
        if count > MAX_ATTRIBUTES {
            return Err(format!("it has more than MAX_ATTRIBUTES ({MAX_ATTRIBUTES}) parts"));
        }
        if end != End::Attribute {
            sets.push(std::mem::take(&mut set));
        }
    }
    if !set.is_empty() {
        sets.push(set);
    }
    Ok(Name { sets })
}

struct Parser<'a> {
    rest: &'a str,
    separators: &'a [char],
}

impl Parser<'_> {
    /// A label up to its `=`.
    fn label(&mut self) -> Result<Vec<u8>, String> {
        let (label, rest) = self.rest.split_once('=').ok_or_else(|| format!("\"{}\" has no `=`", self.rest.trim()))?;
        let label = label.trim();
        let oid = spelling::oid_of(label).ok_or_else(|| format!("\"{label}\" names no attribute"))?;
        self.rest = rest;
        Ok(oid)
    }

    fn value(&mut self) -> (String, End) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        match self.rest.strip_prefix('"').and_then(|rest| self.quoted(rest)) {
            Some((value, rest)) => {
                self.rest = rest;
                (value, self.end())
            }
            None => self.plain(),
        }
    }

    /// A value in quotes, with `""` or `\"` for a quote inside; `None` when the quotes do not hold all of it.
    fn quoted<'t>(&self, text: &'t str) -> Option<(String, &'t str)> {
        let mut value = String::new();
        let mut characters = text.chars();
        loop {
            match characters.next()? {
                '"' if characters.as_str().starts_with('"') => {
                    characters.next();
                    value.push('"');
                }
                '"' => break,
                '\\' if characters.as_str().starts_with(['"', '\\']) => value.extend(characters.next()),
                other => value.push(other),
            }
        }
        let rest = characters.as_str();
        let after = rest.trim_start_matches([' ', '\t', '\r']);
        let ends = after.is_empty() || after.starts_with('+') || after.starts_with(self.separators);
        ends.then_some((value, rest))
    }

    /// Takes the separator after a quoted value.
    fn end(&mut self) -> End {
        let mut characters = self.rest.trim_start_matches([' ', '\t', '\r']).chars();
        let separator = characters.next();
        self.rest = characters.as_str();
        match separator {
            None => End::Text,
            Some('+') => End::Attribute,
            Some(_) => End::Part,
        }
    }

    /// A value without quotes. A separator ends it only where another attribute follows, so that
    /// `O=Contoso, Ltd., C=US` is read as it was meant.
    fn plain(&mut self) -> (String, End) {
        let mut bytes: Vec<u8> = Vec::new();
        let mut kept = 0;
        let mut characters = self.rest.chars();
        let end = loop {
            let Some(next) = characters.next() else { break End::Text };
            let after = characters.as_str();
            if next == '\\' {
                unescape(&mut characters, &mut bytes);
                kept = bytes.len();
                continue;
            }
            if next == '+' && starts_attribute(after) {
                break End::Attribute;
            }
            if self.separators.contains(&next) && (after.trim().is_empty() || starts_attribute(after)) {
                break End::Part;
            }
            bytes.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes());
            if !next.is_whitespace() {
                kept = bytes.len();
            }
        };
        self.rest = characters.as_str();
        bytes.truncate(kept);
        (String::from_utf8_lossy(&bytes).into_owned(), end)
    }
}

/// What follows a backslash: two hexadecimal digits for a byte, or a special character for itself
/// (RFC 4514 §2.4). Before anything else it stands for itself, as .NET writes it.
fn unescape(characters: &mut std::str::Chars<'_>, bytes: &mut Vec<u8>) {
    let rest = characters.as_str();
    let digits = rest.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
        bytes.push(byte);
        *characters = rest.get(2..).unwrap_or_default().chars();
    } else if let Some(special) = rest.chars().next().filter(|next| " \"#+,;<=>\\/".contains(*next)) {
        bytes.push(special as u8);
        characters.next();
    } else {
        bytes.push(b'\\');
    }
}

/// Whether a label and `=` come next.
fn starts_attribute(text: &str) -> bool {
    text.split_once('=').is_some_and(|(label, _)| spelling::oid_of(label.trim()).is_some())
}
