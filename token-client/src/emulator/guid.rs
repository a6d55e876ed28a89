//! Identifiers in the form of GUIDs.

use aws_lc_rs::digest::{SHA256, digest};
use credential_core::world::{Random, SystemRandom};

/// A random GUID, in lower case.
pub(crate) fn random() -> String {
    SystemRandom.uuid()
}

/// A GUID that is always the same for a name.
pub(crate) fn of(name: &str) -> String {
    let hash = digest(&SHA256, name.as_bytes());
    let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let group = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [group(0, 8), group(8, 12), group(12, 16), group(16, 20), group(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use credential_core::text::guid::is_guid;

    #[test]
    fn a_name_has_one_guid_and_chance_another_each_time() {
        assert!(is_guid(&of("ada")) && is_guid(&random()));
        assert_eq!(of("ada"), of("ada"));
        assert_ne!(of("ada"), of("bob"));
        assert_ne!(random(), random());
    }
}
