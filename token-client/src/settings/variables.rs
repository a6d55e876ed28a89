//! Environment variables as settings.

use std::collections::BTreeMap;

use credential_core::source::Origin;
use credential_core::{Finding, Secret};

use super::codes;
use super::key::{SEPARATOR, fold};
use super::tree::{Layer, MAX_DEPTH, Refused};

/// Prefixes that hosts of .NET read below every file, with the prefix cut; the first goes lowest.
pub(crate) const HOST_PREFIXES: [&str; 2] = ["ASPNETCORE_", "DOTNET_"];

/// Prefixes of connection strings, and the provider that each implies.
const CONNECTION_STRINGS: [(&str, Option<&str>); 4] = [
    ("CUSTOMCONNSTR_", None),
    ("MYSQLCONNSTR_", Some("MySql.Data.MySqlClient")),
    ("SQLAZURECONNSTR_", Some("System.Data.SqlClient")),
    ("SQLCONNSTR_", Some("System.Data.SqlClient")),
];

/// The variables with a prefix, as a layer.
pub(crate) fn prefixed(prefix: &str, vars: &BTreeMap<String, String>, layer: Layer, said: &mut Vec<Finding>) -> Layer {
    let mut reader = Reader { layer, said };
    for (name, value) in vars {
        if let Some(rest) = cut(name, prefix) {
            reader.set(name, &rest.replace("__", ":"), value);
        }
    }
    reader.layer
}

/// The variables without a host's prefix, as a layer.
pub(crate) fn plain(vars: &BTreeMap<String, String>, layer: Layer, said: &mut Vec<Finding>) -> Layer {
    let mut reader = Reader { layer, said };
    for (name, value) in vars {
        if HOST_PREFIXES.iter().any(|prefix| cut(name, prefix).is_some()) {
            continue;
        }
        let connection = CONNECTION_STRINGS.iter().find_map(|(prefix, provider)| Some((cut(name, prefix)?, provider)));
        if let Some((rest, provider)) = connection {
            let path = format!("ConnectionStrings:{}", rest.replace("__", ":"));
            reader.set(name, &path, value);
            if let Some(provider) = provider {
                reader.set(name, &format!("{path}_ProviderName"), provider);
            }
        } else {
            reader.set(name, &name.replace("__", ":"), value);
        }
    }
    reader.layer
}

/// Variables that nobody can read, since they are not Unicode: an error where one was to set something of
/// these sections.
pub(crate) fn not_unicode(names: &[String], sections: &[&str], said: &mut Vec<Finding>) {
    for name in names {
        let bare = HOST_PREFIXES.iter().find_map(|prefix| cut(name, prefix)).unwrap_or(name);
        let path = bare.replace("__", ":");
        let is_within =
            |section: &&str| cut(&path, section).is_some_and(|rest| rest.is_empty() || rest.starts_with(SEPARATOR));
        let message = format!("{name} is set, and its name or value is not valid UTF-8: it is not read");
        let finding = if sections.iter().any(is_within) {
            Finding::error(codes::VARIABLE_NOT_UNICODE, message).at(path, Origin::environment(name.as_str()))
        } else {
            codes::placed(Finding::warning(codes::VARIABLE_NOT_UNICODE, message), Origin::environment(name.as_str()))
        };
        said.push(finding.remedy("set it to text in UTF-8, or unset it"));
    }
}

/// What follows a prefix, whatever its case.
fn cut<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

struct Reader<'a> {
    layer: Layer,
    said: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    fn set(&mut self, name: &str, path: &str, value: &str) {
        let parts: Vec<&str> = path.split(SEPARATOR).take(MAX_DEPTH + 1).collect();
        match self.layer.set(&parts, Some(Secret::from(value)), Origin::environment(name)) {
            Ok(()) => {}
            Err(Refused::TooDeep) => self.said.push(
                Finding::error(codes::PATH_TOO_DEEP, format!("a variable nests deeper than {MAX_DEPTH} levels"))
                    .at(path.chars().take(80).collect::<String>(), Origin::environment(name))
                    .remedy("unset it, or write a path of fewer parts"),
            ),
            // Variables such as http_proxy and HTTP_PROXY live side by side; no setting is at the top.
            Err(Refused::Duplicate(_)) if parts.len() == 1 => {}
            Err(Refused::Duplicate(earlier)) => self.twice(&parts, path, name, value, &earlier),
        }
    }

    fn twice(&mut self, parts: &[&str], path: &str, name: &str, value: &str, earlier: &Origin) {
        let origin = Origin::environment(name);
        let same = self
            .layer
            .enter(parts, &origin)
            .is_ok_and(|node| node.text().is_some_and(|text| *text == Secret::from(value)));
        let message = format!("{name} and {earlier} set the same setting, {}", fold_note(name, earlier));
        let finding = if same {
            Finding::warning(codes::VARIABLE_TWICE, message)
        } else {
            Finding::error(codes::VARIABLE_TWICE, format!("{message}, to different values"))
        };
        self.said.push(finding.at(path, origin).remedy("unset one of the two"));
    }
}

fn fold_note(name: &str, earlier: &Origin) -> &'static str {
    match earlier {
        Origin::Environment(other) if fold(other) == fold(name) => "spelt in different case",
        _ => "written in different ways",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tree::Tree;

    fn read(vars: &[(&str, &str)]) -> (Tree, Vec<Finding>) {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut said = Vec::new();
        (Tree::merge(vec![plain(&vars, Layer::new(0), &mut said)]), said)
    }

    #[test]
    fn double_underscores_and_colons_separate() {
        let (tree, said) = read(&[("A__B:C", "1"), ("A___D", "2"), ("SQLCONNSTR_x", "3")]);
        assert_eq!(tree.get("A:B:C").map(Secret::expose), Some("1"));
        assert_eq!(tree.get("A:_D").map(Secret::expose), Some("2"));
        assert_eq!(tree.get("ConnectionStrings:x_ProviderName").map(Secret::expose), Some("System.Data.SqlClient"));
        assert!(said.is_empty());
    }

    #[test]
    fn two_names_for_one_setting_are_found() {
        let (_, said) = read(&[("AZUREAD__CLIENTID", "1"), ("AzureAd__ClientId", "2")]);
        assert_eq!(
            said.iter().map(|one| (one.code, one.severity.as_str())).collect::<Vec<_>>(),
            [(codes::VARIABLE_TWICE, "error")]
        );
        let (_, said) = read(&[("AzureAd:ClientId", "1"), ("AzureAd__ClientId", "1")]);
        assert_eq!(said.first().map(|one| one.severity.as_str()), Some("warning"));
        let (_, said) = read(&[("HTTP_PROXY", "1"), ("http_proxy", "2")]);
        assert!(said.is_empty());
    }
}
