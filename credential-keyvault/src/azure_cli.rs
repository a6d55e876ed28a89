//! The account that is signed in to the Azure CLI: for developers' machines.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential};
use azure_identity::{AzureCliCredential, AzureCliCredentialOptions};
use credential_core::SourceError;
use tokio::sync::oneshot;

use crate::challenge::Challenge;
use crate::identity::kept;
use crate::memory::Token;
use crate::plan::{Choice, Kind};
use crate::session::Session;

/// Set in production to keep developers' accounts out, as Microsoft.Identity.Web has it.
const DISABLED_BY: &str = "IDWEB_DISABLE_INTERACTIVE_AKV_CREDENTIALS";

/// A command that takes longer than this is given up, and the next one may be run.
const LONGEST: Duration = Duration::from_secs(300);

/// Runs `az account get-access-token`.
pub(crate) async fn token(session: &Session, challenge: &Challenge) -> Result<Token, SourceError> {
    let disabled = session.world().environment.var(DISABLED_BY).unwrap_or_default();
    let chosen = matches!(session.plan().choice, Choice::One(Kind::AzureCli));
    if !chosen && ["1", "true"].iter().any(|on| disabled.trim().eq_ignore_ascii_case(on)) {
        return Err(SourceError::not_applicable("azure-cli-disabled", format!("{DISABLED_BY} is set")));
    }
    let settings = AzureCliCredentialOptions {
        tenant_id: Some(challenge.tenant.clone()),
        executor: session.context.means.executor.clone(),
        ..AzureCliCredentialOptions::default()
    };
    let token = run(session, settings, challenge.scope.clone()).await?.map_err(|error| {
        let said = session.shown(&error.to_string(), 300);
        // The tool's own words when the shell finds no such program.
        if ["not found", "not recognized", "No such file"].iter().any(|absent| said.contains(absent)) {
            return SourceError::not_applicable("azure-cli-absent", "the Azure CLI is not installed here")
                .remedy("https://aka.ms/azure-cli, then: az login");
        }
        SourceError::denied("azure-cli-failed", format!("the Azure CLI gave no token: {said}"))
            .remedy(format!("az login --tenant {}", challenge.tenant))
    })?;
    kept(&token, format!("the account of the Azure CLI in tenant {}", challenge.tenant))
}

/// Runs the command as a task of its own, when it is its turn.
async fn run(
    session: &Session,
    settings: AzureCliCredentialOptions,
    scope: String,
) -> Result<azure_core::Result<AccessToken>, SourceError> {
    session.doing("running the Azure CLI (az account get-access-token)");
    let turn = session.memory().cli().take(LONGEST, &*session.world().clock).await;
    let (sender, receiver) = oneshot::channel();
    let clock = Arc::clone(&session.world().clock);
    let end = clock.moment().after(LONGEST);
    session.world().tasks.spawn(Box::pin(async move {
        let token = async { AzureCliCredential::new(Some(settings))?.get_token(&[&scope], None).await };
        tokio::select! {
            // Whoever asked may be gone.
            token = token => drop(sender.send(token)),
            () = clock.sleep_until(end) => {}
        }
        drop(turn);
    }));
    receiver.await.map_err(|_| {
        SourceError::transient("azure-cli-abandoned", "the Azure CLI was run, and what came of it was lost")
            .remedy("see the log for a panic; it is tried again")
    })
}
