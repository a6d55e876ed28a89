//! What every source must keep to, as checks that anybody's source can run.

mod loading;

use std::fmt;
use std::sync::Arc;

use super::{FakeWorld, application};
use crate::registry::Binding;
use crate::registry::check_text;
use crate::source::{Entry, Value};
use crate::tokens::TokenProviders;
use crate::{
    Credential, CredentialDescription, CredentialSource, Finding, SourceError, SourceErrorKind, SourceRegistry,
};

type Prepare = Box<dyn Fn(&FakeWorld) + Send + Sync>;

/// The conformance suite of one source.
///
/// ```
/// # use credential_core::testing::Conformance;
/// # use credential_core::*;
/// # #[derive(Debug)] struct VariableSource;
/// # impl CredentialSource for VariableSource {
/// #     fn source_type(&self) -> SourceType { SourceType::known("Variable") }
/// #     fn settings(&self) -> &[Setting] {
/// #         const SETTINGS: &[Setting] = &[Setting::new("VariableName", SettingKind::Text, "The variable.").required()];
/// #         SETTINGS
/// #     }
/// #     fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>)
/// #         -> Result<std::sync::Arc<dyn CredentialLoader>, Unbound> {
/// #         Ok(std::sync::Arc::new(Variable(cx.required(entry, "VariableName")?.expose().to_owned())))
/// #     }
/// # }
/// # #[derive(Debug)] struct Variable(String);
/// # #[async_trait::async_trait]
/// # impl CredentialLoader for Variable {
/// #     async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
/// #         let name = &self.0;
/// #         request.world.environment.var(name).map(|secret| Credential::secret("variable", secret))
/// #             .ok_or_else(|| SourceError::not_applicable("variable-not-set", format!("{name} is not set")))
/// #     }
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// Conformance::new(VariableSource, CredentialDescription::new("Variable").with("VariableName", "APP_SECRET"))
///     .works_when(|world| world.environment.set("APP_SECRET", "s3cret-one"))
///     .rotates_when(|world| world.environment.set("APP_SECRET", "s3cret-two"))
///     .fails_when(|world| world.environment.unset("APP_SECRET"))
///     .never_shows(["s3cret-one", "s3cret-two"])
///     .check()
///     .await
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Conformance {
    source: Arc<dyn CredentialSource>,
    registry: SourceRegistry,
    tokens: Option<Box<dyn TokenProviders + Send + Sync>>,
    good: CredentialDescription,
    works: Option<Prepare>,
    rotates: Option<Prepare>,
    fails: Option<Prepare>,
    bad: Vec<(String, String)>,
    /// Never shown: `Debug`, below, is written by hand.
    secrets: Vec<String>,
}

/// What a source did not keep to.
#[derive(PartialEq, Eq)]
pub struct Violations(pub Vec<String>);

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// What it says: a `main` that returns it prints this.
impl fmt::Debug for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Violations {}

impl fmt::Debug for Conformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conformance").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Conformance {
    /// The suite for a source, with an entry that works in a world made ready for it.
    pub fn new(source: impl CredentialSource + 'static, good: CredentialDescription) -> Self {
        let source: Arc<dyn CredentialSource> = Arc::new(source);
        let mut registry = SourceRegistry::new();
        registry.register(Arc::clone(&source));
        Self {
            source,
            registry,
            tokens: None,
            good,
            works: None,
            rotates: None,
            fails: None,
            bad: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// Binds the entry with these sources beside its own and with somebody who exchanges what they give,
    /// for a source that asks its context for tokens.
    #[must_use]
    pub fn among(mut self, others: SourceRegistry, tokens: impl TokenProviders + Send + Sync + 'static) -> Self {
        self.registry = others;
        self.registry.register(Arc::clone(&self.source));
        self.tokens = Some(Box::new(tokens));
        self
    }

    /// Makes a world in which the entry loads.
    #[must_use]
    pub fn works_when(mut self, prepare: impl Fn(&FakeWorld) + Send + Sync + 'static) -> Self {
        self.works = Some(Box::new(prepare));
        self
    }

    /// Changes that world so that there is new material after a rejection.
    #[must_use]
    pub fn rotates_when(mut self, prepare: impl Fn(&FakeWorld) + Send + Sync + 'static) -> Self {
        self.rotates = Some(Box::new(prepare));
        self
    }

    /// Changes that world so that a new instance of the entry cannot load.
    #[must_use]
    pub fn fails_when(mut self, prepare: impl Fn(&FakeWorld) + Send + Sync + 'static) -> Self {
        self.fails = Some(Box::new(prepare));
        self
    }

    /// A value that the entry may not have: binding it must be an error that names the setting.
    #[must_use]
    pub fn refuses(mut self, setting: impl Into<String>, value: impl Into<String>) -> Self {
        self.bad.push((setting.into(), value.into()));
        self
    }

    /// Texts that may appear nowhere: in no `Debug`, `Display`, error or finding. A setting of the good entry that
    /// has one of them must be declared secret. Texts alone are compared: bytes that `Debug` writes as a list of
    /// numbers are not found, so keep material in [`Secret`](crate::Secret) or
    /// [`SecretBytes`](crate::credential::SecretBytes).
    #[must_use]
    pub fn never_shows<S: Into<String>>(mut self, secrets: impl IntoIterator<Item = S>) -> Self {
        self.secrets.extend(secrets.into_iter().map(Into::into));
        self
    }

    /// Runs every check, on the tokio runtime of the test.
    ///
    /// # Errors
    /// [`Violations`] with everything that the source did not keep to.
    pub async fn check(&self) -> Result<(), Violations> {
        let mut violations = Vec::new();
        self.check_declaration(&mut violations);
        self.check_binding(&mut violations);
        self.check_cancelling(&mut violations).await;
        self.check_loading(&mut violations).await;
        self.check_refreshing(&mut violations).await;
        self.check_two_entries(&mut violations).await;
        self.check_failing(&mut violations).await;
        if violations.is_empty() { Ok(()) } else { Err(Violations(violations)) }
    }

    fn binding(&self, world: &FakeWorld) -> Binding<'_> {
        let binding = Binding::new(world.world()).application(application());
        match &self.tokens {
            Some(tokens) => binding.tokens(&**tokens),
            None => binding,
        }
    }

    fn check_declaration(&self, violations: &mut Vec<String>) {
        let settings = self.source.settings();
        if self.source.source_type() != *self.good.source_type() {
            violations.push("the entry is of another source type".to_owned());
        }
        for (nth, setting) in settings.iter().enumerate() {
            let name = setting.name;
            if settings.iter().skip(nth + 1).any(|other| other.name.eq_ignore_ascii_case(name)) {
                violations.push(format!("setting {name} is declared twice"));
            }
            if !name.starts_with(|first: char| first.is_ascii_uppercase()) || setting.about.trim().is_empty() {
                violations.push(format!("setting {name} needs a PascalCase name and a sentence about it"));
            }
            if setting.default.is_some_and(|default| check_text(default, setting).is_some()) {
                violations.push(format!("the default of {name} is no value of it"));
            }
            let shown = self.good.text(name).filter(|_| !setting.secret);
            if shown.is_some_and(|text| self.secrets.iter().any(|secret| secret == text)) {
                violations.push(format!("{name} holds a secret and is not declared secret: tools show it"));
            }
        }
    }

    /// The good entry binds without findings; each required setting is missed, each misspelling named.
    fn check_binding(&self, violations: &mut Vec<String>) {
        let registry = &self.registry;
        let world = FakeWorld::new().world();
        match registry.bind(vec![self.good.clone()], world.clone()) {
            Ok(chain) if chain.findings().is_empty() => {}
            Ok(chain) => violations.push(format!("the good entry has findings: {:?}", chain.findings())),
            Err(error) => violations.push(format!("the good entry does not bind: {error}")),
        }
        for setting in self.source.settings().iter().filter(|setting| setting.required) {
            let mut bad = CredentialDescription::new(self.source.source_type());
            for entry in self.good.settings().iter().filter(|entry| !entry.name.eq_ignore_ascii_case(setting.name)) {
                bad = bad.with_entry(entry.clone());
            }
            match registry.bind(vec![bad], world.clone()) {
                Err(error) if error.to_string().contains(setting.name) => {}
                _ => violations.push(format!("a missing {} is not reported by name", setting.name)),
            }
        }
        for (setting, value) in &self.bad {
            match registry.bind(vec![self.good.clone().with(setting.clone(), value.clone())], world.clone()) {
                Err(error) if error.findings().iter().any(|finding| named(finding, setting)) => {}
                _ => violations.push(format!("a bad {setting} ({value:?}) is not refused by name")),
            }
        }
        for entry in self.good.settings() {
            let misspelt = Entry { name: format!("{}x", entry.name), ..entry.clone() };
            match registry.bind(vec![self.good.clone().with_entry(misspelt)], world.clone()) {
                Err(error) if error.to_string().contains(&entry.name) => {}
                _ => violations.push(format!("a misspelt {} is not corrected", entry.name)),
            }
            self.check_bad_value(registry, entry, violations);
        }
    }

    /// An object where text is expected is refused by name, and the refusal shows no value.
    fn check_bad_value(&self, registry: &SourceRegistry, entry: &Entry, violations: &mut Vec<String>) {
        if !matches!(entry.value, Value::Text(_)) {
            return;
        }
        let inner = Entry { name: "X".to_owned(), ..entry.clone() };
        let bad = Entry { value: Value::Map(vec![inner]), ..entry.clone() };
        if let Err(error) = registry.bind(vec![self.good.clone().with_entry(bad)], FakeWorld::new().world()) {
            self.check_shown("a binding error", &format!("{error} {error:?}"), violations);
        }
        self.check_shown("the description", &format!("{:?}", self.good), violations);
    }

    fn check_error(&self, error: &SourceError, violations: &mut Vec<String>) {
        if error.to_string().trim().is_empty() {
            violations.push("an error has no message".to_owned());
        }
        if !is_kebab_case(error.code()) {
            violations.push(format!("the code {:?} is not kebab-case", error.code()));
        }
        if error.kind() == SourceErrorKind::Misconfigured && error.path().is_none() {
            violations.push(format!("an error of the configuration names no setting: {error}"));
        }
        self.check_shown("an error", &format!("{error} {error:?} {:?}", error.finding()), violations);
    }

    fn check_credential(&self, credential: &Credential, violations: &mut Vec<String>) {
        if credential.id().trim().is_empty() {
            violations.push("a credential has no id for people".to_owned());
        }
        self.check_shown("a credential", &format!("{credential:?} {}", credential.id()), violations);
        self.check_shown("the source", &format!("{:?}", self.source), violations);
    }

    fn check_shown(&self, what: &str, shown: &str, violations: &mut Vec<String>) {
        if self.secrets.iter().any(|secret| shown.contains(secret)) {
            violations.push(format!("{what} shows a secret"));
        }
    }
}

fn named(finding: &Finding, setting: &str) -> bool {
    finding.path.as_deref().is_some_and(|path| path.ends_with(setting)) || finding.message.contains(setting)
}

fn is_kebab_case(code: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    code.split('-').all(word)
}
