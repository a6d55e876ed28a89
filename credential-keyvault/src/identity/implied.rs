//! Secret, certificate and federated token from the environment: each is an entry that nobody wrote, and is
//! exchanged as written ones are; and the machine's managed identity, which needs no exchange.

use std::sync::Arc;

use credential_core::codes::{SOURCE_NOT_IN_BUILD, UNKNOWN_SOURCE_TYPE};
use credential_core::registry::BindError;
use credential_core::source::Origin;
use credential_core::tokens::TokenProvider;
use credential_core::{BindContext, CredentialDescription, SourceError, SourceType};

use super::variables::{CERTIFICATE, CLIENT, PASSWORD, SECRET, TOKEN_FILE};

/// The code for a variable whose source is not in the program.
const SOURCE_ABSENT: &str = "environment-source-absent";

/// An entry, bound, or why it cannot be.
type Bound = Result<Arc<dyn TokenProvider>, SourceError>;

/// The entries that the variables amount to, each by its variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Implied {
    entries: Vec<(&'static str, Bound)>,
    /// The client id of the managed identity; the machine's own without one.
    pub(super) identity: Option<String>,
}

/// What the machine's managed identity goes by, in the place of a variable.
pub(super) const MACHINE: &str = "ManagedIdentity";

impl Implied {
    /// Binds them. A secret and a token file are looked up at each load, a certificate's path and the client id of a
    /// managed identity, where the entry has none, are taken now.
    pub(crate) fn bind(cx: &BindContext<'_>, identity: Option<&str>) -> Self {
        let secret = CredentialDescription::new(SourceType::CLIENT_SECRET);
        let file = CredentialDescription::new(SourceType::SIGNED_ASSERTION_FILE_PATH);
        let certificate = cx.environment().text(CERTIFICATE).map(|path| {
            let entry = CredentialDescription::new(SourceType::PATH).with("CertificateDiskPath", path);
            match cx.environment().text(PASSWORD) {
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
        let identity = identity.map(str::to_owned).or_else(|| cx.environment().text(CLIENT));
        let machine = CredentialDescription::new(SourceType::SIGNED_ASSERTION_FROM_MANAGED_IDENTITY);
        let machine = match &identity {
            Some(client_id) => machine.with("ManagedIdentityClientId", client_id.as_str()),
            None => machine,
        };
        let tokens = cx.tokens_of_identity(&machine);
        let tokens = tokens.map_err(|error| unbound(MACHINE, machine.source_type(), &error));
        Self { entries: bound.chain([(MACHINE, tokens)]).collect(), identity }
    }

    pub(super) fn tokens(&self, name: &str) -> Result<&dyn TokenProvider, SourceError> {
        match self.entries.iter().find(|(bound, _)| *bound == name) {
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
