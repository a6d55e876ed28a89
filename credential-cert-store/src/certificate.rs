//! What a certificate says (RFC 5280), and whether it can be a client's credential now.

use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use credential_core::credential::{CertificateFacts, SigningAlgorithm};
use credential_core::text::printable;
use credential_core::{Finding, SourceError};

use crate::der::Reader;
use crate::error::{Fault, What};
use crate::name::Name;
use crate::public_key::PublicKey;
use crate::time::{date, system_time};
use crate::x509::Certificate;

/// How long before its end a certificate's end is worth a warning.
const EXPIRES_SOON: Duration = Duration::from_secs(30 * 86_400);
/// A start this little ahead of the clock is more likely the clock's fault.
const CLOCK_SKEW: Duration = Duration::from_secs(15 * 60);

/// Largest certificate that is parsed.
pub(crate) const MAX_CERTIFICATE: usize = 64 * 1024;

/// Parses a certificate.
pub(crate) fn parse(der: &[u8]) -> Result<Certificate<'_>, SourceError> {
    if der.len() > MAX_CERTIFICATE {
        return Err(too_large());
    }
    Certificate::parse(der).map_err(|malformed| {
        SourceError::invalid(
            "certificate-unreadable",
            format!("the certificate is not a valid X.509 certificate in DER: {}", malformed.0),
        )
        .remedy("export it once more; openssl x509 -in FILE -noout -text tells what is wrong")
    })
}

/// The certificate without what stands behind it, which is no part of it: containers may carry more bytes
/// than the certificate has, and a thumbprint or `x5c` with them would be another one. What is no DER
/// element stays as it is.
pub fn certificate_alone(mut der: Vec<u8>) -> Vec<u8> {
    let length = own_bytes(&der).len();
    der.truncate(length);
    der
}

fn own_bytes(der: &[u8]) -> &[u8] {
    Reader::new(der).any().map_or(der, |first| first.raw)
}

/// The error for a certificate beyond the bound.
pub(crate) fn too_large() -> SourceError {
    Fault::Bound("MAX_CERTIFICATE (64 KiB)").into_error(What::Certificate, false)
}

/// Whether subject and issuer are the same name, byte for byte.
///
/// # Errors
/// As [`certificate_facts`].
pub(crate) fn is_self_issued(der: &[u8]) -> Result<bool, SourceError> {
    let certificate = parse(der)?;
    Ok(certificate.subject == certificate.issuer)
}

/// The public key of a parsed certificate.
pub(crate) fn public_key(certificate: &Certificate<'_>) -> Result<PublicKey, SourceError> {
    public_key_of(certificate.key_info)
}

/// The public key in a certificate's `SubjectPublicKeyInfo`.
pub(crate) fn public_key_of(info: &[u8]) -> Result<PublicKey, SourceError> {
    PublicKey::of_info(info).map_err(|malformed| {
        SourceError::invalid(
            "certificate-unreadable",
            format!("the public key in the certificate is damaged: {}", malformed.0),
        )
    })
}

/// What a certificate in DER says: names as .NET writes them, thumbprints, validity, key. Bytes behind
/// the certificate are no part of it.
///
/// # Errors
/// [`Invalid`](credential_core::SourceErrorKind::Invalid) with code `certificate-unreadable` when it
/// is no certificate. Not for one that is expired: see [`judge`].
pub fn certificate_facts(der: &[u8]) -> Result<CertificateFacts, SourceError> {
    let der = own_bytes(der);
    let certificate = parse(der)?;
    let mut facts = CertificateFacts::new(
        sized(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der).as_ref()),
        sized(digest::digest(&digest::SHA256, der).as_ref()),
        system_time(certificate.not_before),
        system_time(certificate.not_after),
    );
    facts.subject = Name::parse(certificate.subject).to_string();
    facts.issuer = Name::parse(certificate.issuer).to_string();
    facts.key = public_key(&certificate)?.to_string();
    Ok(facts)
}

/// What the certificate's key could sign, preferred first; empty for keys that sign no client assertion.
///
/// # Errors
/// As [`certificate_facts`].
pub fn algorithms_of(der: &[u8]) -> Result<Vec<SigningAlgorithm>, SourceError> {
    Ok(public_key(&parse(der)?)?.algorithms().to_vec())
}

/// The `SubjectPublicKeyInfo` of a certificate in DER (RFC 5280 §4.1.2.7): what two certificates of one key share.
///
/// # Errors
/// As [`certificate_facts`].
pub fn public_key_info(der: &[u8]) -> Result<Vec<u8>, SourceError> {
    Ok(parse(der)?.key_info.to_vec())
}

/// Judges a leaf at the given time: warnings about what may be in the way soon or at some authorities.
///
/// # Errors
/// [`Invalid`](credential_core::SourceErrorKind::Invalid): `certificate-expired`,
/// `certificate-not-yet-valid`. Not for a weak key, which is a matter of the key.
pub fn judge(der_leaf: &[u8], facts: &CertificateFacts, now: SystemTime) -> Result<Vec<Finding>, SourceError> {
    check_validity(facts, now)?;
    let mut findings = Vec::new();
    if let Ok(left) = facts.not_after.duration_since(now)
        && left < EXPIRES_SOON
    {
        findings.push(
            Finding::warning("certificate-expires-soon", format!("{} expires in {}", shown(facts), span(left)))
                .remedy("have a new certificate registered and put in place before it ends"),
        );
    }
    let certificate = parse(der_leaf)?;
    if certificate.for_clients == Some(false) {
        findings.push(
            Finding::warning(
                "not-for-client-authentication",
                format!("{} has an extended key usage without client authentication", shown(facts)),
            )
            .remedy("ask for extendedKeyUsage = clientAuth, or none: some authorities refuse others"),
        );
    }
    if certificate.signs == Some(false) {
        findings.push(
            Finding::warning("not-for-signing", format!("{} has a key usage without digital signature", shown(facts)))
                .remedy("ask for keyUsage = digitalSignature"),
        );
    }
    Ok(findings)
}

/// Whether the certificate is valid at the given time.
pub(crate) fn check_validity(facts: &CertificateFacts, now: SystemTime) -> Result<(), SourceError> {
    if let Ok(since) = now.duration_since(facts.not_after)
        && !since.is_zero()
    {
        return Err(SourceError::invalid(
            "certificate-expired",
            format!("{} expired on {}, {} ago", shown(facts), date(facts.not_after), span(since)),
        )
        .remedy("put a renewed certificate in its place, or correct this machine's clock"));
    }
    if let Ok(ahead) = facts.not_before.duration_since(now)
        && !ahead.is_zero()
    {
        let remedy = if ahead <= CLOCK_SKEW {
            "this machine's clock seems to be slow: set it by NTP, or wait"
        } else {
            "use a certificate that is valid already, or correct this machine's clock"
        };
        return Err(SourceError::invalid(
            "certificate-not-yet-valid",
            format!(
                "{} is valid from {}, {} ahead of this machine's clock",
                shown(facts),
                date(facts.not_before),
                span(ahead)
            ),
        )
        .remedy(remedy));
    }
    Ok(())
}

/// The certificate in a message: subject and thumbprint.
pub(crate) fn shown(facts: &CertificateFacts) -> String {
    let subject =
        if facts.subject.is_empty() { "without subject".to_owned() } else { printable(&facts.subject, MAX_SHOWN) };
    format!("certificate {subject} ({})", facts.thumbprint())
}

/// Longest name in a message, in characters: whoever made the certificate has chosen it.
pub(crate) const MAX_SHOWN: usize = 200;

/// `3 days`, `5 hours`, `20 minutes`, rounded down.
pub(crate) fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let (count, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7_199 => (seconds / 60, "minute"),
        7_200..=172_799 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn sized<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or([0; N])
}
