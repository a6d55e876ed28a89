//! An application of its own that reads the vault: secret, certificate or federated token from the
//! variables that all Azure SDKs know. Each is an entry that nobody wrote, and is exchanged as written ones are.

use std::sync::Arc;

use credential_core::codes::{SOURCE_NOT_IN_BUILD, UNKNOWN_SOURCE_TYPE};
use credential_core::{
    BindContext, BindError, CredentialDescription, Environment, Origin, SourceError, SourceType, TokenProvider,
};

use crate::challenge::Challenge;
use crate::identity::{IDENTITY_REFUSED, exchanged, refused};
use crate::memory::Token;
use crate::session::Session;

const CLIENT: &str = "AZURE_CLIENT_ID";
const TENANT: &str = "AZURE_TENANT_ID";
const SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
const SEND_CHAIN: &str = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// The code for a variable whose source is not in the program.
const SOURCE_ABSENT: &str = "environment-source-absent";

/// A variable that is set to something.
pub(crate) fn variable(environment: &dyn Environment, name: &str) -> Option<String> {
    environment.var(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// An entry, bound, or why it cannot be.
type Bound = Result<Arc<dyn TokenProvider>, SourceError>;

/// The entries that the variables amount to, each by its variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Implied(Vec<(&'static str, Bound)>);

impl Implied {
    /// Binds them. A secret and a token file are looked up at each load, a certificate's path is taken now.
    pub(crate) fn bind(cx: &BindContext<'_>) -> Self {
        let secret = CredentialDescription::new(SourceType::CLIENT_SECRET);
        let file = CredentialDescription::new(SourceType::SIGNED_ASSERTION_FILE_PATH);
        let certificate = variable(cx.environment(), CERTIFICATE).map(|path| {
            let entry = CredentialDescription::new(SourceType::PATH).with("CertificateDiskPath", path);
            match variable(cx.environment(), PASSWORD) {
                Some(password) => entry.with("CertificatePassword", password),
                None => entry,
            }
        });
        let entries = [
            (SECRET, Some(secret.with("ClientSecretEnvironmentVariable", SECRET))),
            (CERTIFICATE, certificate),
            (TOKEN_FILE, Some(file)),
        ];
        let bound = entries.into_iter().filter_map(|(name, entry)| {
            let entry = entry?.at(name, Origin::environment(name));
            let source_type = entry.source_type().clone();
            Some((name, cx.tokens_for(entry).map_err(|error| unbound(name, &source_type, &error))))
        });
        Self(bound.collect())
    }

    fn tokens(&self, name: &str) -> Result<&dyn TokenProvider, SourceError> {
        match self.0.iter().find(|(bound, _)| *bound == name) {
            Some((_, Ok(tokens))) => Ok(&**tokens),
            Some((_, Err(error))) => Err(error.clone()),
            None => {
                let message = format!("{name} has been set since the configuration was read");
                Err(SourceError::not_applicable("environment-incomplete", message).remedy("start the program again"))
            }
        }
    }
}

/// An implied entry without its source is as good as not there; what else is wrong with one is the machine's.
fn unbound(name: &str, source_type: &SourceType, error: &BindError) -> SourceError {
    let first = error.findings().first();
    let (code, remedy) = first.map_or(("", None), |finding| (finding.code, finding.remedy.as_deref()));
    let lacks = format!("{name} needs the source type {source_type}, which is not in this build");
    match (code, remedy) {
        (SOURCE_NOT_IN_BUILD, Some(remedy)) => {
            SourceError::not_applicable(SOURCE_ABSENT, format!("{lacks}: {remedy}")).remedy(remedy)
        }
        (UNKNOWN_SOURCE_TYPE, _) => SourceError::not_applicable(SOURCE_ABSENT, lacks).remedy("register its source"),
        _ => SourceError::misconfigured("environment-invalid", format!("{name} cannot be used: {error}"))
            .remedy(remedy.map_or_else(|| format!("correct {name}"), str::to_owned)),
    }
}

/// `AZURE_CLIENT_ID` and `AZURE_TENANT_ID` with `AZURE_CLIENT_SECRET` or `AZURE_CLIENT_CERTIFICATE_PATH`.
pub(crate) async fn service_principal(session: &Session, challenge: &Challenge) -> Result<Token, SourceError> {
    let missing: Vec<&str> = [CLIENT, TENANT].into_iter().filter(|name| session.variable(name).is_none()).collect();
    let client_id = session.variable(CLIENT).filter(|_| missing.is_empty()).ok_or_else(|| {
        SourceError::not_applicable("environment-incomplete", format!("{} not set", missing.join(" and ")))
    })?;
    let name = [SECRET, CERTIFICATE].into_iter().find(|name| session.variable(name).is_some()).ok_or_else(|| {
        let message = format!("neither {SECRET} nor {CERTIFICATE} is set");
        SourceError::not_applicable("environment-incomplete", message)
    })?;
    by(session, challenge, &client_id, name).await
}

/// The token that a platform (Kubernetes) projects: `AZURE_FEDERATED_TOKEN_FILE`.
pub(crate) async fn workload(session: &Session, challenge: &Challenge) -> Result<Token, SourceError> {
    let absent = |name| SourceError::not_applicable("workload-identity-absent", format!("{name} not set"));
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
