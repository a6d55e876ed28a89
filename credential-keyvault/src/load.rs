//! From an entry to a credential: which version, and who holds its key.

use std::sync::Arc;

use credential_cert_store::{algorithms_of, certificate_alone, certificate_facts, judge};
use credential_core::source::LoadReason;
use credential_core::{Credential, Finding, SourceError};

use crate::session::{Session, at_vault};
use crate::settings::NAME;
use crate::vault::error_response::{Operation, disabled};
use crate::vault::remote_signer::RemoteSigner;
use crate::vault::version::{State, Version, newest_usable};
use crate::vault::{Certificate, Failed, Vault, material, not_found};
use crate::watch::Loaded;

/// The certificate that is used, and what is noteworthy about it.
struct Found {
    certificate: Certificate,
    findings: Vec<Finding>,
}

/// Loads the entry; hands back the previous credential when the vault has nothing newer.
pub(crate) async fn load(
    session: &Arc<Session>,
    in_vault: bool,
    reason: LoadReason,
    previous: Option<&Credential>,
) -> Result<Credential, SourceError> {
    let vault = Vault(Arc::clone(session));
    let found = choose(&vault).await?;
    let known = session.watch().loaded().is_some_and(|loaded| loaded.version == found.certificate.version.name);
    if known
        && reason != LoadReason::Initial
        && let Some(previous) = previous
    {
        look_later(session, &found.certificate.version.name);
        return Ok(previous.clone());
    }
    let version = found.certificate.version.name.clone();
    let credential = credential(&vault, found, in_vault).await?;
    look_later(session, &version);
    Ok(credential)
}

/// Looks again after the interval, up to a tenth sooner: many processes do not come back together.
fn look_later(session: &Session, version: &str) {
    let (clock, plan) = (&session.world().clock, session.plan());
    let wait = plan.poll.mul_f64(1.0 - 0.1 * session.world().jitter());
    session.watch().note_loaded(Loaded { version: version.to_owned(), next_look: clock.moment().after(wait) });
}

/// The pinned version, or the newest that is enabled and inside its time.
async fn choose(vault: &Vault) -> Result<Found, SourceError> {
    let session = &vault.0;
    let plan = session.plan();
    let current = match vault.certificate(plan.version.as_deref()).await {
        Ok(certificate) => Found { certificate, findings: Vec::new() },
        Err(Failed::Refused(response)) if response.is_disabled() => {
            let error = response.explain(Operation::Certificate, session);
            return older(vault, None, error).await;
        }
        Err(Failed::Refused(response)) if response.status == 404 => {
            return Err(not_found::explain(vault, &response).await);
        }
        Err(failed) => return Err(failed.explain(Operation::Certificate, session)),
    };
    match unusable(session, &current.certificate.version) {
        None => Ok(current),
        Some(error) => older(vault, Some(&current.certificate.version), error).await,
    }
}

/// The newest usable version beside the current one, which is not; the error when there is none.
async fn older(vault: &Vault, current: Option<&Version>, error: SourceError) -> Result<Found, SourceError> {
    let session = &vault.0;
    if session.plan().version.is_some() {
        return Err(error);
    }
    let listed = match vault.versions().await {
        Ok(listed) => listed,
        Err(Failed::Refused(response)) if matches!(response.status, 401 | 403 | 404) => return Err(error),
        Err(failed) => return Err(failed.explain(Operation::Versions, session)),
    };
    let except = current.map(|version| version.name.as_str());
    let Some(version) = newest_usable(&listed, except) else { return Err(error) };
    let certificate = vault.certificate(Some(&version.name)).await;
    let certificate = certificate.map_err(|failed| failed.explain(Operation::Certificate, session))?;
    if let Some(error) = unusable(session, &certificate.version) {
        return Err(error);
    }
    let message = format!("version {} is used: the current one cannot be ({error})", certificate.version.name);
    let finding = Finding::warning("older-version-used", message);
    let remedy = "renew the certificate in the vault, or enable its current version; it is looked for again";
    let finding = session.plan().name_at.on(finding.remedy(remedy));
    Ok(Found { certificate, findings: vec![finding] })
}

/// Why a version cannot be used, if it cannot.
fn unusable(session: &Session, version: &Version) -> Option<SourceError> {
    let plan = session.plan();
    let (name, account) = (&plan.name, plan.vault.name());
    let text = |what: &str| format!("certificate {name:?} in {}, version {}, {what}", plan.vault, version.name);
    let (code, message, remedy) = match version.state {
        State::Usable => return None,
        State::Disabled => return Some(disabled(session, None)),
        State::Expired => {
            let end = version.expires.map(credential_cert_store::date).unwrap_or_default();
            let remedy = format!(
                "renew it: az keyvault certificate create --vault-name {account} --name {name} -p @policy.json"
            );
            ("certificate-expired", text(&format!("expired on {end}")), remedy)
        }
        State::NotYetValid => {
            let start = version.not_before.map(credential_cert_store::date).unwrap_or_default();
            let remedy =
                "wait, correct this machine's clock, or pin an older version with CertificateVersion".to_owned();
            ("certificate-not-yet-valid", text(&format!("is valid from {start} on")), remedy)
        }
    };
    let error = SourceError::invalid(code, message).remedy(remedy);
    Some(error.about(NAME))
}

/// The certificate with a signer: its key where that may leave the vault, otherwise the vault itself.
async fn credential(vault: &Vault, mut found: Found, in_vault: bool) -> Result<Credential, SourceError> {
    let session = &vault.0;
    let certificate = &mut found.certificate;
    let der = certificate_alone(std::mem::take(&mut certificate.content));
    if in_vault || !certificate.exportable {
        return signed_by_vault(session, &found, der, Vec::new());
    }
    let id = format!("{}/certificates/{}/{}", session.plan().vault, session.plan().name, certificate.version.name);
    let version = certificate.secret_version.as_ref().unwrap_or(&certificate.version.name);
    let secret = match vault.secret(version).await {
        Ok(secret) => secret,
        Err(failed) => {
            let error = failed.explain(Operation::Secret, session);
            return instead(session, &found, der, error).await;
        }
    };
    session.doing("reading the certificate with its key");
    let credential = material::of_secret(session, id, secret.expose()).await?;
    match &credential {
        Credential::Certificate(loaded) if der.is_empty() || loaded.chain().first() == Some(&der) => {
            let mut findings = credential.findings().to_vec();
            findings.append(&mut found.findings);
            Ok(credential.with_findings(findings))
        }
        _ => Err(at_vault(
            SourceError::invalid("secret-of-another-certificate", "the vault's secret holds another certificate")
                .remedy("look at the certificate and the secret of that name in the vault"),
        )),
    }
}

/// The secret may not be read: the vault signs, if it does so for this caller.
async fn instead(
    session: &Arc<Session>,
    found: &Found,
    der: Vec<u8>,
    error: SourceError,
) -> Result<Credential, SourceError> {
    if !error.code().starts_with("vault-forbidden") {
        return Err(error);
    }
    let finding =
        Finding::warning("vault-signs", format!("the vault signs, since its secret may not be read ({error})"))
            .remedy("allow reading the secret, or leave it: each token needs a request to the vault");
    let finding = session.plan().url_at.on(finding);
    let algorithms = algorithms_of(&der)?;
    let signer = RemoteSigner::new(session, found.certificate.version.name.clone(), algorithms);
    if let Err(no) = signer.try_out(session).await {
        let message = format!("the certificate may be read, its secret may not, and the vault does not sign: {error}");
        let remedy = error.remedy_text().unwrap_or_default().to_owned();
        let other = no.remedy_text().unwrap_or_default();
        let error = SourceError::new(no.kind(), "vault-secret-forbidden", message)
            .remedy(format!("allow one of two: to read the secret, {remedy}; or to let the vault sign, {other}"))
            .caused_by(no);
        return Err(at_vault(error));
    }
    signed_by_vault(session, found, der, vec![finding])
}

fn signed_by_vault(
    session: &Session,
    found: &Found,
    der: Vec<u8>,
    mut findings: Vec<Finding>,
) -> Result<Credential, SourceError> {
    let plan = session.plan();
    if der.is_empty() {
        let message = format!("{} gave the certificate {:?} without its content", plan.vault, plan.name);
        return Err(at_vault(SourceError::invalid("vault-answer-unreadable", message).remedy("check KeyVaultUrl")));
    }
    let facts = certificate_facts(&der)?;
    findings.extend(found.findings.iter().cloned());
    findings.extend(judge(&der, &facts, session.world().clock.now())?);
    let algorithms = algorithms_of(&der)?;
    // The key's version is the certificate's, or the one that it names.
    let version = found.certificate.key_version.clone().unwrap_or_else(|| found.certificate.version.name.clone());
    let id =
        format!("{}/certificates/{}/{} (signed by the vault)", plan.vault, plan.name, found.certificate.version.name);
    let signer = Arc::new(RemoteSigner::new(session, version, algorithms));
    Ok(Credential::certificate(id, vec![der], facts, signer).with_findings(findings))
}
