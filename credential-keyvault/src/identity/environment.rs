//! An application of its own that reads the vault: secret, certificate or federated token from the environment.

use credential_core::SourceError;
use credential_core::source::Origin;

use super::challenge::Challenge;
use super::exchange::{exchanged, refused};
use super::token::{IDENTITY_REFUSED, Token};
use super::variables::{CERTIFICATE, CLIENT, SECRET, SEND_CHAIN, TENANT, TOKEN_FILE};
use crate::session::Session;

/// What to do about variables that are missing.
const SET_OR_CHOOSE: &str = "set them, or choose another \"Credential\"";

/// `AZURE_CLIENT_ID` and `AZURE_TENANT_ID` with `AZURE_CLIENT_SECRET` or `AZURE_CLIENT_CERTIFICATE_PATH`.
pub(super) async fn service_principal(session: &Session, challenge: &Challenge) -> Result<Token, SourceError> {
    let missing: Vec<&str> = [CLIENT, TENANT].into_iter().filter(|name| session.variable(name).is_none()).collect();
    let client_id = session.variable(CLIENT).filter(|_| missing.is_empty()).ok_or_else(|| {
        let message = format!("{} not set", missing.join(" and "));
        SourceError::not_applicable("environment-incomplete", message).remedy(SET_OR_CHOOSE)
    })?;
    let name = [SECRET, CERTIFICATE].into_iter().find(|name| session.variable(name).is_some()).ok_or_else(|| {
        let message = format!("neither {SECRET} nor {CERTIFICATE} is set");
        SourceError::not_applicable("environment-incomplete", message).remedy(SET_OR_CHOOSE)
    })?;
    by(session, challenge, &client_id, name).await
}

/// The token that a platform (Kubernetes) projects: `AZURE_FEDERATED_TOKEN_FILE`.
pub(super) async fn workload_identity(session: &Session, challenge: &Challenge) -> Result<Token, SourceError> {
    let absent = |name| {
        let error = SourceError::not_applicable("workload-identity-absent", format!("{name} not set"));
        error.remedy("let the pod use workload identity, or choose another \"Credential\"")
    };
    session.variable(TOKEN_FILE).ok_or_else(|| absent(TOKEN_FILE))?;
    let client_id = session.variable(CLIENT).or_else(|| session.plan().managed_identity.clone());
    let client_id = client_id.ok_or_else(|| absent(CLIENT))?;
    by(session, challenge, &client_id, TOKEN_FILE).await
}

/// A token by the entry that a variable amounts to.
async fn by(
    session: &Session,
    challenge: &Challenge,
    client_id: &str,
    name: &'static str,
) -> Result<Token, SourceError> {
    let what = match name {
        SECRET => "secret",
        CERTIFICATE => "certificate",
        _ => "federated token",
    };
    let who = format!("application {client_id} with its {what} in tenant {}", challenge.tenant);
    // The setting is the one that chooses it, the place is the variable.
    let at = |error: SourceError| error.at(session.plan().credential_path.as_str(), Origin::environment(name));
    let tokens = session.plan().implied.tokens(name).map_err(at)?;
    let on = session.variable(SEND_CHAIN).is_some_and(|on| on == "1" || on.eq_ignore_ascii_case("true"));
    let given = exchanged(session, challenge, client_id, tokens, on && name == CERTIFICATE).await;
    let given = given.map_err(|error| match refused(&error, challenge, &who) {
        Some(refused) if refused.code() == IDENTITY_REFUSED => refused.remedy(remedy(session, challenge, &error)),
        Some(refused) => refused,
        None => at(error),
    })?;
    Ok(Token { value: given.token, expires_on: given.expires_on, who })
}

/// What to do about a refusal.
fn remedy(session: &Session, challenge: &Challenge, error: &SourceError) -> String {
    match (session.variable(TENANT), error.remedy_text()) {
        (Some(tenant), _) if !tenant.eq_ignore_ascii_case(&challenge.tenant) => format!(
            "the vault belongs to the tenant {}, {TENANT} is {tenant}: the application must be known in both, or \
             another one must read the vault",
            challenge.tenant
        ),
        (_, Some(remedy)) => format!("{remedy}; here {CLIENT} and the variables beside it say who reads the vault"),
        (_, None) => format!("correct {CLIENT}, {TENANT} and {SECRET}, {CERTIFICATE} or {TOKEN_FILE}"),
    }
}
