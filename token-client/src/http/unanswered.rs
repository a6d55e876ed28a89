//! What to do when a host gives no answer, by what went wrong.

use credential_core::world::{HttpError, HttpErrorKind};

use super::failure;

/// What to do when a proxy answers 407 (RFC 9110 §15.5.8).
pub(crate) const PROXY_PASSWORD: &str =
    "write the proxy's user name and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT";

/// What to do about it.
pub(crate) fn remedy(error: &HttpError) -> &'static str {
    match error.kind() {
        _ if failure::asks_for_password(error) => PROXY_PASSWORD,
        HttpErrorKind::UnknownHost => {
            "check the host's name, and the DNS of this machine; where a proxy is the way out, name it in HTTPS_PROXY"
        }
        HttpErrorKind::Tls => {
            "name the file of the certificate authority that the host, or the proxy before it, uses in SSL_CERT_FILE"
        }
        _ => "check the network, the proxy (HTTPS_PROXY) and the certificate authorities (SSL_CERT_FILE)",
    }
}
