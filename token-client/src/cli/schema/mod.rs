//! `schema`: a JSON Schema (2020-12) of the configuration, for editors and for checks of whole files.
//!
//! Made of the declarations that the program itself reads. It says what the program says to one complete file:
//! what is an error there fails, and what is a warning passes, so no object is closed to further keys. Keys
//! are those of the declarations, in PascalCase: that the program takes them in any case is nothing that a
//! schema can say.

mod entry;
mod shape;

use credential_core::SourceRegistry;
use serde_json::{Map, Value, json};

use super::Outcome;
use super::args::SchemaArgs;
use super::context::OwnSources;
use super::output::Output;
use crate::settings::{APPLICATION_SETTINGS, DOWNSTREAM_SETTINGS, downstream};
use shape::Place;

pub(crate) fn run(args: &SchemaArgs, own: &OwnSources, output: &Output) -> Outcome {
    output.json(&schema(&args.section, &own.registry()));
    Ok(())
}

/// The same as a file's text.
pub(crate) fn text(sections: &[String], own: &OwnSources) -> String {
    format!("{:#}\n", schema(sections, &own.registry()))
}

fn schema(sections: &[String], sources: &SourceRegistry) -> Value {
    let mut properties = Map::new();
    for section in sections {
        let names: Vec<&str> = section.split(':').collect();
        nest(&mut properties, &names, json!({"$ref": "#/$defs/application"}));
    }
    let api = json!({"$ref": "#/$defs/downstream"});
    properties.insert(
        "DownstreamApis".to_owned(),
        json!({
            "type": ["object", "null"],
            "description": "Downstream APIs, by name.",
            "additionalProperties": {"if": {"type": "object"}, "then": api},
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Application and downstream APIs in an appsettings.json",
        "description": "For one complete file with keys in PascalCase: what other files and variables bring is not seen.",
        "type": "object",
        "properties": properties,
        "additionalProperties": {"if": is_downstream(), "then": api},
        "$defs": {
            "application": shape::object(APPLICATION_SETTINGS, Place::Application),
            "downstream": shape::object(DOWNSTREAM_SETTINGS, Place::Downstream),
            "credential": entry::credential(sources),
        },
    })
}

/// Puts the schema of a section at its path.
fn nest(properties: &mut Map<String, Value>, names: &[&str], section: Value) {
    let Some((name, rest)) = names.split_first() else { return };
    if rest.is_empty() {
        properties.insert((*name).to_owned(), section);
        return;
    }
    let outer = properties.entry((*name).to_owned()).or_insert_with(|| json!({"type": "object", "properties": {}}));
    if let Some(inner) = outer.get_mut("properties").and_then(Value::as_object_mut) {
        nest(inner, rest, section);
    }
}

/// A section at the top that is a downstream API, or was to be one, and no other application's.
fn is_downstream() -> Value {
    let any = |names: &[&str]| -> Vec<Value> { names.iter().map(|name| json!({"required": [name]})).collect() };
    let keys = [any(&downstream::WHOLE), any(&downstream::HINTS)].concat();
    json!({
        "type": "object",
        "anyOf": keys,
        "not": {"required": ["ClientId"], "anyOf": any(&downstream::APPLICATION)},
    })
}
