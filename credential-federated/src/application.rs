//! Assertions that another application of the configuration is given: its token is the assertion.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::credential::{Assertion, AssertionProvider, AssertionRequest};
use credential_core::tokens::{TokenFor, TokenProvider};
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialSource, Setting, SettingKind, SourceError,
    SourceType,
};

use crate::audience;
use crate::custom::Settled;

/// The provider of `CustomSignedAssertion` that Microsoft.Identity.Web has for the same.
pub(crate) const PROVIDER: &str = "OidcIdpSignedAssertion";

pub(crate) const SECTION: &str = "ConfigurationSection";
pub(crate) const WITH_FMI_PATH: &str = "RequiresSignedAssertionFmiPath";

const SETTINGS: &[Setting] = &[
    Setting::new(SECTION, SettingKind::Text, "The section of the application whose token is the assertion.")
        .required()
        .mistaken(&["Section", "SectionName", "ConfigurationSectionName"]),
    Setting::new(
        WITH_FMI_PATH,
        SettingKind::Flag,
        "`true` asks for the assertion of the federated identity path that the call names.",
    ),
    audience::EXCHANGE_URL,
];

/// The source type `SignedAssertionFromApplication`: the access token of another application of the same
/// configuration is the assertion (Microsoft Entra, "application to trust another application").
///
/// ```json
/// { "SourceType": "SignedAssertionFromApplication", "ConfigurationSection": "Idp" }
/// ```
///
/// The other application has a section of its own, with `ClientCredentials` of its own, and may be at another
/// authority, in another cloud or tenant. Its token is asked for with cache, single flight and fallback, as its
/// own [`scope`](credential_core::tokens::TokenFor::scope) `AUDIENCE/.default`. Sections that lead back to each other
/// are an error when the configuration is bound.
///
/// The same is reached with `CustomSignedAssertion` and the provider name `OidcIdpSignedAssertion`, whose
/// `CustomSignedAssertionProviderData` holds `ConfigurationSection`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplicationAssertionSource;

impl ApplicationAssertionSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("SignedAssertionFromApplication");
}

impl CredentialSource for ApplicationAssertionSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let section = cx.required(entry, SECTION)?.expose().trim();
        bind(entry, cx, Named { setting: SECTION, section, with_fmi_path: entry.flag(WITH_FMI_PATH) })
    }
}

/// Which section an entry names, and in which of its settings.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) setting: &'static str,
    pub(crate) section: &'a str,
    pub(crate) with_fmi_path: bool,
}

/// The loader of an entry that names another application's section.
pub(crate) fn bind(entry: &CredentialDescription, cx: &mut BindContext<'_>, named: Named<'_>) -> BindResult {
    let Named { setting, section, with_fmi_path } = named;
    let tokens = cx.tokens_of_section(setting, section)?;
    let scope = format!("{}/.default", audience::of_entry(entry, cx.application()).trim_end_matches('/'));
    let provider = OfApplication { tokens, scope, section: section.to_owned(), setting, with_fmi_path };
    Ok(Settled(Ok(Credential::assertions(format!("token of {section}"), Arc::new(provider)))).shared())
}

/// One entry: asks for the other application's token at every exchange; the engine caches it.
struct OfApplication {
    tokens: Arc<dyn TokenProvider>,
    scope: String,
    section: String,
    setting: &'static str,
    with_fmi_path: bool,
}

#[async_trait]
impl AssertionProvider for OfApplication {
    async fn assertion(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        let path = request.fmi_path.filter(|_| self.with_fmi_path);
        let wanted = TokenFor::new(&self.scope, request.deadline, request.world).fmi_path(path).fresh(request.fresh);
        // Whoever exchanges asks through `AssertionCredential::ask`, which bounds and guards this.
        let given = self.tokens.token(&wanted).await.map_err(|error| self.failed(&error))?;
        Ok(Assertion::new(given.token, Some(given.expires_on)))
    }
}

impl OfApplication {
    /// What went wrong there, with the section's name; what it says of its own settings stays.
    fn failed(&self, error: &SourceError) -> SourceError {
        let message = format!("the application of section {:?} got no token: {error}", self.section);
        let failed = SourceError::new(error.kind(), error.code(), message).caused_by(error.clone());
        let failed = match (error.path(), error.origin()) {
            (Some(path), Some(origin)) => failed.at(path, origin.clone()),
            _ => failed.about(self.setting),
        };
        let failed = failed.retry_after(error.wait());
        match error.remedy_text() {
            Some(remedy) => failed.remedy(remedy),
            None => failed,
        }
    }
}

impl fmt::Debug for OfApplication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfApplication")
            .field("section", &self.section)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
