//! TLS of the emulator: with a certificate that is made at the start, or with one of the user's own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use credential_core::credential::SecretBytes;
use credential_core::world::{Clock, SystemClock};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use super::error::EmulatorError;
use super::guid;

/// What the certificate is for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// How long a certificate of one run is valid, and how far the client's clock may be behind.
const LIFETIME: Duration = Duration::from_secs(397 * 24 * 3600);
const BEHIND: Duration = Duration::from_secs(24 * 3600);

/// Who the emulator is over https. See [`EmulatorBuilder::tls`](super::EmulatorBuilder::tls).
#[derive(Clone)]
pub struct EmulatedTls(Material);

#[derive(Clone)]
enum Material {
    Generated,
    Given { certificates: Vec<u8>, key: SecretBytes },
}

impl fmt::Debug for EmulatedTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Material::Generated => "EmulatedTls(generated)",
            Material::Given { .. } => "EmulatedTls(given)",
        })
    }
}

impl EmulatedTls {
    /// A certificate for `localhost`, `127.0.0.1` and `::1`, made at the start, of a certificate
    /// authority that signs it and nothing else: its key is forgotten at once. Clients trust
    /// [`Emulator::ca_certificate`](super::Emulator::ca_certificate).
    pub fn generated() -> Self {
        Self(Material::Generated)
    }

    /// A certificate of your own with its chain, leaf first, and its private key (PKCS #8, PKCS #1 or
    /// SEC 1), both in PEM; they may stand in the same text. [`EmulatorBuilder::start`] reads them.
    ///
    /// [`EmulatorBuilder::start`]: super::EmulatorBuilder::start
    pub fn given(certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self(Material::Given { certificates: certificates.into(), key: SecretBytes::new(key) })
    }

    pub(crate) fn read(self) -> Result<ServerTls, EmulatorError> {
        match self.0 {
            Material::Generated => generate(),
            Material::Given { certificates, key } => {
                let bad = |what: &str| EmulatorError::new(format!("TLS is not possible: {what}"));
                let chain: Vec<_> =
                    CertificateDer::pem_slice_iter(&certificates).collect::<Result<_, _>>().map_err(|error| {
                        EmulatorError::with("TLS is not possible: the certificate is no valid PEM", error)
                    })?;
                if chain.is_empty() {
                    return Err(bad("the text of the certificate has no CERTIFICATE block"));
                }
                let key = PrivateKeyDer::from_pem_slice(key.expose())
                    .map_err(|_| bad("the text of the key has no PRIVATE KEY block that can be read"))?;
                configure(chain, key).map(|config| ServerTls { config, ca: None })
            }
        }
    }
}

/// TLS, ready to serve.
#[derive(Clone)]
pub(crate) struct ServerTls {
    pub(crate) config: Arc<ServerConfig>,
    /// In PEM, where it was made here.
    pub(crate) ca: Option<String>,
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").field("ca", &self.ca).finish_non_exhaustive()
    }
}

fn generate() -> Result<ServerTls, EmulatorError> {
    let failed = |error: rcgen::Error| EmulatorError::with("the emulator's certificate cannot be made", error);
    let now = SystemClock::default().now();
    let dated = |mut params: CertificateParams, name: String| {
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = (now - BEHIND).into();
        params.not_after = (now + LIFETIME).into();
        params
    };
    // A name of its own: an authority of an earlier run, still trusted somewhere, is not taken for this one.
    let name = format!("token-client emulator {}", guid::random());
    let mut authority = dated(CertificateParams::default(), name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate().map_err(failed)?;
    let ca = authority.self_signed(&authority_key).map_err(failed)?;
    let issuer = Issuer::new(authority, authority_key);

    let names = CertificateParams::new(NAMES.map(str::to_owned)).map_err(failed)?;
    let mut params = dated(names, "localhost".to_owned());
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = configure(vec![certificate.der().clone()], key)?;
    Ok(ServerTls { config, ca: Some(pem(ca.der())) })
}

fn configure(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, EmulatorError> {
    let failed = |error: rustls::Error| EmulatorError::with("TLS is not possible with this certificate and key", error);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.map_err(failed)?.with_no_client_auth().with_single_cert(chain, key).map_err(failed)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// RFC 7468 §5.
fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for (nth, character) in text.chars().enumerate() {
        if nth > 0 && nth % 64 == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem.push_str("\n-----END CERTIFICATE-----\n");
    pem
}
