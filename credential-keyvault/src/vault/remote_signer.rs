//! Signing by the vault: the key never leaves it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use credential_core::SourceError;
use credential_core::credential::{Signer, SigningAlgorithm, SigningRequest};
use credential_core::source::Application;

use super::Vault;
use super::error_response::Operation;
use crate::session::{Context, Session, at_vault};

/// The key of one version of a certificate.
pub(crate) struct RemoteSigner {
    context: Context,
    application: Arc<Application>,
    version: String,
    algorithms: Vec<SigningAlgorithm>,
}

impl RemoteSigner {
    /// Signs with what the session reads the vault with, and in no session's time.
    pub(crate) fn new(session: &Session, version: String, algorithms: Vec<SigningAlgorithm>) -> Self {
        Self { context: session.context.clone(), application: Arc::clone(&session.application), version, algorithms }
    }

    /// Asks for a signature of nothing in particular: whether this caller may have any.
    pub(crate) async fn try_out(&self, session: &Session) -> Result<(), SourceError> {
        match self.algorithms.first() {
            Some(algorithm) => {
                let request = SigningRequest::new(*algorithm, b"", session.deadline, session.world());
                self.sign(request).await.map(|_| ())
            }
            None => {
                Err(SourceError::invalid("vault-cannot-sign", "the certificate's key signs with no known algorithm"))
            }
        }
    }
}

impl fmt::Debug for RemoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.context.plan;
        f.debug_struct("RemoteSigner")
            .field("vault", &plan.vault.to_string())
            .field("name", &plan.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Signer for RemoteSigner {
    fn algorithms(&self) -> &[SigningAlgorithm] {
        &self.algorithms
    }

    async fn sign(&self, request: SigningRequest<'_>) -> Result<Vec<u8>, SourceError> {
        let session = Session::new(&self.context, &self.application, request.world, request.deadline, true);
        let (hash, size) = match request.algorithm {
            algorithm if !self.algorithms.contains(&algorithm) => return Err(not_of_key(algorithm)),
            SigningAlgorithm::Ps256 => (&SHA256, None),
            SigningAlgorithm::Rs256 => (&SHA256, None),
            SigningAlgorithm::Es256 => (&SHA256, Some(64)),
            SigningAlgorithm::Es384 => (&SHA384, Some(96)),
            SigningAlgorithm::Es512 => (&SHA512, Some(132)),
            algorithm => return Err(not_of_key(algorithm)),
        };
        let hashed = digest(hash, request.message);
        let vault = Vault(session.clone());
        let sign = async {
            let signed = vault.sign(&self.version, request.algorithm, hashed.as_ref()).await;
            signed.map_err(|failed| failed.explain(Operation::Sign, &session))
        };
        let signed = session.until_deadline(sign).await?;
        // A signature by another version would be refused by the authority, with a less clear word.
        let fits = signed.by.is_some_and(|by| by.eq_ignore_ascii_case(&self.version))
            && size.map_or(!signed.signature.is_empty(), |size| signed.signature.len() == size);
        if fits { Ok(signed.signature) } else { Err(at_vault(unfit(&session))) }
    }
}

fn not_of_key(algorithm: SigningAlgorithm) -> SourceError {
    SourceError::invalid("algorithm-not-of-key", format!("the vault's key cannot sign {algorithm}"))
}

fn unfit(session: &Session) -> SourceError {
    let message = format!("{} gave no signature of the version that was asked for", session.plan().vault);
    SourceError::invalid("vault-answer-unreadable", message).remedy("check what answers under that name")
}
