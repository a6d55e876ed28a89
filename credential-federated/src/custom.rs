//! The source type `CustomSignedAssertion`: providers that the program registers by name.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::credential::AssertionProvider;
use credential_core::text::nearest;
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, Finding,
    LoadRequest, Setting, SettingKind, SourceError, SourceType,
};

use crate::application;
use crate::audience;
use crate::data::ProviderData;
use crate::guard::{Guarded, panicked};

const NAME: &str = "CustomSignedAssertionProviderName";
const DATA: &str = "CustomSignedAssertionProviderData";

const SETTINGS: &[Setting] = &[
    Setting::new(NAME, SettingKind::Text, "The name under which the program registered the provider.")
        .required()
        .mistaken(&["ProviderName", "CustomSignedAssertionProvider", "CustomSignedAssertionName"]),
    Setting::new(DATA, SettingKind::Data, "Settings for the provider.").mistaken(&["ProviderData"]),
    audience::EXCHANGE_URL,
];

type Factory = Arc<dyn Fn(&ProviderData) -> Result<Arc<dyn AssertionProvider>, SourceError> + Send + Sync>;

#[derive(Clone)]
enum Registered {
    Provider(Arc<dyn AssertionProvider>),
    Factory(Factory),
}

/// Assertions from providers of the program's own, registered by name; names are compared ignoring
/// ASCII case.
///
/// The provider is asked at every exchange and caches what it likes. When it fails, panics, gives
/// nothing or is late, the next entry has its turn. An entry with a name that is not registered is an
/// error when the configuration is bound.
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use credential_core::credential::{Assertion, AssertionProvider, AssertionRequest};
/// use credential_core::SourceError;
/// use credential_federated::CustomSignedAssertionSource;
///
/// #[derive(Debug)]
/// struct Signer {
///     role: String,
/// }
///
/// #[async_trait]
/// impl AssertionProvider for Signer {
///     async fn assertion(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
///         # let token = format!("a JWT for {} as {}", request.client_id, self.role);
///         Ok(Assertion::new(token, None))
///     }
/// }
///
/// let source = CustomSignedAssertionSource::new().with_factory("Vault", |data| {
///     let role = data.text("Role").ok_or_else(|| SourceError::misconfigured("no-role", "Role is missing"))?;
///     Ok(Arc::new(Signer { role: role.to_owned() }))
/// });
/// # let _ = source;
/// ```
#[derive(Clone, Default)]
pub struct CustomSignedAssertionSource {
    providers: BTreeMap<String, Registered>,
    elsewhere: bool,
}

impl CustomSignedAssertionSource {
    /// A source without providers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a provider that takes no data; one of the same name is replaced.
    #[must_use]
    pub fn with_provider(self, name: &str, provider: impl AssertionProvider + 'static) -> Self {
        self.with(name, Registered::Provider(Arc::new(provider)))
    }

    /// Registers what makes a provider of an entry's data; one of the same name is replaced.
    ///
    /// It is called once for each entry, without I/O, when the configuration is bound, so that its errors
    /// (best `Misconfigured`) are reported with all others.
    #[must_use]
    pub fn with_factory(
        self,
        name: &str,
        factory: impl Fn(&ProviderData) -> Result<Arc<dyn AssertionProvider>, SourceError> + Send + Sync + 'static,
    ) -> Self {
        self.with(name, Registered::Factory(Arc::new(factory)))
    }

    /// Says that providers are registered by another program: an entry with a name that is not
    /// registered here is `NotApplicable` when it is loaded, instead of an error when it is bound. For
    /// tools that look at the configuration of others.
    #[must_use]
    pub fn for_other_programs(mut self) -> Self {
        self.elsewhere = true;
        self
    }

    fn with(mut self, name: &str, registered: Registered) -> Self {
        self.providers.retain(|other, _| !other.eq_ignore_ascii_case(name));
        self.providers.insert(name.to_owned(), registered);
        self
    }

    fn registered(&self, wanted: &str) -> Option<(&str, &Registered)> {
        let found = self.providers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(name, registered)| (name.as_str(), registered))
    }

    fn unknown(&self, wanted: &str) -> SourceError {
        let names: Vec<&str> = self.providers.keys().map(String::as_str).collect();
        let list = names.join(", ");
        let remedy = match nearest(wanted, names.iter().copied()) {
            Some(name) => format!("write {name:?}; registered: {list}"),
            None if names.is_empty() => {
                "register it with CustomSignedAssertionSource::with_provider: the program registers none".to_owned()
            }
            None => format!("use one that is registered: {list}"),
        };
        let message = format!("unknown provider {wanted:?}");
        SourceError::misconfigured("unknown-provider", message).remedy(remedy).about(NAME)
    }
}

fn elsewhere(wanted: &str) -> SourceError {
    let message = format!("the provider {wanted:?} is in the program that this configuration is for, not here");
    let error = SourceError::not_applicable("provider-elsewhere", message);
    error.remedy("try this entry in that program").settled_locally().about(NAME)
}

/// The provider of an entry, made here where it takes data.
fn provider(
    name: &str,
    registered: &Registered,
    data: &ProviderData,
    cx: &mut BindContext<'_>,
) -> Result<Arc<dyn AssertionProvider>, SourceError> {
    match registered {
        Registered::Provider(provider) => {
            if !data.is_empty() {
                let ignored = Finding::warning("provider-data-ignored", format!("the provider {name} takes no data"));
                let remedy = "remove it, or register the provider with CustomSignedAssertionSource::with_factory";
                cx.say(DATA, ignored.remedy(remedy));
            }
            Ok(Arc::clone(provider))
        }
        Registered::Factory(factory) => {
            let made = catch_unwind(AssertUnwindSafe(|| factory(data))).unwrap_or_else(|panic| {
                // A payload whose destructor panics in its turn must not get through.
                std::mem::forget(panic);
                Err(panicked(name))
            });
            made.map_err(|error| if error.setting().is_none() { error.about(DATA) } else { error })
        }
    }
}

impl CredentialSource for CustomSignedAssertionSource {
    fn source_type(&self) -> SourceType {
        SourceType::CUSTOM_SIGNED_ASSERTION
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let wanted = cx.required(entry, NAME)?.expose().trim();
        let data = ProviderData::new(entry.map(DATA).unwrap_or_default());
        if wanted.eq_ignore_ascii_case(application::PROVIDER) && self.registered(wanted).is_none() {
            return of_application(entry, &data, cx);
        }
        let (name, registered) = match self.registered(wanted) {
            Some(found) => found,
            None if self.elsewhere => return Ok(Settled(Err(elsewhere(wanted))).shared()),
            None => return Err(cx.error(self.unknown(wanted))),
        };
        let provider = provider(name, registered, &data, cx).map_err(|error| cx.error(error))?;
        let guarded = Guarded { name: name.to_owned(), setting: NAME, provider };
        Ok(Settled(Ok(Credential::assertions(format!("assertion of {name}"), Arc::new(guarded)))).shared())
    }
}

/// The provider that is there without being registered: another application's token.
fn of_application(entry: &CredentialDescription, data: &ProviderData, cx: &mut BindContext<'_>) -> BindResult {
    let Some(section) = data.text(application::SECTION).map(str::trim).filter(|text| !text.is_empty()) else {
        let message = format!("{DATA}:{} is missing or empty", application::SECTION);
        let error = SourceError::misconfigured("missing-setting", message).about(DATA);
        return Err(cx.error(error.remedy("name the section of the application whose token is the assertion")));
    };
    let flag = data.text(application::WITH_FMI_PATH).unwrap_or_default();
    let with_fmi_path = flag.trim().eq_ignore_ascii_case("true");
    application::bind(entry, cx, application::Named { setting: DATA, section, with_fmi_path })
}

/// One entry. What it gives is known when it is bound: its provider is asked by the one who makes the
/// exchange.
#[derive(Debug)]
pub(crate) struct Settled(pub(crate) Result<Credential, SourceError>);

impl Settled {
    pub(crate) fn shared(self) -> Arc<dyn CredentialLoader> {
        Arc::new(self)
    }
}

#[async_trait]
impl CredentialLoader for Settled {
    /// # Errors
    /// `NotApplicable` where the provider is registered by another program.
    async fn load(&self, _request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        self.0.clone()
    }
}

impl fmt::Debug for CustomSignedAssertionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomSignedAssertionSource").field("providers", &self.providers.keys()).finish()
    }
}
