//! `emulator`: a local authority and a protected API to develop and test against.

use credential_core::Credential;

use super::args::EmulatorArgs;
use super::context::Context;
use super::json::Said;
use super::output::Output;
use super::{Failure, Outcome, text};
use crate::TokenClient;
use crate::emulator::{EmulatedApp, Emulator, EmulatorBuilder};
use crate::exchange::client_assertion;
use crate::settings::Location;

/// What the emulator knows when no settings file says otherwise.
const CLIENT_ID: &str = "app1";
const SECRET: &str = "local-development-only";
const TENANT: &str = "contoso.example";

pub(crate) async fn run(args: EmulatorArgs, output: &Output) -> Outcome {
    let builder = match &args.config {
        Some(file) => {
            let mut location = Location::default();
            location.file.clone_from(file);
            location.section.clone_from(&args.section);
            from_configuration(location, output).await?
        }
        None => Emulator::builder().tenant(TENANT).app(EmulatedApp::new(CLIENT_ID).secret(SECRET)),
    };
    let emulator = builder.port(args.port).start().await.map_err(|error| {
        output.note(&format!("the emulator cannot start: {error}"));
        Failure::Said
    })?;
    output.print(&format!("authority  {}", emulator.authority()));
    output.print(&format!(
        "API        {}hello  (audience {})",
        with_slash(&emulator.api_url()),
        emulator.api_audience()
    ));
    output.print(&format!("use it     --set {}:Instance={}", args.section, emulator.instance()));
    if args.config.is_none() {
        output.print(&format!("client     {CLIENT_ID}, secret {SECRET}, tenant {TENANT}"));
    }
    output.print("Ctrl-C ends it");
    std::future::pending().await
}

pub(crate) fn with_slash(url: &str) -> String {
    format!("{}/", url.trim_end_matches('/'))
}

/// An emulator that knows the application of the configuration, with every credential that loads here.
async fn from_configuration(location: Location, output: &Output) -> Result<EmulatorBuilder, Failure> {
    let context = Context::at(location);
    let client = context.client().await.map_err(|error| {
        let found: Vec<Said<'_>> = error.findings().iter().map(|finding| (finding.clone(), None)).collect();
        output.note(&text::findings(&found, output));
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
            Ok(_) => left_out("it is no secret and no certificate"),
            Err(why) => left_out(&why),
        }
    }
    let tenant = client.authority().tenant().unwrap_or(TENANT).to_owned();
    let mut builder = Emulator::builder().tenant(tenant).app(app);
    let scopes = configuration.downstream.iter().flat_map(|api| api.scope_list());
    if let Some(resource) = scopes.filter_map(|scope| scope.strip_suffix("/.default")).next() {
        builder = builder.api_audience(resource);
    }
    Ok(builder)
}

/// The credential of one entry, or why it does not load.
async fn load(client: &TokenClient, index: usize) -> Result<Credential, String> {
    let chain = client.credentials();
    let deadline = chain.world().clock.moment().after(client.patience());
    chain.load(index, deadline).await.map_err(|error| error.to_string())
}
