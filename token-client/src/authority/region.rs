//! Regional token endpoints: which region, and its host.

use std::sync::Arc;
use std::time::Duration;

use credential_core::World;
use credential_core::world::{Environment, HttpRequest};

use super::cell::Cell;
use super::clouds;

/// How long one look at the instance metadata service may take.
const METADATA_TIMEOUT: Duration = Duration::from_secs(2);
/// A region that was found: machines do not move.
const FOUND: Duration = Duration::from_secs(24 * 60 * 60);
/// No region was found: ask again after this long.
const NOT_FOUND: Duration = Duration::from_secs(10 * 60);
const METADATA: &str = "http://169.254.169.254/metadata/instance/compute";
const API_VERSION: &str = "2021-02-01";

/// Which region's endpoint is used for app tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Region {
    /// None, unless `MSAL_FORCE_REGION` names one.
    Unset,
    /// None, whatever the environment says (`DisableMsalForceRegion`).
    Off,
    /// This one, in lower case.
    Named(String),
    /// The one that this machine is in.
    Detect,
}

impl Region {
    /// What `AzureRegion` says; `None` for a name that cannot be a region's.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "" => Some(Self::Unset),
            _ if text.eq_ignore_ascii_case("TryAutoDetect") => Some(Self::Detect),
            _ if text.eq_ignore_ascii_case("DisableMsalForceRegion") => Some(Self::Off),
            _ if is_valid(text) => Some(Self::Named(text.to_ascii_lowercase())),
            _ => None,
        }
    }

    /// What the setting and the environment say of it, without asking anybody.
    pub(crate) fn known(&self, environment: &dyn Environment) -> Known {
        if environment.text("MSAL_DISABLE_REGION").is_some() {
            return Known::None;
        }
        let forced = || Self::parse(&environment.text("MSAL_FORCE_REGION")?);
        match self {
            Self::Unset => match forced() {
                Some(Self::Named(name)) => Known::Named(name),
                Some(Self::Detect) => detected(environment),
                _ => Known::None,
            },
            Self::Off => Known::None,
            Self::Named(name) => Known::Named(name.clone()),
            Self::Detect => detected(environment),
        }
    }

    /// The region's name, found out where it has to be.
    pub(crate) async fn name(&self, found: &Arc<Cell<Option<String>>>, world: &World) -> Option<String> {
        match self.known(world.environment.as_ref()) {
            Known::None => None,
            Known::Named(name) => Some(name),
            Known::AskedFor => detect(found, world).await,
        }
    }
}

/// What is known of the region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// There is none.
    None,
    /// This one, in lower case.
    Named(String),
    /// The machine is asked for it at the first call.
    AskedFor,
}

/// Whether the text can be a region's name: letters and digits, no more than a host's label may have.
/// Anything else could make a host name of somebody else's.
pub(crate) fn is_valid(name: &str) -> bool {
    !name.is_empty() && name.len() <= 63 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The host of a region, checked where it is built. A host that is regional already stays.
pub(crate) fn host(region: &str, host: &str) -> String {
    if !is_valid(region) || clouds::of_regional(host).is_some() {
        return host.to_owned();
    }
    let region = region.to_ascii_lowercase();
    match clouds::of(host) {
        Some(cloud) if clouds::without_port(host) == host => format!("{region}.{}", cloud.regional),
        _ => format!("{region}.{host}"),
    }
}

/// The region that a variable of Azure's hosts names.
fn detected(environment: &dyn Environment) -> Known {
    let variable = environment.var("REGION_NAME").unwrap_or_default();
    let name: String = variable.chars().filter(|letter| !letter.is_whitespace()).collect();
    if is_valid(&name) { Known::Named(name.to_ascii_lowercase()) } else { Known::AskedFor }
}

async fn detect(found: &Arc<Cell<Option<String>>>, world: &World) -> Option<String> {
    let fetch = || {
        let world = world.clone();
        async move {
            let region = ask(&world).await.filter(|name| is_valid(name)).map(|name| name.to_ascii_lowercase());
            let lasts = if region.is_some() { FOUND } else { NOT_FOUND };
            Ok((region, lasts))
        }
    };
    found.get("region", world, fetch).await.ok().and_then(|region| (*region).clone())
}

/// Asks the instance metadata service of Azure's virtual machines.
async fn ask(world: &World) -> Option<String> {
    let (status, answer) = get(world, &format!("{METADATA}?api-version={API_VERSION}")).await?;
    if status != 400 {
        return location(status, &answer);
    }
    // This version is not known: an address without one lists those that are.
    let (_, versions) = get(world, METADATA).await?;
    let newest = versions.get("newest-versions")?.get(0)?.as_str()?;
    if newest.len() > 20 || !newest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return None;
    }
    let (status, answer) = get(world, &format!("{METADATA}?api-version={newest}")).await?;
    location(status, &answer)
}

fn location(status: u16, answer: &serde_json::Value) -> Option<String> {
    let name = (status == 200).then(|| answer.get("location")?.as_str()).flatten()?;
    Some(name.to_owned())
}

async fn get(world: &World, url: &str) -> Option<(u16, serde_json::Value)> {
    let request = HttpRequest::get(url).header("Metadata", "true").timeout(METADATA_TIMEOUT).direct();
    let answer = world.send(request).await.ok()?;
    Some((answer.status, serde_json::from_slice(answer.body.expose()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_make_another_host_are_refused() {
        for name in ["a/b", "a.b", "evil.example#", "", "west-europe", "ü", "a b", &"a".repeat(64)] {
            assert!(!is_valid(name), "{name}");
            assert_eq!(host(name, "login.microsoftonline.com"), "login.microsoftonline.com");
        }
    }

    #[test]
    fn a_region_goes_before_its_clouds_host() {
        for (from, to) in [
            ("login.windows.net", "westeurope.login.microsoft.com"),
            ("login.usgovcloudapi.net", "westeurope.login.microsoftonline.us"),
            ("login.contoso.com", "westeurope.login.contoso.com"),
            ("northeurope.login.microsoft.com", "northeurope.login.microsoft.com"),
        ] {
            assert_eq!(host("WestEurope", from), to);
        }
    }
}
