//! `config`: what the configuration says, and where each value comes from.

use credential_core::SourceRegistry;
use serde_json::{Map, Value, json};

use super::args::ConfigArgs;
use super::context::{Context, builder, worst_first};
use super::json::Said;
use super::output::Output;
use super::text::clean;
use super::{Failure, Outcome, json, text};
use crate::authority::Authority;
use crate::builder::bind;
use crate::configuration_error::any_error;
use crate::settings::{Configuration, Shown, Sight};

pub(crate) async fn run(args: ConfigArgs, output: &Output) -> Outcome {
    let context = Context::new(&args.place)?;
    let mut configuration = context.read().await;
    let sources = builder().registry();
    let (authority, _) = bind(&mut configuration, &sources, &context.world);
    let ok = !any_error(&configuration.findings);
    let endpoints = authority.as_ref().map_or(Value::Null, endpoints);
    if args.json {
        let findings = worst_first(configuration.findings.clone());
        let mut object = Map::new();
        object.insert("ok".to_owned(), json!(ok));
        object.insert("application".to_owned(), shown(&configuration.application.shown(&sources)));
        object.insert("downstream".to_owned(), downstream(&configuration));
        object.insert("origins".to_owned(), origins(&configuration));
        if !endpoints.is_null() {
            object.insert("endpoints".to_owned(), endpoints);
        }
        object.insert("findings".to_owned(), json::findings(&findings));
        output.json(&Value::Object(object));
    } else {
        print(&configuration, &sources, &endpoints, output);
    }
    if ok { Ok(()) } else { Err(Failure::Said) }
}

fn print(configuration: &Configuration, sources: &SourceRegistry, endpoints: &Value, output: &Output) {
    output.print(&format!("environment  {}", clean(&configuration.environment)));
    for (path, sight) in sections(configuration, sources) {
        output.print(&format!("\n{}", clean(&path)));
        let leaves = configuration.tree.leaves(&path);
        let names: Vec<&str> = leaves.iter().map(|leaf| leaf.path.get(path.len() + 1..).unwrap_or_default()).collect();
        let shown_names: Vec<String> = names.iter().map(|name| clean(name)).collect();
        let width = shown_names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for ((leaf, name), shown_name) in leaves.iter().zip(names).zip(shown_names) {
            let value = match &leaf.value {
                Some(value) => clean(&sight.below(name).show(value.expose())),
                None => "null".to_owned(),
            };
            output.print(&format!("  {shown_name:width$}  {value}  ({})", clean(&leaf.origin.to_string())));
        }
    }
    if let Value::Object(endpoints) = endpoints {
        output.print("\nendpoints");
        let width = endpoints.keys().map(String::len).max().unwrap_or(0);
        for (name, value) in endpoints {
            output.print(&format!(
                "  {name:width$}  {}",
                clean(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            ));
        }
    }
    let findings: Vec<Said<'_>> =
        worst_first(configuration.findings.clone()).into_iter().map(|one| (one, None)).collect();
    if !findings.is_empty() {
        output.print(&format!("\n{}", text::findings(&findings, output)));
    }
}

/// The application's and the downstream sections, and how each may be seen.
fn sections<'a>(configuration: &Configuration, sources: &'a SourceRegistry) -> Vec<(String, Sight<'a>)> {
    let mut list = vec![(configuration.section.clone(), Sight::application(sources))];
    list.extend(configuration.downstream.iter().map(|api| (api.path.clone(), Sight::downstream())));
    list
}

fn shown(options: &Shown) -> Value {
    serde_json::to_value(options).unwrap_or(Value::Null)
}

fn downstream(configuration: &Configuration) -> Value {
    let all = configuration.downstream.iter().map(|api| (api.name.clone(), shown(&api.shown())));
    Value::Object(all.collect())
}

/// Where each value of the application's and the downstream sections stands.
fn origins(configuration: &Configuration) -> Value {
    let downstream = configuration.downstream.iter().map(|api| &api.path);
    let leaves = downstream.chain([&configuration.section]).flat_map(|path| configuration.tree.leaves(path));
    Value::Object(leaves.map(|leaf| (leaf.path, json::origin(&leaf.origin))).collect())
}

fn endpoints(authority: &Authority) -> Value {
    let known = authority.endpoints();
    json::object([
        ("authority", json!(known.authority)),
        ("token", json!(known.token)),
        ("authorize", json!(known.authorize)),
        ("assertion_audience", json!(known.assertion_audience)),
        ("instance_discovery", json!(known.instance_discovery)),
    ])
}
