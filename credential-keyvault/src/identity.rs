//! Who reads the vault: chosen by the entry, or the first that is there.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret as AzureSecret, TokenCredential, TokenRequestOptions};
use azure_core::error::{Error, ErrorKind};
use azure_core::time::OffsetDateTime;
use credential_core::{CredentialDescription, Secret, SourceError, SourceErrorKind};

use crate::challenge::Challenge;
use crate::means::VaultTokenRequest;
use crate::memory::Token;
use crate::plan::{Choice, Kind};
use crate::session::Session;
use crate::{azure_cli, managed_identity, service_principal};

/// The credential that the SDK's clients are given: the kept token, or a new one by the entry's choice.
#[derive(Debug)]
pub(crate) struct VaultIdentity(pub(crate) Arc<Session>);

#[async_trait]
impl TokenCredential for VaultIdentity {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let session = &self.0;
        let result = token(session).await.and_then(|token| {
            let expires_on = offset(token.expires_on)?;
            Ok(AccessToken::new(AzureSecret::new(token.value.expose().to_owned()), expires_on))
        });
        result.map_err(|error| {
            session.fail(error);
            Error::with_message(ErrorKind::Credential, "stopped by the credential")
        })
    }
}

/// A token for the vault that the session has been challenged by.
async fn token(session: &Arc<Session>) -> Result<Token, SourceError> {
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
    match (&session.plan().choice, &session.context.means.credential) {
        (Choice::Entry(entry), _) => exchanged(session, challenge, entry).await,
        (Choice::One(kind), _) => by_kind(session, challenge, *kind).await.map_err(|error| at_choice(session, error)),
        (Choice::First, Some(credential)) => given(session, challenge, credential.as_ref()).await,
        (Choice::First, None) => first(session, challenge).await,
    }
}

fn at_choice(session: &Session, error: SourceError) -> SourceError {
    match error.path() {
        Some(_) => error,
        None => session.context.entry.at_setting("Credential", error),
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
            Err(error) => return Err(session.at_vault(error)),
        }
    }
    let message = format!("nobody is there to read {} as; {}", session.plan().vault, absent.join("; "));
    let error = SourceError::not_applicable("vault-no-identity", message)
        .remedy("give this machine one of these, or name another entry in \"Credential\"");
    Err(session.at_vault(error))
}

async fn by_kind(session: &Arc<Session>, challenge: &Challenge, kind: Kind) -> Result<Token, SourceError> {
    match kind {
        Kind::Environment => service_principal::from_environment(session, challenge).await,
        Kind::WorkloadIdentity => service_principal::workload(session, challenge).await,
        Kind::ManagedIdentity => managed_identity::token(session, challenge).await,
        Kind::AzureCli => azure_cli::token(session, challenge).await,
    }
}

/// The program's own credential.
async fn given(
    session: &Session,
    challenge: &Challenge,
    credential: &dyn TokenCredential,
) -> Result<Token, SourceError> {
    let token = credential.get_token(&[&challenge.scope], None).await.map_err(|error| {
        let error = SourceError::denied("vault-identity-refused", "the credential that the program gave has no token")
            .caused_by(error.to_string())
            .remedy("see the cause; it comes from the credential itself");
        session.at_vault(error)
    })?;
    kept(&token, "the program's own credential".to_owned())
}

/// Another entry of a `ClientCredentials` list, exchanged.
async fn exchanged(
    session: &Session,
    challenge: &Challenge,
    entry: &CredentialDescription,
) -> Result<Token, SourceError> {
    let tokens = session.context.means.tokens.as_ref().ok_or_else(|| {
        at_choice(
            session,
            SourceError::misconfigured(
                "vault-credential-unsupported",
                "this program reads no vault with another entry",
            )
            .remedy("choose one by name, or give the source a VaultTokens"),
        )
    })?;
    let application = &session.context.application;
    let client_id = session.plan().client_id.as_deref().unwrap_or(&application.client_id);
    let authority = format!("{}/{}", challenge.authority, challenge.tenant);
    let request = VaultTokenRequest {
        entry,
        client_id,
        authority: &authority,
        tenant: &challenge.tenant,
        scope: &challenge.scope,
        deadline: session.deadline,
        world: session.world(),
    };
    let token = tokens.token(request).await?;
    let who = format!("application {client_id} with {} in tenant {}", entry.source_type(), challenge.tenant);
    Ok(Token { value: token.token, expires_on: token.expires_on, who })
}

/// A token of the SDK as ours.
pub(crate) fn kept(token: &AccessToken, who: String) -> Result<Token, SourceError> {
    let seconds = u64::try_from(token.expires_on.unix_timestamp()).unwrap_or(0);
    let expires_on = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
    Ok(Token { value: Secret::new(token.token.secret()), expires_on, who })
}

fn offset(time: SystemTime) -> Result<OffsetDateTime, SourceError> {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()).ok_or_else(|| {
        SourceError::invalid("vault-token-invalid", "the vault's token ends at a time that cannot be")
            .remedy("check who gives tokens for the vault")
    })
}
