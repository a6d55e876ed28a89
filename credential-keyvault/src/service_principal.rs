//! An application of its own that reads the vault: secret, certificate or federated token from the
//! variables that all Azure SDKs know.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{Secret as AzureSecret, TokenCredential};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientMethodOptions, ClientOptions};
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions,
};
use credential_core::{Secret, SourceError};
use serde::Deserialize;

use crate::challenge::Challenge;
use crate::client_assertion;
use crate::identity::kept;
use crate::memory::Token;
use crate::session::Session;
use crate::transport::{AuthorityTransport, options};

/// The largest token or certificate file that is read.
const MAX_FILE: u64 = 256 * 1024;

/// A variable that is set to something.
pub(crate) fn variable(session: &Session, name: &str) -> Option<String> {
    session.world().environment.var(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// `AZURE_CLIENT_ID` and `AZURE_TENANT_ID` with `AZURE_CLIENT_SECRET` or `AZURE_CLIENT_CERTIFICATE_PATH`.
pub(crate) async fn from_environment(session: &Arc<Session>, challenge: &Challenge) -> Result<Token, SourceError> {
    let names = ["AZURE_CLIENT_ID", "AZURE_TENANT_ID"];
    let missing: Vec<&str> = names.into_iter().filter(|name| variable(session, name).is_none()).collect();
    let secret = variable(session, "AZURE_CLIENT_SECRET");
    let certificate = variable(session, "AZURE_CLIENT_CERTIFICATE_PATH");
    let client_id = variable(session, "AZURE_CLIENT_ID").filter(|_| missing.is_empty());
    match (client_id, secret, certificate) {
        (Some(client_id), Some(secret), _) => with_secret(session, challenge, client_id, secret).await,
        (Some(client_id), None, Some(path)) => {
            let assertion = client_assertion::sign(session, challenge, &client_id, &path, MAX_FILE).await?;
            with_assertion(session, challenge, client_id, assertion, "certificate").await
        }
        (None, ..) => {
            Err(SourceError::not_applicable("environment-incomplete", format!("{} not set", missing.join(" and "))))
        }
        (Some(_), None, None) => Err(SourceError::not_applicable(
            "environment-incomplete",
            "neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set",
        )),
    }
}

/// The token that a platform (Kubernetes) projects: `AZURE_FEDERATED_TOKEN_FILE`.
pub(crate) async fn workload(session: &Arc<Session>, challenge: &Challenge) -> Result<Token, SourceError> {
    let path = variable(session, "AZURE_FEDERATED_TOKEN_FILE")
        .ok_or_else(|| SourceError::not_applicable("workload-identity-absent", "AZURE_FEDERATED_TOKEN_FILE not set"))?;
    let client_id = variable(session, "AZURE_CLIENT_ID").or_else(|| session.plan().managed_identity.clone());
    let client_id =
        client_id.ok_or_else(|| SourceError::not_applicable("workload-identity-absent", "AZURE_CLIENT_ID not set"))?;
    let token = read(session, &path, MAX_FILE).await?;
    let token = std::str::from_utf8(token.expose()).map(|text| text.trim().to_owned()).unwrap_or_default();
    if token.is_empty() {
        return Err(SourceError::invalid("token-file-empty", format!("{path} has no token in it"))
            .remedy("see why the platform does not write it"));
    }
    with_assertion(session, challenge, client_id, Secret::new(token), "federated token").await
}

/// A file that a variable names.
pub(crate) async fn read(session: &Session, path: &str, max: u64) -> Result<credential_core::SecretBytes, SourceError> {
    session.world().read_file(Path::new(path), max).await
}

async fn with_secret(
    session: &Arc<Session>,
    challenge: &Challenge,
    client_id: String,
    secret: String,
) -> Result<Token, SourceError> {
    let who = who(&client_id, "secret", challenge);
    session.sends(Secret::new(secret.as_str()));
    let settings = ClientSecretCredentialOptions { client_options: authority(session, challenge) };
    let credential =
        ClientSecretCredential::new(&challenge.tenant, client_id, AzureSecret::new(secret), Some(settings));
    ask(session, challenge, credential.map(|credential| credential as Arc<dyn TokenCredential>), who).await
}

async fn with_assertion(
    session: &Arc<Session>,
    challenge: &Challenge,
    client_id: String,
    assertion: Secret,
    what: &str,
) -> Result<Token, SourceError> {
    let who = who(&client_id, what, challenge);
    session.sends(assertion.clone());
    let settings = ClientAssertionCredentialOptions { client_options: authority(session, challenge) };
    let credential =
        ClientAssertionCredential::new(challenge.tenant.clone(), client_id, Ready(assertion), Some(settings));
    ask(session, challenge, credential.map(|credential| credential as Arc<dyn TokenCredential>), who).await
}

fn who(client_id: &str, what: &str, challenge: &Challenge) -> String {
    format!("application {client_id} with its {what} in tenant {}", challenge.tenant)
}

/// Token requests go to the challenge's authority: `azure_identity` must not look into the process's
/// own environment for one.
fn authority(session: &Arc<Session>, challenge: &Challenge) -> ClientOptions {
    let mut cloud = CustomConfiguration::default();
    // It refuses http hosts; the transport puts http back for a vault on loopback.
    cloud.authority_host = challenge.authority.replacen("http://", "https://", 1);
    let transport = AuthorityTransport { session: Arc::clone(session), authority: challenge.authority.clone() };
    ClientOptions { cloud: Some(Arc::new(cloud.into())), ..options(transport) }
}

async fn ask(
    session: &Session,
    challenge: &Challenge,
    credential: azure_core::Result<Arc<dyn TokenCredential>>,
    who: String,
) -> Result<Token, SourceError> {
    let result = match credential {
        Ok(credential) => credential.get_token(&[&challenge.scope], None).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(token) => kept(&token, who),
        Err(error) => Err(session.failed().unwrap_or_else(|| refused(&error, session, challenge, &who))),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AuthorityError {
    error: String,
    error_description: String,
}

/// The authority's refusal (RFC 6749 §5.2).
fn refused(error: &azure_core::Error, session: &Session, challenge: &Challenge, who: &str) -> SourceError {
    let answer = answer(error);
    let (status, body) = answer.as_ref().map_or((0, AuthorityError::default()), |(status, body)| {
        (*status, serde_json::from_slice::<AuthorityError>(body).unwrap_or_default())
    });
    let said = match (body.error.is_empty(), body.error_description.is_empty()) {
        (true, _) => "it gives no reason".to_owned(),
        (false, true) => session.shown(&body.error, 80),
        (false, false) => session.shown(&body.error_description, 400),
    };
    let authority = &challenge.authority;
    if status == 0 || body.error.is_empty() {
        let message = format!("{authority} gave an answer that no authority gives to {who}");
        return SourceError::invalid("vault-authority-unreadable", message)
            .remedy("check proxies or gateways that answer in the authority's place");
    }
    let message = format!("{authority} gave no token to {who}: {said} ({status})");
    let remedy = match variable(session, "AZURE_TENANT_ID") {
        Some(tenant) if !tenant.eq_ignore_ascii_case(&challenge.tenant) => format!(
            "the vault belongs to the tenant {}, AZURE_TENANT_ID is {tenant}: the application must be known in both, or \
             another one must read the vault",
            challenge.tenant
        ),
        _ => "correct the variables AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET".to_owned(),
    };
    SourceError::denied("vault-identity-refused", message).remedy(remedy)
}

/// The status and body that an error of the SDK carries, however deep.
fn answer(error: &azure_core::Error) -> Option<(u16, Vec<u8>)> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = next {
        if let Some(error) = one.downcast_ref::<azure_core::Error>()
            && let ErrorKind::HttpResponse { status, raw_response, .. } = error.kind()
        {
            let body = raw_response.as_deref().map(|raw| raw.body().to_vec()).unwrap_or_default();
            return Some((u16::from(*status), body));
        }
        next = one.source();
    }
    None
}

/// An assertion that is ready.
struct Ready(Secret);

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ready")
    }
}

#[async_trait]
impl ClientAssertion for Ready {
    async fn secret(&self, _options: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.expose().to_owned())
    }
}
