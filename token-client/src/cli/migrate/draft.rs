//! Settings as they are found, and the file that they make.

use std::fmt::Write;

use serde_json::{Value, json};

/// The address of the public cloud.
const PUBLIC: &str = "https://login.microsoftonline.com/";

/// Settings, each with the variable that says it.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// Names and values in the section, with where they are from.
    settings: Vec<(&'static str, Value, String)>,
    pub(super) entries: Vec<Entry>,
    /// What is not taken over, and why.
    pub(super) notes: Vec<String>,
}

/// An entry of `ClientCredentials`.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) from: String,
    pub(super) settings: Vec<(&'static str, Value)>,
}

impl Draft {
    /// Sets a setting of the section, unless it is set: another value of another variable is then a note.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<Value>, variable: &str) {
        let value = value.into();
        match self.settings.iter().find(|(other, ..)| *other == name) {
            Some((_, found, from)) if *found != value => {
                self.notes.push(format!("{variable} is left out: {from} says another {name}"));
            }
            Some(_) => {}
            None => self.settings.push((name, value, variable.to_owned())),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.settings.iter().any(|(other, ..)| *other == name)
    }

    pub(super) fn entry(&mut self, source_type: &str, from: &str, more: Vec<(&'static str, Value)>) {
        let mut settings = vec![("SourceType", json!(source_type))];
        settings.extend(more);
        self.entries.push(Entry { from: from.to_owned(), settings });
    }

    /// The file, with a comment for each line that a variable led to.
    pub(super) fn text(&self) -> String {
        let mut out = String::from("{\n  \"AzureAd\": {\n");
        if !self.has("Instance") {
            line(&mut out, "    ", "Instance", &json!(PUBLIC), "the public cloud");
        }
        for (name, value, variable) in &self.settings {
            line(&mut out, "    ", name, value, variable);
        }
        for (name, variable) in [("TenantId", "AZURE_TENANT_ID"), ("ClientId", "AZURE_CLIENT_ID")] {
            if !self.has(name) {
                let _ = writeln!(out, "    // \"{name}\": \"...\", // {variable} is not set: fill it in");
            }
        }
        out.push_str("    \"ClientCredentials\": [\n");
        for entry in &self.entries {
            let settings: Vec<String> =
                entry.settings.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
            let _ = writeln!(out, "      {{ {} }}, // {}", settings.join(", "), entry.from);
        }
        out.push_str("    ],\n  },\n}\n");
        out
    }
}

fn line(out: &mut String, indent: &str, name: &str, value: &Value, from: &str) {
    let _ = writeln!(out, "{indent}\"{name}\": {value}, // {from}");
}
