//! The spellings of attribute types that are understood.

use super::labels::LABELS;
use crate::oid;

/// What else people and tools write for a type.
const OTHER_LABELS: &[(&str, &str)] = &[
    ("2.5.4.8", "ST"),
    ("2.5.4.8", "SP"),
    ("2.5.4.8", "stateOrProvinceName"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.2.840.113549.1.9.1", "EMAIL"),
    ("2.5.4.3", "commonName"),
    ("2.5.4.6", "countryName"),
    ("2.5.4.7", "localityName"),
    ("2.5.4.10", "organizationName"),
    ("2.5.4.11", "organizationalUnitName"),
    ("2.5.4.4", "surname"),
    ("2.5.4.42", "GN"),
    ("2.5.4.42", "givenName"),
    ("2.5.4.43", "initials"),
    ("2.5.4.12", "title"),
    ("2.5.4.9", "streetAddress"),
    ("0.9.2342.19200300.100.1.25", "domainComponent"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("2.5.4.5", "deviceSerialNumber"),
    ("2.5.4.20", "telephoneNumber"),
    ("2.5.4.18", "postOfficeBox"),
    ("2.5.4.24", "x121Address"),
    ("2.5.4.46", "distinguishedNameQualifier"),
];

/// The type that a label names: any known label in any case, `OID.` and numbers, or numbers alone.
pub(super) fn oid_of(label: &str) -> Option<Vec<u8>> {
    let known = LABELS.iter().chain(OTHER_LABELS).find(|(_, known)| known.eq_ignore_ascii_case(label));
    let numbers = match known {
        Some((numbers, _)) => numbers,
        None => label
            .get(..4)
            .filter(|start| start.eq_ignore_ascii_case("OID."))
            .map_or(label, |_| label.get(4..).unwrap_or_default()),
    };
    oid::parse(numbers)
}
