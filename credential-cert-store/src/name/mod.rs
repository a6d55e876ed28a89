//! Distinguished names (X.501): read from certificates and from text, written as .NET writes them.

mod dotnet;
mod fold;
mod labels;
mod text;

pub(crate) use fold::{contains, equal, fold};

use crate::der::{OID, Reader, SET};
use crate::error::Malformed;

/// Most attributes in one name.
const MAX_ATTRIBUTES: usize = 256;

/// A name: sets of attributes, in the order of the certificate (country first, usually).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name {
    sets: Vec<Vec<Attribute>>,
}

/// A type and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Attribute {
    oid: Vec<u8>,
    value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    /// Of a type that is no text: `#` and hexadecimal digits stand for it.
    Hex(String),
    /// Text that breaks the rules of its type.
    Undecodable,
}

impl Name {
    /// The name in DER; an empty one for what is no name.
    pub(crate) fn parse(raw: &[u8]) -> Self {
        Self::try_parse(raw).unwrap_or_default()
    }

    fn try_parse(raw: &[u8]) -> Result<Self, Malformed> {
        let mut sets = Reader::new(raw).sequence()?;
        let mut name = Self::default();
        let mut count = 0;
        while !sets.is_empty() {
            let mut attributes = Reader::new(sets.expect(SET)?);
            let mut set = Vec::new();
            while !attributes.is_empty() {
                let mut attribute = attributes.sequence()?;
                let oid = attribute.expect(OID)?.to_vec();
                set.push(Attribute { oid, value: dotnet::decode(attribute.any()?) });
                count += 1;
                if count > MAX_ATTRIBUTES {
                    return Err(Malformed("more attributes than MAX_ATTRIBUTES (256)"));
                }
            }
            name.sets.push(set);
        }
        Ok(name)
    }

    /// A name as people write it: either order, `,` `;` or `/` between the parts, quotes or
    /// backslashes, any label.
    ///
    /// # Errors
    /// Says what is no name about it.
    pub(crate) fn from_text(written: &str) -> Result<Self, String> {
        text::parse(written)
    }

    /// Whether both name the same: the same attributes in the same order or in the opposite one,
    /// case and runs of spaces aside (RFC 5280 §7.1).
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        let forward = self.sets.iter().zip(&other.sets).all(|(a, b)| same_set(a, b));
        let backward = || self.sets.iter().zip(other.sets.iter().rev()).all(|(a, b)| same_set(a, b));
        self.sets.len() == other.sets.len() && (forward || backward())
    }

    /// Every text in it.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().flatten().filter_map(|attribute| match &attribute.value {
            Value::Text(text) | Value::Hex(text) => Some(text.as_str()),
            Value::Undecodable => None,
        })
    }
}

fn same_set(a: &[Attribute], b: &[Attribute]) -> bool {
    a.len() == b.len() && a.iter().all(|one| b.iter().any(|other| same_attribute(one, other)))
}

fn same_attribute(a: &Attribute, b: &Attribute) -> bool {
    let same_value = match (&a.value, &b.value) {
        (Value::Text(a) | Value::Hex(a), Value::Text(b) | Value::Hex(b)) => spaced(a).eq(spaced(b)),
        _ => false,
    };
    a.oid == b.oid && same_value
}

/// The words of a value, folded.
fn spaced(value: &str) -> impl Iterator<Item = String> {
    value.split_whitespace().map(fold)
}
