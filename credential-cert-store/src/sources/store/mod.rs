//! The source types `StoreWith...`: a certificate from a store, found by what it says.

mod folder;
mod lookup;
mod place;
mod stored;
mod thumbprint;

use std::sync::Arc;

use async_trait::async_trait;
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Setting, SettingKind, SourceError, SourceType, Unbound,
};

use super::blame::noted;
use crate::certificate::shown;
use crate::material::off_the_runtime;
use crate::name::Name;
use folder::Folder;
use lookup::Wanted;
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
#[derive(Clone, Copy, Debug)]
pub struct StoreSource {
    by: By,
}

impl StoreSource {
    /// `StoreWithThumbprint`, `StoreWithDistinguishedName` and `StoreWithSubjectName`.
    pub fn all() -> [Self; 3] {
        [By::Thumbprint, By::DistinguishedName, By::SubjectName].map(|by| Self { by })
    }

    fn setting(&self) -> &'static str {
        match self.by {
            By::Thumbprint => THUMBPRINT,
            By::DistinguishedName => DISTINGUISHED_NAME,
            By::SubjectName => SUBJECT_NAME,
        }
    }

    fn wanted(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> Result<Wanted, Unbound> {
        let text = cx.required(entry, self.setting())?.expose();
        let (code, message, remedy) = match self.by {
            By::Thumbprint => match Thumbprint::parse(text) {
                Ok((thumbprint, finding)) => {
                    finding.into_iter().for_each(|finding| cx.say(THUMBPRINT, finding));
                    return Ok(Wanted::Thumbprint(thumbprint));
                }
                Err(why) => (
                    "not-a-thumbprint",
                    format!("\"{text}\" is not a valid thumbprint: {why}"),
                    "write the SHA-1 (40 digits) or SHA-256 (64 digits) of the certificate: \
                     openssl x509 -in FILE -noout -fingerprint",
                ),
            },
            // `openssl x509 -noout -subject` writes its label in front.
            By::DistinguishedName => match Name::from_text(text.trim_start().trim_start_matches("subject=")) {
                Ok(name) => return Ok(Wanted::DistinguishedName(name, text.to_owned())),
                Err(why) => (
                    "not-a-name",
                    format!("\"{text}\" is not a valid distinguished name: {why}"),
                    "write the whole subject, as \"CN=app, O=Contoso, C=US\"; \
                     a part of it is looked up with StoreWithSubjectName",
                ),
            },
            By::SubjectName => return Ok(Wanted::SubjectName(text.to_owned())),
        };
        Err(cx.error(SourceError::misconfigured(code, message).remedy(remedy).about(self.setting())))
    }
}

impl CredentialSource for StoreSource {
    fn source_type(&self) -> SourceType {
        match self.by {
            By::Thumbprint => SourceType::STORE_WITH_THUMBPRINT,
            By::DistinguishedName => SourceType::STORE_WITH_DISTINGUISHED_NAME,
            By::SubjectName => SourceType::STORE_WITH_SUBJECT_NAME,
        }
    }

    fn settings(&self) -> &[Setting] {
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

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let (store, wanted) = (store_path(entry, cx), self.wanted(entry, cx));
        let (store, wanted, setting) = (store?, wanted?, self.setting());
        Ok(Arc::new(StoreLoader { store, wanted, setting, folder: Folder::default() }))
    }
}

fn store_path(entry: &CredentialDescription, cx: &mut BindContext<'_>) -> Result<StorePath, Unbound> {
    let text = cx.required(entry, STORE)?.expose();
    StorePath::parse(text).map_err(|why| {
        let error =
            SourceError::misconfigured("bad-store-path", format!("\"{text}\" is not a valid certificate store: {why}"));
        cx.error(error.about(STORE).remedy("write location and store, as CurrentUser/My"))
    })
}

/// The look-up of one entry.
#[derive(Debug)]
struct StoreLoader {
    store: StorePath,
    wanted: Wanted,
    /// Which setting says what is wanted.
    setting: &'static str,
    folder: Folder,
}

#[async_trait]
impl CredentialLoader for StoreLoader {
    /// # Errors
    /// All settled locally. `NotApplicable` when there is no such store here, or nothing in it that
    /// matches; `Denied` when it may not be read; `Invalid` when nothing of what matches can be used.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let of_store = |error: SourceError| error.about(STORE).settled_locally();
        let of_wanted = |error: SourceError| error.about(self.setting).settled_locally();
        let (world, store) = (request.world, &self.store);
        let place = store.place(&*world.environment, cfg!(any(windows, target_os = "macos"))).map_err(of_store)?;
        let content = self.folder.read(request, place, store).await.map_err(of_store)?;
        let now = world.clock.now();
        let found = lookup::choose(&content, &self.wanted, store, now).map_err(of_wanted)?;
        let noteworthy = content.finding(store).into_iter().chain(found.findings);
        let mut findings: Vec<_> = noteworthy.map(|finding| finding.about(STORE)).collect();
        let id = format!("{} in {store}", shown(&found.stored.facts));
        let loaded = off_the_runtime(move || found.stored.material()?.credential(id.into(), now)).await;
        let credential = noted(self.setting, loaded.map_err(of_wanted)?);
        findings.extend(credential.findings().iter().cloned());
        Ok(credential.with_findings(findings))
    }
}
