//! A recorded case as it stands in its folder.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::keys::placed;

/// A case: its settings, the cloud's scenario, the steps with what came out, and the requests.
#[derive(Debug)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    pub(crate) settings: String,
    pub(crate) scenario: Value,
    pub(crate) case: Value,
    pub(crate) trace: Value,
}

impl Case {
    /// Every case in `golden/wire` whose name `wanted` takes, by name.
    pub fn all(wanted: impl Fn(&str) -> bool) -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/wire");
        let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        let named =
            folders.into_iter().map(|folder| (folder.file_name().unwrap().to_str().unwrap().to_owned(), folder));
        named.filter(|(name, _)| wanted(name)).map(|(name, folder)| Self::read(name, &folder)).collect()
    }

    fn read(name: String, folder: &Path) -> Self {
        let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
        let json = |file: &str| serde_json::from_str(&text(file)).unwrap();
        Self {
            settings: placed(&text("appsettings.json")),
            scenario: json("scenario.json"),
            case: serde_json::from_str(&text("case.json")).unwrap(),
            trace: json("trace.json"),
            name,
        }
    }

    /// The steps: what is done, and its options.
    pub(crate) fn steps(&self) -> Vec<(String, Value)> {
        let steps = self.case["steps"].as_array().unwrap().iter();
        steps
            .map(|step| step.as_object().unwrap().iter().next().unwrap())
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    }
}
