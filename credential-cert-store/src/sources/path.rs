//! The source type `Path`: a certificate file, with its key in it or in a second file.

use std::path::Path;

use async_trait::async_trait;
use credential_core::{
    Credential, CredentialSource, LoadRequest, SecretBytes, Setting, SettingKind, SourceError, SourceType,
};

use super::blame::{blamed, placed};
use super::memory::{Input, Memory, opened};
use crate::MAX_CONTENT;
use crate::error::about;

const FILE: &str = "CertificateDiskPath";
const KEY_FILE: &str = "CertificateKeyDiskPath";
/// The setting of the password, wherever the certificate stands.
pub(super) const PASSWORD: &str = "CertificatePassword";

pub(super) const PASSWORD_SETTING: Setting =
    Setting::new(PASSWORD, SettingKind::Secret, "The password of the PFX or of the encrypted key.").mistaken(&[
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
#[derive(Debug, Default)]
pub struct PathSource {
    memory: Memory,
}

#[async_trait]
impl CredentialSource for PathSource {
    fn source_type(&self) -> SourceType {
        SourceType::PATH
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    /// # Errors
    /// All settled locally. `NotApplicable` when a file is not there, `Denied` when it may not be
    /// read, `Invalid` for what is wrong with its content.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let description = request.description;
        let path = description.required(FILE)?.expose().trim();
        let content = read(request, FILE, path).await?;
        let key_path = description.text(KEY_FILE).map(str::trim).filter(|path| !path.is_empty());
        let key = match key_path {
            Some(key_path) => Some(read(request, KEY_FILE, key_path).await?),
            None => None,
        };
        let input = Input { content, key, password: description.secret(PASSWORD).cloned() };
        let place = |error: SourceError, of_key| match key_path.filter(|_| of_key) {
            Some(key_path) => blamed(description, KEY_FILE, about(&error, key_path)),
            None => blamed(description, FILE, about(&error, path)),
        };
        let entry = format!("{} {path}", description.path());
        let outcome = self.memory.material(entry, input).await.map_err(|error| place(error, false))?;
        let material = opened(&outcome).map_err(|unread| place(unread.error, unread.of_key))?;
        let now = request.world.clock.now();
        let credential = material.credential(format!("certificate in {path}").into(), now);
        // What is wrong with a valid certificate is its key.
        let credential = credential.map_err(|error| place(error, material.judged(now).is_ok()))?;
        Ok(placed(description, FILE, credential))
    }
}

async fn read(request: &LoadRequest<'_>, setting: &str, path: &str) -> Result<SecretBytes, SourceError> {
    let read = request.read_file(Path::new(path), MAX_CONTENT).await;
    read.map_err(|error| request.description.at_setting(setting, error))
}
