//! Putting a token client together.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use credential_core::world::HttpClient;
use credential_core::{CredentialSource, SourceRegistry, World};

use super::TokenClients;
use super::recipe::Recipe;
use super::sections::Built;
use super::shared::Shared;
use crate::meters;
use crate::settings::in_code::InCode;
use crate::settings::{Configuration, Location};
use crate::store::SharedCache;
use crate::store::sharing::Sharing;
use crate::token::cache::DEFAULT_MAX_CACHE_BYTES;
use crate::token::gate::DEFAULT_MAX_REQUESTS;
use crate::{ConfigurationError, ReqwestHttp, TokenClient};

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

    /// Your own HTTP client, for everything; in the place of the one that your own world has.
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
        Ok(self.recipe_in(meters::timed(world)))
    }

    /// What clients are made with in that world.
    pub(crate) fn recipe_in(&self, world: World) -> Recipe {
        let location = self.configuration.is_none().then(|| self.location.clone());
        let sharing = self.shared_cache.clone().map(|cache| Arc::new(Sharing::new(cache, world.clone())));
        Recipe {
            location,
            code: self.code.clone(),
            registry: self.registry(),
            shared: Arc::new(Shared::new(&world, self.max_requests)),
            world,
            patience: self.patience,
            identities: Arc::default(),
            sharing,
            max_cache_bytes: self.max_cache_bytes,
        }
    }
}

/// This process's world.
pub(crate) fn real_world(http: Option<Arc<dyn HttpClient>>) -> Result<World, ConfigurationError> {
    if let Some(http) = http {
        return Ok(World::new(http));
    }
    Ok(World::new(Arc::new(ReqwestHttp::new()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use credential_core::{
        BindContext, CredentialDescription, CredentialLoader, Setting, SourceError, SourceType, Unbound,
    };

    /// A program's own source in the place of one of ours.
    #[derive(Debug)]
    struct Own(SourceType);

    impl CredentialSource for Own {
        fn source_type(&self) -> SourceType {
            self.0.clone()
        }

        fn settings(&self) -> &[Setting] {
            &[]
        }

        fn bind(
            &self,
            _: &CredentialDescription,
            cx: &mut BindContext<'_>,
        ) -> Result<Arc<dyn CredentialLoader>, Unbound> {
            Err(cx.error(SourceError::misconfigured("own", "the program's own")))
        }
    }

    #[test]
    fn a_source_of_ones_own_stays_whatever_its_type() {
        for source_type in [SourceType::KEY_VAULT, SourceType::CUSTOM_SIGNED_ASSERTION, SourceType::CLIENT_SECRET] {
            let registry = TokenClientBuilder::default().source(Own(source_type.clone())).registry();
            let found = registry.get(&source_type).map(|source| format!("{source:?}"));
            assert!(found.is_some_and(|shown| shown.starts_with("Own(")), "{source_type}");
        }
    }

    #[cfg(feature = "secret")]
    mod worlds {
        use super::*;
        use std::collections::BTreeMap;
        use std::io;
        use std::path::PathBuf;

        use crate::TokenRequest;
        use credential_core::credential::SecretBytes;
        use credential_core::testing::{FakeHttp, FakeWorld};
        use credential_core::world::{FileStamp, Files};

        const SETTINGS: &str = r#"{"AzureAd": {
            "Instance": "https://login.microsoftonline.com/", "TenantId": "t.example", "ClientId": "app1",
            "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecretDiskPath": "secret.txt"}]}}"#;

        /// A world in which the folder of the settings file has the secret, and the working folder another.
        fn world() -> FakeWorld {
            let world = FakeWorld::new();
            world.files.write("conf/appsettings.json", SETTINGS);
            world.files.write("conf/secret.txt", "beside-the-settings");
            world.files.write("secret.txt", "in-the-working-folder");
            world
        }

        /// The secret that the client presents.
        async fn presented(builder: TokenClientBuilder, http: &FakeHttp) -> String {
            http.answer(200, r#"{"access_token": "t", "expires_in": 3600}"#);
            let client = builder.build().await.unwrap();
            let request = TokenRequest::app("api://a/.default");
            // Whoever asks a client without an answer waits for a clock that stands.
            tokio::time::timeout(Duration::from_secs(10), client.token(&request)).await.unwrap().unwrap();
            let body = String::from_utf8(http.requests().last().unwrap().body.expose().to_vec()).unwrap();
            body.split('&').find_map(|field| field.strip_prefix("client_secret=")).unwrap().to_owned()
        }

        #[tokio::test]
        async fn relative_paths_start_at_the_settings_file_in_any_world() {
            let location = Location::new().file("conf/appsettings.json");
            let read = world();
            let configuration = Configuration::read(&location, &read.world()).await;
            let text = Configuration::from_json(SETTINGS, &location, &BTreeMap::new());
            for (name, builder) in [
                ("file", TokenClientBuilder::default().file("conf/appsettings.json")),
                ("location", TokenClientBuilder::default().location(location)),
                ("configuration", TokenClientBuilder::default().configuration(configuration)),
                ("text", TokenClientBuilder::default().configuration(text)),
            ] {
                let world = world();
                let secret = presented(builder.world(world.world()), &world.http).await;
                assert_eq!(secret, "beside-the-settings", "{name}");
            }
        }

        /// Files of the program's own.
        #[derive(Debug)]
        struct Bad {
            panics: bool,
        }

        #[async_trait::async_trait]
        impl Files for Bad {
            async fn read(&self, _path: &Path, _max: u64) -> io::Result<SecretBytes> {
                if self.panics { panic!("the program's own mistake") } else { std::future::pending().await }
            }

            async fn stamp(&self, _path: &Path) -> io::Result<FileStamp> {
                std::future::pending().await
            }

            async fn list(&self, _folder: &Path, _max: usize) -> io::Result<Vec<(PathBuf, FileStamp)>> {
                std::future::pending().await
            }

            fn resolve(&self, path: &Path) -> PathBuf {
                path.to_path_buf()
            }
        }

        #[tokio::test]
        async fn settings_files_that_never_come_or_panic_are_findings() {
            for panics in [false, true] {
                let fake = world();
                let files = Arc::new(Bad { panics });
                let builder = TokenClientBuilder::default().file("conf/appsettings.json");
                let mut building = std::pin::pin!(builder.world(fake.world().with_files(files)).build());
                let error = loop {
                    tokio::select! {
                        biased;
                        built = &mut building => break built.unwrap_err(),
                        () = tokio::task::yield_now() => fake.clock.advance(Duration::from_secs(1)),
                    }
                };
                assert_eq!(error.findings()[0].code, "settings-file-unreadable", "{error}");
            }
        }

        #[tokio::test]
        async fn settings_without_a_folder_stay_where_the_world_is() {
            let world = world();
            world.files.write("appsettings.json", SETTINGS);
            let secret = presented(TokenClientBuilder::default().world(world.world()), &world.http).await;
            assert_eq!(secret, "in-the-working-folder");
        }

        #[tokio::test]
        async fn an_http_client_beside_a_world_counts_in_any_order() {
            for http_first in [true, false] {
                let (world, http) = (world(), Arc::new(FakeHttp::default()));
                let builder = TokenClientBuilder::default().file("conf/appsettings.json");
                let builder = match http_first {
                    true => builder.http(http.clone()).world(world.world()),
                    false => builder.world(world.world()).http(http.clone()),
                };
                presented(builder, &http).await;
                assert!(world.http.requests().is_empty());
            }
        }
    }
}
