//! The platforms of this machine that give a token, which entries are for them, and which entry would be.

use std::time::Duration;

use credential_core::guard::bounded;
use credential_core::source::Detected;
use credential_core::{CredentialDescription, Finding, SourceRegistry, World};
use serde_json::{Map, Value, json};

/// How long a source may look for its platforms: variables and a few files.
const LOOK: Duration = Duration::from_secs(1);

/// A platform that is here.
#[derive(Debug)]
pub(super) struct Found {
    source_type: String,
    detected: Detected,
    /// The entries of its source type, by their places in the list.
    entries: Vec<usize>,
}

/// What the sources find here.
pub(super) async fn find(registry: &SourceRegistry, entries: &[CredentialDescription], world: &World) -> Vec<Found> {
    let mut found = Vec::new();
    for source in registry.sources() {
        let deadline = world.clock.moment().after(LOOK);
        let detected = bounded(&*world.clock, deadline, || source.detect(world)).await.unwrap_or_default();
        let source_type = source.source_type();
        let of_it = |(_, entry): &(usize, &CredentialDescription)| *entry.source_type() == source_type;
        let places: Vec<usize> = entries.iter().enumerate().filter(of_it).map(|(place, _)| place).collect();
        found.extend(detected.into_iter().map(|detected| Found {
            source_type: source_type.as_str().to_owned(),
            detected,
            entries: places.clone(),
        }));
    }
    found
}

impl Found {
    pub(super) fn name(&self) -> &str {
        &self.detected.platform
    }

    /// An entry that would use it.
    fn entry(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("SourceType".to_owned(), json!(self.source_type));
        entry.extend(self.detected.settings.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
        Value::Object(entry)
    }

    /// What is here, and which entry is for it.
    pub(super) fn line(&self) -> String {
        let Detected { platform, because, lacks, .. } = &self.detected;
        let whose = match self.entries.as_slice() {
            [] => "no entry is for it".to_owned(),
            [one] => format!("entry {one} is for it"),
            several => {
                let places: Vec<String> = several.iter().map(usize::to_string).collect();
                format!("entries {} are for it", places.join(", "))
            }
        };
        let lacks = lacks.as_ref().map(|lacks| format!("; {lacks}")).unwrap_or_default();
        format!("{platform} ({because}): {whose}{lacks}")
    }

    /// What could work where nothing does.
    pub(super) fn hint(&self) -> Finding {
        let remedy = match self.entries.is_empty() {
            true => format!("add {} to ClientCredentials", self.entry()),
            false => "see what its entry says above".to_owned(),
        };
        Finding::hint("platform-detected", self.line()).remedy(remedy)
    }
}
