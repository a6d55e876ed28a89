//! The managed identity of the machine: App Service and its kin, and virtual machines.
//!
//! `azure_identity` has one too, and it is not used: it asks the metadata service seven times over
//! 100 seconds where there is none, whatever its options say, and reads the process's environment.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use credential_core::world::{HttpRequest, HttpResponse};
use credential_core::{Secret, SourceError, SourceErrorKind};
use serde::Deserialize;
use url::Url;

use super::challenge::Challenge;
use super::token::Token;
use crate::endpoint::Endpoint;
use crate::session::{MAX_ANSWER, Session};

/// How long the metadata service may take to show that it is there.
const PROBE: Duration = Duration::from_millis(1500);

/// The metadata service of Azure's virtual machines; a link-local address.
const METADATA: &str = "http://169.254.169.254";

/// Where managed identities come from that this source cannot ask.
const OTHER_PLATFORMS: &[(&str, &str)] = &[
    ("IDENTITY_SERVER_THUMBPRINT", "Service Fabric"),
    ("IMDS_ENDPOINT", "Azure Arc"),
    ("MSI_ENDPOINT", "Cloud Shell or Machine Learning"),
];

/// A token of the managed identity; `ManagedIdentityClientId` or `AZURE_CLIENT_ID` say which one, if
/// it is not the machine's own.
pub(super) async fn token(session: &Session, challenge: &Challenge) -> Result<Token, SourceError> {
    let client_id = session.plan().managed_identity.clone().or_else(|| session.variable("AZURE_CLIENT_ID"));
    let who = match &client_id {
        Some(client_id) => format!("managed identity {client_id}"),
        None => "the machine's own managed identity".to_owned(),
    };
    let resource = challenge.scope.strip_suffix("/.default").unwrap_or(&challenge.scope);
    let other = OTHER_PLATFORMS.iter().find(|(name, _)| session.variable(name).is_some());
    let result = match (session.variable("IDENTITY_ENDPOINT"), session.variable("IDENTITY_HEADER"), other) {
        (.., Some((name, platform))) => Err(SourceError::not_applicable(
            "managed-identity-unsupported",
            format!("{name} is set: managed identities of {platform} are not supported here"),
        )),
        (Some(endpoint), Some(header), None) => {
            let url = address(&endpoint, "2019-08-01", resource, client_id.as_deref())?;
            let request = HttpRequest::get(url).header("X-IDENTITY-HEADER", header).direct();
            session.send(request, &Endpoint::Platform(endpoint)).await
        }
        _ => from_metadata(session, resource, client_id.as_deref()).await,
    };
    let answer = result?;
    read(session, &answer, who)
}

/// The metadata service: a short probe first, since most machines have none, and its absence is remembered.
async fn from_metadata(
    session: &Session,
    resource: &str,
    client_id: Option<&str>,
) -> Result<HttpResponse, SourceError> {
    let host = session.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST").unwrap_or_else(|| METADATA.to_owned());
    let endpoint = format!("{}/metadata/identity/oauth2/token", host.trim_end_matches('/'));
    let url = address(&endpoint, "2018-02-01", resource, client_id)?;
    let (memory, clock) = (session.memory(), &session.world().clock);
    if let Some(rest) = memory.identity_absent(clock.moment()) {
        return Err(absent(&host).remedy(format!("it is looked for again in {} s", rest.as_secs().max(1))));
    }
    if !memory.metadata_seen() {
        // Without its header the service answers 400 at once: it is there.
        let probe = HttpRequest::get(url.clone()).timeout(PROBE.min(session.remaining())).max_response(MAX_ANSWER);
        match session.world().send(probe.direct()).await {
            Ok(answer) if !matches!(answer.status, 403 | 404) => memory.note_metadata(),
            _ => {
                memory.note_identity_absent(clock.moment());
                return Err(absent(&host));
            }
        }
    }
    let request = HttpRequest::get(url).header("Metadata", "true").direct();
    session.send(request, &Endpoint::Platform(host)).await
}

fn absent(host: &str) -> SourceError {
    SourceError::not_applicable("managed-identity-absent", format!("no managed identity: nobody answers at {host}"))
}

fn address(endpoint: &str, version: &str, resource: &str, client_id: Option<&str>) -> Result<Url, SourceError> {
    let mut url = Url::parse(endpoint).map_err(|_| {
        SourceError::invalid("managed-identity-endpoint", "the platform's identity endpoint is not a valid URL")
            .remedy("correct IDENTITY_ENDPOINT or AZURE_POD_IDENTITY_AUTHORITY_HOST; the platform sets them")
    })?;
    let mut query = url.query_pairs_mut();
    query.append_pair("api-version", version).append_pair("resource", resource);
    if let Some(client_id) = client_id {
        query.append_pair("client_id", client_id);
    }
    drop(query);
    Ok(url)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    access_token: Option<Secretive>,
    expires_on: Option<serde_json::Value>,
    expires_in: Option<serde_json::Value>,
    error_description: Option<String>,
    message: Option<String>,
}

/// A token on its way out of the JSON.
struct Secretive(Secret);

impl<'de> Deserialize<'de> for Secretive {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

fn read(session: &Session, answer: &HttpResponse, who: String) -> Result<Token, SourceError> {
    let body: Answer = serde_json::from_slice(answer.body.expose()).unwrap_or_default();
    if answer.status != 200 {
        return Err(refused(session, answer, &body, &who));
    }
    let now = session.world().clock.now();
    let (Some(Secretive(value)), Some(expires_on)) = (body.access_token, end(&body.expires_on, &body.expires_in, now))
    else {
        return Err(SourceError::invalid(
            "managed-identity-unreadable",
            "the platform's answer has no token and end in it",
        )
        .remedy("look at what answers at the platform's identity endpoint"));
    };
    Ok(Token { value, expires_on, who })
}

fn refused(session: &Session, answer: &HttpResponse, body: &Answer, who: &str) -> SourceError {
    let said = body.error_description.as_deref().or(body.message.as_deref()).unwrap_or("it gives no reason");
    let said = session.shown(said, 300);
    let message = format!("the platform gave no token to {who}: {said} ({})", answer.status);
    let named = session.plan().managed_identity.is_some();
    let (kind, code, remedy) = match answer.status {
        // A machine without an identity of its own is a machine without one.
        400 => (
            if named { SourceErrorKind::Denied } else { SourceErrorKind::NotApplicable },
            "managed-identity-not-assigned",
            "assign it to this machine, or correct ManagedIdentityClientId and AZURE_CLIENT_ID",
        ),
        401 | 403 => (SourceErrorKind::Denied, "managed-identity-refused", "see the platform's identity settings"),
        _ => (SourceErrorKind::Transient, "managed-identity-unwell", "it is tried again"),
    };
    SourceError::new(kind, code, message).remedy(remedy)
}

/// When the token ends: `expires_on` in seconds since 1970, or `expires_in` from now; as numbers or text.
fn end(on: &Option<serde_json::Value>, within: &Option<serde_json::Value>, now: SystemTime) -> Option<SystemTime> {
    let seconds = |value: &Option<serde_json::Value>| match value {
        Some(serde_json::Value::Number(number)) => number.as_u64(),
        Some(serde_json::Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let later = |start: SystemTime, seconds| start.checked_add(Duration::from_secs(seconds));
    seconds(on).and_then(|seconds| later(UNIX_EPOCH, seconds)).or_else(|| later(now, seconds(within)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_the_end_of_a_token_in_every_form() {
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        let at = |seconds| Some(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(end(&Some(json!("5000")), &Some(json!("10")), now), at(5000));
        assert_eq!(end(&Some(json!(5000)), &None, now), at(5000));
        assert_eq!(end(&None, &Some(json!("10")), now), at(1010));
        assert_eq!(end(&Some(json!("soon")), &Some(json!(10)), now), at(1010));
        assert_eq!(end(&None, &None, now), None);
    }
}
