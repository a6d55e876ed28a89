//! The client assertion of the application that reads the vault (RFC 7523 §2.2), signed with the
//! certificate of `AZURE_CLIENT_CERTIFICATE_PATH`.
//!
//! `azure_identity` can sign one too, with OpenSSL, RS256 and SHA-1; this one needs none of them.

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use credential_core::{CertificateCredential, Credential, Secret, SigningRequest, SourceError};
use serde_json::json;

use crate::challenge::Challenge;
use crate::material;
use crate::service_principal::{read, variable};
use crate::session::Session;

/// How long the authority may accept it.
const LIFETIME: Duration = Duration::from_secs(600);

/// A signed assertion for the challenge's authority.
pub(crate) async fn sign(
    session: &Session,
    challenge: &Challenge,
    client_id: &str,
    path: &str,
    max: u64,
) -> Result<Secret, SourceError> {
    let content = read(session, path, max).await?;
    let password = variable(session, "AZURE_CLIENT_CERTIFICATE_PASSWORD").map(Secret::new);
    let id = format!("AZURE_CLIENT_CERTIFICATE_PATH={path}");
    let Credential::Certificate(certificate) = material::open(session, id, content, password).await? else {
        return Err(SourceError::invalid("certificate-without-key", format!("{path} has no certificate with its key")));
    };
    let chain = ["1", "true"].iter().any(|on| {
        variable(session, "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN").is_some_and(|text| text.eq_ignore_ascii_case(on))
    });
    let signed_part = signed_part(session, challenge, client_id, &certificate, chain)?;
    let algorithm = algorithm(&certificate)?;
    let request = SigningRequest::new(algorithm, signed_part.as_bytes(), session.deadline, session.world());
    let signature = certificate.sign(request).await?;
    Ok(Secret::new(format!("{signed_part}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

fn algorithm(certificate: &CertificateCredential) -> Result<credential_core::SigningAlgorithm, SourceError> {
    certificate.signer().algorithms().first().copied().ok_or_else(|| {
        SourceError::invalid("certificate-without-key", "the key of AZURE_CLIENT_CERTIFICATE_PATH cannot sign")
    })
}

fn signed_part(
    session: &Session,
    challenge: &Challenge,
    client_id: &str,
    certificate: &CertificateCredential,
    chain: bool,
) -> Result<String, SourceError> {
    let thumbprint = URL_SAFE_NO_PAD.encode(certificate.facts().sha256);
    let mut header = json!({ "alg": algorithm(certificate)?.as_str(), "typ": "JWT", "x5t#S256": thumbprint });
    if chain && let Some(header) = header.as_object_mut() {
        let chain: Vec<String> = certificate.chain().iter().map(|der| STANDARD.encode(der)).collect();
        header.insert("x5c".to_owned(), json!(chain));
    }
    let now = session.world().clock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let claims = json!({
        "aud": format!("{}/{}/oauth2/v2.0/token", challenge.authority, challenge.tenant),
        "iss": client_id,
        "sub": client_id,
        "nbf": now.as_secs(),
        "exp": now.saturating_add(LIFETIME).as_secs(),
        "jti": session.world().uuid(),
    });
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    Ok(format!("{header}.{claims}"))
}
