//! The source type `Certificate`: one that the program hands over.

use async_trait::async_trait;
use credential_core::{
    Credential, CredentialDescription, CredentialSource, LoadRequest, Setting, SourceError, SourceType,
};

use crate::certificate::judge;

/// Gives the certificate that the program handed over with
/// [`CredentialDescription::given`], judged at each load. Its key may be anywhere: whatever signs for
/// it is a [`Signer`](credential_core::Signer).
#[derive(Clone, Copy, Debug, Default)]
pub struct CertificateSource;

#[async_trait]
impl CredentialSource for CertificateSource {
    fn source_type(&self) -> SourceType {
        SourceType::CERTIFICATE
    }

    fn settings(&self) -> &'static [Setting] {
        &[]
    }

    fn validate(&self, description: &CredentialDescription) -> Result<(), SourceError> {
        given(description).map(drop)
    }

    /// # Errors
    /// `Misconfigured` when no certificate was handed over; `Invalid` when it is expired or not yet valid.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let credential = given(request.description)?;
        let Credential::Certificate(certificate) = credential else { return Ok(credential.clone()) };
        let leaf = certificate.chain().first().map(Vec::as_slice).unwrap_or_default();
        let mut findings = judge(leaf, certificate.facts(), request.world.clock.now()).map_err(|error| {
            error.settled_locally().at(request.description.path(), request.description.origin().clone())
        })?;
        findings.extend(credential.findings().iter().cloned());
        Ok(credential.clone().with_findings(findings))
    }
}

fn given(description: &CredentialDescription) -> Result<&Credential, SourceError> {
    let misconfigured = |message: &str| {
        SourceError::misconfigured("no-certificate-given", message)
            .at(description.path(), description.origin().clone())
            .remedy("hand one over in code, or name a file: \"SourceType\": \"Path\", \"CertificateDiskPath\": ...")
    };
    match description.given_credential() {
        Some(credential @ Credential::Certificate(_)) => Ok(credential),
        Some(_) => Err(misconfigured("what the program handed over is no certificate")),
        None => Err(misconfigured("the program handed over no certificate")),
    }
}
