//! Whom a request goes to, and what it means when there is no answer.

use credential_core::SourceError;
use credential_core::world::{HttpError, HttpErrorKind};

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// The vault, by address.
    Vault(String),
    /// The platform's endpoint for managed identities, by address.
    Platform(String),
}

/// The codes of the ways in which an endpoint gives no answer, and the remedy for each.
struct Way {
    code: &'static str,
    what: &'static str,
    remedy: &'static str,
}

impl Endpoint {
    fn address(&self) -> &str {
        match self {
            Self::Vault(address) | Self::Platform(address) => address,
        }
    }

    /// Why there was no answer, for people.
    pub(crate) fn unreachable(&self, error: HttpError) -> SourceError {
        let way = match self {
            Self::Vault(_) => vault_way(error.kind()),
            Self::Platform(_) => Way {
                code: "managed-identity-unreachable",
                what: way_of(error.kind()),
                remedy: "check the platform's identity endpoint, or choose another \"Credential\"",
            },
        };
        let message = format!("{}: {}", self.address(), way.what);
        let error = match error.kind() {
            HttpErrorKind::TooLarge | HttpErrorKind::Request | HttpErrorKind::Unsupported => {
                SourceError::invalid(way.code, message).caused_by(error)
            }
            _ => SourceError::transient(way.code, message).caused_by(error),
        };
        error.remedy(way.remedy)
    }
}

fn way_of(kind: HttpErrorKind) -> &'static str {
    match kind {
        HttpErrorKind::UnknownHost => "host not found",
        HttpErrorKind::Connect => "no connection",
        HttpErrorKind::Tls => "no trusted TLS connection",
        HttpErrorKind::Timeout => "no answer in time",
        HttpErrorKind::Broken => "the connection broke off",
        HttpErrorKind::TooLarge => "the answer is too large",
        _ => "the request cannot be sent",
    }
}

fn vault_way(kind: HttpErrorKind) -> Way {
    let (code, remedy) = match kind {
        HttpErrorKind::UnknownHost => (
            "vault-host-unknown",
            "check the vault's name in KeyVaultUrl (az keyvault list), and DNS: a vault behind a private endpoint \
             needs the zone privatelink.vaultcore.azure.net",
        ),
        HttpErrorKind::Connect => {
            ("vault-connection-refused", "check firewalls and proxies between this machine and the vault")
        }
        HttpErrorKind::Tls => (
            "vault-tls-failed",
            "check what answers under that name: an intercepting proxy's certificate authority must be trusted here",
        ),
        HttpErrorKind::Timeout => {
            ("vault-timeout", "check the way to the vault (firewall, private endpoint, DNS); it is tried again")
        }
        HttpErrorKind::Broken => {
            ("vault-connection-broken", "look for a proxy that cuts connections; it is tried again")
        }
        HttpErrorKind::TooLarge => ("vault-answer-too-large", "check KeyVaultUrl: no vault answers at such length"),
        _ => ("vault-request-invalid", "check KeyVaultUrl"),
    };
    Way { code, what: way_of(kind), remedy }
}
