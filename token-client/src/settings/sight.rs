//! What of the settings may be seen: a value is shown only where its key is a declared setting that is not
//! secret. The one rule; whoever shows a value asks it.

use credential_core::{COMMON_SETTINGS, Setting, SettingKind, SourceRegistry, shown_address, shown_path};

use super::key;
use super::known::{APPLICATION_SETTINGS, DOWNSTREAM_SETTINGS, OptionKind, OptionSetting};

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
    Section(&'static [OptionSetting], Option<&'a SourceRegistry>),
    /// A list of credentials, or one as an object.
    Entries(&'a SourceRegistry),
    /// A credential, by what its source declares.
    Entry(&'a SourceRegistry),
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

    /// How a key below may be seen.
    pub(crate) fn child(self, name: &str) -> Self {
        let is_place = key::number(name).is_some();
        match self {
            Self::List if is_place => Self::Value,
            Self::Entries(sources) if is_place => Self::Entry(sources),
            Self::Entries(sources) => Self::Entry(sources).child(name),
            Self::Entry(sources) => declared(sources, name).map_or(Self::Hidden, of_entry),
            Self::Section(table, sources) => {
                let setting = table.iter().find(|setting| key::same(setting.name, name));
                setting.map_or(Self::Hidden, |setting| of_option(setting.kind, sources))
            }
            _ => Self::Hidden,
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
            _ => HIDDEN.to_owned(),
        }
    }
}

fn of_option(kind: OptionKind, sources: Option<&SourceRegistry>) -> Sight<'_> {
    match kind {
        OptionKind::Text | OptionKind::Identifier | OptionKind::Flag | OptionKind::Guid => Sight::Value,
        // Some of what is read elsewhere are addresses.
        OptionKind::Url | OptionKind::Elsewhere => Sight::Address,
        OptionKind::Path => Sight::Path,
        OptionKind::TextList => Sight::List,
        OptionKind::Credentials => sources.map_or(Sight::Hidden, Sight::Entries),
        OptionKind::Object(table) => Sight::Section(table, sources),
        OptionKind::Secret | OptionKind::TextMap => Sight::Hidden,
    }
}

fn of_entry<'a>(setting: Setting) -> Sight<'a> {
    match setting.kind {
        SettingKind::Text | SettingKind::Flag | SettingKind::Integer | SettingKind::FilePath => Sight::Value,
        SettingKind::Url => Sight::Address,
        _ => Sight::Hidden,
    }
}

/// What the sources declare under a name, whatever the entry's own type: a misspelt type makes no secret
/// visible. A name that is a secret anywhere is one.
pub(crate) fn declared(sources: &SourceRegistry, name: &str) -> Option<Setting> {
    let all = sources.sources().into_iter().flat_map(|source| source.settings()).chain(COMMON_SETTINGS);
    let mut named = all.filter(|setting| key::same(setting.name, name)).copied();
    let first = named.next()?;
    Some(named.find(Setting::is_secret).unwrap_or(first))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use credential_core::{
        BindContext, CredentialDescription, CredentialLoader, CredentialSource, SettingKind, SourceError, SourceType,
        Unbound,
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

        fn bind(
            &self,
            _: &CredentialDescription,
            cx: &mut BindContext<'_>,
        ) -> Result<Arc<dyn CredentialLoader>, Unbound> {
            Err(cx.error(SourceError::misconfigured("declared-only", "nothing is loaded here")))
        }
    }

    fn registry() -> SourceRegistry {
        const ONE: &[Setting] = &[
            Setting::new("CertificateDiskPath", SettingKind::FilePath, ""),
            Setting::new("KeyVaultUrl", SettingKind::Url, ""),
            Setting::new("CustomSignedAssertionProviderData", SettingKind::Map, ""),
            Setting::new("Token", SettingKind::Text, ""),
        ];
        const OTHER: &[Setting] = &[
            Setting::new("ClientSecret", SettingKind::Secret, ""),
            Setting::new("Base64EncodedValue", SettingKind::Secret, ""),
            Setting::new("token", SettingKind::Secret, ""),
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
