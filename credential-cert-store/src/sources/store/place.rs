//! `CertificateStorePath`: which store, and where this machine keeps it.

use std::fmt;
use std::path::PathBuf;

use credential_core::SourceError;
use credential_core::text::nearest;
use credential_core::world::Environment;

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

/// What to use in place of a store that holds no keys.
pub(super) const INSTEAD: &str = "use CurrentUser/My of the account that runs this process, or a file with Path";

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

/// Where a store is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) paths: Vec<PathBuf>,
}

/// What a store is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A folder with a PFX for each certificate.
    Personal,
    /// Files of certificates without keys, and folders of such: those that are their own issuers.
    Roots,
    /// The same files: those that have another issuer.
    Intermediates,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, path) in self.paths.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{}", path.display())?;
        }
        Ok(())
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

    /// Where .NET on Linux keeps the store.
    ///
    /// # Errors
    /// `NotApplicable` where there is none: each says what to use instead.
    pub(super) fn place(&self, environment: &dyn Environment, other_system: bool) -> Result<Place, SourceError> {
        if other_system {
            return Err(SourceError::not_applicable(
                "store-not-supported",
                format!("the system's store {self} is not read on Windows and macOS"),
            )
            .remedy("export the certificate and use Path, or register a source of your own for this source type"));
        }
        match (self.location, self.store) {
            ("LocalMachine", "Root") => Ok(Place { kind: Kind::Roots, paths: trusted(environment) }),
            ("LocalMachine", "CertificateAuthority") => {
                Ok(Place { kind: Kind::Intermediates, paths: trusted(environment) })
            }
            ("LocalMachine", _) => Err(SourceError::not_applicable(
                "store-not-on-linux",
                format!("the store {self} does not exist on Linux"),
            )
            .remedy(INSTEAD)),
            (_, "Disallowed") => Err(SourceError::not_applicable(
                "store-not-on-linux",
                "the store CurrentUser/Disallowed is always empty on Linux",
            )
            .remedy("use CurrentUser/My")),
            _ => match environment.home() {
                Some(home) => {
                    let folder = home.join(".dotnet/corefx/cryptography/x509stores").join(self.folder);
                    Ok(Place { kind: Kind::Personal, paths: vec![folder] })
                }
                None => Err(SourceError::not_applicable(
                    "home-not-set",
                    format!("HOME is not set, and the home folder of this account is unknown: store {self} not found"),
                )
                .remedy("set HOME to the home folder of the account that runs this process")),
            },
        }
    }
}

/// Files and folders of certificates to trust: what the variables name, else where OpenSSL of the
/// distributions looks. A variable that is set and empty names nothing.
fn trusted(environment: &dyn Environment) -> Vec<PathBuf> {
    let paths = |variable, defaults: &[&str]| match environment.var(variable) {
        Some(named) => named.split(':').filter(|path| !path.is_empty()).map(PathBuf::from).collect(),
        None => defaults.iter().map(PathBuf::from).collect::<Vec<_>>(),
    };
    let mut all = paths("SSL_CERT_FILE", &["/usr/lib/ssl/cert.pem", "/etc/pki/tls/cert.pem", "/etc/ssl/cert.pem"]);
    all.extend(paths("SSL_CERT_DIR", &["/etc/pki/tls/certs", "/etc/ssl/certs"]));
    all
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
        Some(guess) => format!("unknown {what} \"{found}\"; {guess} may be meant"),
        None => format!("unknown {what} \"{found}\"; known: {}", known.join(", ")),
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
            ("-1/My", "unknown location"),
            ("CurrentUser/", "unknown store"),
            ("CurrentUser/My,Root", "unknown store"),
        ] {
            let why = StorePath::parse(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn what_this_machine_has_not_says_what_to_use() {
        let environment = FakeEnvironment::default();
        let code = |path: &str, other| {
            let error = StorePath::parse(path).unwrap().place(&environment, other).unwrap_err();
            assert!(error.remedy_text().is_some());
            error.code()
        };
        assert_eq!(code("CurrentUser/My", true), "store-not-supported");
        assert_eq!(code("LocalMachine/My", false), "store-not-on-linux");
        assert_eq!(code("CurrentUser/Disallowed", false), "store-not-on-linux");
        assert_eq!(code("CurrentUser/My", false), "home-not-set");
        environment.set("HOME", "/home/app");
        let place = StorePath::parse("CurrentUser/CertificateAuthority").unwrap().place(&environment, false).unwrap();
        assert_eq!(place.to_string(), "/home/app/.dotnet/corefx/cryptography/x509stores/ca");
    }

    #[test]
    fn what_the_machine_trusts_is_where_the_variables_say() {
        let environment = FakeEnvironment::default();
        let place = || StorePath::parse("LocalMachine/Root").unwrap().place(&environment, false).unwrap().to_string();
        assert!(place().contains("/etc/ssl/certs"));
        environment.set("SSL_CERT_FILE", "/a.pem");
        assert!(place().starts_with("/a.pem, /") && place().contains("/etc/ssl/certs"));
        environment.set("SSL_CERT_DIR", "/b:/c");
        assert_eq!(place(), "/a.pem, /b, /c");
        environment.set("SSL_CERT_FILE", "");
        assert_eq!(place(), "/b, /c");
    }
}
