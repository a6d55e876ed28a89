//! Who reads the vault: chosen by the entry, or the first that is there.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, Secret as AzureSecret, TokenCredential, TokenRequestOptions};
use azure_core::error::{Error, ErrorKind};
use azure_core::time::OffsetDateTime;
use credential_core::codes::{AUTHORITY_UNREACHABLE, AUTHORITY_UNREADABLE, AUTHORITY_UNWELL, TOKEN_REFUSED};
use credential_core::{ProvidedToken, Secret, SourceError, SourceErrorKind, SourceType, TokenFor, TokenProvider};

use crate::challenge::Challenge;
use crate::memory::Token;
use crate::plan::{Choice, Kind};
use crate::session::{Session, at_vault};
use crate::settings::CREDENTIAL;
use crate::{azure_cli, environment, managed_identity};

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
        (Choice::Entry(source_type, tokens), _) => by_entry(session, challenge, source_type, &**tokens).await,
        (Choice::One(kind), _) => by_kind(session, challenge, *kind).await.map_err(at_choice),
        (Choice::First, Some(credential)) => given(challenge, credential.as_ref()).await,
        (Choice::First, None) => first(session, challenge).await,
    }
}

/// What has no place yet is about the choice of who reads the vault; a setting that it names is one of
/// another entry's.
fn at_choice(error: SourceError) -> SourceError {
    if error.path().is_some() { error } else { error.about(CREDENTIAL) }
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
        Kind::WorkloadIdentity => environment::workload(session, challenge).await,
        Kind::ManagedIdentity => managed_identity::token(session, challenge).await,
        Kind::AzureCli => azure_cli::token(session, challenge).await,
    }
}

/// The program's own credential.
async fn given(challenge: &Challenge, credential: &dyn TokenCredential) -> Result<Token, SourceError> {
    let token = credential.get_token(&[&challenge.scope], None).await.map_err(|error| {
        let error = SourceError::denied("vault-identity-refused", "the credential that the program gave has no token")
            .caused_by(error.to_string())
            .remedy("see the cause; it comes from the credential itself");
        at_vault(error)
    })?;
    kept(&token, "the program's own credential".to_owned())
}

/// Another entry of a `ClientCredentials` list, exchanged.
async fn by_entry(
    session: &Session,
    challenge: &Challenge,
    source_type: &SourceType,
    tokens: &dyn TokenProvider,
) -> Result<Token, SourceError> {
    let client_id = session.plan().client_id.as_deref().unwrap_or(&session.application.client_id);
    let who = format!("application {client_id} with {source_type} in tenant {}", challenge.tenant);
    let given = exchanged(session, challenge, client_id, tokens, false).await;
    let given = given.map_err(|error| at_choice(refused(&error, challenge, &who).unwrap_or(error)))?;
    Ok(Token { value: given.token, expires_on: given.expires_on, who })
}

/// A token from the challenge's authority, which the challenge has been checked for.
pub(crate) async fn exchanged(
    session: &Session,
    challenge: &Challenge,
    client_id: &str,
    tokens: &dyn TokenProvider,
    certificate_chain: bool,
) -> Result<ProvidedToken, SourceError> {
    let authority = format!("{}/{}", challenge.authority, challenge.tenant);
    let request = TokenFor::new(&challenge.scope, session.deadline, session.world());
    let request = request.at(&authority, &challenge.tenant).client(client_id);
    tokens.token(&request.fresh(session.memory().refused()).certificate_chain(certificate_chain)).await
}

/// The authority gave no token to this reader.
pub(crate) const IDENTITY_REFUSED: &str = "vault-identity-refused";

/// What the authority did, with its name and the reader's; nothing where the reader's own credential could
/// not be had, which says so itself.
pub(crate) fn refused(error: &SourceError, challenge: &Challenge, who: &str) -> Option<SourceError> {
    let (code, remedy) = match error.code() {
        AUTHORITY_UNREACHABLE => (
            "vault-authority-unreachable",
            "the vault's authority gives the token to read the vault with: check the way to it",
        ),
        AUTHORITY_UNWELL => (
            "vault-authority-unwell",
            "the vault's authority gives the token to read the vault with; it is asked again",
        ),
        AUTHORITY_UNREADABLE => {
            ("vault-authority-unreadable", "check proxies or gateways that answer in the authority's place")
        }
        TOKEN_REFUSED => (IDENTITY_REFUSED, error.remedy_text().unwrap_or("see what the authority says")),
        _ => return None,
    };
    let message = format!("{} gave no token to {who}: {error}", challenge.authority);
    let refused = SourceError::new(error.kind(), code, message).remedy(remedy);
    Some(match error.wait() {
        Some(wait) => refused.retry_after(wait),
        None => refused,
    })
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
