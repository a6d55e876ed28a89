//! What some requests ask of a client, and not every client can do.

use std::fmt;

/// What a request asks for beside being sent. `Display` goes after "cannot": `pin the server's certificate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HttpNeed {
    /// [`HttpRequest::client_certificate`](crate::world::HttpRequest::client_certificate).
    ClientCertificate,
    /// [`ServerTrust::Pinned`](crate::world::ServerTrust::Pinned).
    PinnedCertificate,
    /// [`ServerTrust::Authorities`](crate::world::ServerTrust::Authorities).
    Authorities,
    /// [`HttpRequest::unix_socket`](crate::world::HttpRequest::unix_socket).
    UnixSocket,
}

impl HttpNeed {
    /// Whether it is a part of the TLS handshake.
    pub(super) fn is_of_tls(self) -> bool {
        matches!(self, Self::ClientCertificate | Self::PinnedCertificate | Self::Authorities)
    }
}

impl fmt::Display for HttpNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientCertificate => "present a client certificate",
            Self::PinnedCertificate => "pin the server's certificate",
            Self::Authorities => "trust further certificate authorities",
            Self::UnixSocket => "connect to a Unix socket",
        })
    }
}
