//! Who reads the vault: chosen by the entry, or the first that is there.

mod azure_cli;
pub(crate) mod challenge;
pub(crate) mod choice;
mod environment;
mod exchange;
pub(crate) mod implied;
mod managed_identity;
pub(crate) mod memory;
pub(crate) mod program;
mod token;
pub(crate) mod variables;

use std::sync::Arc;

use credential_core::{SourceError, SourceErrorKind};

use crate::session::{Session, at_vault};
use challenge::Challenge;
use choice::{Choice, Kind};
use exchange::{at_credential, by_entry};
use token::Token;

/// A token for the vault that the session has been challenged by.
pub(crate) async fn token(session: &Arc<Session>) -> Result<Token, SourceError> {
    if let Some(token) = session.memory().token(session.world().clock.now()) {
        return Ok(token);
    }
    let challenge = session.memory().challenge().ok_or_else(|| {
        SourceError::transient("vault-challenge-lost", "the vault's challenge was forgotten while it was answered")
    })?;
    session.doing(format!("asking for a token to read {} with", session.plan().vault));
    let token = obtain(session, &challenge).await?;
    session.memory().keep_token(token.clone());
    Ok(token)
}

async fn obtain(session: &Arc<Session>, challenge: &Challenge) -> Result<Token, SourceError> {
    match (&session.plan().choice, &session.context.credential) {
        (Choice::Entry(source_type, tokens), _) => by_entry(session, challenge, source_type, &**tokens).await,
        (Choice::One(kind), _) => by_kind(session, challenge, *kind).await.map_err(at_credential),
        (Choice::First, Some(credential)) => credential.token(challenge).await.map_err(at_vault),
        (Choice::First, None) => first(session, challenge).await,
    }
}

/// The kinds in their order. One that is not there lets the next one have its turn; one that is there
/// decides, whatever comes of it.
async fn first(session: &Arc<Session>, challenge: &Challenge) -> Result<Token, SourceError> {
    let mut absent = Vec::new();
    for kind in Kind::ALL {
        match by_kind(session, challenge, kind).await {
            Ok(token) => return Ok(token),
            Err(error) if error.kind() == SourceErrorKind::NotApplicable => {
                absent.push(format!("{}: {error}", kind.as_str()));
            }
            Err(error) => return Err(at_vault(error)),
        }
    }
    let message = format!("nobody is there to read {} as; {}", session.plan().vault, absent.join("; "));
    let error = SourceError::not_applicable("vault-no-identity", message)
        .remedy("give this machine one of these, or name another entry in \"Credential\"");
    Err(at_vault(error))
}

async fn by_kind(session: &Arc<Session>, challenge: &Challenge, kind: Kind) -> Result<Token, SourceError> {
    match kind {
        Kind::Environment => environment::service_principal(session, challenge).await,
        Kind::WorkloadIdentity => environment::workload_identity(session, challenge).await,
        Kind::ManagedIdentity => managed_identity::token(session, challenge).await,
        Kind::AzureCli => azure_cli::token(session, challenge).await,
    }
}
