//! A certificate that is not there: what may have been meant.

use credential_core::SourceError;
use credential_core::text::nearest;

use super::Vault;
use super::error_response::{ErrorResponse, Operation};
use crate::settings::NAME;

/// The vault's refusal, with the nearest names or the way to recover it, where this caller may know.
pub(crate) async fn explain(vault: &Vault, response: &ErrorResponse) -> SourceError {
    let session = &vault.0;
    let plan = session.plan();
    let error = response.explain(Operation::Certificate, session);
    if plan.version.is_some() {
        return error;
    }
    if vault.is_soft_deleted().await.unwrap_or(false) {
        let message = format!("certificate {:?} in {} has been deleted and can be recovered", plan.name, plan.vault);
        let error = SourceError::invalid("certificate-deleted", message).remedy(format!(
            "run: az keyvault certificate recover --vault-name {} --name {}",
            plan.vault.name(),
            plan.name
        ));
        return error.about(NAME);
    }
    let listed = vault.names().await.unwrap_or_default();
    let names = || listed.iter().map(String::as_str);
    match nearest(&plan.name, names()) {
        Some(name) => error.remedy(format!("write {name:?}")),
        None if listed.is_empty() => error,
        None => {
            let some: Vec<&str> = names().take(5).collect();
            error.remedy(format!("the vault has {}: {}", listed.len(), some.join(", ")))
        }
    }
}
