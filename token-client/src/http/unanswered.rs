//! What to do when a host gives no answer, by what went wrong.

use credential_core::world::{HttpError, HttpErrorKind};

use super::failure::{self, TlsFault};

/// What to do when a proxy answers 407 (RFC 9110 §15.5.8).
pub(crate) const PROXY_PASSWORD: &str =
    "write the proxy's user name and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT";

/// What to do about it.
pub(crate) fn remedy(error: &HttpError) -> &'static str {
    match error.kind() {
        _ if failure::asks_for_password(error) => PROXY_PASSWORD,
        HttpErrorKind::Connect if failure::is_of_proxy(error) => {
            "correct the proxy's host and port in HTTPS_PROXY, or unset it to go without a proxy"
        }
        HttpErrorKind::Connect if failure::ended_handshake(error) => {
            "correct the port, which may speak no TLS (http:// is for 127.0.0.1, [::1] and localhost); or look for a firewall or proxy that ends connections"
        }
        HttpErrorKind::UnknownHost => {
            "check the host's name, and the DNS of this machine; where a proxy is the way out, name it in HTTPS_PROXY"
        }
        HttpErrorKind::Tls => of_tls(failure::tls_fault(error)),
        HttpErrorKind::Timeout => {
            "check that the host can be reached from here: a firewall may drop what is sent; name the proxy in HTTPS_PROXY, where one is the way out"
        }
        HttpErrorKind::Connect => {
            "check the host and its port, the network, and the proxy (HTTPS_PROXY) where one is the way out"
        }
        _ => "check the network, the proxy (HTTPS_PROXY) and the certificate authorities (SSL_CERT_FILE)",
    }
}

fn of_tls(fault: Option<TlsFault>) -> &'static str {
    match fault {
        Some(TlsFault::OtherName) => {
            "write the host's name as its certificate has it, or have the certificate made for this name"
        }
        Some(TlsFault::Expired) => "have the host's certificate renewed, or correct this machine's clock",
        Some(TlsFault::NotYetValid) => {
            "correct this machine's clock, or have the host use a certificate that is valid already"
        }
        Some(TlsFault::Revoked) => "have the host's certificate replaced",
        Some(TlsFault::NoTls) => "correct the port; http:// is for 127.0.0.1, [::1] and localhost",
        _ => "name the file of the certificate authority that the host, or the proxy before it, uses in SSL_CERT_FILE",
    }
}
