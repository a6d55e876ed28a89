//! Who reads the vault, as the entry says it.

use std::sync::Arc;

use credential_core::{
    BindContext, CredentialDescription, Entry, SourceError, SourceType, TokenProvider, Unbound, Value, nearest,
    unreplaced,
};

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

    pub(crate) fn as_str(self) -> &'static str {
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
        let text = entry.text(CREDENTIAL).map(str::trim).filter(|text| !text.is_empty());
        text.map_or(Ok(Choice::First), named).map_err(|error| cx.error(error.about(CREDENTIAL)))
    }
}

fn named(text: &str) -> Result<Choice, SourceError> {
    if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text)) {
        return Ok(Choice::One(kind));
    }
    if let Some(what) = unreplaced(text) {
        let error = SourceError::misconfigured("placeholder", format!("Credential is {what}"));
        return Err(error.remedy("put the real value in its place, or leave it out"));
    }
    let known = Kind::ALL.map(Kind::as_str);
    let meant = nearest(text, known).map(|name| format!("did you mean {name:?}? ")).unwrap_or_default();
    let error = SourceError::misconfigured("vault-credential-unknown", "Credential names no credential that there is");
    Err(error.remedy(format!("{meant}known: {}, or an object with SourceType", known.join(", "))))
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
