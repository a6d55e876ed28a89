//! `schema`: a JSON Schema (2020-12) of the configuration, for editors.

use credential_core::{COMMON_SETTINGS, CredentialSource, Setting, SettingKind};
use serde_json::{Map, Value, json};

use super::Outcome;
use super::args::SchemaArgs;
use super::output::Output;
use crate::TokenClient;
use crate::settings::{APPLICATION_SETTINGS, DOWNSTREAM_SETTINGS, OptionKind, OptionSetting};

pub(crate) fn run(args: &SchemaArgs, output: &Output) -> Outcome {
    let application = json!({"$ref": "#/$defs/application"});
    let mut properties: Map<String, Value> =
        args.section.iter().map(|section| (section.clone(), application.clone())).collect();
    let downstream = json!({"$ref": "#/$defs/downstream"});
    properties.insert("DownstreamApis".to_owned(), json!({"type": "object", "additionalProperties": downstream}));
    let registry = TokenClient::builder().registry();
    let entries: Vec<Value> = registry.sources().into_iter().map(|source| entry(source.as_ref())).collect();
    output.json(&json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Application and downstream APIs in an appsettings.json",
        "type": "object",
        "properties": properties,
        "$defs": {
            "application": options(APPLICATION_SETTINGS),
            "downstream": options(DOWNSTREAM_SETTINGS),
            "credential": {"oneOf": entries},
        },
    }));
    Ok(())
}

fn options(settings: &[OptionSetting]) -> Value {
    let known = settings.iter().filter(|setting| setting.kind != OptionKind::Elsewhere);
    let properties: Map<String, Value> = known.map(|setting| (setting.name.to_owned(), option(setting))).collect();
    json!({"type": "object", "properties": properties})
}

fn option(setting: &OptionSetting) -> Value {
    let mut schema = match setting.kind {
        OptionKind::Flag => json!({"type": ["boolean", "string", "null"]}),
        OptionKind::TextList => json!({"type": ["array", "string", "null"], "items": {"type": "string"}}),
        OptionKind::TextMap => {
            json!({"type": ["object", "null"], "additionalProperties": {"type": ["string", "null"]}})
        }
        OptionKind::Credentials => json!({"type": "array", "items": {"$ref": "#/$defs/credential"}}),
        OptionKind::Object(table) => options(table),
        _ => json!({"type": ["string", "null"]}),
    };
    describe(&mut schema, setting.about);
    schema
}

/// An entry of one source type: its own settings and no others.
fn entry(source: &dyn CredentialSource) -> Value {
    let name = source.source_type();
    let own = source.settings().iter().chain(COMMON_SETTINGS.iter().filter(|setting| setting.name != "SourceType"));
    let mut properties: Map<String, Value> = own.map(|one| (one.name.to_owned(), setting(one))).collect();
    properties.insert("SourceType".to_owned(), json!({"const": name.as_str()}));
    let mut required = vec!["SourceType"];
    required.extend(source.settings().iter().filter(|setting| setting.required).map(|setting| setting.name));
    json!({"type": "object", "title": name.as_str(), "properties": properties, "required": required,
           "additionalProperties": false})
}

fn setting(setting: &Setting) -> Value {
    let mut schema = match setting.kind {
        SettingKind::Flag => json!({"type": ["boolean", "string"]}),
        SettingKind::Integer => json!({"type": ["integer", "string"]}),
        SettingKind::Map => json!({"type": ["object", "string"]}),
        _ => json!({"type": "string"}),
    };
    if let (false, Value::Object(schema)) = (setting.one_of.is_empty(), &mut schema) {
        schema.insert("examples".to_owned(), json!(setting.one_of));
    }
    describe(&mut schema, setting.about);
    schema
}

fn describe(schema: &mut Value, about: &str) {
    if let Value::Object(schema) = schema {
        schema.insert("description".to_owned(), json!(about));
    }
}
