//! What an entry asks for: its settings, read and checked together.

use std::time::Duration;

use credential_core::source::Origin;
use credential_core::{BindContext, CredentialDescription, Finding, SourceError, Unbound};

use crate::identity::choice::Choice;
use crate::identity::implied::Implied;
use crate::settings::{CREDENTIAL, NAME, TENANT, URL, VERSION};
use crate::vault::address::{self, VaultAddress};

/// How often a vault is asked for a newer version when nothing else is said.
const POLL_INTERVAL: Duration = Duration::from_secs(12 * 3600);

/// An entry, understood.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) vault: VaultAddress,
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) choice: Choice,
    /// What the environment amounts to, where the choice may fall on it.
    pub(crate) implied: Implied,
    pub(crate) managed_identity: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) poll: Duration,
    /// Where [`CREDENTIAL`] stands or would stand.
    pub(crate) credential_path: String,
    /// Where [`URL`] stands.
    pub(crate) url_at: Place,
    /// Where [`NAME`] stands.
    pub(crate) name_at: Place,
}

impl Plan {
    /// Reads the entry.
    ///
    /// # Errors
    /// When it cannot work; everything that is wrong has been reported.
    pub(crate) fn read(entry: &CredentialDescription, cx: &mut BindContext<'_>) -> Result<Self, Unbound> {
        let pasted = cx
            .required(entry, URL)
            .and_then(|url| address::read(url.expose()).map_err(|error| cx.error(error.about(URL))));
        let mut checked = |setting: &'static str, check: fn(&str) -> Result<String, SourceError>| {
            entry.text(setting).map(check).transpose().map_err(|error| cx.error(error.about(setting)))
        };
        let name = checked(NAME, address::checked_name);
        let version = checked(VERSION, address::checked_version);
        let choice = Choice::read(entry, cx);
        let (pasted, name, version) = (pasted?, name?, version?);
        let version = one_of_both(VERSION, version, pasted.version).map_err(|error| cx.error(error));
        let name = one_of_both(NAME, name, pasted.name).and_then(|name| name.ok_or_else(nameless));
        let name = name.map_err(|error| cx.error(error.about(NAME)));
        let choice = choice?;
        let text = |setting: &str| entry.text(setting).map(|text| text.trim().to_owned());
        let managed_identity = text("ManagedIdentityClientId").filter(|id| !id.is_empty());
        Ok(Self {
            vault: pasted.vault,
            name: name?,
            version: version?,
            implied: match &choice {
                Choice::Entry(..) => Implied::default(),
                Choice::First | Choice::One(_) => Implied::bind(cx, managed_identity.as_deref()),
            },
            choice,
            credential_path: entry.setting_path(CREDENTIAL),
            managed_identity,
            tenant: text(TENANT),
            client_id: text("CredentialClientId"),
            poll: entry.integer("PollInterval").map_or(POLL_INTERVAL, Duration::from_secs),
            url_at: Place::of(entry, URL),
            name_at: Place::of(entry, NAME),
        })
    }
}

/// Where a setting stands, for findings about a credential that it led to.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    path: String,
    origin: Origin,
}

impl Place {
    fn of(entry: &CredentialDescription, setting: &str) -> Self {
        Self { path: entry.setting_path(setting), origin: entry.setting_origin(setting) }
    }

    /// The finding with this place.
    pub(crate) fn on(&self, finding: Finding) -> Finding {
        finding.at(&self.path, self.origin.clone())
    }
}

/// A value that a setting and the URL may both have: they must agree.
fn one_of_both(
    setting: &'static str,
    set: Option<String>,
    pasted: Option<String>,
) -> Result<Option<String>, SourceError> {
    match (set, pasted) {
        (Some(set), Some(pasted)) if !set.eq_ignore_ascii_case(&pasted) => {
            let message = format!("{setting} is {set:?} and KeyVaultUrl says {pasted:?}");
            let error = SourceError::misconfigured("settings-disagree", message);
            Err(error.remedy("leave one of them out").about(setting))
        }
        (set, pasted) => Ok(set.or(pasted)),
    }
}

fn nameless() -> SourceError {
    SourceError::misconfigured("missing-setting", "KeyVaultCertificateName is missing or empty")
        .remedy("add the certificate's name, or put it into KeyVaultUrl: .../certificates/NAME")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::choice::Kind;
    use crate::loader::VaultLoader;
    use crate::session::Context;
    use crate::settings::SETTINGS;
    use credential_core::Setting;
    use credential_core::registry::{BindError, Binding};
    use credential_core::source::Entry;
    use credential_core::testing::FakeWorld;
    use credential_core::tokens::{TokenProvider, TokenProviders};
    use credential_core::{BindResult, CredentialChain, CredentialSource, Severity, SourceRegistry, SourceType};
    use std::cell::RefCell;
    use std::sync::{Arc, Mutex};

    /// Reads plans, and lets them out.
    #[derive(Clone, Debug, Default)]
    struct Reads(Arc<Mutex<Option<Plan>>>);

    impl CredentialSource for Reads {
        fn source_type(&self) -> SourceType {
            SourceType::KEY_VAULT
        }

        fn settings(&self) -> &[Setting] {
            SETTINGS
        }

        fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
            let plan = Plan::read(entry, cx)?;
            *self.0.lock().unwrap() = Some(plan.clone());
            let context = Context::new(plan, None);
            Ok(Arc::new(VaultLoader { context, in_vault: false }))
        }
    }

    /// Takes in the nested entries that tokens are wanted by.
    #[derive(Default)]
    struct Nested(RefCell<Vec<CredentialChain>>);

    #[derive(Debug)]
    struct Provider;

    #[async_trait::async_trait]
    impl TokenProvider for Provider {
        async fn token(
            &self,
            _request: &credential_core::tokens::TokenFor<'_>,
        ) -> Result<credential_core::tokens::ProvidedToken, SourceError> {
            Err(SourceError::denied("no-token", "none is given here"))
        }
    }

    impl TokenProviders for Nested {
        fn provider(&self, chain: CredentialChain) -> Arc<dyn TokenProvider> {
            self.0.borrow_mut().push(chain);
            Arc::new(Provider)
        }
    }

    fn read_with(entry: &CredentialDescription, nested: &Nested) -> Result<Plan, BindError> {
        let reads = Reads::default();
        let mut registry = SourceRegistry::new().with(reads.clone());
        credential_secret::sources().into_iter().for_each(|source| registry.register(source));
        registry.bind(vec![entry.clone()], Binding::new(FakeWorld::new().world()).tokens(nested))?;
        Ok(reads.0.lock().unwrap().take().unwrap())
    }

    fn read(entry: &CredentialDescription) -> Result<Plan, BindError> {
        read_with(entry, &Nested::default())
    }

    fn entry() -> CredentialDescription {
        CredentialDescription::new(SourceType::KEY_VAULT).with("KeyVaultUrl", "https://v.vault.azure.net")
    }

    fn codes(entry: &CredentialDescription) -> Vec<&'static str> {
        let findings = read(entry).err().map(|error| error.findings().to_vec()).unwrap_or_default();
        findings.iter().filter(|finding| finding.severity == Severity::Error).map(|finding| finding.code).collect()
    }

    #[test]
    fn name_and_version_come_from_the_settings_or_the_url() {
        let plan = read(&entry().with("KeyVaultCertificateName", " web ")).unwrap();
        assert_eq!((plan.name.as_str(), plan.version, plan.poll), ("web", None, Duration::from_secs(43_200)));
        let url = "https://v.vault.azure.net/certificates/web/0a1b";
        let plan = read(&entry().with("KeyVaultUrl", url).with("CertificateVersion", "0A1B")).unwrap();
        assert_eq!((plan.name.as_str(), plan.version.as_deref()), ("web", Some("0A1B")));
    }

    #[test]
    fn the_declared_default_is_the_one_that_counts() {
        let declared = SETTINGS.iter().find(|setting| setting.name == "PollInterval").unwrap();
        assert_eq!(declared.default.unwrap().parse().map(Duration::from_secs), Ok(POLL_INTERVAL));
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_the_settings_name() {
        let url = "https://v.vault.azure.net/certificates/web/0a1b";
        assert_eq!(codes(&entry()), ["missing-setting"]);
        assert_eq!(
            codes(&entry().with("KeyVaultUrl", url).with("KeyVaultCertificateName", "api")),
            ["settings-disagree"]
        );
        assert_eq!(codes(&entry().with("KeyVaultUrl", url).with("CertificateVersion", "9")), ["settings-disagree"]);
        assert_eq!(codes(&entry().with("KeyVaultCertificateName", "a/b")), ["certificate-name-invalid"]);
        let error = read(&entry()).unwrap_err();
        assert_eq!(error.findings()[0].path.as_deref(), Some("KeyVault:KeyVaultCertificateName"));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let url = "https://v.vault.azure.net/certificates/web/0a1b";
        let apart = entry().with("KeyVaultUrl", url).with("CertificateVersion", "9");
        let apart = apart.with("KeyVaultCertificateName", "api").with("Credential", "Nobody");
        assert_eq!(codes(&apart), ["wrong-value", "settings-disagree", "settings-disagree"]);
        let each = entry().with("KeyVaultUrl", "https://v.example").with("KeyVaultCertificateName", "a/b");
        let each = each.with("CertificateVersion", "c/d").with("Credential", "<credential>");
        assert_eq!(
            codes(&each),
            ["placeholder", "vault-url-invalid", "certificate-name-invalid", "certificate-version-invalid"]
        );
    }

    #[test]
    fn who_reads_the_vault_is_a_name_or_an_entry() {
        let named = entry().with("KeyVaultCertificateName", "web");
        assert!(matches!(read(&named).unwrap().choice, Choice::First));
        let one = named.clone().with("Credential", "managedidentity");
        assert!(matches!(read(&one).unwrap().choice, Choice::One(Kind::ManagedIdentity)));
        assert_eq!(codes(&named.clone().with("Credential", "ManagedIdentiy")), ["wrong-value"]);
        assert_eq!(codes(&named.clone().with("Credential", "<credential>")), ["placeholder"]);
        let object = |entries| named.clone().with_entry(Entry::map("Credential", entries, Origin::Code));
        assert_eq!(codes(&object(vec![])), ["missing-source-type"]);
        let inner = vec![
            Entry::text("SourceType", "ClientSecret", Origin::Code),
            Entry::text("ClientSecret", "s3cret", Origin::Code),
        ];
        let nested = Nested::default();
        let Choice::Entry(source_type, _) = read_with(&object(inner), &nested).unwrap().choice else {
            panic!("no entry")
        };
        assert_eq!(source_type, SourceType::CLIENT_SECRET);
        let chains = nested.0.into_inner();
        let [chain] = chains.as_slice() else { panic!("{chains:?}") };
        let (_, inner) = chain.entries().next().unwrap();
        assert_eq!(*inner.source_type(), SourceType::CLIENT_SECRET);
        assert_eq!((inner.path(), inner.text("ClientSecret")), ("KeyVault:Credential", Some("s3cret")));
    }

    #[test]
    fn a_vault_is_not_read_with_what_a_vault_holds() {
        for source_type in ["KeyVault", "signedassertionfromvault"] {
            let inner = vec![
                Entry::text("SourceType", source_type, Origin::Code),
                Entry::text("KeyVaultUrl", "https://w.vault.azure.net/certificates/web", Origin::Code),
            ];
            let inner = Entry::map("Credential", inner, Origin::Code);
            let error = read(&entry().with("KeyVaultCertificateName", "web").with_entry(inner)).unwrap_err();
            let [finding] = error.findings() else { panic!("{error}") };
            assert_eq!(
                (finding.code, finding.path.as_deref()),
                ("vault-credential-of-vault", Some("KeyVault:Credential"))
            );
        }
    }
}
