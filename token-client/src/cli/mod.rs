//! The program `token-client`: for the person who has an appsettings.json and a question.

mod args;
mod call;
#[cfg(feature = "cert-store")]
mod certificates;
mod config;
mod context;
mod counting;
mod demo;
mod doctor;
mod emulator;
mod init;
mod json;
mod migrate;
mod output;
mod platforms;
mod questions;
mod schema;
mod skew;
mod sources;
mod text;
mod token;
mod traces;
mod words;
mod wrap;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches};
use credential_core::CredentialSource;

use self::args::{Arguments, Command};
use self::context::OwnSources;
use self::output::Output;
use self::wrap::Line;

/// Exit status of a program that was interrupted: 128 + SIGINT.
const INTERRUPTED: u8 = 130;
/// The same of one that was told to end: 128 + SIGTERM.
const TERMINATED: u8 = 143;

/// Why a command gave no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong: exit status 2.
    Usage(String),
    /// It does not work, and the output has said why: exit status 1.
    Said,
}

/// What a command gives.
pub(crate) type Outcome = Result<(), Failure>;

/// Runs the program with this process's arguments and the sources of this build.
pub async fn run() -> ExitCode {
    run_with([]).await
}

/// Runs the program with this process's arguments, and with sources of your own beside those of this build, so that
/// `doctor`, `token`, `call`, `schema` and `sources` work for a program that has them. One of a known type takes
/// that one's place. The whole program:
///
/// ```no_run
/// # use std::process::ExitCode;
/// # use std::sync::Arc;
/// # use credential_core::testing::FixedSource;
/// # use credential_core::{CredentialSource, SourceError};
/// # fn my_source() -> impl CredentialSource {
/// #     FixedSource::new("Mine", Err(SourceError::transient("example", "an example")))
/// # }
/// #[tokio::main]
/// async fn main() -> ExitCode {
///     token_client::cli::run_with([Arc::new(my_source()) as Arc<dyn CredentialSource>]).await
/// }
/// ```
pub async fn run_with(sources: impl IntoIterator<Item = Arc<dyn CredentialSource>>) -> ExitCode {
    let own = OwnSources(sources.into_iter().collect());
    let output = Output::for_this_process();
    let grammar = Arguments::command().term_width(output.help_width());
    let arguments = match grammar.try_get_matches().and_then(|found| Arguments::from_arg_matches(&found)) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    traces::show(arguments.verbose, output);
    let outcome = tokio::select! {
        // Every command in one: too large for the stack of whoever runs it.
        outcome = Box::pin(dispatch(arguments.command, &own, &output)) => outcome,
        _ = tokio::signal::ctrl_c() => return ExitCode::from(INTERRUPTED),
        () = terminated() => return ExitCode::from(TERMINATED),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Said) => ExitCode::from(1),
        Err(Failure::Usage(message)) => {
            output.note_lines(&[Line::new("error: ", message)]);
            output.note("\nFor more information, try '--help'.");
            ExitCode::from(2)
        }
    }
}

/// Until somebody tells the program to end: what is temporary is taken away as with Ctrl-C.
async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        signal.recv().await;
        return;
    }
    std::future::pending::<()>().await;
}

async fn dispatch(command: Command, own: &OwnSources, output: &Output) -> Outcome {
    match command {
        Command::Demo => demo::run(output).await,
        Command::Config(args) => config::run(args, own, output).await,
        Command::Doctor(args) => doctor::run(args, own, output).await,
        Command::Token(args) => token::run(args, own, output).await,
        Command::Call(args) => call::run(args, own, output).await,
        Command::Schema(args) => schema::run(&args, own, output),
        Command::Sources(args) => sources::run(&args, own, output),
        Command::Emulator(args) => emulator::run(args, own, output).await,
        #[cfg(feature = "cert-store")]
        Command::Certificates(command) => certificates::run(command, output).await,
        Command::Init(args) => init::run(args, own, output).await,
        Command::Migrate => migrate::run(output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "token-client", &mut script);
            output.print(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
    }
}
