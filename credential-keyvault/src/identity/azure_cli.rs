//! The account that is signed in to the Azure CLI: for developers' machines.

use std::ffi::OsStr;
use std::io;
use std::process::{ExitStatus, Output};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_identity::{AzureCliCredential, AzureCliCredentialOptions, Executor};
use credential_core::SourceError;
use credential_core::world::{Command, CommandError, CommandErrorKind, CommandOutput};

use super::challenge::Challenge;
use super::choice::{Choice, Kind};
use super::program::of_sdk;
use super::token::Token;
use crate::lock::lock;
use crate::session::Session;

/// Set in production to keep developers' accounts out, as Microsoft.Identity.Web has it.
const DISABLED_BY: &str = "IDWEB_DISABLE_INTERACTIVE_AKV_CREDENTIALS";

/// The most that the Azure CLI may write: a token has a few kilobytes.
const MAX_OUTPUT: u64 = 64 * 1024;

/// Runs `az account get-access-token`, which is ended when the session is.
pub(super) async fn token(session: &Arc<Session>, challenge: &Challenge) -> Result<Token, SourceError> {
    let disabled = session.variable(DISABLED_BY).unwrap_or_default();
    let chosen = matches!(session.plan().choice, Choice::One(Kind::AzureCli));
    if !chosen && ["1", "true"].iter().any(|on| disabled.eq_ignore_ascii_case(on)) {
        return Err(SourceError::not_applicable("azure-cli-disabled", format!("{DISABLED_BY} is set")));
    }
    session.doing("running the Azure CLI (az account get-access-token)");
    let runner = Arc::new(Runner { session: Arc::clone(session), failure: Mutex::default() });
    let settings = AzureCliCredentialOptions {
        tenant_id: Some(challenge.tenant.clone()),
        executor: Some(Arc::clone(&runner) as _),
        ..AzureCliCredentialOptions::default()
    };
    let token = async { AzureCliCredential::new(Some(settings))?.get_token(&[&challenge.scope], None).await }.await;
    match token {
        Ok(token) => Ok(of_sdk(&token, format!("the account of the Azure CLI in tenant {}", challenge.tenant))),
        Err(error) => Err(match lock(&runner.failure).take() {
            Some(failure) => not_run(failure),
            None => refused(&session.shown(&error.to_string(), 300), challenge),
        }),
    }
}

fn absent() -> SourceError {
    SourceError::not_applicable("azure-cli-absent", "the Azure CLI is not installed here")
        .remedy("install it (https://aka.ms/azure-cli), then: az login")
}

/// What the tool said instead of a token.
fn refused(said: &str, challenge: &Challenge) -> SourceError {
    // The shell's own words when it finds no such program.
    if ["not found", "not recognized", "No such file"].iter().any(|absent| said.contains(absent)) {
        return absent();
    }
    SourceError::denied("azure-cli-failed", format!("the Azure CLI gave no token: {said}"))
        .remedy(format!("run: az login --tenant {}", challenge.tenant))
}

/// There was no output of the tool.
fn not_run(failure: CommandError) -> SourceError {
    let (kind, text) = (failure.kind(), failure.to_string());
    let error = match kind {
        CommandErrorKind::NotFound => return absent(),
        CommandErrorKind::Timeout => {
            SourceError::transient("azure-cli-timeout", format!("the Azure CLI did not end in time: {text}"))
                .remedy("run it by hand: az account get-access-token; it is tried again")
        }
        CommandErrorKind::TooLarge | CommandErrorKind::NotPermitted => {
            SourceError::denied("azure-cli-failed", format!("the Azure CLI gave no token: {text}"))
                .remedy("check which program az is: command -v az")
        }
        _ => SourceError::transient("azure-cli-abandoned", format!("the Azure CLI could not be run: {text}"))
            .remedy("look at the log and the cause; it is tried again"),
    };
    error.caused_by(failure)
}

/// Runs the SDK's command in the session's world and time.
#[derive(Debug)]
struct Runner {
    session: Arc<Session>,
    /// Why there was no output: the SDK passes on its text alone.
    failure: Mutex<Option<CommandError>>,
}

#[async_trait]
impl Executor for Runner {
    async fn run(&self, program: &OsStr, arguments: &[&OsStr]) -> io::Result<Output> {
        // A little less than there is: the command's own failure says more than the deadline's.
        let limit = self.session.remaining().mul_f64(0.95);
        let command = Command::new(program).arguments(arguments).timeout(limit).max_output(MAX_OUTPUT);
        match self.session.world().run(command).await {
            Ok(CommandOutput { status, stdout, stderr, .. }) => Ok(Output {
                status: exit_status(status),
                stdout: stdout.expose().to_vec(),
                stderr: stderr.into_bytes(),
            }),
            Err(error) => {
                lock(&self.failure).get_or_insert(error);
                Err(io::Error::other("the command gave no output"))
            }
        }
    }
}

/// The status as the standard library has it; that of a killed program where there is none.
fn exit_status(code: Option<i32>) -> ExitStatus {
    #[cfg(unix)]
    {
        // The code is the second byte of what `wait` gives, a signal is the first (wait(2)).
        std::os::unix::process::ExitStatusExt::from_raw(code.map_or(9, |code| (code & 0xff) << 8))
    }
    #[cfg(windows)]
    {
        std::os::windows::process::ExitStatusExt::from_raw(code.unwrap_or(1).cast_unsigned())
    }
}
