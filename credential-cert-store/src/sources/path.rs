//! The source type `Path`: a certificate file, with its key in it or in a second file.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::credential::SecretBytes;
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Secret, Setting, SettingKind, SourceError, SourceType,
};

use super::blame::{blamed, noted};
use super::memory::{Input, Memory};
use crate::MAX_CONTENT;
use crate::error::of_content;

const FILE: &str = "CertificateDiskPath";
const KEY_FILE: &str = "CertificateKeyDiskPath";
/// The setting of the password, wherever the certificate stands.
pub(super) const PASSWORD: &str = "CertificatePassword";

pub(super) const PASSWORD_SETTING: Setting =
    Setting::new(PASSWORD, SettingKind::Text, "The password of the PFX or of the encrypted key.").secret().mistaken(&[
        "Password",
        "CertPassword",
        "PfxPassword",
        "CertificateDiskPassword",
    ]);

const SETTINGS: &[Setting] = &[
    Setting::new(FILE, SettingKind::FilePath, "The certificate file: PFX, PEM or DER; it may be replaced at any time.")
        .required()
        .mistaken(&["CertificatePath", "CertificateFilePath", "CertificateFile", "DiskPath", "PfxPath"]),
    PASSWORD_SETTING,
    Setting::new(KEY_FILE, SettingKind::FilePath, "The file of the private key, when it is not in the certificate's.")
        .mistaken(&["CertificateKeyPath", "CertificateKeyFilePath", "PrivateKeyPath", "KeyPath", "KeyDiskPath"]),
];

/// Loads a certificate from a file.
///
/// The file is read at each load and taken apart when its content is another than before; so a
/// replaced file is used at the next exchange. While a new content is incomplete (the certificate
/// is there and its key not yet) the load fails, and the chain goes on with what it had.
#[derive(Clone, Copy, Debug, Default)]
pub struct PathSource;

impl CredentialSource for PathSource {
    fn source_type(&self) -> SourceType {
        SourceType::PATH
    }

    fn mistaken(&self) -> &[&'static str] {
        &["File", "Pfx", "Pem", "CertificatePath", "CertificateFile", "CertificateDiskPath"]
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let key = entry.text(KEY_FILE).map(str::trim).filter(|path| !path.is_empty());
        Ok(Arc::new(CertificateFile {
            path: cx.required(entry, FILE)?.expose().trim().to_owned(),
            key_path: key.map(str::to_owned),
            password: entry.secret(PASSWORD).cloned(),
            memory: Memory::default(),
        }))
    }
}

/// The certificate file of one entry.
#[derive(Debug)]
struct CertificateFile {
    path: String,
    key_path: Option<String>,
    password: Option<Secret>,
    memory: Memory,
}

impl CertificateFile {
    async fn read(&self, request: &LoadRequest<'_>) -> Result<Input, SourceError> {
        let content = read(request, FILE, &self.path).await?;
        let key = match &self.key_path {
            Some(key_path) => Some(read(request, KEY_FILE, key_path).await?),
            None => None,
        };
        Ok(Input { content, key, password: self.password.clone() })
    }

    /// The error about one of the two files.
    fn blamed(&self, error: &SourceError, of_key: bool) -> SourceError {
        match self.key_path.as_ref().filter(|_| of_key) {
            Some(key_path) => blamed(KEY_FILE, of_content(key_path, error)),
            None => blamed(FILE, of_content(&self.path, error)),
        }
    }
}

#[async_trait]
impl CredentialLoader for CertificateFile {
    /// # Errors
    /// All settled locally. `NotApplicable` when a file is not there, `Denied` when it may not be
    /// read, `Invalid` for what is wrong with its content.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let input = self.read(request).await?;
        let material = self.memory.material(input).await;
        let material = material.map_err(|unread| self.blamed(&unread.error, unread.of_key))?;
        let now = request.world.clock.now();
        let credential = material.credential(format!("certificate in {}", self.path).into(), now);
        // What is wrong with a valid certificate is its key.
        let credential = credential.map_err(|error| self.blamed(&error, material.judged(now).is_ok()))?;
        Ok(noted(FILE, credential))
    }
}

async fn read(request: &LoadRequest<'_>, setting: &'static str, path: &str) -> Result<SecretBytes, SourceError> {
    request.read_file(Path::new(path), MAX_CONTENT).await.map_err(|error| error.about(setting))
}
