//! What stands beside the application's section in the place of in it: credentials, and variables.

use credential_core::Finding;
use credential_core::source::Origin;
use credential_core::text::nearest;

use super::application::ApplicationOptions;
use super::bind::Section;
use super::codes;
use super::downstream::is_application;
use super::key;
use super::known::APPLICATION_SETTINGS;
use super::tree::{Node, Tree};

/// The names of lists that an application's section has.
const LISTS: [&str; 2] = ["ClientCredentials", "ClientCertificates"];

/// Lists of credentials at the top or in a section that is no application's, where the application has none.
pub(super) fn credentials(tree: &Tree, path: &str, options: &ApplicationOptions, said: &mut Vec<Finding>) {
    if !options.credentials.is_empty() || tree.node(path).is_none() {
        return;
    }
    let before = said.len();
    let top = || tree.root().children().iter().map(|node| Section { node: Some(node), path: node.name.clone() });
    let others = top().filter(|section| !is_around(path, &section.path) && !is_application(section));
    // An API of `DownstreamApis` is a level deeper.
    let sections = others.flat_map(|section| section.children().into_iter().chain([section]).collect::<Vec<_>>());
    let below = sections.flat_map(|section| LISTS.map(|name| section.child(name)));
    let lists = top().filter(|section| LISTS.iter().any(|name| key::same(name, &section.path))).chain(below);
    for list in lists.filter(Section::has_children) {
        let name = list.path.rsplit(':').next().unwrap_or_default();
        let message = format!("{name} stands outside the section {path:?}, which has no credentials");
        let finding = Finding::error(codes::MISPLACED_CREDENTIALS, message);
        said.push(finding.at(&list.path, list.origin()).remedy(format!("move {name} into {path:?}")));
    }
    if said.len() > before {
        said.retain(|finding| finding.code != codes::NO_CREDENTIALS);
    }
}

/// Variables whose names have one `_` or a `.` where `__` or `:` separates: nobody reads them.
pub(super) fn variables(tree: &Tree, path: &str, said: &mut Vec<Finding>) {
    for node in tree.root().children() {
        let after = node.name.get(..path.len()).filter(|start| key::same(start, path));
        let name = after.and_then(|_| node.name.get(path.len()..)?.strip_prefix(['_', '.']));
        let setting = name.and_then(|name| APPLICATION_SETTINGS.iter().find(|setting| setting.is_named(name)));
        if let (Some(setting), Origin::Environment(variable)) = (setting, &node.origin) {
            let message = format!("the variable {variable} is not read: __ separates a section from its setting");
            let finding = Finding::warning(codes::VARIABLE_SEPARATOR, message).at(&node.name, node.origin.clone());
            let right = path.replace(key::SEPARATOR, "__");
            said.push(finding.remedy(format!("rename it to {right}__{}", setting.name)));
        }
    }
}

/// Variables of a section whose name is near to the application's, and that no file has.
pub(super) fn misspelt_sections(tree: &Tree, path: &str, said: &mut Vec<Finding>) {
    let setting = |node: &Node| APPLICATION_SETTINGS.iter().find(|setting| setting.is_named(&node.name));
    for node in tree.root().children() {
        let is_near = !key::same(&node.name, path) && nearest(&node.name, [path]).is_some();
        if !is_near || matches!(node.origin, Origin::File { .. }) {
            continue;
        }
        for child in node.children() {
            let origin = child.value.as_ref().map_or(&child.origin, |value| &value.origin);
            if let (Some(setting), Origin::Environment(variable)) = (setting(child), origin) {
                let message =
                    format!("the variable {variable} is not read: no settings file has a section {:?}", node.name);
                let finding = Finding::warning(codes::MISSPELT_SETTING, message);
                let finding = finding.at(format!("{}:{}", node.name, child.name), origin.clone());
                said.push(finding.remedy(format!("rename it to {path}__{}", setting.name)));
            }
        }
    }
}

/// Arguments that set something of an application's outside of its section.
pub(super) fn arguments(tree: &Tree, path: &str, said: &mut Vec<Finding>) {
    for node in tree.root().children() {
        let Some(value) = node.value.as_ref().filter(|_| node.children().is_empty()) else { continue };
        let setting = APPLICATION_SETTINGS.iter().find(|setting| setting.is_named(&node.name));
        if let (Some(setting), Origin::Argument(_) | Origin::Code) = (setting, &value.origin) {
            let message = format!("{} is set outside of the section {path:?}: it is ignored", setting.name);
            let finding = Finding::warning(codes::UNKNOWN_SETTING, message).at(&node.name, value.origin.clone());
            said.push(finding.remedy(format!("write {path}:{}", setting.name)));
        }
    }
}

/// Whether a section at the top is the application's own, or holds it.
fn is_around(path: &str, top: &str) -> bool {
    path.split(key::SEPARATOR).next().is_some_and(|first| key::same(first, top))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::settings::{Configuration, Location, codes};

    #[test]
    fn what_is_set_beside_the_section_is_named_with_its_place_inside() {
        let text = r#"{"AzureAd": {"TenantId": "contoso.com", "ClientId": "app1",
            "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}]}}"#;
        let found = |location: &Location, variables: &[(&str, &str)]| {
            let vars: BTreeMap<String, String> =
                variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let found = Configuration::from_json(text, location, &vars).findings;
            found.into_iter().map(|finding| (finding.code, finding.remedy.unwrap_or_default())).collect::<Vec<_>>()
        };
        let plain = Location::default();
        let renamed = "rename it to AzureAd__TenantId".to_owned();
        assert_eq!(found(&plain, &[("AzureAdd__TenantId", "x.com")]), [(codes::MISSPELT_SETTING, renamed)]);
        let at_the_top = Location::default().set("TenantId", "x.com");
        assert_eq!(found(&at_the_top, &[]), [(codes::UNKNOWN_SETTING, "write AzureAd:TenantId".to_owned())]);
        for others in [&[("AzureAdd__Colour", "x")][..], &[("TenantId", "x")], &[("AzureAd__Name", "x")]] {
            assert_eq!(found(&plain, others), [], "{others:?}");
        }
    }
}
