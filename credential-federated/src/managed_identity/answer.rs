//! What a host's answer says: a token, or why there is none.

use std::time::SystemTime;

use credential_core::text::printable;
use credential_core::world::HttpResponse;
use credential_core::{Secret, SourceError, SourceErrorKind};
use serde_json::Value;

use super::asking::Asking;
use super::end::end;
use super::host::Answer;

const RESOURCE: &str = "managed-identity-resource";
const NOT_ASSIGNED: &str = "managed-identity-not-assigned";
/// The most characters of a host's own words.
const MAX_WORDS: usize = 300;

/// A token of a managed identity.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) value: Secret,
    pub(crate) expires_on: SystemTime,
}

/// Reads the answer of the host of that name.
///
/// # Errors
/// When there is no token in it: by status, with the host's own words.
pub(super) fn read(answer: &Answer, host: &str, asking: &Asking<'_>) -> Result<Token, SourceError> {
    let now = asking.world.clock.now();
    let response = &answer.response;
    let body = json(response);
    if response.status != 200 {
        return Err(refused(answer, host, asking));
    }
    let value = body.get("access_token").and_then(Value::as_str).filter(|token| !token.trim().is_empty());
    match (value, end(body.get("expires_on"), body.get("expires_in"), now)) {
        (Some(value), Some(expires_on)) => Ok(Token { value: Secret::new(value), expires_on }),
        (value, _) => {
            let lacks = if value.is_none() { "token" } else { "end of its token" };
            let message = format!("the answer of {host} is not valid: there is no {lacks} in it");
            Err(SourceError::invalid("managed-identity-unreadable", message)
                .remedy("look at what answers at the platform's identity endpoint"))
        }
    }
}

fn json(response: &HttpResponse) -> Value {
    serde_json::from_slice(response.body.expose()).unwrap_or_default()
}

/// Why there is no token in an answer of another status than 200.
pub(super) fn refused(answer: &Answer, host: &str, asking: &Asking<'_>) -> SourceError {
    let identity = asking.identity;
    let (status, body) = (answer.response.status, &json(&answer.response));
    if body.is_null()
        && let Some(error) = intercepted(answer, host)
    {
        return error;
    }
    let said = words(body).map(|said| shown(&said, answer.secret.as_ref()));
    let said = said.unwrap_or_else(|| "it gives no reason".to_owned());
    let message = format!("{host} gave no token to {}: {said} ({status})", identity.shown());
    let named = identity.setting();
    let (kind, code, remedy) = match status {
        400 if code(body) == Some("invalid_resource") => (
            SourceErrorKind::Denied,
            RESOURCE,
            format!("correct {}: the tenant does not know {:?}", asking.resource_setting, asking.resource),
        ),
        // A machine without an identity of its own is a machine without one.
        400 => match named {
            Some(_) => (
                SourceErrorKind::Denied,
                NOT_ASSIGNED,
                "assign it to this machine, or correct its id: client, object and resource id differ".to_owned(),
            ),
            None => (
                SourceErrorKind::NotApplicable,
                NOT_ASSIGNED,
                "give this machine an identity of its own, or name an assigned one by its client id".to_owned(),
            ),
        },
        401 | 403 => {
            (SourceErrorKind::Denied, "managed-identity-refused", "check the platform's identity settings".to_owned())
        }
        404 => (
            SourceErrorKind::Transient,
            "managed-identity-not-found",
            "check whether this machine has an identity; one that is new takes a while".to_owned(),
        ),
        410 => (
            SourceErrorKind::Transient,
            "managed-identity-unwell",
            format!("wait: {host} is being upgraded, which takes up to 70 s"),
        ),
        _ => (SourceErrorKind::Transient, "managed-identity-unwell", "wait: it is asked again".to_owned()),
    };
    let wait = answer.response.retry_after(asking.world.clock.now());
    let error = SourceError::new(kind, code, message).remedy(remedy).retry_after(wait);
    let setting = match code {
        RESOURCE => Some(asking.resource_setting),
        NOT_ASSIGNED => named,
        _ => None,
    };
    match setting {
        Some(setting) => error.about(setting),
        None => error,
    }
}

/// Whoever answers without JSON is no host of identities but stands before it: a proxy, or the one of a container
/// engine's (Docker Desktop), which says that the address is unreachable.
fn intercepted(answer: &Answer, host: &str) -> Option<SourceError> {
    let (status, via) = (answer.response.status, answer.response.header("Via").is_some());
    let (kind, what) = match status {
        403 | 407 => (SourceErrorKind::NotApplicable, "a proxy answered in its place"),
        502 | 504 => (SourceErrorKind::Transient, "a gateway before it got no answer"),
        _ if via => (SourceErrorKind::Transient, "a proxy answered in its place"),
        _ => return None,
    };
    let message = format!("{host} was not reached: {what} ({status})");
    Some(
        SourceError::new(kind, "managed-identity-proxy", message)
            .remedy("let requests to the platform's identity endpoint go out without a proxy (169.254.169.254)"),
    )
}

/// The code of an error, in whichever form the host writes it.
fn code(body: &Value) -> Option<&str> {
    let error = body.get("error")?;
    error.as_str().or_else(|| error.get("code")?.as_str())
}

/// A host's own words: OAuth's, Cloud Shell's, or those of App Service and Service Fabric.
fn words(body: &Value) -> Option<String> {
    let nested = body.get("error").and_then(|error| error.get("message"));
    let said =
        [body.get("error_description"), nested, body.get("message")].into_iter().flatten().find_map(Value::as_str);
    match (said.filter(|said| !said.trim().is_empty()), code(body)) {
        (Some(said), Some(code)) => Some(format!("{code}: {said}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

/// What somebody else has chosen to say, without the secret that it was asked with.
fn shown(said: &str, secret: Option<&Secret>) -> String {
    let said = match secret.map(Secret::expose).filter(|secret| !secret.is_empty()) {
        Some(secret) => said.replace(secret, "***"),
        None => said.to_owned(),
    };
    printable(&said, MAX_WORDS)
}
