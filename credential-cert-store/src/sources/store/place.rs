//! `CertificateStorePath`: which store, and where this machine keeps it.

use std::fmt;
use std::path::PathBuf;

use credential_core::{Environment, SourceError, nearest};

/// Names of stores with the numbers that .NET gives them and the folders that it keeps them in.
const STORES: &[(&str, i64, &str)] = &[
    ("AddressBook", 1, "addressbook"),
    ("AuthRoot", 2, "authroot"),
    ("CertificateAuthority", 3, "ca"),
    ("Disallowed", 4, "disallowed"),
    ("My", 5, "my"),
    ("Root", 6, "root"),
    ("TrustedPeople", 7, "trustedpeople"),
    ("TrustedPublisher", 8, "trustedpublisher"),
];
const LOCATIONS: &[(&str, i64)] = &[("CurrentUser", 1), ("LocalMachine", 2)];

/// What people call stores elsewhere.
const ALIASES: &[(&str, &str)] = &[("Personal", "My"), ("CA", "CertificateAuthority"), ("Trust", "Root")];

/// A store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StorePath {
    location: &'static str,
    store: &'static str,
    folder: &'static str,
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.location, self.store)
    }
}

impl StorePath {
    /// Location and store, in any case, by name or by .NET's number, with `/` or `\` between.
    ///
    /// # Errors
    /// Says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (location, store) = text
            .split_once(['/', '\\'])
            .filter(|(_, store)| !store.contains(['/', '\\']))
            .ok_or_else(|| "it has not the form location/store".to_owned())?;
        let names: Vec<&'static str> = LOCATIONS.iter().map(|(name, _)| *name).collect();
        let location = LOCATIONS
            .iter()
            .find(|(name, number)| named(location, name, *number))
            .ok_or_else(|| unknown("location", location, &names))?;
        let names: Vec<&'static str> = STORES.iter().map(|(name, ..)| *name).collect();
        let &(store, _, folder) = STORES
            .iter()
            .find(|(name, number, _)| named(store, name, *number))
            .ok_or_else(|| unknown("store", store, &names))?;
        Ok(Self { location: location.0, store, folder })
    }

    /// The folder that .NET on Linux keeps the store in.
    ///
    /// # Errors
    /// `NotApplicable` where there is none: each says what to use instead.
    pub(super) fn folder(&self, environment: &dyn Environment, other_system: bool) -> Result<PathBuf, SourceError> {
        if other_system {
            return Err(SourceError::not_applicable(
                "store-not-supported",
                format!("the system's store {self} is not read on Windows and macOS"),
            )
            .remedy("export the certificate and use Path, or register a source of your own for this source type"));
        }
        if self.location == "LocalMachine" {
            let why = match self.store {
                "Root" | "CertificateAuthority" => "holds certificates to trust and no keys",
                _ => "does not exist on Linux",
            };
            return Err(SourceError::not_applicable("store-not-on-linux", format!("the store {self} {why}"))
                .remedy("use CurrentUser/My of the account that runs this process, or a file with Path"));
        }
        if self.store == "Disallowed" {
            return Err(SourceError::not_applicable(
                "store-not-on-linux",
                "the store CurrentUser/Disallowed is always empty on Linux",
            )
            .remedy("use CurrentUser/My"));
        }
        match environment.var("HOME").filter(|home| !home.is_empty()) {
            Some(home) => Ok(PathBuf::from(home).join(".dotnet/corefx/cryptography/x509stores").join(self.folder)),
            None => Err(SourceError::not_applicable(
                "home-not-set",
                format!("HOME is not set, so the store {self} cannot be found"),
            )
            .remedy("set HOME to the home folder of the account that runs this process")),
        }
    }
}

fn named(text: &str, name: &str, number: i64) -> bool {
    let text = text.trim();
    text.eq_ignore_ascii_case(name) || text.parse() == Ok(number)
}

fn unknown(what: &str, found: &str, known: &[&'static str]) -> String {
    let found = found.trim();
    let alias = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(found)).map(|(_, name)| *name);
    let guess = alias.or_else(|| nearest(found, known.iter().copied()));
    match guess {
        Some(guess) => format!("there is no {what} \"{found}\"; {guess} may be meant"),
        None => format!("there is no {what} \"{found}\"; there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credential_core::testing::FakeEnvironment;

    #[test]
    fn stores_are_named_as_dotnet_names_them() {
        for (text, shown) in [
            ("CurrentUser/My", "CurrentUser/My"),
            ("currentuser\\my", "CurrentUser/My"),
            (" CurrentUser / MY ", "CurrentUser/My"),
            ("1/5", "CurrentUser/My"),
            ("LocalMachine/Root", "LocalMachine/Root"),
            ("2/3", "LocalMachine/CertificateAuthority"),
        ] {
            assert_eq!(StorePath::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_store_is_refused_with_a_guess() {
        for (text, part) in [
            ("", "location/store"),
            ("My", "location/store"),
            ("CurrentUser/My/x", "location/store"),
            ("CurrentUser/Personal", "My may be meant"),
            ("CurrentUser/CA", "CertificateAuthority may be meant"),
            ("CurentUser/My", "CurrentUser may be meant"),
            ("CurrentUser/9", "AddressBook"),
            ("-1/My", "no location"),
            ("CurrentUser/", "no store"),
            ("CurrentUser/My,Root", "no store"),
        ] {
            let why = StorePath::parse(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn what_this_machine_has_not_says_what_to_use() {
        let environment = FakeEnvironment::default();
        let code = |path: &str, other| {
            let error = StorePath::parse(path).unwrap().folder(&environment, other).unwrap_err();
            assert!(error.remedy_text().is_some());
            error.code()
        };
        assert_eq!(code("CurrentUser/My", true), "store-not-supported");
        assert_eq!(code("LocalMachine/My", false), "store-not-on-linux");
        assert_eq!(code("LocalMachine/Root", false), "store-not-on-linux");
        assert_eq!(code("CurrentUser/Disallowed", false), "store-not-on-linux");
        assert_eq!(code("CurrentUser/My", false), "home-not-set");
        environment.set("HOME", "/home/app");
        let folder = StorePath::parse("CurrentUser/CertificateAuthority").unwrap().folder(&environment, false).unwrap();
        assert_eq!(folder, PathBuf::from("/home/app/.dotnet/corefx/cryptography/x509stores/ca"));
    }
}
