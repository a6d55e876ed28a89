//! The clients of a configuration, one for each section that is an application's.

use std::sync::Arc;

use super::recipe::Recipe;
use super::sections::{self, Built};
use crate::settings::Configuration;
use crate::{ConfigurationError, TokenClient};

/// Every application of a configuration as a [`TokenClient`]: the files are read once, and the clients share
/// the world, its connections and the sources.
///
/// Made by [`TokenClientBuilder::build_clients`](crate::TokenClientBuilder::build_clients). Cheap to clone;
/// clones share the clients.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let clients = token_client::TokenClient::builder().file("appsettings.json").build_clients().await?;
/// let orders = clients.client("AzureAd")?;
/// let partner = clients.client("Partners:Contoso")?;
/// # let _ = (orders, partner); Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct TokenClients {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    recipe: Recipe,
    configuration: Configuration,
    built: Built,
}

impl TokenClients {
    pub(crate) fn new(recipe: Recipe, configuration: Configuration) -> Self {
        Self { shared: Arc::new(Shared { recipe, configuration, built: Built::default() }) }
    }

    /// The client of a section, by its path whatever its case: made when it is first asked for, the same one
    /// ever after, also where another application's entry names the section. No request is sent.
    ///
    /// # Errors
    /// Everything that is wrong with the section, and with the files as a whole, at once.
    pub fn client(&self, section: &str) -> Result<TokenClient, ConfigurationError> {
        let Shared { recipe, configuration, built } = &*self.shared;
        if let Some(client) = sections::get(built, section) {
            return Ok(client);
        }
        let client = recipe.client(configuration.of_section(section), built, Arc::default())?;
        Ok(sections::keep(built, section, client))
    }

    /// The clients that were made so far.
    pub(super) fn built(&self) -> &Built {
        &self.shared.built
    }

    /// The names of the sections at the top of the configuration that have a `ClientId`, in their order.
    pub fn applications(&self) -> Vec<&str> {
        let tree = &self.shared.configuration.tree;
        tree.sections().filter(|name| tree.get(&format!("{name}:ClientId")).is_some()).collect()
    }
}
