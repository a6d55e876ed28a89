//! The source type `CustomSignedAssertion`: providers that the program registers by name.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::{
    AssertionProvider, Credential, CredentialDescription, CredentialSource, Finding, LoadReason, LoadRequest, Setting,
    SettingKind, SourceError, SourceErrorKind, SourceType, Value, nearest,
};

use crate::data::ProviderData;
use crate::guard::{Guarded, panicked};

const NAME: &str = "CustomSignedAssertionProviderName";
const DATA: &str = "CustomSignedAssertionProviderData";

const SETTINGS: &[Setting] = &[
    Setting::new(NAME, SettingKind::Text, "The name under which the program registered the provider.")
        .required()
        .mistaken(&["ProviderName", "CustomSignedAssertionProvider", "CustomSignedAssertionName"]),
    Setting::new(DATA, SettingKind::Map, "Settings for the provider.").mistaken(&["ProviderData"]),
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
/// use credential_core::{Assertion, AssertionProvider, AssertionRequest, SourceError};
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
    /// It is called without I/O when the configuration is bound, so that its errors (best
    /// `Misconfigured`) are reported with all others, and again when the entry is first loaded.
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

    fn registered(&self, description: &CredentialDescription) -> Result<(&str, &Registered), SourceError> {
        let wanted = description.required(NAME)?.expose().trim();
        let found = self.providers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(name, registered)| (name.as_str(), registered)).ok_or_else(|| self.unknown(description, wanted))
    }

    fn unknown(&self, description: &CredentialDescription, wanted: &str) -> SourceError {
        if self.elsewhere {
            let message = format!("the provider {wanted:?} is in the program that this configuration is for, not here");
            let error = SourceError::not_applicable("provider-elsewhere", message);
            return description.at_setting(NAME, error.remedy("try this entry in that program").settled_locally());
        }
        let names: Vec<&str> = self.providers.keys().map(String::as_str).collect();
        let list = names.join(", ");
        let remedy = match nearest(wanted, names.iter().copied()) {
            Some(name) => format!("did you mean {name:?}? registered: {list}"),
            None if names.is_empty() => {
                "the program registers none: see CustomSignedAssertionSource::with_provider".to_owned()
            }
            None => format!("registered: {list}"),
        };
        let message = format!("no provider is registered under the name {wanted:?}");
        let error = SourceError::misconfigured("unknown-provider", message);
        description.at_setting(NAME, error.remedy(remedy).settled_locally())
    }
}

/// The provider for the entry, made anew where it takes data.
fn make(
    name: &str,
    registered: &Registered,
    description: &CredentialDescription,
) -> Result<Arc<dyn AssertionProvider>, SourceError> {
    let data = data(description)?;
    let made = match registered {
        Registered::Provider(provider) => Ok(Arc::clone(provider)),
        Registered::Factory(factory) => {
            catch_unwind(AssertUnwindSafe(|| factory(&data))).unwrap_or_else(|panic| Err(panicked(name, panic)))
        }
    };
    made.map_err(|error| match error.path() {
        Some(_) => error,
        None => description.at_setting(DATA, error),
    })
}

fn data(description: &CredentialDescription) -> Result<ProviderData, SourceError> {
    match description.entry(DATA).map(|entry| &entry.value) {
        Some(Value::Map(entries)) => Ok(ProviderData::new(entries.clone())),
        Some(Value::Text(text)) if !text.expose().trim().is_empty() => {
            let error = SourceError::misconfigured("wrong-type", format!("{DATA} is text; an object is expected"));
            Err(description.at_setting(DATA, error.remedy("write { \"KEY\": \"VALUE\" }")))
        }
        _ => Ok(ProviderData::default()),
    }
}

fn findings(name: &str, registered: &Registered, description: &CredentialDescription) -> Vec<Finding> {
    let ignored = matches!(registered, Registered::Provider(_))
        && description.map(DATA).is_some_and(|entries| !entries.is_empty());
    let warning = ignored.then(|| {
        Finding::warning("provider-data-ignored", format!("the provider {name} takes no data"))
            .remedy("remove it, or register the provider with CustomSignedAssertionSource::with_factory")
    });
    warning.into_iter().map(|warning| description.finding_at_setting(DATA, warning)).collect()
}

#[async_trait]
impl CredentialSource for CustomSignedAssertionSource {
    fn source_type(&self) -> SourceType {
        SourceType::CUSTOM_SIGNED_ASSERTION
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn validate(&self, description: &CredentialDescription) -> Result<(), SourceError> {
        match self.registered(description) {
            Ok((name, registered)) => make(name, registered, description).map(drop),
            Err(error) if error.kind() == SourceErrorKind::NotApplicable => data(description).map(drop),
            Err(error) => Err(error),
        }
    }

    /// Asks the provider for nothing yet: the one who makes the exchange does.
    ///
    /// # Errors
    /// `Misconfigured` as when the entry is bound, and what the provider's factory says.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let description = request.description;
        let (name, registered) = self.registered(description)?;
        let provider: Arc<dyn AssertionProvider> = match request.previous {
            Some(Credential::Assertion(previous)) => Arc::clone(previous.provider()),
            _ => Arc::new(Guarded {
                name: name.to_owned(),
                path: description.setting_path(NAME),
                origin: description.setting_origin(NAME),
                provider: make(name, registered, description)?,
            }),
        };
        let refused = request.reason == LoadReason::Rejected;
        Ok(Credential::assertions(format!("assertion of {name}"), provider, refused).with_findings(findings(
            name,
            registered,
            description,
        )))
    }
}

impl fmt::Debug for CustomSignedAssertionSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomSignedAssertionSource").field("providers", &self.providers.keys()).finish()
    }
}
