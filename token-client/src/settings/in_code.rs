//! What the program itself sets: a layer of the tree, as a file and the environment are.

use std::fmt;

use credential_core::source::{Entry, Origin, Value};
use credential_core::{CredentialDescription, Finding, Secret};

use super::codes::{self, placed};
use super::downstream::PARENT;
use super::downstream_builder::DownstreamBuilder;
use super::key::{self, SEPARATOR};
use super::tree::{Layer, MAX_DEPTH, Node, Refused};

const CREDENTIALS: &str = "ClientCredentials";

/// What the program sets: of the application's section, and of downstream APIs. `Debug` shows names alone.
#[derive(Clone, Default)]
pub(crate) struct InCode {
    /// Settings of the application's section.
    pub(crate) values: Vec<(&'static str, Secret)>,
    /// Entries that follow those of files and variables.
    pub(crate) credentials: Vec<CredentialDescription>,
    /// Downstream APIs by name.
    pub(crate) downstream: Vec<(String, DownstreamBuilder)>,
    /// Whether the program named a settings file, which must be there then.
    pub(crate) file_named: bool,
    /// Whether tokens of managed identities alone are asked for.
    pub(crate) without_application: bool,
}

impl InCode {
    /// Whether the application can do without a settings file that nobody named.
    pub(crate) fn needs_no_file(&self) -> bool {
        let says_nothing = self.values.is_empty() && self.credentials.is_empty() && !self.without_application;
        !self.file_named && !says_nothing
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.credentials.is_empty() && self.downstream.is_empty() && !self.without_application
    }

    /// Everything as a layer over those below. Credentials follow what is there already: the places of others,
    /// and what is set in them by variables, stay.
    pub(crate) fn layer(&self, number: u32, section: &str, below: &[Layer], said: &mut Vec<Finding>) -> Layer {
        let mut writer = Writer::new(number, said);
        let application: Vec<&str> = section.split(SEPARATOR).collect();
        for (name, value) in &self.values {
            writer.text(&[&application[..], &[*name]].concat(), value, &Origin::Code);
        }
        let list = [&application[..], &[CREDENTIALS]].concat();
        let first = below.iter().filter_map(|layer| layer.node(&list)).map(after_last).max().unwrap_or(0);
        for (place, entry) in (first..).zip(&self.credentials) {
            let place = place.to_string();
            writer.credential(&[&list[..], &[place.as_str()]].concat(), entry);
        }
        for (name, api) in &self.downstream {
            let at_top = below.iter().any(|layer| layer.node(&[name]).is_some_and(|node| !node.children().is_empty()));
            let nested = below.iter().any(|layer| layer.node(&[PARENT, name]).is_some());
            let path: &[&str] = if at_top && !nested { &[name] } else { &[PARENT, name] };
            api.write(path, &mut writer);
        }
        writer.layer
    }
}

/// The place behind a list's last element.
fn after_last(list: &Node) -> i32 {
    let last = list.children().iter().filter_map(|child| key::number(&child.name)).max();
    last.map_or(0, |last| last.saturating_add(1))
}

/// Puts values into a layer.
pub(crate) struct Writer<'a> {
    layer: Layer,
    said: &'a mut Vec<Finding>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(number: u32, said: &'a mut Vec<Finding>) -> Self {
        Self { layer: Layer::new(number), said }
    }

    pub(crate) fn into_layer(self) -> Layer {
        self.layer
    }

    /// A value; a later one goes over an earlier one.
    pub(crate) fn text(&mut self, path: &[&str], value: &Secret, origin: &Origin) {
        if let Err(Refused::TooDeep | Refused::Duplicate(_)) = self.layer.put(path, value.clone(), origin) {
            self.too_deep(origin);
        }
    }

    /// A list, in the place of the one below it: merged by index it would keep elements that nobody meant.
    pub(crate) fn list(&mut self, path: &[&str], elements: &[String]) {
        match self.layer.enter(path, &Origin::Code) {
            Ok(node) => node.start_anew(),
            Err(_) => return self.too_deep(&Origin::Code),
        }
        for (place, element) in elements.iter().enumerate() {
            let place = place.to_string();
            self.text(&[path, &[place.as_str()]].concat(), &Secret::from(element.as_str()), &Origin::Code);
        }
    }

    fn credential(&mut self, path: &[&str], entry: &CredentialDescription) {
        match self.layer.enter(path, entry.origin()) {
            Ok(node) => node.given = entry.given_credential().cloned(),
            Err(_) => return self.too_deep(entry.origin()),
        }
        let source_type = Secret::from(entry.source_type().as_str());
        self.text(&[path, &["SourceType"]].concat(), &source_type, entry.origin());
        self.entries(path, entry.settings());
    }

    fn entries(&mut self, path: &[&str], entries: &[Entry]) {
        for entry in entries {
            let parts: Vec<&str> = path.iter().copied().chain(entry.name.split(SEPARATOR)).collect();
            match &entry.value {
                Value::Text(text) => self.text(&parts, text, &entry.origin),
                Value::Map(_) if parts.len() > MAX_DEPTH => self.too_deep(&entry.origin),
                Value::Map(entries) => self.entries(&parts, entries),
            }
        }
    }

    fn too_deep(&mut self, origin: &Origin) {
        let message = format!("a value set in code nests deeper than {MAX_DEPTH} levels");
        self.said.push(placed(Finding::error(codes::PATH_TOO_DEEP, message), origin.clone()));
    }
}

impl fmt::Debug for InCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.values.iter().map(|(name, _)| *name).collect();
        f.debug_struct("InCode")
            .field("values", &names)
            .field("credentials", &self.credentials)
            .field("downstream", &self.downstream)
            .field("file_named", &self.file_named)
            .field("without_application", &self.without_application)
            .finish()
    }
}
