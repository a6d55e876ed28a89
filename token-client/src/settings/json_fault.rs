//! What is wrong with a settings file that is not valid JSON, in words of our own, and what to do. Nothing of the file
//! is shown but a single sign: any word of it may be a secret.

use std::borrow::Cow;

use jsonc_parser::errors::ParseErrorKind as Kind;

/// What is wrong, at a byte of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) what: Cow<'static, str>,
    pub(super) remedy: &'static str,
}

impl Fault {
    pub(super) fn new(offset: usize, what: impl Into<Cow<'static, str>>, remedy: &'static str) -> Self {
        Self { offset, what: what.into(), remedy }
    }
}

const AS_JSON: &str = "write the settings as a JSON object: { \"AzureAd\": { ... } }";
const QUOTE_TEXT: &str = "put text in double quotes; write true, false and null in lower case";

/// A text that is something else altogether, by how it begins.
pub(super) fn other_format(text: &str) -> Option<Fault> {
    let begins = text.trim_start_matches([' ', '\t', '\r', '\n']);
    let offset = text.len() - begins.len();
    let mut signs = begins.chars();
    let (first, second) = (signs.next()?, signs.next());
    let is_word = |one: char| one.is_ascii_alphabetic() || one == '_';
    let fault = |what: &'static str, remedy| Some(Fault::new(offset, what, remedy));
    match (first, second) {
        ('\0', _) | (_, Some('\0')) => {
            fault("it is UTF-16 or UTF-32 without a byte order mark, or no text at all", "save it as UTF-8")
        }
        ('<', _) => fault("it is a web page or XML", AS_JSON),
        ('[', Some(word)) if is_word(word) && !is_value(begins.get(1..)?) => fault("it is TOML or INI", AS_JSON),
        ('#', _) => fault("it begins with #, and JSON has no such comments", "begin comments with //"),
        (word, _) if is_word(word) && !is_value(begins) => {
            fault("it begins with a word: it may be YAML, TOML or a list of variables", AS_JSON)
        }
        ('\u{fffd}' | '\u{1}'..='\u{8}' | '\u{e}'..='\u{1f}', _) => {
            fault("it is no text: it may be compressed or encrypted", "put the settings themselves there, in UTF-8")
        }
        _ => None,
    }
}

/// Whether it begins with a word that JSON has.
fn is_value(text: &str) -> bool {
    ["true", "false", "null"].iter().any(|word| text.starts_with(word))
}

/// Something that is no object at the top.
pub(super) fn no_object(offset: usize, text: &str) -> Fault {
    let (what, remedy) = match text.get(offset..).and_then(|rest| rest.chars().next()) {
        Some('[') => ("a list at the top; an object is expected", "write { ... } in the place of [ ... ]"),
        Some('"') => ("a text at the top; an object is expected", "write the object itself, without quotes around it"),
        _ => ("no object at the top", AS_JSON),
    };
    Fault::new(offset, what, remedy)
}

/// A character that JSON allows in strings alone.
pub(super) fn outside_strings(offset: usize, text: &str) -> Fault {
    let Some(sign) = text.get(offset..).and_then(|rest| rest.chars().next()) else {
        return Fault::new(offset, "it ends early", "write the rest of it");
    };
    let code = u32::from(sign);
    if matches!(sign, '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}') {
        let what = format!("a typographic quotation mark (U+{code:04X})");
        return Fault::new(offset, what, "write straight double quotes: \"");
    }
    let what = format!("a character that JSON allows in strings alone (U+{code:04X})");
    Fault::new(offset, what, "delete it, or put the text that it belongs to in double quotes")
}

/// What the parser found. Its own messages can quote a part of a string.
pub(super) fn of_parser(kind: &Kind, offset: usize, text: &str) -> Fault {
    let fault = |what: &'static str, remedy| Fault::new(offset, what, remedy);
    match kind {
        Kind::ExpectedColonAfterObjectKey => fault("a key without a colon after it", "write : after the key"),
        Kind::ExpectedObjectValue => fault("a key without a value", "write a value after the colon"),
        Kind::ExpectedStringObjectProperty => fault("a key without double quotes", "put the key in double quotes"),
        Kind::ExpectedComma => fault("a comma is missing", "write a comma between the two"),
        Kind::MultipleRootJsonValues => fault("text after the end of the object", "remove what follows its last }"),
        Kind::SingleQuotedStringsNotAllowed => fault("single quotes", "write double quotes in their place"),
        Kind::String(_) => of_string(offset, text),
        Kind::UnexpectedComma => fault("a comma too many", "remove one comma"),
        Kind::UnexpectedWord => fault("a word that is neither true, false nor null", QUOTE_TEXT),
        Kind::UnterminatedArray => fault("a list without its ]", "write the ] that is missing"),
        Kind::UnterminatedCommentBlock => fault("a comment without its */", "write the */ that is missing"),
        Kind::UnterminatedObject => fault("an object without its }", "write the } that is missing"),
        Kind::HexadecimalNumbersNotAllowed
        | Kind::UnaryPlusNumbersNotAllowed
        | Kind::BareDecimalPointNumbersNotAllowed
        | Kind::NonFiniteNumbersNotAllowed
        | Kind::ExpectedDigit
        | Kind::ExpectedDigitFollowingNegativeSign
        | Kind::ExpectedPlusMinusOrDigitInNumberLiteral => {
            fault("a number that JSON has not", "write it as 1 or 1.5, or put it in double quotes")
        }
        _ => unexpected(offset, text),
    }
}

/// A string that cannot be read: a backslash in it begins nothing, or it does not end.
fn of_string(offset: usize, text: &str) -> Fault {
    // The parser names the string, or the backslash in it.
    let rest = text.get(offset..).unwrap_or_default();
    let mut signs = rest.strip_prefix('"').unwrap_or(rest).chars();
    while let Some(sign) = signs.next() {
        match (sign, signs.clone().next()) {
            ('"', _) => break,
            ('\\', Some(next)) if "\"\\/bfnrtu".contains(next) => drop(signs.next()),
            ('\\', Some(_)) => {
                let what = "a backslash in a string that begins no escape";
                return Fault::new(offset, what, "write \\\\ for each backslash, or / in a path");
            }
            _ => {}
        }
    }
    let what = "a string that does not end, or has an escape that JSON has not";
    Fault::new(offset, what, "end the string with double quotes on its line; write \\u with four digits")
}

fn unexpected(offset: usize, text: &str) -> Fault {
    let rest = text.get(offset..).unwrap_or_default();
    match rest.trim_start().chars().next() {
        Some('#') => Fault::new(offset, "a comment that begins with #", "begin comments with //"),
        Some(sign) if sign.is_alphanumeric() || sign == '_' => {
            Fault::new(offset, "a value without double quotes", QUOTE_TEXT)
        }
        Some(sign) if sign.is_ascii_graphic() => Fault::new(
            offset,
            format!("{sign} where none may be"),
            "correct what stands there, or put text in double quotes",
        ),
        _ => Fault::new(offset, "something else was expected", "correct what stands there"),
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::json::parse;
    use crate::settings::tree::Layer;

    /// Each has its own cause and its own remedy, and none shows a word of the file.
    #[test]
    fn each_fault_is_told_what_to_do() {
        for (text, what, remedy) in [
            ("{\"a\": 1\n \"b\": \"hunter2\"}", "a comma is missing", "comma"),
            ("{'hunter2': 1}", "single quotes", "double quotes"),
            ("{hunter2: 1}", "without double quotes", "the key in double quotes"),
            ("{\"a\": hunter2}", "", "in double quotes"),
            ("{\"a\": True}", "", "lower case"),
            ("{\"a\": undefined}", "", "in double quotes"),
            ("{\"a\": \"hunter2\"; \"b\": 1}", "; where none may be", "correct"),
            ("{\"a\": \"C:\\certs\\hunter2.pfx\"}", "a backslash", "\\\\"),
            ("{\"a\": \"C:\\certs\"}", "a backslash", "\\\\"),
            ("{\"a\": \"hunter2}", "does not end", "double quotes"),
            ("{\"a\": 1", "without its }", "}"),
            ("{\"a\": 1}}", "after the end", "remove"),
            ("# hunter2\n{}", "#", "//"),
            ("{ # hunter2\n}", "#", "//"),
            ("<!DOCTYPE html>", "web page or XML", "JSON object"),
            ("[AzureAd]\nClientSecret = \"hunter2\"", "TOML or INI", "JSON object"),
            ("AzureAd:\n  ClientSecret: hunter2", "YAML", "JSON object"),
            ("[]", "a list at the top", "{ ... }"),
            ("\"{}\"", "a text at the top", "without quotes"),
            ("{\u{201c}a\u{201d}: 1}", "typographic quotation mark (U+201C)", "straight"),
            ("{\u{a0}\"a\": 1}", "(U+00A0)", "delete"),
            ("{\0\"\0", "UTF-16", "UTF-8"),
            ("\u{1f}\u{fffd}x", "no text", "UTF-8"),
        ] {
            let found = parse(text, "a.json", Layer::new(0)).unwrap_err();
            let finding = found.first().unwrap();
            let told = finding.remedy.as_deref().unwrap_or_default();
            assert!(finding.message.contains(what) && told.contains(remedy), "{text}: {finding:?}");
            assert!(!format!("{finding:?}").contains("hunter2"), "{finding:?}");
        }
    }
}
