//! An entry of `ClientCredentials`: what it may say depends on its source type.

use credential_core::source::COMMON_SETTINGS;
use credential_core::{CredentialSource, Setting, SourceRegistry, SourceType};
use serde_json::{Map, Value, json};

use super::shape::{self, Place};
use crate::settings::source_type_number;

/// Any entry.
pub(super) fn credential(sources: &SourceRegistry) -> Value {
    let sources_here = sources.sources();
    // Entries of sources that nobody brings are passed over.
    let passed_over: Vec<SourceType> =
        sources.absent().filter(|absent| absent.remedy.is_some()).map(|absent| absent.source_type.clone()).collect();
    let known: Vec<SourceType> = sources_here.iter().map(|source| source.source_type()).chain(passed_over).collect();
    let mut rules: Vec<Value> = sources_here.iter().map(|source| of_source(source.as_ref())).collect();
    rules.push(unbound());
    let all: Vec<Setting> =
        sources_here.iter().flat_map(|source| source.settings()).chain(COMMON_SETTINGS).copied().collect();
    let near: Map<String, Value> =
        COMMON_SETTINGS.iter().filter_map(|one| shape::near(one, &all, Place::Entry)).collect();
    json!({
        "type": "object",
        "required": ["SourceType"],
        "properties": {"SourceType": source_type(&known)},
        "patternProperties": near,
        "allOf": rules,
    })
}

/// One of these types, as it is documented, in any case, or by number.
fn source_type(known: &[SourceType]) -> Value {
    let names: Vec<&str> = known.iter().map(SourceType::as_str).collect();
    let matching: Vec<Value> = known.iter().map(is_type).collect();
    let about = COMMON_SETTINGS.iter().find(|setting| setting.name == "SourceType").map(|setting| setting.about);
    let mut any = vec![json!({"enum": names})];
    any.extend(matching);
    json!({"description": about, "anyOf": any})
}

fn is_type(source_type: &SourceType) -> Value {
    let name = shape::any_case(source_type.as_str());
    let Some(number) = source_type_number(source_type) else {
        return json!({"type": "string", "pattern": format!("^\\s*{name}\\s*$")});
    };
    let text = json!({"type": "string", "pattern": format!("^\\s*({name}|\\+?0*{number})\\s*$")});
    json!({"anyOf": [text, {"const": number}]})
}

/// What an entry of one source may say.
fn of_source(source: &dyn CredentialSource) -> Value {
    let name = source.source_type();
    let common = COMMON_SETTINGS.iter().filter(|setting| setting.name != "SourceType");
    let own: Vec<Setting> = source.settings().iter().chain(common).copied().collect();
    let then = shape::with(shape::object(&own, Place::Entry), "title", json!(name.as_str()));
    json!({"if": {"required": ["SourceType"], "properties": {"SourceType": is_type(&name)}}, "then": then})
}

/// `UseBoundCredential` is refused in an entry that is used.
fn unbound() -> Value {
    let is_true = |name: &str| {
        let mut map = Map::new();
        map.insert(name.to_owned(), shape::is_true());
        json!({"required": [name], "properties": map})
    };
    json!({"if": is_true("UseBoundCredential"), "then": is_true("Skip")})
}
