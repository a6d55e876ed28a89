//! The application that the emulator knows.

use credential_core::Credential;

use super::super::Failure;
use super::super::context::{Context, OwnSources};
use super::super::json::Said;
use super::super::output::Output;
use super::super::text;
use super::federated::Federated;
use crate::TokenClient;
use crate::emulator::{EmulatedApp, Emulator, EmulatorBuilder};
use crate::exchange::client_assertion;
use crate::settings::Location;

/// What the emulator knows when no settings file says otherwise.
const CLIENT_ID: &str = "app1";
const SECRET: &str = "local-development-only";
const TENANT: &str = "contoso.example";
const AUDIENCE: &str = "api://demo";

/// An application, its tenant and its API.
pub(super) struct Registered {
    app: EmulatedApp,
    pub(super) client_id: String,
    pub(super) tenant: String,
    audience: String,
    /// Of no use anywhere else, where the application is the one that is always there.
    pub(super) public_secret: Option<&'static str>,
    /// Whether the settings name the authority by one address.
    pub(super) by_authority: bool,
}

impl Registered {
    pub(super) fn builder(&self, audience: Option<&str>) -> EmulatorBuilder {
        let audience = audience.unwrap_or(&self.audience);
        Emulator::builder().tenant(&self.tenant).app(self.app.clone()).api_audience(audience)
    }
}

/// The application of the settings, with every credential that loads here; without settings the one that is
/// always there.
pub(super) async fn application(
    location: Option<Location>,
    federated: &[Federated],
    own: &OwnSources,
    output: &Output,
) -> Result<Registered, Failure> {
    let mut registered = match location {
        Some(location) => from_configuration(location, own, output).await?,
        None => Registered {
            app: EmulatedApp::new(CLIENT_ID).secret(SECRET),
            client_id: CLIENT_ID.to_owned(),
            tenant: TENANT.to_owned(),
            audience: AUDIENCE.to_owned(),
            public_secret: Some(SECRET),
            by_authority: false,
        },
    };
    for one in federated {
        registered.app = registered.app.federated(&one.issuer, &one.subject, one.audience());
    }
    Ok(registered)
}

async fn from_configuration(location: Location, own: &OwnSources, output: &Output) -> Result<Registered, Failure> {
    let context = Context::at(location, own);
    let client = context.client().await.map_err(|error| {
        let found: Vec<Said<'_>> = error.findings().iter().map(|finding| (finding.clone(), None)).collect();
        output.note_lines(&text::findings(&found, output));
        Failure::Said
    })?;
    let configuration = client.configuration();
    let options = &configuration.application;
    let mut app = EmulatedApp::new(options.client_id_text());
    for index in 0..options.credentials.len() {
        let left_out = |why: &str| output.note(&format!("entry {index} is not registered: {}", text::clean(why)));
        match load(&client, index).await {
            Ok(Credential::Secret(secret)) => app = app.secret(secret.value().clone()),
            Ok(Credential::Certificate(certificate)) => {
                match client_assertion::algorithm(&certificate, client.authority().kind(), None) {
                    Ok(_) => app = app.certificate(certificate.chain().first().cloned().unwrap_or_default()),
                    Err(error) => left_out(&error.to_string()),
                }
            }
            Ok(_) => left_out("it is no secret and no certificate; name its issuer and subject with --federated"),
            Err(why) => left_out(&why),
        }
    }
    let scopes = configuration.downstream.iter().flat_map(|api| api.scope_list());
    let resource = scopes.filter_map(|scope| scope.strip_suffix("/.default").map(str::to_owned)).next();
    Ok(Registered {
        app,
        client_id: options.client_id_text().to_owned(),
        tenant: client.authority().tenant().unwrap_or(TENANT).to_owned(),
        audience: resource.unwrap_or_else(|| AUDIENCE.to_owned()),
        public_secret: None,
        by_authority: options.authority.is_some() && options.instance.is_none(),
    })
}

/// The credential of one entry, or why it does not load.
async fn load(client: &TokenClient, index: usize) -> Result<Credential, String> {
    let chain = client.credentials();
    let deadline = chain.world().clock.moment().after(client.patience());
    chain.load(index, deadline).await.map_err(|error| error.to_string())
}
