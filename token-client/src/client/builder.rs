//! Putting a token client together.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use credential_core::world::HttpClient;
use credential_core::{CredentialSource, SourceRegistry, World};

use super::TokenClients;
use super::recipe::Recipe;
use super::sections::Built;
use super::shared::Shared;
use crate::http::traced::CurrentTrace;
use crate::meters;
use crate::settings::in_code::InCode;
use crate::settings::{Configuration, Location};
use crate::store::SharedCache;
use crate::store::sharing::Sharing;
use crate::token::cache::DEFAULT_MAX_CACHE_BYTES;
use crate::token::gate::DEFAULT_MAX_REQUESTS;
use crate::{ConfigurationError, ReqwestHttp, TokenClient, TraceContext};

/// How long one call waits for a token, everything included, unless it is told otherwise.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(60);

/// Chooses what a [`TokenClient`] is made of; everything has a default.
#[derive(Debug)]
pub struct TokenClientBuilder {
    location: Location,
    pub(super) code: InCode,
    configuration: Option<Configuration>,
    own: Vec<Arc<dyn CredentialSource>>,
    http: Option<Arc<dyn HttpClient>>,
    world: Option<World>,
    patience: Duration,
    shared_cache: Option<SharedCache>,
    max_cache_bytes: usize,
    max_requests: usize,
    trace: Option<CurrentTrace>,
    #[cfg(feature = "federated")]
    providers: Option<credential_federated::CustomSignedAssertionSource>,
}

impl Default for TokenClientBuilder {
    fn default() -> Self {
        Self {
            location: Location::default(),
            code: InCode::default(),
            configuration: None,
            own: Vec::new(),
            http: None,
            world: None,
            patience: DEFAULT_PATIENCE,
            shared_cache: None,
            max_cache_bytes: DEFAULT_MAX_CACHE_BYTES,
            max_requests: DEFAULT_MAX_REQUESTS,
            trace: None,
            #[cfg(feature = "federated")]
            providers: None,
        }
    }
}

impl TokenClientBuilder {
    /// The settings file; `appsettings.json` in the working folder otherwise. A file that is named must be there,
    /// unless variables say everything.
    #[must_use]
    pub fn file(mut self, file: impl AsRef<Path>) -> Self {
        self.location.file = file.as_ref().to_path_buf();
        self.code.file_named = true;
        self
    }

    /// The section of the application; `AzureAd` otherwise. `A:B` is a path.
    #[must_use]
    pub fn section(mut self, section: impl Into<String>) -> Self {
        self.location.section = section.into();
        self
    }

    /// The environment, whose file `appsettings.NAME.json` is read over the settings file; from
    /// `DOTNET_ENVIRONMENT` or `ASPNETCORE_ENVIRONMENT` otherwise.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.location.environment = Some(name.into());
        self
    }

    /// Sets a setting over every file and variable, and over what is set in code by other methods: `set("AzureAd:TenantId", "contoso.com")`.
    #[must_use]
    pub fn set(mut self, path: impl Into<String>, value: impl Into<String>) -> Self {
        self.location.overrides.push((path.into(), value.into()));
        self
    }

    /// Where the settings are, all at once.
    #[must_use]
    pub fn location(mut self, location: Location) -> Self {
        self.code.file_named |= location.file != Location::default().file;
        self.location = location;
        self
    }

    /// A configuration that was read already; no settings file is read then. Relative paths in it start
    /// at the folder of the file that it was read from.
    #[must_use]
    pub fn configuration(mut self, configuration: Configuration) -> Self {
        self.configuration = Some(configuration);
        self
    }

    /// Adds a source of your own, or replaces the one of the same type.
    #[must_use]
    pub fn source(mut self, source: impl CredentialSource + 'static) -> Self {
        self.own.push(Arc::new(source));
        self
    }

    /// Registers a provider of assertions under a name, for entries of the type `CustomSignedAssertion`.
    ///
    /// Providers that take data are registered with a
    /// [`CustomSignedAssertionSource`](credential_federated::CustomSignedAssertionSource) of your own, by
    /// [`source`](Self::source); this method replaces such a source.
    #[cfg(feature = "federated")]
    #[must_use]
    pub fn assertion_provider(
        mut self,
        name: &str,
        provider: impl credential_core::credential::AssertionProvider + 'static,
    ) -> Self {
        self.providers = Some(self.providers.unwrap_or_default().with_provider(name, provider));
        self
    }

    /// Lets entries of the type `Command` run their programs, whatever the variable `TOKEN_CLIENT_ALLOW_COMMANDS` says:
    /// whoever can write the settings runs programs as this one.
    #[cfg(feature = "federated")]
    #[must_use]
    pub fn allow_commands(self) -> Self {
        self.source(credential_federated::CommandSource::new().allowed())
    }

    /// Your own HTTP client, for everything; in the place of the one that your own world has. Clients that are given
    /// the same one leave a host in peace together; those that are given none share one.
    #[must_use]
    pub fn http(mut self, http: Arc<dyn HttpClient>) -> Self {
        self.http = Some(http);
        self
    }

    /// The HTTP client that was given, for a fake to stand before it.
    #[cfg(feature = "testing")]
    pub(crate) fn take_http(&mut self) -> Option<Arc<dyn HttpClient>> {
        self.http.take()
    }

    /// Your own world: HTTP, environment, files, commands, clock, tasks. Relative paths in the settings start at the
    /// settings file's folder in it too.
    #[must_use]
    pub fn world(mut self, world: World) -> Self {
        self.world = Some(world);
        self
    }

    /// How long one call may wait for a token, everything included; [`DEFAULT_PATIENCE`] otherwise.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// A cache that other processes and machines share, behind the one in memory; none otherwise.
    #[must_use]
    pub fn shared_cache(mut self, cache: SharedCache) -> Self {
        self.shared_cache = Some(cache);
        self
    }

    /// The most bytes of memory that cached tokens take, about; [`DEFAULT_MAX_CACHE_BYTES`] otherwise. When it is
    /// reached, those leave that end first.
    #[must_use]
    pub fn max_cache_bytes(mut self, bytes: usize) -> Self {
        self.max_cache_bytes = bytes;
        self
    }

    /// The most token requests that are sent side by side to one host; [`DEFAULT_MAX_REQUESTS`] otherwise. Further
    /// ones wait for their turn, as long as their [`patience`](Self::patience) lasts. A quarter of them is for
    /// tenants with few: one that hangs holds up no other.
    #[must_use]
    pub fn max_requests(mut self, requests: usize) -> Self {
        self.max_requests = requests;
        self
    }

    /// Ties every request to the trace of the work that sends it: what the closure says goes along as `traceparent` and
    /// `tracestate` ([W3C Trace Context](https://www.w3.org/TR/trace-context/)), to authorities, vaults, managed
    /// identities and APIs; none otherwise. It runs before each request, within its span, and had better be quick. A
    /// request that says it already, as by [`DownstreamCall::trace_context`](crate::DownstreamCall::trace_context),
    /// keeps that, and a redirect to another origin gets nothing.
    ///
    /// With `tracing-opentelemetry`, whose spans those of this crate become:
    ///
    /// ```
    /// use std::collections::HashMap;
    ///
    /// use opentelemetry::propagation::TextMapPropagator;
    /// use opentelemetry_sdk::propagation::TraceContextPropagator;
    /// use token_client::{TokenClient, TraceContext};
    /// use tracing_opentelemetry::OpenTelemetrySpanExt;
    ///
    /// let builder = TokenClient::builder().trace_context(|| {
    ///     let mut headers = HashMap::new();
    ///     TraceContextPropagator::new().inject_context(&tracing::Span::current().context(), &mut headers);
    ///     TraceContext::of_headers(&headers)
    /// });
    /// # let _ = builder;
    /// ```
    #[must_use]
    pub fn trace_context(mut self, current: impl Fn() -> Option<TraceContext> + Send + Sync + 'static) -> Self {
        self.trace = Some(CurrentTrace::new(current));
        self
    }

    /// The registry that the entries will be bound with.
    pub fn registry(&self) -> SourceRegistry {
        let mut registry = crate::sources::registry();
        self.own.iter().for_each(|source| registry.register(Arc::clone(source)));
        #[cfg(feature = "federated")]
        if let Some(providers) = &self.providers {
            registry.register(Arc::new(providers.clone()));
        }
        registry
    }

    /// Reads the configuration and binds it. No request is sent.
    ///
    /// # Errors
    /// Everything that is wrong with the configuration, at once.
    pub async fn build(self) -> Result<TokenClient, ConfigurationError> {
        let (recipe, configuration) = self.read().await?;
        recipe.client(configuration, &Built::default(), Arc::default())
    }

    /// Reads the configuration for several applications: each of its sections is one. The section that was
    /// chosen here counts for nothing. No request is sent.
    ///
    /// # Errors
    /// When there can be no HTTP client. What is wrong with the configuration, each
    /// [`client`](TokenClients::client) says.
    pub async fn build_clients(self) -> Result<TokenClients, ConfigurationError> {
        let (recipe, configuration) = self.read().await?;
        Ok(TokenClients::new(recipe, configuration))
    }

    async fn read(mut self) -> Result<(Recipe, Configuration), ConfigurationError> {
        let recipe = self.recipe()?;
        let given = self.configuration.take();
        let configuration = match given {
            Some(configuration) => configuration,
            None => Configuration::read_with(&self.location, &recipe.code, &recipe.world).await,
        };
        let configuration = configuration.with_code(&recipe.code);
        Ok((recipe, configuration))
    }

    /// What clients are made with.
    ///
    /// # Errors
    /// When there can be no HTTP client.
    fn recipe(&self) -> Result<Recipe, ConfigurationError> {
        let world = match (self.world.clone(), self.http.clone()) {
            (Some(world), Some(http)) => world.with_http(http),
            (Some(world), None) => world,
            (None, http) => real_world(http)?,
        };
        Ok(self.recipe_in(world))
    }

    /// What clients are made with in that world.
    pub(crate) fn recipe_in(&self, world: World) -> Recipe {
        let shared = Arc::new(Shared::new(&world, self.max_requests));
        let world = meters::timed(world);
        let world = match self.trace.clone() {
            Some(trace) => trace.in_world(world),
            None => world,
        };
        let location = self.configuration.is_none().then(|| self.location.clone());
        let sharing = self.shared_cache.clone().map(|cache| Arc::new(Sharing::new(cache, world.clone())));
        Recipe {
            location,
            code: self.code.clone(),
            registry: self.registry(),
            shared,
            world,
            patience: self.patience,
            identities: Arc::default(),
            sharing,
            max_cache_bytes: self.max_cache_bytes,
        }
    }
}

/// This process's world. Those who bring no HTTP client share one, with its connections and what is known of hosts.
pub(crate) fn real_world(http: Option<Arc<dyn HttpClient>>) -> Result<World, ConfigurationError> {
    static OF_ALL: Mutex<Option<Arc<dyn HttpClient>>> = Mutex::new(None);
    if let Some(http) = http {
        return Ok(World::new(http));
    }
    let mut of_all = OF_ALL.lock().unwrap_or_else(PoisonError::into_inner);
    let http = match &*of_all {
        Some(http) => Arc::clone(http),
        None => Arc::clone(of_all.insert(Arc::new(ReqwestHttp::new()?))),
    };
    Ok(World::new(http))
}

#[cfg(test)]
mod tests;
