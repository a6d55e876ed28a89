//! Configuration keys as .NET compares and orders them.

/// What stands between the parts of a path.
pub(crate) const SEPARATOR: char = ':';

/// The form of a key in which keys are compared: upper case, letter by letter, as .NET's
/// `OrdinalIgnoreCase` has it. A letter outside ASCII never becomes one inside (`ı` is no `I`).
pub(crate) fn fold(key: &str) -> String {
    key.chars().map(upper).collect()
}

fn upper(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_uppercase();
    }
    let mut all = letter.to_uppercase();
    match (all.next(), all.next()) {
        (Some(one), None) if !one.is_ascii() => one,
        _ => letter,
    }
}

/// Whether two keys or paths are the same, whatever their case.
pub(crate) fn same(one: &str, other: &str) -> bool {
    fold(one) == fold(other)
}

/// The order of the children of a section: the empty key, whole numbers by value, then text ignoring
/// case (`ConfigurationKeyComparer`).
pub(crate) fn rank(key: &str) -> Rank {
    if key.is_empty() {
        Rank::Empty
    } else if let Some(number) = number(key) {
        Rank::Number(number)
    } else {
        Rank::Text(fold(key).encode_utf16().collect())
    }
}

/// What [`rank`] orders by.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Empty,
    Number(i32),
    Text(Vec<u16>),
}

/// The key as a whole number; white space around it, a sign and leading zeros are allowed.
pub(crate) fn number(key: &str) -> Option<i32> {
    key.trim_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_outside_ascii_have_case_but_never_become_ascii() {
        assert!(same("Ädäpter", "äDÄPTER"));
        assert!(!same("ClıentId", "ClientId"));
        assert!(!same("CLİENTID", "ClientId"));
        assert!(!same("straße", "STRASSE"));
    }

    #[test]
    fn numbers_come_by_value_and_before_text() {
        let mut keys = ["b", "10", "_", "2", "A", " 1", "", "+3", "-1"];
        keys.sort_by_key(|key| rank(key));
        assert_eq!(keys, ["", "-1", " 1", "2", "+3", "10", "A", "b", "_"]);
    }
}
