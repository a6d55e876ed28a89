//! How a client connects where a request asks for more than the others: whom it trusts, who it is, and by
//! which socket.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use credential_core::world::{ClientCertificate, HttpError, HttpErrorKind, HttpRequest, ServerTrust, is_loopback};
use reqwest::{Certificate, Client, ClientBuilder, Identity};
use zeroize::Zeroizing;

use super::pinned;

/// How a client connects. Two requests with the same share one client and its connections.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Setup {
    /// By no proxy.
    pub(super) direct: bool,
    trust: ServerTrust,
    certificate: Option<ClientCertificate>,
    socket: Option<PathBuf>,
}

/// Whether a request goes by no proxy: it asks for that, or leads to this machine.
pub(super) fn is_direct(request: &HttpRequest) -> bool {
    request.direct || request.unix_socket.is_some() || is_loopback(&request.url)
}

impl Setup {
    /// What the request asks for; `None` when it is nothing beside whether it goes by a proxy.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        (!request.needs().is_empty()).then(|| Self {
            direct: is_direct(request),
            trust: request.trust.clone(),
            certificate: request.client_certificate.clone(),
            socket: request.unix_socket.clone(),
        })
    }

    /// A client from the settings, over which the setup goes. TLS that the settings bring ready made
    /// (`tls_backend_preconfigured`) makes way where the setup is about TLS: it could not be changed.
    pub(super) fn client(&self, settings: ClientBuilder, host: &str) -> Result<Client, HttpError> {
        let builder = self.connecting(settings)?;
        let builder = match &self.trust {
            ServerTrust::Pinned(thumbprint) => {
                let config = pinned::config(*thumbprint, self.certificate.as_ref());
                builder.tls_backend_preconfigured(config.map_err(|cause| unusable(host).caused_by(cause))?)
            }
            trust => {
                let builder = match trust {
                    ServerTrust::Authorities(certificates) => {
                        builder.tls_backend_rustls().tls_certs_merge(authorities(certificates, host)?)
                    }
                    _ => builder,
                };
                match &self.certificate {
                    Some(certificate) => builder.tls_backend_rustls().identity(identity(certificate, host)?),
                    None => builder,
                }
            }
        };
        builder.build().map_err(|cause| {
            let message = format!("TLS to {host} cannot be set up with the certificates that the request has");
            HttpError::new(HttpErrorKind::Request, message).caused_by(cause)
        })
    }

    #[cfg(unix)]
    fn connecting(&self, builder: ClientBuilder) -> Result<ClientBuilder, HttpError> {
        Ok(match &self.socket {
            Some(path) => builder.unix_socket(path.as_path()),
            None => builder,
        })
    }

    #[cfg(not(unix))]
    fn connecting(&self, builder: ClientBuilder) -> Result<ClientBuilder, HttpError> {
        match &self.socket {
            Some(_) => Err(HttpError::new(HttpErrorKind::Unsupported, "there are no Unix sockets on this system")),
            None => Ok(builder),
        }
    }
}

fn unusable(host: &str) -> HttpError {
    HttpError::new(HttpErrorKind::Request, format!("the client certificate for {host} is not valid for TLS"))
}

/// The certificates in PEM, or the one in DER.
fn authorities(certificates: &[u8], host: &str) -> Result<Vec<Certificate>, HttpError> {
    let bad = || {
        let message = format!("the certificate authorities for {host} are not valid: they must be PEM or DER");
        HttpError::new(HttpErrorKind::Request, message)
    };
    // A sequence, as every certificate in DER is; no text begins so.
    let read = match certificates.first() {
        Some(0x30) => Certificate::from_der(certificates).map(|one| vec![one]),
        _ => Certificate::from_pem_bundle(certificates),
    };
    let read = read.map_err(|cause| bad().caused_by(cause))?;
    if read.is_empty() { Err(bad()) } else { Ok(read) }
}

/// The HTTP client takes it as text alone.
fn identity(certificate: &ClientCertificate, host: &str) -> Result<Identity, HttpError> {
    let certificates = certificate.chain().iter().map(|der| ("CERTIFICATE", der.as_slice()));
    let parts: Vec<_> = certificates.chain([("PRIVATE KEY", certificate.key().expose())]).collect();
    let room = parts.iter().map(|(_, der)| der.len().div_ceil(3).saturating_mul(4).saturating_add(80)).sum();
    let mut pem = Zeroizing::new(String::with_capacity(room));
    for (label, der) in parts {
        for piece in ["-----BEGIN ", label, "-----\n"] {
            pem.push_str(piece);
        }
        STANDARD.encode_string(der, &mut pem);
        for piece in ["\n-----END ", label, "-----\n"] {
            pem.push_str(piece);
        }
    }
    Identity::from_pem(pem.as_bytes()).map_err(|cause| unusable(host).caused_by(cause))
}
