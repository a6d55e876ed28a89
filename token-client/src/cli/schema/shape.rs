//! The shape of a setting's value, by its declaration.

use credential_core::source::{COMMON_SETTINGS, Standing};
use credential_core::{Setting, SettingKind};
use serde_json::{Map, Value, json};

/// Where a setting stands: an empty text is an error in one place and counts as not set in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Application,
    Downstream,
    Entry,
}

/// An object of these settings. Those that are read elsewhere are not offered.
pub(super) fn object(settings: &[Setting], place: Place) -> Value {
    let used = || settings.iter().filter(|setting| setting.standing != Standing::Elsewhere);
    let properties: Map<String, Value> = used().map(|one| (one.name.to_owned(), value(one, place))).collect();
    let mut schema = json!({"type": "object", "properties": properties});
    let mut wrong: Map<String, Value> =
        used().filter(|one| !one.mistaken.is_empty()).map(|one| wrong(one, place)).collect();
    // What entries have in common is looked at once for all sources.
    let is_own = |one: &&Setting| place != Place::Entry || !COMMON_SETTINGS.contains(one);
    wrong.extend(used().filter(is_own).filter_map(|one| near(one, settings, place)));
    if !wrong.is_empty() {
        schema = with(schema, "patternProperties", Value::Object(wrong));
    }
    let required: Vec<&str> = used().filter(|setting| setting.required).map(|setting| setting.name).collect();
    if !required.is_empty() {
        schema = with(schema, "required", json!(required));
    }
    schema
}

/// The keys that are written for a setting by mistake: as patterns, so that no editor offers them.
fn wrong(setting: &Setting, place: Place) -> (String, Value) {
    let keys: Vec<String> = setting.mistaken.iter().map(|key| any_case(key)).collect();
    (format!("^({})$", keys.join("|")), meant(setting, place))
}

/// Nothing may be there, and what to write instead.
fn meant(setting: &Setting, place: Place) -> Value {
    // `null` unsets in an entry, whatever its key.
    let none = if place == Place::Entry { json!({"type": "null"}) } else { json!({"not": {}}) };
    described(none, &format!("write \"{}\"", setting.name))
}

/// The keys that are near to a setting's, and no setting's: a letter is missing, there are up to two in the place of
/// one, or two are swapped. The program takes more for near.
pub(super) fn near(setting: &Setting, declared: &[Setting], place: Place) -> Option<(String, Value)> {
    let letters: Vec<char> = setting.name.chars().collect();
    if letters.len() < SHORTEST {
        return None;
    }
    let mut keys = Vec::new();
    for at in 0..letters.len() {
        let (before, after) = letters.split_at(at);
        let before: String = before.iter().collect();
        let rest = |from: usize| after.iter().skip(from).collect::<String>();
        keys.push(format!("{before}.{{0,2}}{}", rest(1)));
        if let [one, next, ..] = after
            && one != next
        {
            keys.push(format!("{before}{next}{one}{}", rest(2)));
        }
    }
    // Some are settings all the same: this one in another case, and others that are as near.
    let settings = declared.iter().filter(|other| fits(setting.name, other.name)).map(|one| any_case(one.name));
    let settings: Vec<String> = settings.collect();
    Some((format!("^(?!({})$)({})$", settings.join("|"), keys.join("|")), meant(setting, place)))
}

/// Whether two letters of the name at the most keep the other from being the same, whatever their case.
fn fits(name: &str, other: &str) -> bool {
    let same = |(one, other): &(u8, u8)| one.eq_ignore_ascii_case(other);
    let begin = name.bytes().zip(other.bytes()).take_while(same).count();
    let end = name.bytes().rev().zip(other.bytes().rev()).take_while(same).count();
    begin + end + 2 >= name.len()
}

/// Shorter names are near to too much.
const SHORTEST: usize = 5;

fn value(setting: &Setting, place: Place) -> Value {
    if let Standing::Refused { why, remedy } = setting.standing {
        return described(nothing(), &format!("Not supported: {} {why}. What to do: {remedy}.", setting.name));
    }
    let mut schema = described(shape(setting, place), setting.about);
    if let Some(default) = setting.default {
        let default = match setting.kind {
            SettingKind::Flag | SettingKind::Integer => serde_json::from_str(default).unwrap_or(json!(default)),
            _ => json!(default),
        };
        schema = with(schema, "default", default);
    }
    if setting.kind == SettingKind::Guid {
        schema = with(schema, "examples", json!(["00000000-0000-0000-0000-000000000000"]));
    }
    schema
}

fn described(schema: Value, about: &str) -> Value {
    with(schema, "description", json!(about))
}

/// The schema with a further keyword.
pub(super) fn with(mut schema: Value, keyword: &str, value: Value) -> Value {
    if let Value::Object(keywords) = &mut schema {
        keywords.insert(keyword.to_owned(), value);
    }
    schema
}

/// What counts as not said.
fn nothing() -> Value {
    json!({
        "type": ["string", "object", "array", "null"],
        "pattern": "^\\s*$",
        "maxProperties": 0,
        "maxItems": 0,
        "deprecated": true,
    })
}

fn shape(setting: &Setting, place: Place) -> Value {
    if !setting.one_of.is_empty() {
        return one_of(setting);
    }
    let blank = if place == Place::Application { "" } else { "|" };
    match setting.kind {
        SettingKind::Flag => {
            let pattern = format!("^[\\s\\u0000]*({}|{}{blank})[\\s\\u0000]*$", any_case("true"), any_case("false"));
            json!({"type": ["boolean", "string", "null"], "pattern": pattern})
        }
        SettingKind::Integer => {
            json!({"type": ["integer", "string", "null"], "minimum": 0, "pattern": "^\\s*(\\+?[0-9]+)?\\s*$"})
        }
        SettingKind::Guid => json!({"type": ["string", "null"], "pattern": guid()}),
        SettingKind::List if setting.required => needed_list(),
        SettingKind::List => list(),
        SettingKind::Map => map(),
        SettingKind::Object(members) => {
            let mut schema = object(members, place);
            schema = with(schema, "type", json!(["object", "string", "null"]));
            schema = with(schema, "maxLength", json!(0));
            schema
        }
        SettingKind::Data => json!({"type": ["object", "string", "null"], "pattern": "^\\s*$"}),
        SettingKind::Entry => entry(),
        SettingKind::Entries => entries(),
        _ => text(setting, place),
    }
}

/// Text: every scalar is one.
fn text(setting: &Setting, place: Place) -> Value {
    let blank = if place == Place::Entry { "\\s*|" } else { "|" };
    let pattern = match setting.kind {
        SettingKind::Url if place == Place::Entry => Some(format!("^({blank}[Hh][Tt][Tt][Pp][Ss]?:[\\s\\S]*\\S)$")),
        SettingKind::Url | SettingKind::Identifier => Some(format!("^({blank}\\S|\\S[\\s\\S]*\\S)$")),
        _ => None,
    };
    let mut schema = json!({"type": ["string", "number", "boolean", "null"]});
    if setting.required {
        schema = with(schema, "type", json!(["string", "number", "boolean"]));
        schema = with(schema, "allOf", json!([{"pattern": "\\S"}]));
    }
    if let Some(pattern) = pattern {
        schema = with(schema, "pattern", json!(pattern));
    }
    schema
}

/// The values that there are, in any case.
fn one_of(setting: &Setting) -> Value {
    let values: Vec<String> = setting.one_of.iter().map(|value| any_case(value)).collect();
    let pattern = format!("^\\s*({})?\\s*$", values.join("|"));
    let mut any = vec![json!({"enum": setting.one_of}), json!({"type": ["string", "null"], "pattern": pattern})];
    if setting.kind == SettingKind::Entry {
        any.push(entry());
    }
    json!({"anyOf": any})
}

/// A list of texts; text stands for one whose elements are its words.
fn list() -> Value {
    json!({
        "type": ["array", "string", "number", "boolean", "null"],
        "items": {"type": ["string", "number", "boolean", "null"]},
    })
}

/// The same, with an element in it.
fn needed_list() -> Value {
    let mut schema = list();
    for (keyword, value) in
        [("type", json!(["array", "string", "number", "boolean"])), ("minItems", json!(1)), ("pattern", json!("\\S"))]
    {
        schema = with(schema, keyword, value);
    }
    schema
}

fn map() -> Value {
    let text = json!({"type": ["string", "number", "boolean", "null"]});
    json!({"type": ["object", "array", "string", "null"], "maxLength": 0, "additionalProperties": text, "items": text})
}

fn entry() -> Value {
    json!({
        "type": ["object", "string", "null"],
        "maxLength": 0,
        "if": {"type": "object", "minProperties": 1},
        "then": {"$ref": "#/$defs/credential"},
    })
}

/// A list of entries; one object counts as a list of one.
fn entries() -> Value {
    let mut schema = entry();
    schema = with(schema, "type", json!(["array", "object", "string", "null"]));
    schema = with(schema, "items", json!({"$ref": "#/$defs/credential"}));
    schema
}

/// A flag that says `true`.
pub(super) fn is_true() -> Value {
    json!({"anyOf": [{"const": true}, {"type": "string", "pattern": format!("^\\s*{}\\s*$", any_case("true"))}]})
}

/// The forms N, D, B and P of .NET.
fn guid() -> String {
    let dashed = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}";
    format!("^\\s*([0-9A-Fa-f]{{32}}|{dashed}|\\{{{dashed}\\}}|\\({dashed}\\))?\\s*$")
}

/// A pattern of the text in any ASCII case.
pub(super) fn any_case(text: &str) -> String {
    text.chars()
        .map(|letter| match (letter.to_ascii_uppercase(), letter.to_ascii_lowercase()) {
            (upper, lower) if upper != lower => format!("[{upper}{lower}]"),
            _ if letter.is_alphanumeric() => letter.to_string(),
            _ => format!("\\{letter}"),
        })
        .collect()
}
