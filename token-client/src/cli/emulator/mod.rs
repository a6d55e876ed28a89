//! `emulator`: a local authority and a protected API to develop and test against.

mod federated;
mod files;
mod log;
mod registered;
mod usage;
mod user;

use std::time::Duration;

use credential_core::source::causes;
use credential_core::world::{Clock, SystemClock};

use super::args::{EmulatorArgs, EmulatorCommand};
use super::context::{Context, OwnSources};
use super::output::Output;
use super::wrap::Line;
use super::{Failure, Outcome, text};
use crate::emulator::{EmulatedTls, Emulator, EmulatorBuilder, EmulatorError, TokenVersion};
use crate::settings::Location;

/// The ports where nobody says otherwise: settings and scripts can name them.
const PORTS: [u16; 2] = [8400, 8401];
/// How often federated token files are written anew; their tokens live twice as long.
const ROTATION: Duration = Duration::from_secs(30 * 60);

pub(crate) async fn run(args: EmulatorArgs, own: &OwnSources, output: &Output) -> Outcome {
    if let Some(EmulatorCommand::User(args)) = &args.command {
        return user::run(args, output).await;
    }
    let context = Context::at(Location::default(), own);
    let federated = federated::read(&args.federated, &context).await?;
    let registered = registered::application(args.location()?, &federated, own, output).await?;
    let mut builder = registered.builder(args.api_audience.as_deref());
    if args.token_version == "1.0" {
        builder = builder.token_version(TokenVersion::V1);
    }
    if args.behind_proxy {
        builder = builder.trust_forwarded_headers();
    }
    if let Some(tls) = tls(&args, &context).await? {
        builder = builder.tls(tls);
    }
    let emulator =
        start(builder.observe(log::printer(*output)), &args).await.map_err(|error| failed(&error, output))?;
    let files = files::Files::make(&args, &emulator, &federated).map_err(|error| {
        output.note(&format!("the emulator cannot write its files: {error}\nname another folder with --files"));
        Failure::Said
    })?;
    output.print(&usage::text(&args, &emulator, &registered, &files));
    let clock = SystemClock::default();
    loop {
        clock.sleep_until(clock.moment().after(ROTATION)).await;
        if let Err(error) = files.write_tokens(&emulator, &federated) {
            output.note(&format!("the federated token files cannot be written: {error}"));
        }
    }
}

async fn tls(args: &EmulatorArgs, context: &Context) -> Result<Option<EmulatedTls>, Failure> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            let (certificate, key) = (context.file(certificate).await?, context.file(key).await?);
            Ok(Some(EmulatedTls::given(certificate, key)))
        }
        _ if args.no_tls => Ok(None),
        _ => Ok(Some(EmulatedTls::generated())),
    }
}

/// On the ports that were named; on the usual ones otherwise, or on free ones where these are taken.
async fn start(builder: EmulatorBuilder, args: &EmulatorArgs) -> Result<Emulator, EmulatorError> {
    let on = |[port, api_port]: [u16; 2]| {
        builder.clone().port(args.port.unwrap_or(port)).api_port(args.api_port.unwrap_or(api_port)).start()
    };
    match on(PORTS).await {
        Err(error) if error.occupied_port().is_some_and(|port| ![args.port, args.api_port].contains(&Some(port))) => {
            on([0, 0]).await
        }
        started => started,
    }
}

fn failed(error: &EmulatorError, output: &Output) -> Failure {
    let mut lines = vec![Line::new("", text::clean(&format!("the emulator cannot start: {error}")))];
    lines.extend(causes(error).iter().map(|cause| Line::new("  ", text::clean(&format!("because {cause}")))));
    lines.push(match error.occupied_port() {
        Some(port) => Line::new(
            "  ",
            format!("choose another with --port or --api-port, 0 for a free one, or end what has port {port}"),
        ),
        None => Line::new("  ", "check the files that were named"),
    });
    output.note_lines(&lines);
    Failure::Said
}

pub(crate) fn with_slash(url: &str) -> String {
    format!("{}/", url.trim_end_matches('/'))
}
