//! One settings file: JSON with comments and a trailing comma, as .NET reads it.

use std::sync::Arc;

use credential_core::source::Origin;
use credential_core::text::stand_in;
use credential_core::{Finding, Secret};
use jsonc_parser::ast::{Object, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::codes::{self, placed};
use super::json_fault::{self, Fault};
use super::key::SEPARATOR;
use super::strict;
use super::tree::{Layer, MAX_DEPTH, Refused};

/// Whether a text is one JSON object, as the value of a `claims` parameter is.
pub(crate) fn is_object(text: &str) -> bool {
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
}

/// Reads a file's text into a layer. What is wrong becomes findings; the layer is then to be left out.
pub(crate) fn parse(text: &str, file: &str, layer: Layer) -> Result<Layer, Vec<Finding>> {
    let mut cursor = Cursor::new(text, file);
    if let Some(found) = stand_in(text.as_bytes()) {
        let message = format!("the settings file {}", found.what);
        let finding = Finding::error(codes::BROKEN_JSON, message).remedy(found.remedy);
        return Err(vec![placed(finding, cursor.origin(found.offset))]);
    }
    if let Some(fault) = json_fault::other_format(text).or_else(|| strict::check(text).err()) {
        return Err(vec![broken(&fault, cursor.origin(fault.offset))]);
    }
    let parsed = parse_to_ast(text, &CollectOptions::default(), &strict_options());
    match parsed.map(|result| result.value) {
        Err(error) => {
            let fault = json_fault::of_parser(error.kind(), error.range().start, text);
            Err(vec![broken(&fault, cursor.origin(fault.offset))])
        }
        Ok(None) => Err(vec![
            placed(Finding::error(codes::SETTINGS_FILE_EMPTY, "the settings file is empty"), cursor.origin(0))
                .remedy("write at least {}"),
        ]),
        Ok(Some(Value::Object(root))) => {
            let mut reader = Reader { cursor, layer, path: Vec::new(), findings: Vec::new() };
            reader.object(&root);
            if reader.findings.is_empty() { Ok(reader.layer) } else { Err(reader.findings) }
        }
        Ok(Some(other)) => {
            let fault = json_fault::no_object(other.start(), text);
            Err(vec![broken(&fault, cursor.origin(fault.offset))])
        }
    }
}

/// Comments and one trailing comma; nothing else that JSON hasn't.
fn strict_options() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

fn broken(fault: &Fault, origin: Origin) -> Finding {
    let message = format!("the settings file is not valid JSON: {}", fault.what);
    placed(Finding::error(codes::BROKEN_JSON, message), origin).remedy(fault.remedy)
}

/// Turns byte offsets into places. Asked in rising order it reads the text once.
struct Cursor<'a> {
    text: &'a str,
    file: Arc<str>,
    offset: usize,
    line: u32,
    column: u32,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str, file: &str) -> Self {
        Self { text, file: file.into(), offset: 0, line: 1, column: 1 }
    }

    fn origin(&mut self, offset: usize) -> Origin {
        if offset < self.offset {
            (self.offset, self.line, self.column) = (0, 1, 1);
        }
        let passed = self.text.get(self.offset..offset).unwrap_or_default();
        let mut letters = passed.chars().peekable();
        while let Some(letter) = letters.next() {
            let ends_line = letter == '\n' || (letter == '\r' && letters.peek().is_some_and(|next| *next != '\n'));
            if ends_line {
                (self.line, self.column) = (self.line.saturating_add(1), 1);
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.offset += passed.len();
        Origin::file(Arc::clone(&self.file), self.line, self.column)
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    layer: Layer,
    path: Vec<String>,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn object(&mut self, object: &Object<'_>) {
        for property in &object.properties {
            self.member(property.name.as_str(), &property.value);
        }
    }

    /// One member; a `:` in its key counts as nesting.
    fn member(&mut self, key: &str, value: &Value<'_>) {
        let depth = self.path.len();
        self.path.extend(key.split(SEPARATOR).take(MAX_DEPTH + 1).map(str::to_owned));
        self.value(value);
        self.path.truncate(depth);
    }

    fn value(&mut self, value: &Value<'_>) {
        let origin = self.cursor.origin(value.start());
        match value {
            Value::Object(object) if !object.properties.is_empty() => {
                self.enter(&origin);
                self.object(object);
            }
            Value::Array(array) if !array.elements.is_empty() => {
                self.enter(&origin);
                for (index, element) in array.elements.iter().enumerate() {
                    self.member(&index.to_string(), element);
                }
            }
            Value::Object(_) | Value::NullKeyword(_) => self.set(None, origin),
            Value::Array(_) => self.set(Some(""), origin),
            Value::StringLit(text) => self.set(Some(&text.value), origin),
            Value::NumberLit(number) => self.set(Some(number.value), origin),
            // As .NET writes them.
            Value::BooleanLit(flag) => self.set(Some(if flag.value { "True" } else { "False" }), origin),
        }
    }

    fn enter(&mut self, origin: &Origin) {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        if let Err(refused) = self.layer.enter(&path, origin).map(drop) {
            self.refuse(&refused, origin.clone());
        }
    }

    fn set(&mut self, text: Option<&str>, origin: Origin) {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        if let Err(refused) = self.layer.set(&path, text.map(Secret::from), origin.clone()) {
            self.refuse(&refused, origin);
        }
    }

    fn refuse(&mut self, refused: &Refused, origin: Origin) {
        let finding = match refused {
            Refused::Duplicate(earlier) => {
                Finding::error(codes::DUPLICATE_KEY, format!("the key is there twice: before at {earlier}"))
                    .at(self.path.join(":"), origin)
                    .remedy("remove one of the two: keys are compared ignoring case, and a : in a key nests")
            }
            Refused::TooDeep => {
                let fault = Fault::new(0, "a key that nests deeper than 64 levels, the limit", strict::NEST_LESS);
                broken(&fault, origin)
            }
        };
        self.findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tree::Tree;

    fn read(text: &str) -> Tree {
        Tree::merge(vec![parse(text, "a.json", Layer::new(0)).unwrap()])
    }

    #[test]
    fn values_are_text_and_know_their_place() {
        let tree = read("{\n  // é\r\n  \"A\": { \"é\": 1.50, \"t\": true,\r \"l\": [], \"o\": {} },\n}");
        let leaves = tree.leaves("A");
        let shown: Vec<_> = leaves
            .iter()
            .map(|leaf| (leaf.path.as_str(), leaf.value.as_ref().map(Secret::expose), leaf.origin.to_string()))
            .collect();
        assert_eq!(
            shown,
            [
                ("A:l", Some(""), "a.json:4:7".to_owned()),
                ("A:o", None, "a.json:4:16".to_owned()),
                ("A:t", Some("True"), "a.json:3:26".to_owned()),
                ("A:é", Some("1.50"), "a.json:3:15".to_owned()),
            ]
        );
    }

    #[test]
    fn every_duplicate_is_named_with_both_places() {
        let findings = parse("{\"A\":{\"b\":1,\n\"B\":2},\"a:B\":{}}", "a.json", Layer::new(0)).unwrap_err();
        assert_eq!(findings.len(), 2);
        let first = findings.first().unwrap().to_string();
        assert!(first.contains("a.json:2:5") && first.contains("before at a.json:1:11"), "{first}");
    }

    #[test]
    fn an_error_never_quotes_a_string() {
        let findings = parse("{\"ClientSecret\": \"hunter2\\ud83d\"}", "a.json", Layer::new(0)).unwrap_err();
        assert!(!format!("{findings:?}").contains("hunter2"));
    }

    /// Random damage to a good file: an answer every time, and never a quote from a string.
    #[test]
    fn damaged_files_are_refused_in_good_order() {
        let good =
            "/* a */ {\"A\": {\"ClientSecret\": \"hunter2\\u00e9\", \"l\": [1, -2.5e3, true, null, {}, []],}, // b\n}";
        let pieces =
            ["{", "}", "[", "]", "\"", "\\", ":", ",", "/", "*", "\n", "-", "é", "\u{2028}", "0", "\\ud83d", ""];
        let mut seed = 1u32;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            usize::try_from(seed >> 8).unwrap() % below
        };
        for _ in 0..20_000 {
            let mut letters: Vec<String> = good.chars().map(String::from).collect();
            for _ in 0..=next(4) {
                let at = next(letters.len());
                letters[at] = pieces[next(pieces.len())].to_owned();
            }
            if let Err(findings) = parse(&letters.concat(), "a.json", Layer::new(0)) {
                assert!(!findings.is_empty() && !format!("{findings:?}").contains("hunter"));
            }
        }
    }

    #[test]
    fn a_colon_cannot_nest_beyond_the_limit() {
        let text = format!("{{\"{}\": 1}}", ":".repeat(500_000));
        assert_eq!(parse(&text, "a.json", Layer::new(0)).unwrap_err().first().unwrap().code, codes::BROKEN_JSON);
    }
}
