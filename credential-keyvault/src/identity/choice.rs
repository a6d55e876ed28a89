//! Who reads the vault, as the entry says it.

use std::sync::Arc;

use credential_core::source::{Entry, Value};
use credential_core::tokens::TokenProvider;
use credential_core::{BindContext, CredentialDescription, SourceError, SourceType, Unbound};

use crate::settings::CREDENTIAL;

/// Who reads the vault.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    /// The first of the kinds that is there, in their order.
    First,
    /// This kind and no other.
    One(Kind),
    /// Another entry, of this source type, exchanged for a token.
    Entry(SourceType, Arc<dyn TokenProvider>),
}

/// The kinds of credential that an environment brings, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Environment,
    WorkloadIdentity,
    ManagedIdentity,
    AzureCli,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] =
        [Self::Environment, Self::WorkloadIdentity, Self::ManagedIdentity, Self::AzureCli];

    pub(crate) const NAMES: [&'static str; 4] = [
        Self::Environment.as_str(),
        Self::WorkloadIdentity.as_str(),
        Self::ManagedIdentity.as_str(),
        Self::AzureCli.as_str(),
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "Environment",
            Self::WorkloadIdentity => "WorkloadIdentity",
            Self::ManagedIdentity => "ManagedIdentity",
            Self::AzureCli => "AzureCli",
        }
    }
}

impl Choice {
    /// Reads `Credential`.
    ///
    /// # Errors
    /// When it says nobody; what is wrong has been reported.
    pub(crate) fn read(entry: &CredentialDescription, cx: &mut BindContext<'_>) -> Result<Self, Unbound> {
        if let Some(settings) = entry.map(CREDENTIAL) {
            return nested(settings, cx);
        }
        // What is none of them has been refused by its declaration.
        let text = entry.text(CREDENTIAL).unwrap_or_default().trim();
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text));
        Ok(kind.map_or(Self::First, Self::One))
    }
}

/// The object under `Credential` as an entry of its own, which must not need a vault in its turn.
fn nested(settings: &[Entry], cx: &mut BindContext<'_>) -> Result<Choice, Unbound> {
    let source_type = settings.iter().find(|one| one.name.eq_ignore_ascii_case("SourceType"));
    let source_type = SourceType::new(match source_type.map(|one| &one.value) {
        Some(Value::Text(text)) => text.expose().trim(),
        _ => "",
    });
    if [SourceType::KEY_VAULT, SourceType::SIGNED_ASSERTION_FROM_VAULT].contains(&source_type) {
        let message = format!("Credential is a {source_type} entry, and a vault is not read with what a vault holds");
        let error = SourceError::misconfigured("vault-credential-of-vault", message);
        return Err(cx.error(error.remedy("name another SourceType in it, or who reads the vault").about(CREDENTIAL)));
    }
    Ok(Choice::Entry(source_type, cx.tokens_of(CREDENTIAL)?))
}
