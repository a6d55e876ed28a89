//! What of the settings may be seen: a value is shown only where its key is a declared setting that is not
//! secret. The one rule; whoever shows a value asks it.

use credential_core::source::{COMMON_SETTINGS, Standing};
use credential_core::text::{shown_address, shown_path};
use credential_core::{Setting, SettingKind, SourceRegistry};

use super::key;
use super::known::{APPLICATION_SETTINGS, DOWNSTREAM_SETTINGS};

/// What stands in place of what is not shown.
pub(crate) const HIDDEN: &str = "***";

/// How a place in the tree of settings may be seen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sight<'a> {
    /// Not at all, and nothing below it.
    Hidden,
    /// As it is.
    Value,
    /// As an address, without what an address should not have in it.
    Address,
    /// As what follows an address.
    Path,
    /// Each element as it is.
    List,
    /// A section, by the table that declares its settings; the sources are for the entries in it.
    Section(&'static [Setting], Option<&'a SourceRegistry>),
    /// A list of credentials, or one as an object.
    Entries(&'a SourceRegistry),
    /// A credential, by what its source declares.
    Entry(&'a SourceRegistry),
    /// A credential in an entry, or one of these texts.
    Nested(&'a SourceRegistry, &'static [&'static str]),
}

impl<'a> Sight<'a> {
    /// An application's section.
    pub(crate) fn application(sources: &'a SourceRegistry) -> Self {
        Self::Section(APPLICATION_SETTINGS, Some(sources))
    }

    /// A downstream API's section.
    pub(crate) fn downstream() -> Self {
        Self::Section(DOWNSTREAM_SETTINGS, None)
    }

    /// The setting that declares a key below.
    pub(crate) fn declaration(self, name: &str) -> Option<Setting> {
        match self {
            Self::Entry(sources) | Self::Nested(sources, _) => declared(sources, name),
            Self::Section(table, _) => table.iter().find(|setting| setting.is_named(name)).copied(),
            _ => None,
        }
    }

    /// How a key below may be seen.
    pub(crate) fn child(self, name: &str) -> Self {
        let is_place = key::number(name).is_some();
        match self {
            Self::List if is_place => Self::Value,
            Self::Entries(sources) if is_place => Self::Entry(sources),
            Self::Entries(sources) => Self::Entry(sources).child(name),
            _ => self.declaration(name).map_or(Self::Hidden, |setting| of(&setting, self.sources())),
        }
    }

    fn sources(self) -> Option<&'a SourceRegistry> {
        match self {
            Self::Entry(sources) | Self::Entries(sources) | Self::Nested(sources, _) => Some(sources),
            Self::Section(_, sources) => sources,
            _ => None,
        }
    }

    /// How a path below may be seen: `ClientCredentials:0:ClientSecret`.
    #[cfg(any(feature = "cli", test))]
    pub(crate) fn below(self, path: &str) -> Self {
        path.split(key::SEPARATOR).fold(self, Self::child)
    }

    /// The text at this place, as it may be seen.
    pub(crate) fn show(self, text: &str) -> String {
        match self {
            Self::Value | Self::List => text.to_owned(),
            Self::Address => shown_address(text),
            Self::Path => shown_path(text),
            Self::Nested(_, known) if known.iter().any(|one| one.eq_ignore_ascii_case(text.trim())) => text.to_owned(),
            _ => HIDDEN.to_owned(),
        }
    }
}

/// How a setting's value may be seen, by its declaration.
fn of<'a>(setting: &Setting, sources: Option<&'a SourceRegistry>) -> Sight<'a> {
    if setting.secret {
        return Sight::Hidden;
    }
    // Some of what is read elsewhere are addresses.
    if setting.standing == Standing::Elsewhere {
        return Sight::Address;
    }
    match setting.kind {
        SettingKind::Text
        | SettingKind::Identifier
        | SettingKind::Flag
        | SettingKind::Integer
        | SettingKind::Guid
        | SettingKind::FilePath => Sight::Value,
        SettingKind::Url => Sight::Address,
        SettingKind::RelativeUrl => Sight::Path,
        SettingKind::List => Sight::List,
        SettingKind::Object(members) => Sight::Section(members, sources),
        SettingKind::Entry => sources.map_or(Sight::Hidden, |sources| Sight::Nested(sources, setting.one_of)),
        SettingKind::Entries => sources.map_or(Sight::Hidden, Sight::Entries),
        // The names that somebody else has chosen say nothing about what they hold.
        _ => Sight::Hidden,
    }
}

/// What the sources declare under a name, whatever the entry's own type: a misspelt type makes no secret
/// visible. A name that is a secret anywhere is one.
fn declared(sources: &SourceRegistry, name: &str) -> Option<Setting> {
    let all = sources.sources().into_iter().flat_map(|source| source.settings()).chain(COMMON_SETTINGS);
    let mut named = all.filter(|setting| setting.is_named(name)).copied();
    let first = named.next()?;
    Some(named.find(|setting| setting.secret).unwrap_or(first))
}

#[cfg(test)]
mod tests {

    use credential_core::{
        BindContext, BindResult, CredentialDescription, CredentialSource, SettingKind, SourceError, SourceType,
    };

    use super::*;

    /// A source of each kind of setting, and one that has a name for itself that is another's secret.
    #[derive(Debug)]
    struct Declares(&'static str, &'static [Setting]);

    impl CredentialSource for Declares {
        fn source_type(&self) -> SourceType {
            SourceType::known(self.0)
        }

        fn settings(&self) -> &[Setting] {
            self.1
        }

        fn bind(&self, _: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
            Err(cx.error(SourceError::misconfigured("declared-only", "nothing is loaded here")))
        }
    }

    fn registry() -> SourceRegistry {
        const MEMBERS: &[Setting] =
            &[Setting::new("Strict", SettingKind::Flag, ""), Setting::new("Key", SettingKind::Text, "").secret()];
        const ONE: &[Setting] = &[
            Setting::new("CertificateDiskPath", SettingKind::FilePath, ""),
            Setting::new("KeyVaultUrl", SettingKind::Url, ""),
            Setting::new("CustomSignedAssertionProviderData", SettingKind::Data, ""),
            Setting::new("Query", SettingKind::Map, ""),
            Setting::new("Options", SettingKind::Object(MEMBERS), ""),
            Setting::new("Reader", SettingKind::Entry, "").one_of(&["Machine"]),
            Setting::new("Token", SettingKind::Text, ""),
        ];
        const OTHER: &[Setting] = &[
            Setting::new("ClientSecret", SettingKind::Text, "").secret(),
            Setting::new("Base64EncodedValue", SettingKind::Text, "").secret(),
            Setting::new("token", SettingKind::Text, "").secret(),
        ];
        SourceRegistry::new().with(Declares("One", ONE)).with(Declares("Other", OTHER))
    }

    #[test]
    fn what_is_declared_and_no_secret_is_shown() {
        let registry = registry();
        let (application, downstream) = (Sight::application(&registry), Sight::downstream());
        let shown = |sight: Sight<'_>, path: &str| sight.below(path).show("x");
        for path in [
            "ClientId",
            "clientid",
            "CallbackPath",
            "Audiences:0",
            "Audiences",
            "ClientCredentials:0:SourceType",
            "ClientCredentials:0:certificatediskpath",
            "ClientCredentials:0:KeyVaultUrl",
            "ClientCredentials:0:Options:strict",
            "ClientCredentials:0:Reader:CertificateDiskPath",
            "ClientCredentials:CertificateDiskPath",
            "TokenDecryptionCredentials:0:CertificateDiskPath",
            "ClientCredentialsUsingManagedIdentity:ManagedIdentityClientId",
        ] {
            assert_eq!(shown(application, path), "x", "{path}");
        }
        for path in [
            "",
            "ClientSecret",
            "ClientSecrets",
            "ClientSecre",
            "ClientId:Value",
            "Value",
            "Something:Else",
            "TokenValidationParameters:IssuerSigningKey",
            "ExtraQueryParameters",
            "ExtraQueryParameters:code",
            "Audiences:Value",
            "ClientCredentials",
            "ClientCredentials:0",
            "ClientCredentials:0:ClientSecret",
            "ClientCredentials:0:ClientSecret:Value",
            "ClientCredentials:0:ClientSecret ",
            "ClientCredentials:0:Base64",
            "ClientCredentials:0:Token",
            "ClientCredentials:0:Base64EncodedValue",
            "ClientCredentials:0:CertificatePasword",
            "ClientCredentials:0:Value",
            "ClientCredentials:0:CustomSignedAssertionProviderData:Anything",
            "ClientCredentials:0:Query:a",
            "ClientCredentials:0:Options",
            "ClientCredentials:0:Options:Key",
            "ClientCredentials:0:Options:Other",
            "ClientCredentials:0:Reader",
            "ClientCredentials:0:Reader:ClientSecret",
            "ClientCredentials:ClientSecret",
            "ClientCredentialsUsingManagedIdentity:Secret",
        ] {
            assert_eq!(shown(application, path), HIDDEN, "{path}");
        }
        for path in [
            "Scopes:0",
            "HttpMethod",
            "AcquireTokenOptions:Tenant",
            "AcquireTokenOptions:ManagedIdentity:UserAssignedClientId",
        ] {
            assert_eq!(shown(downstream, path), "x", "{path}");
        }
        for path in [
            "ExtraHeaderParameters:X-Name",
            "ExtraQueryParameters:sig",
            "AcquireTokenOptions:ExtraParameters:a",
            "AcquireTokenOptions:LongRunningWebApiSessionKey",
            "AcquireTokenOptions:Unknown",
            "AcquireTokenOptions",
            "ClientSecret",
        ] {
            assert_eq!(shown(downstream, path), HIDDEN, "{path}");
        }
    }

    #[test]
    fn text_in_place_of_an_entry_is_shown_when_it_is_one_of_the_known() {
        let registry = registry();
        let reader = Sight::application(&registry).below("ClientCredentials:0:Reader");
        assert_eq!((reader.show("machine"), reader.show("hunter2")), ("machine".to_owned(), HIDDEN.to_owned()));
    }

    #[test]
    fn addresses_are_shown_without_what_they_should_not_have() {
        let registry = SourceRegistry::new();
        let application = Sight::application(&registry);
        assert_eq!(application.child("Instance").show("https://u:hunter2@h/"), "https://***@h/");
        assert_eq!(application.child("MetadataAddress").show("https://u:hunter2@h/"), "https://***@h/");
        assert_eq!(application.child("Authority").show("https://h/t?p=hunter2"), "https://h/t?p=***");
        assert_eq!(Sight::downstream().child("BaseUrl").show("https://h/?code=hunter2"), "https://h/?code=***");
        assert_eq!(Sight::downstream().child("RelativePath").show("a?code=hunter2"), "a?code=***");
    }
}
