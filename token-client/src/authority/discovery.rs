//! Instance discovery: is a host that is not built in one of Entra's, and where do its requests go?

use std::time::Duration;

use credential_core::world::HttpRequest;
use credential_core::{Finding, World};
use serde::Deserialize;

use super::codes;
use super::error::AuthorityError;

/// How long the question may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// An answer lasts this long.
const ANSWERED: Duration = Duration::from_secs(24 * 60 * 60);
/// Without an answer the host itself serves this long.
const UNANSWERED: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    metadata: Vec<Entry>,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    preferred_network: String,
    #[serde(default)]
    aliases: Vec<String>,
}

/// Asks the public cloud about a host: gives the host that requests go to, and how long that lasts.
/// A failure is no reason not to go on with the host itself.
///
/// # Errors
/// `unknown-instance` alone: the cloud says that the host is nobody it knows.
pub(crate) async fn preferred_host(
    host: String,
    tenant: String,
    world: World,
) -> Result<(String, Duration), AuthorityError> {
    let about = format!("https://{host}/{tenant}/oauth2/v2.0/authorize");
    let encoded: String = url::form_urlencoded::byte_serialize(about.as_bytes()).collect();
    let request = HttpRequest::get(format!(
        "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1&authorization_endpoint={encoded}"
    ))
    .timeout(TIMEOUT);
    let Ok(response) = world.send(request).await else { return Ok((host, UNANSWERED)) };
    let Ok(answer) = serde_json::from_slice::<Answer>(response.body.expose()) else { return Ok((host, UNANSWERED)) };
    if answer.error.as_deref() == Some("invalid_instance") {
        return Err(AuthorityError::wrong(
            Finding::error(codes::UNKNOWN_INSTANCE, format!("no cloud knows the host {host} (AADSTS50049)"))
                .remedy("correct Instance; for a provider that is not Microsoft Entra ID, set Authority alone"),
        ));
    }
    if response.status != 200 {
        return Ok((host, UNANSWERED));
    }
    let listed = answer.metadata.into_iter().find(|entry| {
        entry.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(&host)) && is_host(&entry.preferred_network)
    });
    Ok((listed.map_or(host, |entry| entry.preferred_network.to_ascii_lowercase()), ANSWERED))
}

/// Whether the text is a host's name and nothing else: it becomes a part of an address.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-')
}
