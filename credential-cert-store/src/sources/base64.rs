//! The source type `Base64Encoded`: a certificate written into the configuration.

use std::sync::Arc;

use ::base64::Engine;
use async_trait::async_trait;
use credential_core::credential::SecretBytes;
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Setting, SettingKind, SourceError, SourceType,
};

use super::blame::{blamed, noted};
use super::memory::{Input, Memory};
use super::path::{PASSWORD, PASSWORD_SETTING};
use crate::MAX_CONTENT;
use crate::pem::{self, LENIENT_BASE64};

const VALUE: &str = "Base64EncodedValue";

const SETTINGS: &[Setting] = &[
    Setting::new(VALUE, SettingKind::Text, "The certificate with its key, a PFX or PEM text, in base64.")
        .secret()
        .required()
        .mistaken(&["Base64Value", "Base64", "Base64Encoded", "CertificateBase64", "Base64EncodedCertificate"]),
    PASSWORD_SETTING,
];

/// Loads a certificate that stands in the configuration in base64.
#[derive(Clone, Copy, Debug, Default)]
pub struct Base64Source;

impl CredentialSource for Base64Source {
    fn source_type(&self) -> SourceType {
        SourceType::BASE64_ENCODED
    }

    fn mistaken(&self) -> &[&'static str] {
        &["Base64", "Base64Certificate"]
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let text = cx.required(entry, VALUE)?.expose();
        let content = decoded(text.as_bytes()).map_err(|error| cx.error(error.about(VALUE)))?;
        let input = Input { content, key: None, password: entry.secret(PASSWORD).cloned() };
        Ok(Arc::new(Base64 { input, memory: Memory::default() }))
    }
}

/// The certificate of one entry.
#[derive(Debug)]
struct Base64 {
    input: Input,
    memory: Memory,
}

#[async_trait]
impl CredentialLoader for Base64 {
    /// # Errors
    /// `Invalid` for what is wrong with the content.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let blame = |error: SourceError| blamed(VALUE, advised(error));
        let material = self.memory.material(self.input.clone()).await.map_err(|unread| blame(unread.error))?;
        let id = format!("certificate {}", material.facts().thumbprint());
        let credential = material.credential(id.into(), request.world.clock.now()).map_err(blame)?;
        Ok(noted(VALUE, credential))
    }
}

/// What to do about a content that is no file.
fn advised(error: SourceError) -> SourceError {
    match error.code() {
        "base64-text" => error.remedy("encode the file once (base64 -w0 app.pfx): the value is base64 of base64"),
        "unknown-content" => error.remedy("write the whole file in base64: base64 -w0 app.pfx"),
        _ => error,
    }
}

/// The bytes: of base64 in either alphabet, broken into lines or not; PEM text stands for itself.
///
/// # Errors
/// `Misconfigured` when the value is too large, or no base64.
fn decoded(text: &[u8]) -> Result<SecretBytes, SourceError> {
    let refused = |code, message: &str, remedy: &str| SourceError::misconfigured(code, message).remedy(remedy);
    if pem::is_pem(text) {
        return Ok(SecretBytes::new(text));
    }
    if text.len() as u64 > MAX_CONTENT / 3 * 4 {
        return Err(refused("too-large", "the value is beyond MAX_CONTENT (1 MiB)", "name a file: SourceType Path"));
    }
    let mut digits = pem::base64_digits(text);
    for digit in digits.iter_mut() {
        *digit = match *digit {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
    }
    match LENIENT_BASE64.decode(&*digits) {
        Ok(content) => Ok(SecretBytes::new(content)),
        Err(_) => Err(refused(
            "not-base64",
            "the value is not valid base64",
            "write the whole file in base64: base64 -w0 app.pfx; a file's path goes into CertificateDiskPath",
        )),
    }
}
