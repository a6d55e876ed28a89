//! An application's section that is not there, or is something else than a section.

use credential_core::Finding;
use credential_core::source::Origin;
use credential_core::text::nearest;

use super::bind::Section;
use super::codes;
use super::downstream::{PARENT, is_application};
use super::key;
use super::known::APPLICATION_SETTINGS;
use super::tree::{Node, Tree};

/// The most sections that a remedy lists.
const MAX_LISTED: usize = 20;
/// So many settings of an application outside of a section are one without its section.
const ENOUGH: usize = 2;

/// Why there is no section at the path, and what to do.
pub(super) fn check(tree: &Tree, path: &str) -> Option<Finding> {
    let wrong = |node: &Node, found: &str, remedy: String| {
        let finding =
            Finding::error(codes::WRONG_TYPE, format!("the section {path:?} is {found}; an object is expected"));
        let origin = node.value.as_ref().map_or_else(|| node.origin.clone(), |value| value.origin.clone());
        finding.at(path, origin).remedy(remedy)
    };
    match tree.node(path) {
        Some(node) if node.is_list() => Some(wrong(node, "a list", "remove the [ ] around the object".to_owned())),
        Some(node) if !node.children().is_empty() => None,
        Some(node) if node.text().is_some() => Some(wrong(node, "a value, no section", to_add(path))),
        _ => Some(missing(tree, path)),
    }
}

fn to_add(path: &str) -> String {
    format!(
        "write \"{path}\": {{ \"Instance\": ..., \"TenantId\": ..., \"ClientId\": ..., \"ClientCredentials\": [...] }}"
    )
}

fn missing(tree: &Tree, path: &str) -> Finding {
    let mut finding = Finding::error(codes::MISSING_SECTION, format!("section {path:?} not found"));
    finding.path = Some(path.to_owned());
    finding.origin = tree.root().children().iter().find_map(file_of);
    finding.remedy(remedy(tree, path))
}

/// The file that a setting stands in.
fn file_of(node: &Node) -> Option<Origin> {
    match &node.origin {
        Origin::File { file, .. } => Some(Origin::file(file.clone(), 1, 1)),
        _ => None,
    }
}

fn remedy(tree: &Tree, path: &str) -> String {
    let is_setting = |node: &&Node| APPLICATION_SETTINGS.iter().any(|setting| setting.is_named(&node.name));
    let top = tree.root().children();
    let bare: Vec<&str> = top.iter().filter(|node| file_of(node).is_some()).filter(is_setting).map(name_of).collect();
    let candidates = candidates(tree);
    let all: Vec<&str> = candidates.iter().map(String::as_str).collect();
    let last = |path: &str| path.rsplit(key::SEPARATOR).next().unwrap_or_default().to_owned();
    if let Some(inner) = all.iter().find(|other| key::same(&last(other), &last(path))) {
        return format!("name it by builder().section(..): {inner}");
    }
    // Variables such as PATH are at the top too; sections are what has something below it.
    let near = nearest(path, all.iter().copied()).or_else(|| nearest(path, tree.sections()));
    if let Some(near) = near.filter(|near| !key::same(near, path)) {
        return format!("write {near:?}, or rename that section to {path:?}");
    }
    if bare.len() >= ENOUGH {
        return format!("move {} into a section: \"{path}\": {{ ... }}", bare.join(", "));
    }
    if let Some(flat) = top.iter().find(|node| file_of(node).is_some() && node.name.starts_with(&format!("{path}__"))) {
        return format!("write : in the place of __ in {:?}: __ separates in variables alone", flat.name);
    }
    let others: Vec<&str> = match all.is_empty() {
        true => tree.sections().filter(|name| !key::same(name, PARENT)).take(MAX_LISTED).collect(),
        false => all.into_iter().take(MAX_LISTED).collect(),
    };
    match others.as_slice() {
        [] => format!("add it: {}", to_add(path)),
        others => format!("add it, or name another one by builder().section(..): {}", others.join(", ")),
    }
}

fn name_of(node: &Node) -> &str {
    &node.name
}

/// Sections that are an application's: at the top, and a level below.
fn candidates(tree: &Tree) -> Vec<String> {
    let top = tree.root().children().iter().map(|node| Section { node: Some(node), path: node.name.clone() });
    let all = top.flat_map(|section| std::iter::once(section.clone()).chain(section.children()));
    all.filter(is_application).map(|section| section.path).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::settings::{Configuration, Location, codes};

    /// One finding, with the file and what to do.
    #[test]
    fn a_section_that_is_not_there_is_told_what_to_do() {
        let app = r#"{"TenantId": "contoso.com", "ClientId": "app1", "ClientCredentials": []}"#;
        for (text, code, remedy) in [
            ("{}".to_owned(), codes::MISSING_SECTION, "add it: write \"AzureAd\": {"),
            (format!(r#"{{"AzurAd": {app}}}"#), codes::MISSING_SECTION, "write \"AzurAd\", or rename that section"),
            (
                format!(r#"{{"EntraId": {app}, "DownstreamApis": {{"A": {{}}}}}}"#),
                codes::MISSING_SECTION,
                "section(..): EntraId",
            ),
            (
                format!(r#"{{"Authentication": {{"AzureAd": {app}}}}}"#),
                codes::MISSING_SECTION,
                "Authentication:AzureAd",
            ),
            (app.to_owned(), codes::MISSING_SECTION, "move ClientCredentials, ClientId, TenantId into a section"),
            (r#"{"AzureAd__TenantId": "t"}"#.to_owned(), codes::MISSING_SECTION, "write : in the place of __"),
            (format!(r#"{{"AzureAd": [{app}]}}"#), codes::WRONG_TYPE, "remove the [ ]"),
            (r#"{"AzureAd": "contoso.com"}"#.to_owned(), codes::WRONG_TYPE, "write \"AzureAd\": {"),
        ] {
            let found = Configuration::from_json(&text, &Location::default(), &BTreeMap::new()).findings;
            let [finding] = found.as_slice() else { panic!("{text}: {found:?}") };
            let told = finding.remedy.as_deref().unwrap_or_default();
            assert!(finding.code == code && told.contains(remedy), "{text}: {finding:?}");
            assert!(finding.origin.is_some() || text == "{}", "{text}: {finding:?}");
        }
    }
}
