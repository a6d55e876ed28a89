//! A vault's error response, and what it means: <https://learn.microsoft.com/azure/key-vault/general/rest-error-codes>.

use std::time::Duration;

use credential_core::SourceError;
use credential_core::world::retry_after;
use serde::Deserialize;

use crate::session::{Session, at_vault};
use crate::settings::NAME;

/// The longest message of a vault that is shown.
const MAX_MESSAGE: usize = 400;

/// What the vault is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Certificate,
    Versions,
    Secret,
    Sign,
}

impl Operation {
    pub(crate) fn doing(self, name: &str) -> String {
        match self {
            Self::Certificate => format!("reading certificate {name:?}"),
            Self::Versions => format!("listing the versions of certificate {name:?}"),
            Self::Secret => format!("reading the secret of certificate {name:?}"),
            Self::Sign => format!("signing with the key of certificate {name:?}"),
        }
    }

    /// The permission of an access policy, and the role of Azure RBAC.
    fn rights(self) -> (&'static str, &'static str) {
        match self {
            Self::Certificate => ("--certificate-permissions get", "Key Vault Certificate User"),
            Self::Versions => ("--certificate-permissions list", "Key Vault Certificate User"),
            Self::Secret => ("--secret-permissions get", "Key Vault Certificate User"),
            Self::Sign => ("--key-permissions sign", "Key Vault Crypto User"),
        }
    }
}

/// An error response, as the service writes it.
#[derive(Clone, Debug)]
pub(crate) struct ErrorResponse {
    pub(crate) status: u16,
    code: String,
    inner: String,
    message: String,
    request_id: Option<String>,
    retry_after: Option<Duration>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    error: ErrorBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    innererror: Option<Inner>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Inner {
    code: Option<String>,
}

impl ErrorResponse {
    /// Reads a response of that status.
    pub(crate) fn read<'a>(
        status: u16,
        body: &[u8],
        header: impl Fn(&'static str) -> Option<&'a str>,
        session: &Session,
    ) -> Self {
        let body = serde_json::from_slice::<Body>(body).unwrap_or_default().error;
        let shown = |text: Option<String>| session.shown(&text.unwrap_or_default(), MAX_MESSAGE);
        Self {
            status,
            code: shown(body.code),
            inner: shown(body.innererror.and_then(|inner| inner.code)),
            message: shown(body.message),
            request_id: header("x-ms-request-id").map(|id| session.shown(id, 80)),
            retry_after: retry_after(header, session.world().clock.now()),
        }
    }

    /// Whether the object is there and switched off.
    pub(crate) fn is_disabled(&self) -> bool {
        self.status == 403 && (self.inner.ends_with("Disabled") || self.message.contains("disabled"))
    }

    /// Whether the object is out of its time: the vault's keys refuse to sign then.
    fn is_out_of_time(&self) -> bool {
        let inner = self.inner.as_str();
        self.status == 403 && ["Expired", "NotYetValid", "NotYetActive"].iter().any(|end| inner.ends_with(end))
    }

    /// The whole of it, for messages: what the vault said, its codes and the request's id.
    fn said(&self) -> String {
        let codes: Vec<&str> =
            [self.code.as_str(), self.inner.as_str()].into_iter().filter(|code| !code.is_empty()).collect();
        let codes = if codes.is_empty() { String::new() } else { format!(" {}", codes.join("/")) };
        let id = self.request_id.as_deref().map(|id| format!(", request {id}")).unwrap_or_default();
        let message = if self.message.is_empty() { "it gives no reason" } else { self.message.as_str() };
        format!("{} ({}{codes}{id})", message.trim_end(), self.status)
    }

    /// What the refusal means and what to do.
    pub(crate) fn explain(&self, operation: Operation, session: &Session) -> SourceError {
        let (vault, name) = (&session.plan().vault, &session.plan().name);
        let doing = operation.doing(name);
        let said = self.said();
        let error = match self.status {
            401 => {
                let who = session.memory().who().unwrap_or_else(|| "nobody".to_owned());
                let message = format!("{vault} does not know who is {doing}: it was asked as {who}; {said}");
                SourceError::denied("vault-unauthorized", message)
                    .remedy("check which tenant the vault trusts: az keyvault show --query properties.tenantId")
            }
            403 => self.forbidden(operation, session),
            404 => not_found(operation, session, &said),
            409 => SourceError::transient("certificate-busy", format!("{vault} is changing it while {doing}: {said}"))
                .remedy("recover it if it was deleted: az keyvault certificate recover"),
            429 => {
                SourceError::transient("vault-throttled", format!("{vault} has too many callers while {doing}: {said}"))
                    .remedy(
                        "give the application a vault of its own, or set a longer PollInterval; it is asked again when the vault said",
                    )
            }
            408 | 500..=599 => SourceError::transient("vault-unwell", format!("{vault} failed while {doing}: {said}"))
                .remedy("wait: it is tried again; see https://azure.status.microsoft"),
            400 if operation == Operation::Sign => {
                SourceError::invalid("vault-cannot-sign", format!("{vault} failed {doing}: {said}"))
                    .remedy("check the key's type and operations: az keyvault key show")
            }
            _ => SourceError::invalid("vault-answer-unexpected", format!("{vault} refused {doing}: {said}"))
                .remedy("check KeyVaultUrl and what answers under that name"),
        };
        at_vault(error.retry_after(self.retry_after.filter(|_| matches!(self.status, 429 | 503))))
    }

    /// A 403 by its reason: firewall, role, access policy, or the object's own state.
    fn forbidden(&self, operation: Operation, session: &Session) -> SourceError {
        let (vault, name) = (&session.plan().vault, &session.plan().name);
        let (said, doing) = (self.said(), operation.doing(name));
        let who = session.memory().who().unwrap_or_else(|| "nobody".to_owned());
        let account = vault.name();
        let (permission, role) = operation.rights();
        if self.is_disabled() {
            return disabled(session, Some(&said));
        }
        if self.is_out_of_time() {
            return SourceError::invalid("certificate-out-of-time", format!("{vault} refused {doing}: {said}"))
                .remedy(format!("check it: az keyvault certificate show --vault-name {account} --name {name}"));
        }
        let by = |what: &str| format!("{vault} refused {who} {doing}, {what}: {said}");
        match self.inner.as_str() {
            "ForbiddenByFirewall" | "ForbiddenByConnection" => {
                SourceError::denied("vault-forbidden-by-firewall", by("by its firewall")).remedy(format!(
                    "run: az keyvault network-rule add --name {account} --ip-address ADDRESS, or use its private endpoint"
                ))
            }
            "ForbiddenByRbac" => SourceError::denied("vault-forbidden-by-role", by("for want of a role")).remedy(format!(
                "run: az role assignment create --role \"{role}\" --assignee OBJECT-ID --scope VAULT-ID"
            )),
            "AccessDenied" | "ForbiddenByPolicy" => {
                SourceError::denied("vault-forbidden-by-access-policy", by("by its access policy"))
                    .remedy(format!("run: az keyvault set-policy --name {account} --object-id OBJECT-ID {permission}"))
            }
            _ => SourceError::denied("vault-forbidden", by("without saying by what")).remedy(format!(
                "give it the role \"{role}\", or run: az keyvault set-policy --name {account} --object-id OBJECT-ID {permission}"
            )),
        }
    }
}

/// The certificate, or the version of it that is wanted, is switched off.
pub(crate) fn disabled(session: &Session, said: Option<&str>) -> SourceError {
    let plan = session.plan();
    let said = said.map(|said| format!(": {said}")).unwrap_or_default();
    let message = format!("certificate {:?} in {} is disabled{said}", plan.name, plan.vault);
    let account = plan.vault.name();
    SourceError::invalid("certificate-disabled", message).about(NAME).remedy(format!(
        "run: az keyvault certificate set-attributes --vault-name {account} --name {} --enabled true",
        plan.name
    ))
}

fn not_found(operation: Operation, session: &Session, said: &str) -> SourceError {
    let plan = session.plan();
    let version = plan.version.as_deref().map(|version| format!(" in version {version}")).unwrap_or_default();
    let message = match operation {
        Operation::Certificate | Operation::Versions => {
            format!("certificate {:?}{version} not found in {}: {said}", plan.name, plan.vault)
        }
        Operation::Secret => format!("secret of certificate {:?} not found in {}: {said}", plan.name, plan.vault),
        Operation::Sign => format!("key of certificate {:?} not found in {}: {said}", plan.name, plan.vault),
    };
    SourceError::invalid("certificate-not-found", message)
        .about(NAME)
        .remedy(format!("list what is there: az keyvault certificate list --vault-name {}", plan.vault.name()))
}
