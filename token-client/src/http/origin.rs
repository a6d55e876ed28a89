//! Where clients come from: made from settings, or somebody's own.

use credential_core::world::HttpError;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

use super::setup::Setup;

/// Where clients come from.
pub(super) enum Origin {
    /// Made, as many as are needed.
    Builder(Box<dyn Fn() -> ClientBuilder + Send + Sync>),
    /// One that somebody else has made, and that nothing can be changed about.
    Own(Client),
}

impl Origin {
    pub(super) fn builder(make: impl Fn() -> ClientBuilder + Send + Sync + 'static) -> Self {
        Self::Builder(Box::new(make))
    }

    /// Whether a client can be made that connects as a request asks for.
    pub(super) fn makes_others(&self) -> bool {
        matches!(self, Self::Builder(_))
    }

    /// A client that follows no redirects; `direct` for one without proxies.
    pub(super) fn client(&self, direct: bool) -> reqwest::Result<Client> {
        match self {
            Self::Own(client) if !direct => Ok(client.clone()),
            _ => self.settings(direct).build(),
        }
    }

    /// One that connects as the setup says.
    pub(super) fn client_for(&self, setup: &Setup, host: &str) -> Result<Client, HttpError> {
        setup.client(self.settings(setup.direct), host)
    }

    fn settings(&self, direct: bool) -> ClientBuilder {
        let builder = match self {
            Self::Builder(builder) => builder(),
            Self::Own(_) => Client::builder(),
        };
        let builder = builder.redirect(Policy::none());
        if direct { builder.no_proxy() } else { builder }
    }
}
