//! What the commands that use a configuration have in common.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use credential_core::{CredentialSource, Finding, Secret, SourceRegistry, World};

use super::Failure;
use super::args::Where;
use super::counting::{CountingHttp, NoNetwork};
use crate::client::builder::real_world;
use crate::client::recipe::Recipe;
use crate::settings::any_error;
use crate::settings::{Configuration, Location};
use crate::{ConfigurationError, TokenClient, TokenClientBuilder};

/// The most bytes of a file that an argument names.
const MAX_ARGUMENT_FILE: u64 = 16 * 1024 * 1024;

/// The world, with its requests counted, and where the settings are.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) location: Location,
    own: OwnSources,
    pub(crate) world: World,
    pub(crate) http: CountingHttp,
    /// Why there is no network, where there should be one.
    no_network: Option<ConfigurationError>,
    /// How long a token may take; the library's own otherwise.
    patience: Option<Duration>,
}

impl Context {
    pub(crate) fn new(place: &Where, own: &OwnSources) -> Result<Self, Failure> {
        Ok(Self::at(place.location()?, own))
    }

    /// A world without HTTPS still reads the configuration: what needs a client says so.
    pub(crate) fn at(location: Location, own: &OwnSources) -> Self {
        let (world, no_network) = match real_world(None) {
            Ok(world) => (world, None),
            Err(error) => (World::new(Arc::new(NoNetwork(error.to_string()))), Some(error)),
        };
        let http = CountingHttp::new(Arc::clone(&world.http), Arc::clone(&world.clock));
        let world = world.with_http(Arc::new(http.clone()));
        Self { location, own: own.clone(), world, http, no_network, patience: None }
    }

    /// The same with so much time for each token.
    pub(crate) fn patience(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// The same without a network; what is counted then is what was wanted of it.
    pub(crate) fn offline(mut self) -> Self {
        let none = NoNetwork("there is no network with --offline".to_owned());
        self.http = CountingHttp::new(Arc::new(none), Arc::clone(&self.world.clock));
        self.world = self.world.with_http(Arc::new(self.http.clone()));
        self.no_network = None;
        self
    }

    /// Why a service would have no network here: what is wrong with the variables that say how to go out.
    pub(crate) fn network_faults(&self) -> &[Finding] {
        self.no_network.as_ref().map_or(&[], ConfigurationError::findings)
    }

    pub(crate) async fn read(&self) -> Configuration {
        Configuration::read(&self.location, &self.world).await
    }

    /// The client of the configuration; its findings otherwise.
    pub(crate) async fn client(&self) -> Result<TokenClient, ConfigurationError> {
        let configuration = self.read().await;
        if any_error(&configuration.findings) {
            // The credentials' own mistakes belong to the same list.
            let mut configuration = configuration;
            self.recipe().check(&mut configuration);
            return Err(ConfigurationError::new(configuration.findings));
        }
        if let Some(error) = &self.no_network {
            return Err(error.clone());
        }
        let builder = self.own.builder().configuration(configuration).world(self.world.clone());
        let builder = match self.patience {
            Some(patience) => builder.patience(patience),
            None => builder,
        };
        builder.build().await
    }

    /// What clients are made with here.
    pub(crate) fn recipe(&self) -> Recipe {
        self.own.builder().recipe_in(self.world.clone())
    }

    pub(crate) fn requests(&self) -> u64 {
        self.http.count()
    }

    /// The content of `@FILE`.
    pub(crate) async fn user_assertion(&self, argument: Option<&str>) -> Result<Option<Secret>, Failure> {
        let Some(argument) = argument else { return Ok(None) };
        let Some(file) = argument.strip_prefix('@') else {
            let message = "--user-assertion takes @FILE: a token in an argument is seen by every process";
            return Err(Failure::Usage(message.to_owned()));
        };
        let content = self.file(file).await?;
        let text = String::from_utf8_lossy(&content).trim_start_matches('\u{feff}').trim().to_owned();
        if text.is_empty() {
            return Err(Failure::Usage(format!("{file} is empty: it should hold the user's token")));
        }
        Ok(Some(Secret::new(text)))
    }

    pub(crate) async fn file(&self, file: &str) -> Result<Vec<u8>, Failure> {
        let read = self.world.read_file(Path::new(file), MAX_ARGUMENT_FILE).await;
        read.map(|content| content.expose().to_vec()).map_err(|error| {
            let remedy = error.remedy_text().map(|remedy| format!(": {remedy}")).unwrap_or_default();
            Failure::Usage(format!("{error}{remedy}"))
        })
    }
}

/// The sources that the program brings beside those of this build.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnSources(pub(crate) Vec<Arc<dyn CredentialSource>>);

impl OwnSources {
    /// What a command's client is made of. The providers that entries name are in the programs that the
    /// configuration is for: such an entry cannot be tried here, and is no error.
    fn builder(&self) -> TokenClientBuilder {
        let builder = TokenClient::builder();
        #[cfg(feature = "federated")]
        let builder = builder.source(credential_federated::CustomSignedAssertionSource::new().for_other_programs());
        self.0.iter().fold(builder, |builder, source| builder.source(Arc::clone(source)))
    }

    /// The sources of this build, and the program's own.
    pub(crate) fn registry(&self) -> SourceRegistry {
        self.0.iter().fold(TokenClient::builder(), |builder, source| builder.source(Arc::clone(source))).registry()
    }
}

/// The findings, worst first; equal ones stay in their order.
pub(crate) fn worst_first(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}
