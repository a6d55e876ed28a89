//! Comparing text as .NET does when it ignores case: one character by one, no language's rules.

/// The text with each character in upper case, where that is one character.
pub(crate) fn fold(text: &str) -> String {
    text.chars().map(upper).collect()
}

fn upper(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        // The dotless i and the long s have upper cases of other letters; .NET leaves them alone.
        (Some('I' | 'S'), None) if !character.is_ascii() => character,
        (Some(single), None) => single,
        _ => character,
    }
}

/// Whether both texts are equal, case aside.
pub(crate) fn equal(a: &str, b: &str) -> bool {
    a.chars().map(upper).eq(b.chars().map(upper))
}

/// Whether `part`, folded, is a part of the text, case aside.
pub(crate) fn contains(text: &str, folded_part: &str) -> bool {
    fold(text).contains(folded_part)
}
