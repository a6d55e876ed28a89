//! The source type `Certificate`: one that the program hands over.

use std::sync::Arc;

use async_trait::async_trait;
use credential_core::credential::CertificateCredential;
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Setting, SourceError, SourceType,
};

use crate::certificate::judge;

/// Gives the certificate that the program handed over with
/// [`CredentialDescription::given`], judged at each load. Its key may be anywhere: whatever signs for
/// it is a [`Signer`](credential_core::credential::Signer).
#[derive(Clone, Copy, Debug, Default)]
pub struct CertificateSource;

impl CredentialSource for CertificateSource {
    fn source_type(&self) -> SourceType {
        SourceType::CERTIFICATE
    }

    fn settings(&self) -> &[Setting] {
        &[]
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let message = match entry.given_credential() {
            Some(Credential::Certificate(certificate)) => return Ok(Arc::new(Given(certificate.clone()))),
            Some(_) => "what the program handed over is not a certificate",
            None => "the program handed over no certificate",
        };
        let remedy = "hand one over in code, or name a file: \"SourceType\": \"Path\", \"CertificateDiskPath\": ...";
        Err(cx.error(SourceError::misconfigured("no-certificate-given", message).remedy(remedy)))
    }
}

/// The certificate of one entry.
#[derive(Debug)]
struct Given(CertificateCredential);

#[async_trait]
impl CredentialLoader for Given {
    /// # Errors
    /// `Invalid` when the certificate is expired or not yet valid.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let Self(certificate) = self;
        let leaf = certificate.chain().first().map(Vec::as_slice).unwrap_or_default();
        let judged = judge(leaf, certificate.facts(), request.world.clock.now());
        let mut findings = judged.map_err(SourceError::settled_locally)?;
        let credential = Credential::Certificate(certificate.clone());
        findings.extend(credential.findings().iter().cloned());
        Ok(credential.with_findings(findings))
    }
}
