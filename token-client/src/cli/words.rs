//! The library's texts in the words of the command line: what a program calls, a person has a switch for.
//!
//! The library writes a method as `on_behalf_of(..)` or `as_app()`; each that a text of the library names has a row.

/// What the library calls it, and what the command line does.
const SWITCHES: [(&str, &str); 11] = [
    ("leave out as_app(), on_behalf_of(..) and managed_identity(..)", "leave out --as-app and --user-assertion @FILE"),
    ("builder().file(..)", "--config FILE"),
    ("builder().section(..)", "--section NAME"),
    ("builder().environment(..)", "--environment NAME"),
    ("builder().set(..)", "--set KEY=VALUE"),
    ("on_behalf_of(..)", "--user-assertion @FILE"),
    ("as_app()", "--as-app"),
    ("query(..)", "--query NAME=VALUE"),
    ("; segment(..) escapes what comes from outside", ""),
    ("bytes(..)", "--data @FILE"),
    ("call(..) and text()", "token-client call"),
];

/// The text as the program says it.
pub(crate) fn of_program(text: &str) -> String {
    SWITCHES.iter().fold(text.to_owned(), |text, (method, switch)| text.replace(method, switch))
}
