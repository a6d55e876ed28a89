//! From an entry to a credential: which version, and who holds its key.

use std::sync::Arc;

use azure_security_keyvault_certificates::models::Certificate;
use credential_cert_store::{algorithms_of, certificate_alone, certificate_facts, judge};
use credential_core::{Credential, Finding, LoadReason, SourceError};

use crate::material;
use crate::memory::Watch;
use crate::missing;
use crate::problem::{Asked, disabled};
use crate::remote_signer::RemoteSigner;
use crate::session::{Session, at_vault};
use crate::settings::NAME;
use crate::vault::{Failed, Vault};
use crate::version::{State, Version, newest_usable, shown, version_of};

/// A certificate in one of its versions.
struct Found {
    certificate: Certificate,
    version: Version,
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
    let known = session.memory().watch().is_some_and(|watch| watch.version == found.version.name);
    if known
        && reason != LoadReason::Initial
        && let Some(previous) = previous
    {
        watch(session, &found.version);
        return Ok(previous.clone());
    }
    let version = found.version.clone();
    let credential = credential(&vault, found, in_vault).await?;
    watch(session, &version);
    Ok(credential)
}

/// Looks again after the interval, up to a tenth sooner: many processes do not come back together.
fn watch(session: &Session, version: &Version) {
    let (clock, plan) = (&session.world().clock, session.plan());
    let wait = plan.poll.mul_f64(1.0 - 0.1 * session.world().jitter());
    session.memory().set_watch(Watch { version: version.name.clone(), next: clock.moment().after(wait) });
}

/// The pinned version, or the newest that is enabled and inside its time.
async fn choose(vault: &Vault) -> Result<Found, SourceError> {
    let session = &vault.0;
    let plan = session.plan();
    let current = match vault.certificate(plan.version.as_deref()).await {
        Ok(certificate) => found(session, certificate)?,
        Err(Failed::Refused(problem)) if problem.is_disabled() => {
            let error = problem.explain(Asked::Certificate, session);
            return older(vault, None, error).await;
        }
        Err(Failed::Refused(problem)) if problem.status == 404 => return Err(missing::explain(vault, &problem).await),
        Err(failed) => return Err(failed.explain(Asked::Certificate, session)),
    };
    match unusable(session, &current.version) {
        None => Ok(current),
        Some(error) => older(vault, Some(&current.version), error).await,
    }
}

fn found(session: &Session, certificate: Certificate) -> Result<Found, SourceError> {
    let name = certificate.id.as_deref().and_then(version_of).ok_or_else(|| {
        let message = format!("{} names no version of the certificate", session.plan().vault);
        at_vault(SourceError::invalid("vault-answer-unreadable", message).remedy("check KeyVaultUrl"))
    })?;
    let version = Version::new(name, certificate.attributes.as_ref(), session.world().clock.now());
    Ok(Found { certificate, version, findings: Vec::new() })
}

/// The newest usable version beside the current one, which is not; the error when there is none.
async fn older(vault: &Vault, current: Option<&Version>, error: SourceError) -> Result<Found, SourceError> {
    let session = &vault.0;
    if session.plan().version.is_some() {
        return Err(error);
    }
    let listed = match vault.versions().await {
        Ok(listed) => listed,
        Err(Failed::Refused(problem)) if matches!(problem.status, 401 | 403 | 404) => return Err(error),
        Err(failed) => return Err(failed.explain(Asked::Versions, session)),
    };
    let except = current.map(|version| version.name.as_str());
    let Some(version) = newest_usable(&listed, except, session.world().clock.now()) else { return Err(error) };
    let certificate = vault.certificate(Some(&version.name)).await;
    let mut found = found(session, certificate.map_err(|failed| failed.explain(Asked::Certificate, session))?)?;
    if let Some(error) = unusable(session, &found.version) {
        return Err(error);
    }
    let message = format!("version {} is used: the current one cannot be ({error})", found.version.name);
    found.findings.push(session.plan().name_at.on(Finding::warning("older-version-used", message)));
    Ok(found)
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
            let end = version.expires.map(shown).unwrap_or_default();
            let remedy = format!(
                "renew it: az keyvault certificate create --vault-name {account} --name {name} -p @policy.json"
            );
            ("certificate-expired", text(&format!("expired on {end}")), remedy)
        }
        State::NotYetValid => {
            let start = version.not_before.map(shown).unwrap_or_default();
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
    let exportable = found.certificate.policy.as_ref().and_then(|policy| policy.key_properties.as_ref());
    let exportable = exportable.and_then(|key| key.exportable).unwrap_or(true);
    let der = certificate_alone(found.certificate.cer.take().unwrap_or_default());
    if in_vault || !exportable {
        return signed_by_vault(session, &found, der, Vec::new());
    }
    let id = format!("{}/certificates/{}/{}", session.plan().vault, session.plan().name, found.version.name);
    let version = found.certificate.sid.as_deref().and_then(version_of);
    let secret = match vault.secret(version.as_deref().unwrap_or(&found.version.name)).await {
        Ok(secret) => secret,
        Err(failed) => {
            let error = failed.explain(Asked::Secret, session);
            return instead(session, &found, der, error).await;
        }
    };
    let value = zeroize::Zeroizing::new(secret.value.unwrap_or_default());
    session.doing("reading the certificate with its key");
    let credential = material::of_secret(session, id, &value).await?;
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
            .remedy("each token needs a request to the vault; to avoid it, allow reading the secret");
    let finding = session.plan().url_at.on(finding);
    let algorithms = algorithms_of(&der)?;
    let signer = RemoteSigner::new(session, found.version.name.clone(), algorithms);
    if let Err(no) = signer.try_out(session).await {
        let message = format!("the certificate may be read, its secret may not, and the vault does not sign: {error}");
        let remedy = error.remedy_text().unwrap_or_default().to_owned();
        let other = no.remedy_text().unwrap_or_default();
        let error = SourceError::new(no.kind(), "vault-secret-forbidden", message)
            .remedy(format!("to read the secret: {remedy}; or to let the vault sign: {other}"))
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
    let version = found.certificate.kid.as_deref().and_then(version_of).unwrap_or_else(|| found.version.name.clone());
    let id = format!("{}/certificates/{}/{} (signed by the vault)", plan.vault, plan.name, found.version.name);
    let signer = Arc::new(RemoteSigner::new(session, version, algorithms));
    Ok(Credential::certificate(id, vec![der], facts, signer).with_findings(findings))
}
