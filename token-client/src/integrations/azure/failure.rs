//! What a failure of an Azure credential means here.

use ::azure_core::error::{Error, ErrorKind};

/// Whether the next try may work: no answer, or one of a service that is unwell.
pub(super) fn is_transient(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Connection | ErrorKind::Io => true,
        ErrorKind::HttpResponse { status, .. } => matches!(u16::from(*status), 408 | 429 | 500..),
        _ => false,
    }
}

/// Stable; programs compare it.
pub(super) const CODE: &str = "azure-credential-failed";
pub(super) const MESSAGE: &str = "the Azure credential gave no token";
pub(super) const REMEDY: &str = "mend what the cause names: it is what the credential says";
