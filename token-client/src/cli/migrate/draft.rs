//! Settings as they are found, and the file that they make.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::wrap::Line;

/// The address of the public cloud.
const PUBLIC: &str = "https://login.microsoftonline.com/";

/// Settings, each with the variable that says it.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Names and values in the section, with where they are from.
    pub(crate) settings: Vec<(&'static str, Value, String)>,
    pub(crate) entries: Vec<Entry>,
    /// A downstream API: its name and its section.
    pub(crate) api: Option<(String, Value)>,
    /// Where the file's JSON schema is.
    pub(crate) schema: Option<String>,
    /// What is not taken over, and why.
    pub(crate) notes: Vec<String>,
}

/// An entry of `ClientCredentials`.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) from: String,
    pub(crate) settings: Vec<(&'static str, Value)>,
}

impl Draft {
    /// Sets a setting of the section, unless it is set: another value of another variable is then a note.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<Value>, variable: &str) {
        let value = value.into();
        match self.settings.iter().find(|(other, ..)| *other == name) {
            Some((_, found, from)) if *found != value => {
                self.notes.push(format!("{variable} is left out: {from} says another {name}"));
            }
            Some(_) => {}
            None => self.settings.push((name, value, variable.to_owned())),
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.settings.iter().any(|(other, ..)| *other == name)
    }

    pub(crate) fn entry(&mut self, source_type: &str, from: &str, more: Vec<(&'static str, Value)>) {
        let mut settings = vec![("SourceType", json!(source_type))];
        settings.extend(more);
        self.entries.push(Entry { from: from.to_owned(), settings });
    }

    /// What is not taken over, for the person who looks on.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.notes.iter().map(|note| Line::new("", note.as_str())).collect()
    }

    /// The file, with a comment for each line that a variable led to.
    pub(crate) fn text(&self) -> String {
        let mut out = String::from("{\n");
        if let Some(schema) = &self.schema {
            let _ = writeln!(out, "  \"$schema\": {},", json!(schema));
        }
        out.push_str("  \"AzureAd\": {\n");
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
        out.push_str("    ],\n  },\n");
        if let Some((name, section)) = &self.api {
            let _ = writeln!(out, "  \"DownstreamApis\": {{ {}: {section} }},", json!(name));
        }
        out.push_str("}\n");
        out
    }
}

fn line(out: &mut String, indent: &str, name: &str, value: &Value, from: &str) {
    let _ = writeln!(out, "{indent}\"{name}\": {value}, // {from}");
}
