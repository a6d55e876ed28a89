//! The source type `SignedAssertionFromHashiCorpVault`: a certificate whose key is in the Transit engine of HashiCorp
//! Vault or OpenBao, and never leaves it
//! (<https://developer.hashicorp.com/vault/api-docs/secret/transit>, <https://openbao.org/api-docs/secret/transit/>).

mod certificate;
mod plan;
mod server;
mod transit;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use credential_cert_store::Material;
use credential_core::source::LoadReason;
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Setting, SourceError, SourceType,
};

use crate::lock::lock;
use plan::Plan;
use server::Server;
use transit::{Transit, VersionOf};

/// A certificate that HashiCorp Vault or OpenBao signs for, by its Transit engine.
///
/// ```json
/// { "SourceType": "SignedAssertionFromHashiCorpVault", "VaultAddress": "https://vault.contoso.example:8200",
///   "VaultKeyName": "orders", "CertificateDiskPath": "orders.crt" }
/// ```
///
/// Signatures are asked for by hash (PS256, RS256, ES256, ES384, ES512), of the version of the key that the
/// certificate belongs to: that is looked for among the key's versions, so a key may be rotated before its new
/// certificate is in place. `VaultKeyVersion` pins one without a look. The certificate comes from
/// `CertificateDiskPath`, `Base64EncodedValue` or, in the vault's key-value engine, `VaultCertificatePath`.
///
/// It stands in this crate because everything that it needs is here: certificates, and remote signers of the core's
/// contract. It knows nothing of Azure.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashiCorpVaultSource;

impl HashiCorpVaultSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("SignedAssertionFromHashiCorpVault");
}

impl CredentialSource for HashiCorpVaultSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        plan::SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        Ok(Arc::new(Loader { plan: Arc::new(Plan::read(entry, cx)?), known: Mutex::default() }))
    }
}

/// One entry.
#[derive(Debug)]
struct Loader {
    plan: Arc<Plan>,
    /// The leaf that was loaded, and the version of the key that it belongs to.
    known: Mutex<Option<(Vec<u8>, u64)>>,
}

impl Loader {
    /// The version that belongs to the leaf; looked for anew where the authority refused what it signed.
    async fn version(&self, server: &Server<'_>, leaf: &[u8], reason: LoadReason) -> Result<u64, SourceError> {
        if let Some(pinned) = self.plan.version {
            return Ok(pinned);
        }
        let known = lock(&self.known).clone();
        if let Some((_, version)) = known.filter(|(known, _)| known == leaf && reason != LoadReason::Rejected) {
            return Ok(version);
        }
        let version = match transit::version_of(server, leaf).await? {
            VersionOf::Certificate(version) => version,
            VersionOf::Nobody(versions) => return Err(transit::of_another_key(&self.plan, &versions)),
        };
        *lock(&self.known) = Some((leaf.to_vec(), version));
        Ok(version)
    }
}

#[async_trait]
impl CredentialLoader for Loader {
    /// # Errors
    /// `NotApplicable` where nothing says where the vault is or what it is asked with, `Denied` where it refuses,
    /// `Invalid` for a certificate or an answer that cannot be used, `Transient` where the vault is sealed, unwell or
    /// out of reach.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let server = Server::new(&self.plan, request.world, request.deadline);
        let content = certificate::content(&server).await?;
        let material = Material::read(content, None).await.map_err(|error| certificate::blamed(&self.plan, error))?;
        let leaf = material.chain().first().cloned().unwrap_or_default();
        let findings = material.judged(request.world.clock.now());
        let findings = findings.map_err(|error| certificate::blamed(&self.plan, error))?;
        let version = self.version(&server, &leaf, request.reason).await?;
        let signer = Transit::new(Arc::clone(&self.plan), version, &leaf)?;
        let id = format!("key {} of {}, version {version} (signed by the vault)", self.plan.key, server.shown());
        let (chain, facts) = (material.chain().to_vec(), material.facts().clone());
        let credential = Credential::certificate(id, chain, facts, Arc::new(signer)).with_findings(findings);
        Ok(request.unchanged(credential))
    }
}
