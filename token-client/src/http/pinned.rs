//! TLS with one certificate that is known beforehand, whoever issued it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use credential_core::world::{ClientCertificate, Thumbprint};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme};

/// TLS with the server that has this certificate.
///
/// # Errors
/// When chain and key of the client's certificate make none.
pub(super) fn config(pinned: Thumbprint, client: Option<&ClientCertificate>) -> Result<ClientConfig, Error> {
    let provider =
        CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(crypto::aws_lc_rs::default_provider()));
    let verifier = Arc::new(Pinned { thumbprint: pinned, provider: Arc::clone(&provider) });
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = match client {
        Some(client) => {
            let chain = client.chain().iter().map(|der| CertificateDer::from(der.clone())).collect();
            let key = PrivatePkcs8KeyDer::from(client.key().expose().to_vec());
            builder.with_client_auth_cert(chain, key.into())?
        }
        None => builder.with_no_client_auth(),
    };
    // What every client speaks, whatever its settings say about HTTP/2.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Takes the pinned certificate for the server's, and no other. That the server has its key is checked as
/// ever: by its signature over the handshake.
#[derive(Debug)]
struct Pinned {
    thumbprint: Thumbprint,
    provider: Arc<CryptoProvider>,
}

/// The server's certificate is another one than that.
#[derive(Debug)]
pub(super) struct Other(Thumbprint);

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its certificate is not the pinned one, {}", self.0)
    }
}

impl StdError for Other {}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let is_pinned = match &self.thumbprint {
            Thumbprint::Sha1(hash) => digest(&SHA1_FOR_LEGACY_USE_ONLY, end_entity).as_ref() == hash,
            Thumbprint::Sha256(hash) => digest(&SHA256, end_entity).as_ref() == hash,
            _ => false,
        };
        if is_pinned {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(Other(self.thumbprint))))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
