//! `sources`: the source types of this build, and how to get the others.

use credential_core::{CredentialSource, Setting};
use serde_json::{Value, json};

use super::args::SourcesArgs;
use super::context::OwnSources;
use super::output::Output;
use super::wrap::Line;
use super::{Outcome, json};

pub(crate) fn run(args: &SourcesArgs, own: &OwnSources, output: &Output) -> Outcome {
    let registry = own.registry();
    if args.json {
        let mut list: Vec<Value> = registry.sources().into_iter().map(|source| available(source.as_ref())).collect();
        list.extend(registry.absent().map(|absent| {
            let crate_name = Some(absent.crate_name).filter(|name| !name.is_empty());
            json::object([
                ("source_type", json!(absent.source_type.as_str())),
                ("available", json!(false)),
                ("feature", json!(absent.feature)),
                ("crate", json!(crate_name)),
                ("about", json!(absent.remedy)),
                ("settings", json!([])),
            ])
        }));
        output.json(&json!({"sources": list}));
        return Ok(());
    }
    for source in registry.sources() {
        output.print(source.source_type().as_str());
        let width = source.settings().iter().map(|setting| setting.name.len()).max().unwrap_or(0);
        for setting in source.settings() {
            let need = if setting.required { "required" } else { "optional" };
            let (head, about) = (format!("  {:width$}  {need}  ", setting.name), setting.about);
            output.print_lines(&[Line::new(head, format!("{about}{}", values(setting)))]);
        }
    }
    for absent in registry.absent() {
        let how = match (absent.remedy, absent.feature) {
            (Some(remedy), _) => remedy.to_owned(),
            (None, Some(feature)) => format!("enable the feature \"{feature}\" ({})", absent.crate_name),
            (None, None) => absent.crate_name.to_owned(),
        };
        let head = format!("{}  {}  ", absent.source_type, output.yellow("not in this build"));
        output.print_lines(&[Line::new(head, how)]);
    }
    Ok(())
}

fn available(source: &dyn CredentialSource) -> Value {
    let source_type = source.source_type();
    let known = crate::sources::known(&source_type);
    json::object([
        ("source_type", json!(source_type.as_str())),
        ("available", json!(true)),
        ("feature", json!(known.and_then(|known| known.feature))),
        ("crate", json!(known.map(|known| known.crate_name))),
        ("settings", source.settings().iter().map(setting).collect()),
    ])
}

fn setting(setting: &Setting) -> Value {
    json::object([
        ("name", json!(setting.name)),
        ("required", json!(setting.required)),
        ("secret", json!(setting.secret)),
        ("about", json!(setting.about)),
        ("default", json!(setting.default)),
        ("one_of", if setting.one_of.is_empty() { Value::Null } else { json!(setting.one_of) }),
    ])
}

/// The values that there are, and the one that counts when nothing is said.
fn values(setting: &Setting) -> String {
    let one_of = match setting.one_of {
        [] => String::new(),
        values => format!(" (one of: {})", values.join(", ")),
    };
    setting.default.map_or(one_of.clone(), |default| format!("{one_of} (default: {default})"))
}
