//! The source type `SignedAssertionFilePath`: an assertion in a file, as Kubernetes projects it.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::credential::{Assertion, SecretBytes};
use credential_core::source::{Detected, Origin};
use credential_core::world::Environment;
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, Finding,
    LoadRequest, Secret, Setting, SettingKind, SourceError, SourceType, World,
};

use crate::audience;
use crate::facts::{AssertionFacts, MAX_ASSERTION_LENGTH};
use crate::platform::{Checked, Words, check, registration};

const PATH: &str = "SignedAssertionFileDiskPath";
/// Set by the workload identity webhook of AKS.
const PATH_VARIABLE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// Named in documentation and read by nothing: Microsoft.Identity.Web overwrites what it reads there.
const UNREAD_VARIABLE: &str = "AZURE_ACCESS_TOKEN_FILE";

const SETTINGS: &[Setting] = &[Setting::new(
    PATH,
    SettingKind::FilePath,
    "The file with the signed assertion; without it, the one that AZURE_FEDERATED_TOKEN_FILE names.",
)
.mistaken(&[
    "SignedAssertionFilePath",
    "SignedAssertionFile",
    "SignedAssertionDiskPath",
    "SignedAssertionPath",
    "FederatedTokenFile",
    "TokenFilePath",
])];

/// Reads a signed assertion from a file that somebody else keeps fresh.
///
/// The file is `SignedAssertionFileDiskPath`, or else what the environment variable
/// `AZURE_FEDERATED_TOKEN_FILE` names. (`AZURE_ACCESS_TOKEN_FILE` is not honoured, as it is not by
/// Microsoft.Identity.Web.) It is read at every exchange, so a rotated one is used at once.
/// A line end behind the assertion is cut. `exp` is read, and an assertion that has ended fails here
/// instead of at the authority, so that the next entry has its turn.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignedAssertionFileSource;

#[async_trait]
impl CredentialSource for SignedAssertionFileSource {
    fn source_type(&self) -> SourceType {
        SourceType::SIGNED_ASSERTION_FILE_PATH
    }

    fn mistaken(&self) -> &[&'static str] {
        &[
            "WorkloadIdentity",
            "FederatedToken",
            "FederatedIdentity",
            "TokenFile",
            "ClientAssertion",
            "SignedAssertionFileDiskPath",
        ]
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, _cx: &mut BindContext<'_>) -> BindResult {
        let written = entry.text(PATH).map(str::trim).filter(|path| !path.is_empty()).map(str::to_owned);
        Ok(Arc::new(TokenFile { written, setting: entry.setting_path(PATH), origin: entry.setting_origin(PATH) }))
    }

    async fn detect(&self, world: &World) -> Vec<Detected> {
        let Some(path) = world.environment.text(PATH_VARIABLE) else { return Vec::new() };
        let found = Detected::new("workload identity", format!("{PATH_VARIABLE} is set"));
        vec![match world.stamp(Path::new(&path)).await {
            Ok(_) => found,
            Err(error) => found.lacks(format!("{path} cannot be read: {error}")),
        }]
    }
}

/// One entry.
#[derive(Debug)]
struct TokenFile {
    /// The file, where the entry names it.
    written: Option<String>,
    setting: String,
    origin: Origin,
}

#[async_trait]
impl CredentialLoader for TokenFile {
    /// # Errors
    /// All settled locally. `NotApplicable` when no file is named or there is none, `Denied` when it
    /// may not be read, `Invalid` when it holds no JWT or one that has ended or not begun.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let place = self.place(&*request.world.environment).map_err(SourceError::settled_locally)?;
        // One small file; the chain bounds and guards the load, as every source's.
        place.load(request).await.map_err(|error| error.settled_locally().at(place.setting, place.origin.clone()))
    }
}

impl TokenFile {
    fn place(&self, environment: &dyn Environment) -> Result<Place<'_>, SourceError> {
        let setting = &self.setting;
        if let Some(path) = &self.written {
            return Ok(Place { path: path.clone(), setting, origin: self.origin.clone() });
        }
        match environment.text(PATH_VARIABLE) {
            Some(path) => Ok(Place { path, setting, origin: Origin::environment(PATH_VARIABLE) }),
            None => Err(no_file(environment.var(UNREAD_VARIABLE).is_some())),
        }
    }
}

/// The file, and what named it.
struct Place<'a> {
    path: String,
    setting: &'a str,
    origin: Origin,
}

impl Place<'_> {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let path = &self.path;
        // Reading so little costs no more than asking whether it changed would. Room for line ends.
        let content = request.read_file(Path::new(path), MAX_ASSERTION_LENGTH + 16).await?;
        let words = Words::of_file(path);
        let Checked { token, facts } = check(token(&content, path, &words)?, &words, request.world.clock.now())?;
        let credential = Credential::assertion(format!("assertion in {path}"), Assertion::new(token, facts.expires_on));
        Ok(request.unchanged(credential.with_findings(self.findings(&facts, request))))
    }

    fn findings(&self, facts: &AssertionFacts, request: &LoadRequest<'_>) -> Vec<Finding> {
        let path = &self.path;
        let mut findings = Vec::new();
        if facts.expires_on.is_none() {
            findings.push(
                Finding::warning(
                    "assertion-without-expiry",
                    format!("the assertion in {path} does not say when it ends"),
                )
                .remedy("let its issuer put an exp claim into it; Microsoft Entra refuses it without one"),
            );
        }
        // An authority without tenants is not Microsoft Entra and has an audience of its own.
        let fits = facts.audience.iter().any(|audience| audience.starts_with(audience::ANYWHERE));
        if request.application.tenant.is_some() && !fits {
            let message = match facts.audience.first() {
                Some(audience) => format!("the assertion in {path} is meant for {audience:?}, not for Microsoft Entra"),
                None => format!("the assertion in {path} does not say whom it is meant for"),
            };
            let wanted = audience::of_cloud(request.application.cloud.as_deref());
            let mut remedy = format!("have it issued for the audience {wanted}, as the federated credential has it");
            if let Some(registered) = registration(facts, &request.application.client_id) {
                remedy = format!("{remedy}; or register it as it is: {registered}");
            }
            findings.push(Finding::warning("assertion-audience", message).remedy(remedy));
        }
        findings.into_iter().map(|finding| finding.at(self.setting, self.origin.clone())).collect()
    }
}

fn no_file(unread_variable_is_set: bool) -> SourceError {
    let error = SourceError::not_applicable("token-file-not-set", format!("{PATH_VARIABLE} is not set"));
    let remedy = if unread_variable_is_set {
        format!("{UNREAD_VARIABLE} is set, but it is not read: set {PATH_VARIABLE} or {PATH}")
    } else {
        format!("let the pod use workload identity (Kubernetes), or set {PATH}")
    };
    error.remedy(remedy).about(PATH)
}

fn token(content: &SecretBytes, path: &str, words: &Words) -> Result<Secret, SourceError> {
    let text = std::str::from_utf8(content.expose()).map_err(|_| words.not_an_assertion(": it is not text"))?;
    let token = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    if token.trim().is_empty() {
        return Err(SourceError::invalid("empty-file", format!("{path} is empty"))
            .remedy("look at what writes it: the token is not there yet, or writing it failed"));
    }
    Ok(Secret::new(token))
}
