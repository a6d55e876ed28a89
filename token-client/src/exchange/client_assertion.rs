//! The JWT with which a certificate proves who the application is (RFC 7523 §2.2, RFC 7515).

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use credential_core::credential::{CertificateCredential, SigningAlgorithm, SigningRequest};
use credential_core::world::Moment;
use credential_core::{Secret, SourceError, World};
use serde::Serialize;

use crate::authority::AuthorityKind;

/// How long an assertion is valid; the platform's documentation asks for 5 to 10 minutes.
const LIFETIME: Duration = Duration::from_secs(600);

/// Algorithms in the order of preference. Where PS256 is wanted and the key has no PSS (some HSMs), RS256
/// with the SHA-1 thumbprint is taken too.
fn acceptable(wanted: SigningAlgorithm) -> &'static [SigningAlgorithm] {
    match wanted {
        SigningAlgorithm::Ps256 => &[SigningAlgorithm::Ps256, SigningAlgorithm::Rs256],
        _ => &[SigningAlgorithm::Rs256],
    }
}

/// What the certificate signs with for such an authority; `wanted` is what its entry says.
///
/// # Errors
/// `Invalid` when the key can do no algorithm that the authority takes, `Misconfigured` when it cannot do the
/// one that is wanted.
pub(crate) fn algorithm(
    certificate: &CertificateCredential,
    kind: AuthorityKind,
    wanted: Option<SigningAlgorithm>,
) -> Result<SigningAlgorithm, SourceError> {
    if let Some(wanted) = wanted {
        return chosen(certificate, kind, wanted);
    }
    let takes = acceptable(kind.assertion_algorithm());
    let found = takes.iter().copied().find(|algorithm| certificate.signer().algorithms().contains(algorithm));
    found.ok_or_else(|| {
        let (key, takes) = (&certificate.facts().key, takes.iter().map(|one| one.as_str()).collect::<Vec<_>>());
        SourceError::invalid(
            "key-type-not-accepted",
            format!("the certificate's key is {key}; {kind} takes RSA keys alone ({})", takes.join(", ")),
        )
        .remedy("use a certificate with an RSA key of 2048 bits or more")
    })
}

fn chosen(
    certificate: &CertificateCredential,
    kind: AuthorityKind,
    wanted: SigningAlgorithm,
) -> Result<SigningAlgorithm, SourceError> {
    let own = certificate.signer().algorithms();
    let names = |list: &[SigningAlgorithm]| list.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ");
    let takes_rsa_alone = kind.assertion_algorithm() == SigningAlgorithm::Ps256;
    let message = if takes_rsa_alone && !acceptable(SigningAlgorithm::Ps256).contains(&wanted) {
        format!("Algorithm is {wanted}; {kind} takes {} alone", names(acceptable(SigningAlgorithm::Ps256)))
    } else if !own.contains(&wanted) {
        format!("Algorithm is {wanted}; the certificate's key is {} ({})", certificate.facts().key, names(own))
    } else {
        return Ok(wanted);
    };
    let error = SourceError::misconfigured("algorithm-not-usable", message).about("Algorithm");
    Err(error.remedy(format!("set Algorithm to one of {}, or use another certificate", names(own))))
}

#[derive(Debug, Serialize)]
struct Header {
    alg: &'static str,
    typ: &'static str,
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    x5t_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x5t: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x5c: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    nbf: u64,
    exp: u64,
    jti: String,
}

/// For whom and for where an assertion is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AssertionFor<'a> {
    pub(crate) client_id: &'a str,
    /// The token endpoint that the assertion is posted to, without its query.
    pub(crate) audience: &'a str,
    /// Which decides over the algorithm.
    pub(crate) kind: AuthorityKind,
    /// What the entry says over it.
    pub(crate) algorithm: Option<SigningAlgorithm>,
    /// Puts the certificate chain in the header (RFC 7515 §4.1.6).
    pub(crate) send_x5c: bool,
}

/// A new assertion, signed with the certificate's key.
///
/// # Errors
/// `Invalid` when the key can do no algorithm that the authority takes; what the signer says otherwise.
pub(crate) async fn sign(
    certificate: &CertificateCredential,
    wanted: AssertionFor<'_>,
    deadline: Moment,
    world: &World,
) -> Result<Secret, SourceError> {
    let algorithm = algorithm(certificate, wanted.kind, wanted.algorithm)?;
    let header = header(certificate, algorithm, wanted.send_x5c);
    let now = world.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = Claims {
        aud: wanted.audience,
        iss: wanted.client_id,
        sub: wanted.client_id,
        nbf: now,
        exp: now + LIFETIME.as_secs(),
        jti: world.uuid(),
    };
    let mut token = String::new();
    append(&mut token, &header)?;
    token.push('.');
    append(&mut token, &claims)?;
    let request = SigningRequest::new(algorithm, token.as_bytes(), deadline, world);
    let signature = certificate.sign(request).await?;
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(Secret::new(token))
}

fn header(certificate: &CertificateCredential, algorithm: SigningAlgorithm, send_x5c: bool) -> Header {
    let facts = certificate.facts();
    // RS256 with the older thumbprint is what servers know that know no other.
    let sha256 = algorithm != SigningAlgorithm::Rs256;
    Header {
        alg: algorithm.as_str(),
        typ: "JWT",
        x5t_sha256: sha256.then(|| BASE64_URL_SAFE_NO_PAD.encode(facts.sha256)),
        x5t: (!sha256).then(|| BASE64_URL_SAFE_NO_PAD.encode(facts.sha1)),
        x5c: send_x5c.then(|| certificate.chain().iter().map(|der| BASE64_STANDARD.encode(der)).collect()),
    }
}

fn append(token: &mut String, part: &impl Serialize) -> Result<(), SourceError> {
    let json = serde_json::to_vec(part).map_err(|error| {
        SourceError::invalid("assertion-not-written", "the assertion cannot be written").caused_by(error)
    })?;
    BASE64_URL_SAFE_NO_PAD.encode_string(json, token);
    Ok(())
}
