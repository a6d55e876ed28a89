//! Texts that somebody else has chosen, in messages.

use std::fmt;

/// The text, cut after `max` characters, with nothing in it that moves a terminal's cursor, forges a
/// line or turns the direction of writing: such characters are written as `\u{1b}`.
pub fn printable(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    for character in text.chars().take(max) {
        if moves_terminal(character) { out.extend(character.escape_unicode()) } else { out.push(character) }
    }
    if text.chars().nth(max).is_some() {
        out.push('…');
    }
    out
}

/// A text in a message that is written as it is printed: as [`printable`] has it, of any length.
pub(crate) struct Harmless<'a>(pub(crate) &'a str);

impl fmt::Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(moves_terminal) {
            let (before, from) = rest.split_at(at);
            f.write_str(before)?;
            let mut characters = from.chars();
            characters.next().into_iter().try_for_each(|moves| write!(f, "{}", moves.escape_unicode()))?;
            rest = characters.as_str();
        }
        f.write_str(rest)
    }
}

/// Whether a terminal would do something else with it than show it: control characters, the separators of
/// lines and paragraphs, and the marks of Unicode's bidirectional algorithm (UAX #9).
pub fn moves_terminal(character: char) -> bool {
    let turns = matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    );
    character.is_control() || turns || matches!(character, '\u{2028}' | '\u{2029}')
}

/// The first character that nobody sees and that belongs to no name, id or address: a control character, a mark of the
/// direction of writing, a space or joiner of no width, a space that does not break.
pub fn invisible(text: &str) -> Option<char> {
    let unseen = |one: char| matches!(one, '\u{00A0}' | '\u{00AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}');
    text.chars().find(|one| moves_terminal(*one) || unseen(*one))
}

#[cfg(test)]
mod tests {
    use super::{Harmless, invisible, printable};

    #[test]
    fn what_nobody_sees_is_found() {
        for (text, found) in [
            ("a\u{200b}", Some('\u{200b}')),
            ("\u{feff}a", Some('\u{feff}')),
            ("a\u{a0}b", Some('\u{a0}')),
            ("a\u{200e}", Some('\u{200e}')),
            ("a b é \u{4e2d}", None),
        ] {
            assert_eq!(invisible(text), found, "{text:?}");
        }
    }

    #[test]
    fn what_moves_the_cursor_is_written_out_and_the_rest_stays() {
        assert_eq!(printable("Größe \u{1b}[31m\n\u{202e}x", 100), "Größe \\u{1b}[31m\\u{a}\\u{202e}x");
        assert_eq!(printable("a\u{2028}b\u{2029}c\u{61c}", 100), "a\\u{2028}b\\u{2029}c\\u{61c}");
        let text = "Größe \u{1b}[31m\n\u{202e}x";
        assert_eq!(Harmless(text).to_string(), printable(text, 100));
        assert_eq!(printable("abc", 3), "abc");
        assert_eq!(printable("abcd", 3), "abc…");
    }
}
