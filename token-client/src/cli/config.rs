//! `config`: what the configuration says, and where each value comes from.

use credential_core::SourceRegistry;
use serde_json::{Map, Value, json};

use super::args::ConfigArgs;
use super::context::{Context, OwnSources, worst_first};
use super::json::Said;
use super::output::Output;
use super::text::clean;
use super::wrap::Line;
use super::{Failure, Outcome, json, text};
use crate::authority::OfflineEndpoints;
use crate::settings::any_error;
use crate::settings::{Configuration, Shown, Sight};

pub(crate) async fn run(args: ConfigArgs, own: &OwnSources, output: &Output) -> Outcome {
    let context = Context::new(&args.place, own)?;
    let mut configuration = context.read().await;
    let recipe = context.recipe();
    let (authority, sources) = (recipe.check(&mut configuration), recipe.registry);
    let ok = !any_error(&configuration.findings);
    let endpoints = authority.as_ref().map(|authority| authority.endpoints_in(context.world.environment.as_ref()));
    if args.json {
        let findings = worst_first(configuration.findings.clone());
        let mut object = Map::new();
        object.insert("ok".to_owned(), json!(ok));
        object.insert("application".to_owned(), shown(&configuration.application.shown(&sources)));
        object.insert("downstream".to_owned(), downstream(&configuration));
        object.insert("origins".to_owned(), origins(&configuration));
        if let Some(endpoints) = &endpoints {
            object.insert("endpoints".to_owned(), as_json(endpoints));
        }
        object.insert("findings".to_owned(), json::findings(&findings));
        output.json(&Value::Object(object));
    } else {
        print(&configuration, &sources, endpoints.as_ref(), output);
    }
    if ok { Ok(()) } else { Err(Failure::Said) }
}

fn print(
    configuration: &Configuration,
    sources: &SourceRegistry,
    endpoints: Option<&OfflineEndpoints>,
    output: &Output,
) {
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
            let text = format!("{value}  ({})", clean(&leaf.origin.to_string()));
            output.print_lines(&[Line::new(format!("  {shown_name:width$}  "), text)]);
        }
    }
    if let Some(endpoints) = endpoints {
        output.print("\nendpoints");
        let lines = lines(endpoints);
        let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, value) in lines {
            output.print_lines(&[Line::new(format!("  {name:width$}  "), clean(&value))]);
        }
    }
    let findings: Vec<Said<'_>> =
        worst_first(configuration.findings.clone()).into_iter().map(|one| (one, None)).collect();
    if !findings.is_empty() {
        output.print("");
        output.print_lines(&text::findings(&findings, output));
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

/// What the first call asks is absent, and said so.
fn as_json(known: &OfflineEndpoints) -> Value {
    json::object([
        ("authority", json!(known.authority)),
        ("token", json!(known.token)),
        ("authorize", json!(known.authorize)),
        ("assertion_audience", json!(known.assertion_audience)),
        ("instance_discovery", json!(known.instance_discovery)),
        ("region", json!(known.region)),
        ("token_without_region", json!(known.token_without_region)),
        ("metadata", if known.metadata.is_empty() { Value::Null } else { json!(known.metadata) }),
    ])
}

fn lines(known: &OfflineEndpoints) -> Vec<(&'static str, String)> {
    let token = match (&known.token, &known.token_without_region) {
        (Some(token), _) => Some(token.clone()),
        (None, Some(token)) => {
            Some(format!("of this machine's region, which the first call asks for; without one {token}"))
        }
        (None, None) => None,
    };
    let decided = || match known.metadata.as_slice() {
        [] => None,
        list => Some(format!("decides over the others, and is read at the first call: {}", list.join(", then "))),
    };
    let discovery = known.instance_discovery.then(|| "the first call asks the public cloud about the host".to_owned());
    let all = [
        ("authority", Some(known.authority.clone())),
        ("token", token),
        ("authorize", known.authorize.clone()),
        ("assertion audience", known.assertion_audience.clone()),
        ("region", known.region.clone()),
        ("instance discovery", discovery),
        ("metadata", decided()),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
