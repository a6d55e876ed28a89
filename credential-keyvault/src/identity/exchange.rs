//! Entries that are exchanged for a token: what the vault's authority gives for them, and what its refusal means.

use credential_core::codes::{AUTHORITY_UNREACHABLE, AUTHORITY_UNREADABLE, AUTHORITY_UNWELL, TOKEN_REFUSED};
use credential_core::tokens::{ProvidedToken, TokenFor, TokenProvider};
use credential_core::{SourceError, SourceType};

use super::challenge::Challenge;
use super::token::{IDENTITY_REFUSED, Token};
use crate::session::Session;
use crate::settings::CREDENTIAL;

/// Another entry of a `ClientCredentials` list, exchanged.
pub(super) async fn by_entry(
    session: &Session,
    challenge: &Challenge,
    source_type: &SourceType,
    tokens: &dyn TokenProvider,
) -> Result<Token, SourceError> {
    let client_id = session.plan().client_id.as_deref().unwrap_or(&session.application.client_id);
    let who = format!("application {client_id} with {source_type} in tenant {}", challenge.tenant);
    let given = exchanged(session, challenge, client_id, tokens, false).await;
    let given = given.map_err(|error| at_credential(refused(&error, challenge, &who).unwrap_or(error)))?;
    Ok(Token { value: given.token, expires_on: given.expires_on, who })
}

/// A token from the challenge's authority, which the challenge has been checked for.
pub(super) async fn exchanged(
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

/// What the authority did, with its name and the reader's; nothing where the reader's own credential could
/// not be had, which says so itself.
pub(super) fn refused(error: &SourceError, challenge: &Challenge, who: &str) -> Option<SourceError> {
    let (code, remedy) = match error.code() {
        AUTHORITY_UNREACHABLE => (
            "vault-authority-unreachable",
            "check the way to the vault's authority, which gives the token to read the vault with",
        ),
        AUTHORITY_UNWELL => (
            "vault-authority-unwell",
            "wait: the vault's authority, which gives the token to read the vault with, is asked again",
        ),
        AUTHORITY_UNREADABLE => {
            ("vault-authority-unreadable", "check proxies or gateways that answer in the authority's place")
        }
        TOKEN_REFUSED => (IDENTITY_REFUSED, error.remedy_text().unwrap_or("correct what the authority names")),
        _ => return None,
    };
    let message = format!("{} gave no token to {who}: {error}", challenge.authority);
    Some(SourceError::new(error.kind(), code, message).remedy(remedy).retry_after(error.wait()))
}

/// What has no place yet is about the choice of who reads the vault; a setting that it names is one of
/// another entry's.
pub(super) fn at_credential(error: SourceError) -> SourceError {
    if error.path().is_some() { error } else { error.about(CREDENTIAL) }
}
