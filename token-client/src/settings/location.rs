//! Where settings are read from.

use std::fmt;
use std::path::{Path, PathBuf};

use credential_core::Finding;
use credential_core::source::Origin;
use credential_core::world::Environment;

use super::codes;
use super::names::Names;

/// Where settings are read from, and which of them are meant. `Debug` shows no value of an override.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The settings file; `appsettings.json` in the working folder unless told otherwise.
    pub file: PathBuf,
    /// The environment whose file (`appsettings.NAME.json`) goes over it; without one,
    /// `DOTNET_ENVIRONMENT`, then `ASPNETCORE_ENVIRONMENT`, then `Production`.
    pub environment: Option<String>,
    /// The application's section, a path: `AzureAd`, `A:B`.
    pub section: String,
    /// Values over everything else: path and value.
    pub overrides: Vec<(String, String)>,
    /// Where those stand.
    pub(crate) overrides_from: Origin,
}

impl Default for Location {
    fn default() -> Self {
        Self {
            file: PathBuf::from("appsettings.json"),
            environment: None,
            section: "AzureAd".to_owned(),
            overrides: Vec::new(),
            overrides_from: Origin::Code,
        }
    }
}

impl Location {
    /// `appsettings.json`, section `AzureAd`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads this file.
    #[must_use]
    pub fn file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = file.into();
        self
    }

    /// Names the environment.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = Some(name.into());
        self
    }

    /// Reads the application from this section.
    #[must_use]
    pub fn section(mut self, path: impl Into<String>) -> Self {
        self.section = path.into();
        self
    }

    /// Sets a value over everything else: `("AzureAd:TenantId", "contoso.com")`.
    #[must_use]
    pub fn set(mut self, path: impl Into<String>, value: impl Into<String>) -> Self {
        self.overrides.push((path.into(), value.into()));
        self
    }

    /// The environment's name.
    pub(crate) fn environment_name(&self, environment: &dyn Environment) -> String {
        self.environment
            .clone()
            .or_else(|| environment.text("DOTNET_ENVIRONMENT"))
            .or_else(|| environment.text("ASPNETCORE_ENVIRONMENT"))
            .unwrap_or_else(|| "Production".to_owned())
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Location")
            .field("file", &self.file)
            .field("environment", &self.environment)
            .field("section", &self.section)
            .field("overrides", &Names(&self.overrides))
            .finish()
    }
}

/// The file of an environment beside the settings file: `appsettings.json` → `appsettings.NAME.json`.
pub(crate) fn environment_file(file: &Path, environment: &str) -> Result<PathBuf, Box<Finding>> {
    if environment.is_empty() || environment.len() > 100 || environment.contains(['/', '\\', '\0']) {
        return Err(Box::new(
            Finding::error(
                codes::BAD_ENVIRONMENT_NAME,
                format!("{environment:?} is not a valid environment name: a file is named after it"),
            )
            .remedy("use builder().environment(..), DOTNET_ENVIRONMENT or ASPNETCORE_ENVIRONMENT with a name such as Development"),
        ));
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    let dot = if extension.is_empty() { "" } else { "." };
    Ok(file.with_file_name(format!("{stem}.{environment}{dot}{extension}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_file_stands_beside_the_settings_file() {
        let named = |file: &str, environment| environment_file(Path::new(file), environment).unwrap();
        assert_eq!(named("x/appsettings.json", "Staging"), Path::new("x/appsettings.Staging.json"));
        assert_eq!(named("settings", "A.b"), Path::new("settings.A.b"));
    }

    #[test]
    fn an_environment_name_cannot_leave_the_folder() {
        for name in ["../x", "a/b", "a\\b", "", "\0"] {
            assert_eq!(environment_file(Path::new("a.json"), name).unwrap_err().code, codes::BAD_ENVIRONMENT_NAME);
        }
    }
}
