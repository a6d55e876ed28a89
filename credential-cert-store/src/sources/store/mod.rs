//! The source types `StoreWith...`: a certificate from a store, found by what it says.

mod folder;
mod lookup;
mod place;
mod stored;
mod thumbprint;

use std::sync::Arc;

use async_trait::async_trait;
use credential_core::{
    Credential, CredentialDescription, CredentialSource, Finding, LoadRequest, Setting, SettingKind, SourceError,
    SourceType,
};

use super::blame::placed;
use crate::material::off_the_runtime;
use crate::name::Name;
use folder::Folders;
use lookup::{Found, Wanted};
use place::StorePath;
use thumbprint::Thumbprint;

pub use folder::{MAX_STORE_FILES, MAX_STORE_ROUNDS};

const STORE: &str = "CertificateStorePath";
const THUMBPRINT: &str = "CertificateThumbprint";
const DISTINGUISHED_NAME: &str = "CertificateDistinguishedName";
const SUBJECT_NAME: &str = "CertificateSubjectName";

const STORE_SETTING: Setting =
    Setting::new(STORE, SettingKind::Text, "The store: `CurrentUser/My`, or another location and store.")
        .required()
        .mistaken(&["StorePath", "CertificateStore", "CertificateStoreName", "StoreName", "CertificateStoreLocation"]);

/// What a certificate is looked up by.
#[derive(Clone, Copy, Debug)]
enum By {
    Thumbprint,
    DistinguishedName,
    SubjectName,
}

/// Finds a certificate in a certificate store.
///
/// On Linux that is where .NET keeps its stores; see the crate's README. The store's files are listed
/// at each load, and a file is taken apart when it is new or another than before. Of what
/// matches, a certificate that is valid now is used: one that matches exactly before one that
/// matches in part, then one with its key, then the one that began last.
#[derive(Clone, Debug)]
pub struct StoreSource {
    by: By,
    folders: Arc<Folders>,
}

impl StoreSource {
    /// `StoreWithThumbprint`, `StoreWithDistinguishedName` and `StoreWithSubjectName`, which remember
    /// what they read together.
    pub fn all() -> [Self; 3] {
        let folders = Arc::new(Folders::default());
        [By::Thumbprint, By::DistinguishedName, By::SubjectName].map(|by| Self { by, folders: Arc::clone(&folders) })
    }

    fn setting(&self) -> &'static str {
        match self.by {
            By::Thumbprint => THUMBPRINT,
            By::DistinguishedName => DISTINGUISHED_NAME,
            By::SubjectName => SUBJECT_NAME,
        }
    }

    fn wanted(&self, description: &CredentialDescription) -> Result<(Wanted, Vec<Finding>), SourceError> {
        let text = description.required(self.setting())?.expose();
        let refused = |code, message: String, remedy: &str| {
            let error = SourceError::misconfigured(code, message).remedy(remedy);
            description.at_setting(self.setting(), error)
        };
        match self.by {
            By::Thumbprint => match Thumbprint::parse(text) {
                Ok((thumbprint, finding)) => {
                    let at_thumbprint = |finding| description.finding_at_setting(THUMBPRINT, finding);
                    Ok((Wanted::Thumbprint(thumbprint), finding.into_iter().map(at_thumbprint).collect()))
                }
                Err(why) => {
                    let remedy = "write the SHA-1 (40 digits) or SHA-256 (64 digits) of the certificate: \
                                  openssl x509 -in FILE -noout -fingerprint";
                    Err(refused("not-a-thumbprint", format!("\"{text}\" is no thumbprint: {why}"), remedy))
                }
            },
            // `openssl x509 -noout -subject` writes its label in front.
            By::DistinguishedName => match Name::from_text(text.trim_start().trim_start_matches("subject=")) {
                Ok(name) => Ok((Wanted::DistinguishedName(name, text.to_owned()), Vec::new())),
                Err(why) => {
                    let remedy = "write the whole subject, as \"CN=app, O=Contoso, C=US\"; \
                                  a part of it is looked up with StoreWithSubjectName";
                    Err(refused("not-a-name", format!("\"{text}\" is no distinguished name: {why}"), remedy))
                }
            },
            By::SubjectName => Ok((Wanted::SubjectName(text.to_owned()), Vec::new())),
        }
    }

    async fn find(&self, request: &LoadRequest<'_>) -> Result<(Found, StorePath, Vec<Finding>), SourceError> {
        let description = request.description;
        let (wanted, mut findings) = self.wanted(description)?;
        let store = store_path(description)?;
        let here = |error: SourceError| description.at_setting(STORE, error.settled_locally());
        let place = store.place(&*request.world.environment, cfg!(any(windows, target_os = "macos"))).map_err(here)?;
        let content = self.folders.read(request, place, &store).await.map_err(here)?;
        let now = request.world.clock.now();
        let found = lookup::choose(&content, &wanted, &store, now)
            .map_err(|error| description.at_setting(self.setting(), error.settled_locally()))?;
        findings.extend(content.finding(&store).map(|finding| description.finding_at_setting(STORE, finding)));
        Ok((found, store, findings))
    }
}

#[async_trait]
impl CredentialSource for StoreSource {
    fn source_type(&self) -> SourceType {
        match self.by {
            By::Thumbprint => SourceType::STORE_WITH_THUMBPRINT,
            By::DistinguishedName => SourceType::STORE_WITH_DISTINGUISHED_NAME,
            By::SubjectName => SourceType::STORE_WITH_SUBJECT_NAME,
        }
    }

    fn settings(&self) -> &'static [Setting] {
        const BY_THUMBPRINT: &[Setting] = &[
            STORE_SETTING,
            Setting::new(THUMBPRINT, SettingKind::Text, "The certificate's thumbprint, SHA-1 or SHA-256.")
                .required()
                .mistaken(&["Thumbprint", "CertificateHash", "CertThumbprint"]),
        ];
        const BY_DISTINGUISHED_NAME: &[Setting] = &[
            STORE_SETTING,
            Setting::new(DISTINGUISHED_NAME, SettingKind::Text, "The certificate's whole subject.")
                .required()
                .mistaken(&["DistinguishedName", "CertificateSubjectDistinguishedName", "CertificateSubject"]),
        ];
        const BY_SUBJECT_NAME: &[Setting] = &[
            STORE_SETTING,
            Setting::new(SUBJECT_NAME, SettingKind::Text, "A value in the certificate's subject, or a part of it.")
                .required()
                .mistaken(&["SubjectName", "CertificateSubject", "CertificateName"]),
        ];
        match self.by {
            By::Thumbprint => BY_THUMBPRINT,
            By::DistinguishedName => BY_DISTINGUISHED_NAME,
            By::SubjectName => BY_SUBJECT_NAME,
        }
    }

    fn validate(&self, description: &CredentialDescription) -> Result<(), SourceError> {
        store_path(description)?;
        self.wanted(description).map(drop)
    }

    /// # Errors
    /// All settled locally. `NotApplicable` when there is no such store here, or nothing in it that
    /// matches; `Denied` when it may not be read; `Invalid` when nothing of what matches can be used.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let (found, store, mut findings) = self.find(request).await?;
        let id = format!("{} in {store}", crate::certificate::shown(&found.stored.facts));
        let at_store = |finding| request.description.finding_at_setting(STORE, finding);
        findings.extend(found.findings.into_iter().map(at_store));
        let now = request.world.clock.now();
        let loaded = off_the_runtime(move || found.stored.material()?.credential(id.into(), now)).await;
        let credential =
            loaded.map_err(|error| request.description.at_setting(self.setting(), error.settled_locally()))?;
        let credential = placed(request.description, self.setting(), credential);
        findings.extend(credential.findings().iter().cloned());
        Ok(credential.with_findings(findings))
    }
}

fn store_path(description: &CredentialDescription) -> Result<StorePath, SourceError> {
    let text = description.required(STORE)?.expose();
    StorePath::parse(text).map_err(|why| {
        let error = SourceError::misconfigured("bad-store-path", format!("\"{text}\" is no certificate store: {why}"));
        description.at_setting(STORE, error.remedy("write location and store, as CurrentUser/My"))
    })
}
