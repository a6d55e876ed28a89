//! Azure Arc: servers elsewhere with an agent of Azure's. It gives a token to whoever can read a file that only
//! it and its group may (<https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication>).

use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use credential_core::world::{Challenge, HttpRequest, HttpResponse};
use credential_core::{Secret, SourceError, World};

use super::asking::{Asking, JSON, USUAL};
use super::host::{Answer, Host};
use super::identity::Identity;

const ENDPOINT: &str = "http://127.0.0.1:40342/metadata/identity/oauth2/token";
/// The most bytes that the agent writes into such a file.
const MAX_KEY: u64 = 4096;
const ROOT: u32 = 0;

#[derive(Debug)]
pub(super) struct AzureArc {
    pub(super) endpoint: String,
}

impl Default for AzureArc {
    fn default() -> Self {
        Self { endpoint: ENDPOINT.to_owned() }
    }
}

impl AzureArc {
    /// Whether the agent is installed, where no variable tells.
    pub(super) async fn is_installed(world: &World) -> bool {
        let agent = match cfg!(windows) {
            true => world
                .environment
                .text("ProgramFiles")
                .map(|folder| Path::new(&folder).join("AzureConnectedMachineAgent").join("himds.exe")),
            false => Some(PathBuf::from("/opt/azcmagent/bin/himds")),
        };
        match agent {
            Some(agent) => world.stamp(&agent).await.is_ok_and(|stamp| !stamp.is_folder),
            None => false,
        }
    }

    /// The text of the file that the agent's challenge names.
    async fn key(&self, asking: &Asking<'_>, response: &HttpResponse) -> Result<Secret, SourceError> {
        let challenges = response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("WWW-Authenticate"));
        let mut challenges = challenges.flat_map(|(_, value)| Challenge::read_all(value));
        let realm = challenges
            .find(|one| one.is("Basic"))
            .and_then(|one| one.parameter("realm").map(str::to_owned))
            .ok_or_else(|| no_challenge(response.status))?;
        let (path, world) = (Path::new(&realm), asking.world);
        let folder = folder(world).ok_or_else(|| insecure("the agent's folder is unknown: ProgramData is not set"))?;
        if path.parent() != Some(&*folder) {
            return Err(insecure(&format!("it is not in {}", folder.display())));
        }
        if path.extension().is_none_or(|extension| extension != "key") {
            return Err(insecure("its name does not end in .key"));
        }
        let known = world.stamp(path).await.map_err(|error| unreadable(path, error))?;
        if known.len > MAX_KEY {
            return Err(insecure(&format!("it has more than {MAX_KEY} bytes")));
        }
        let agent = world.stamp(&folder).await.ok().and_then(|folder| folder.owner);
        if let (Some(owner), Some(agent)) = (known.owner, agent)
            && ![ROOT, agent].contains(&owner)
        {
            return Err(insecure("it belongs to another account than the agent's folder"));
        }
        let content = world.read(path, MAX_KEY).await.map_err(|error| unreadable(path, error))?;
        let text = std::str::from_utf8(content.expose()).map_err(|_| insecure("it is not text"))?.trim_end();
        if text.is_empty() || text.contains(|letter: char| letter.is_control()) {
            return Err(insecure("it holds no key"));
        }
        Ok(Secret::new(text))
    }
}

#[async_trait]
impl Host for AzureArc {
    fn name(&self) -> &'static str {
        "Azure Arc"
    }

    async fn answer(&self, asking: &Asking<'_>) -> Result<Answer, SourceError> {
        if *asking.identity != Identity::System {
            return Err(asking.system_only(self.name()));
        }
        let url = asking.url("IDENTITY_ENDPOINT", &self.endpoint, "2020-06-01", None)?;
        let request = HttpRequest::get(url).header("Accept", JSON).header("Metadata", "true");
        let first = asking.send(self.name(), request.clone(), &USUAL).await?;
        match first.status {
            401 => {}
            // A token without proof that the file can be read is from somebody else.
            200..300 => return Err(no_challenge(first.status)),
            _ => return Ok(Answer::new(first)),
        }
        let key = self.key(asking, &first).await?;
        let request = request.header("Authorization", format!("Basic {}", key.expose()));
        let response = asking.send(self.name(), request, &USUAL).await?;
        Ok(Answer { response, secret: Some(key) })
    }
}

/// Where the agent puts its keys.
fn folder(world: &World) -> Option<PathBuf> {
    match cfg!(windows) {
        true => world
            .environment
            .text("ProgramData")
            .map(|folder| Path::new(&folder).join("AzureConnectedMachineAgent").join("Tokens")),
        false => Some(PathBuf::from("/var/opt/azcmagent/tokens")),
    }
}

fn no_challenge(status: u16) -> SourceError {
    let message = format!("Azure Arc answered {status} without the challenge that proves whom it asks");
    SourceError::invalid("managed-identity-no-challenge", message)
        .remedy("look at what answers at IDENTITY_ENDPOINT: it is not the agent")
}

/// The path itself is left out: whoever answers chose it.
fn insecure(why: &str) -> SourceError {
    let message = format!("the file that the answer of Azure Arc's endpoint names is not read: {why}");
    SourceError::denied("managed-identity-key-file", message)
        .remedy("look at what answers at IDENTITY_ENDPOINT: it is not the agent, or its folder was changed")
}

fn unreadable(path: &Path, error: io::Error) -> SourceError {
    let (shown, remedy) = (path.display(), "add the account that runs this process to the agent's group (himds)");
    SourceError::denied("managed-identity-key-file", format!("{shown}, Azure Arc's key, cannot be read"))
        .remedy(remedy)
        .caused_by(error)
}
