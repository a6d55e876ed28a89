//! What it means when the vault gives no answer.

use credential_core::SourceError;
use credential_core::world::{HttpError, HttpErrorKind};

/// The codes of the ways in which a vault gives no answer, and the remedy for each.
struct Way {
    code: &'static str,
    what: &'static str,
    remedy: &'static str,
}

/// Why there was no answer of that vault's, for people.
pub(crate) fn unreachable(vault: &str, error: HttpError) -> SourceError {
    let way = way(error.kind());
    let message = format!("{vault}: {}", way.what);
    let error = match error.kind() {
        HttpErrorKind::TooLarge | HttpErrorKind::Request | HttpErrorKind::Unsupported => {
            SourceError::invalid(way.code, message).caused_by(error)
        }
        _ => SourceError::transient(way.code, message).caused_by(error),
    };
    error.remedy(way.remedy)
}

fn way(kind: HttpErrorKind) -> Way {
    let (code, what, remedy) = match kind {
        HttpErrorKind::UnknownHost => (
            "vault-host-unknown",
            "host not found",
            "check the vault's name in KeyVaultUrl (az keyvault list), and DNS: a vault behind a private endpoint \
             needs the zone privatelink.vaultcore.azure.net",
        ),
        HttpErrorKind::Connect => (
            "vault-connection-refused",
            "no connection",
            "check firewalls and proxies between this machine and the vault",
        ),
        HttpErrorKind::Tls => (
            "vault-tls-failed",
            "no trusted TLS connection",
            "check what answers under that name: an intercepting proxy's certificate authority must be trusted here",
        ),
        HttpErrorKind::Timeout => (
            "vault-timeout",
            "no answer in time",
            "check the way to the vault (firewall, private endpoint, DNS); it is tried again",
        ),
        HttpErrorKind::Broken => (
            "vault-connection-broken",
            "the connection broke off",
            "look for a proxy that cuts connections; it is tried again",
        ),
        HttpErrorKind::TooLarge => {
            ("vault-answer-too-large", "the answer is too large", "check KeyVaultUrl: no vault answers at such length")
        }
        _ => ("vault-request-invalid", "the request cannot be sent", "check KeyVaultUrl"),
    };
    Way { code, what, remedy }
}
