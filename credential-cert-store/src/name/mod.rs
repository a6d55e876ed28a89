//! Distinguished names (X.501): read from certificates and from text, written as .NET writes them.

#[cfg(feature = "sources")]
mod compare;
mod dotnet;
#[cfg(feature = "sources")]
mod fold;
mod labels;
#[cfg(feature = "sources")]
mod spelling;
#[cfg(test)]
#[cfg(feature = "sources")]
mod tests;
#[cfg(feature = "sources")]
mod text;

#[cfg(feature = "sources")]
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
}
