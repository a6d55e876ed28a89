//! One question to a platform's service over HTTP, and what its answers mean.

use std::time::{Duration, SystemTime};

use credential_core::retry::Retries;
use credential_core::text::printable;
use credential_core::world::{AddressFault, HttpError, HttpErrorKind, HttpRequest, HttpResponse, check_address};
use credential_core::{Secret, SourceError, SourceErrorKind};
use serde_json::Value;

use super::{Asking, field};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The most bytes of an answer.
const MAX_ANSWER: u64 = 256 * 1024;
/// After what it is asked again, and how much later.
const RETRIES: Retries = Retries::new(
    |status| if matches!(status, 408 | 429 | 500..600) { PAUSES } else { &[] },
    |failure| if matches!(failure, HttpErrorKind::Timeout | HttpErrorKind::Broken) { PAUSES } else { &[] },
);
const PAUSES: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(2)];
/// The most characters of a service's own words.
const MAX_WORDS: usize = 300;

/// Whom a token is asked of, and what is said when it gives none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint<'a> {
    /// For messages: `GitHub Actions`.
    pub(crate) name: &'a str,
    /// What names its address: a variable or a setting.
    pub(crate) named_by: &'a str,
    /// Where in its answer the token is; `None` for an answer that is the token.
    pub(crate) field: Option<&'a str>,
    /// What to do where it refuses (401, 403).
    pub(crate) refused: &'a str,
    /// What to do where it does not know what was asked for (404).
    pub(crate) unknown: &'a str,
    /// What it is asked with: its address must be one that a secret may go to, and its words are shown without.
    pub(crate) secrets: &'a [Secret],
}

/// The token in the answer to a request. Asked again for what may pass.
///
/// # Errors
/// What became of the request, by kind.
pub(crate) async fn ask(
    asking: &Asking<'_>,
    endpoint: &Endpoint<'_>,
    request: HttpRequest,
) -> Result<Secret, SourceError> {
    let response = answer(asking, endpoint, request).await?;
    field(response.body.expose(), endpoint.field, endpoint.name)
}

/// The answer in which the token should be.
///
/// # Errors
/// As [`ask`].
pub(crate) async fn answer(
    asking: &Asking<'_>,
    endpoint: &Endpoint<'_>,
    request: HttpRequest,
) -> Result<HttpResponse, SourceError> {
    if !endpoint.secrets.is_empty() {
        may_carry_secrets(endpoint, &request)?;
    }
    answered(asking, endpoint, request).await
}

/// Whether a request goes over https or stays on this machine.
///
/// # Errors
/// When it does neither.
pub(crate) fn may_carry_secrets(endpoint: &Endpoint<'_>, request: &HttpRequest) -> Result<(), SourceError> {
    match request.unix_socket {
        Some(_) => Ok(()),
        None => check_address(&request.url).map_err(|fault| bad_address(endpoint, fault)),
    }
}

/// The same of an address that exists on this machine's link alone, where the caller has checked that it is one.
///
/// # Errors
/// As [`ask`].
pub(crate) async fn ask_nearby(
    asking: &Asking<'_>,
    endpoint: &Endpoint<'_>,
    request: HttpRequest,
) -> Result<Secret, SourceError> {
    let response = answered(asking, endpoint, request.direct()).await?;
    field(response.body.expose(), endpoint.field, endpoint.name)
}

async fn answered(
    asking: &Asking<'_>,
    endpoint: &Endpoint<'_>,
    request: HttpRequest,
) -> Result<HttpResponse, SourceError> {
    let response = send(asking, request).await.map_err(|error| unreachable(endpoint, error))?;
    match response.status {
        200..300 => Ok(response),
        _ => Err(refused(endpoint, &response, asking.world.clock.now())),
    }
}

/// The last answer, after as many requests as it takes and there is time for.
pub(crate) async fn send(asking: &Asking<'_>, request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let request = request.timeout(PATIENCE).max_response(MAX_ANSWER);
    asking.world.send_patiently(request, &RETRIES, asking.deadline).await
}

fn bad_address(endpoint: &Endpoint<'_>, fault: AddressFault) -> SourceError {
    let variable = endpoint.named_by;
    SourceError::invalid("token-service-address", format!("{variable} {fault}"))
        .remedy(format!("correct {variable}: {}", fault.remedy()))
        .settled_locally()
}

pub(crate) fn unreachable(endpoint: &Endpoint<'_>, error: HttpError) -> SourceError {
    let Endpoint { name, named_by, .. } = endpoint;
    let failed = match error.kind() {
        HttpErrorKind::Timeout => SourceError::transient("token-service-timeout", format!("{name} timed out"))
            .remedy("wait: it is asked again"),
        HttpErrorKind::TooLarge => {
            let message = format!("the answer of {name} has more than {MAX_ANSWER} bytes");
            SourceError::invalid("token-answer-too-large", message).remedy(format!("look at what {named_by} names"))
        }
        HttpErrorKind::Tls => {
            SourceError::denied("token-service-certificate", format!("{name} has a certificate that is not trusted"))
                .remedy(format!("correct {named_by}, or add its certificate authority (SSL_CERT_FILE)"))
        }
        HttpErrorKind::Request | HttpErrorKind::Unsupported => {
            SourceError::invalid("token-request-invalid", format!("{name} cannot be asked: {error}"))
                .remedy(format!("correct {named_by}"))
        }
        _ => SourceError::transient("token-service-unreachable", format!("{name} is unreachable: {error}"))
            .remedy(format!("check whether {named_by} is of this machine; it is asked again")),
    };
    failed.caused_by(error)
}

fn refused(endpoint: &Endpoint<'_>, response: &HttpResponse, now: SystemTime) -> SourceError {
    let status = response.status;
    let said = words(response.body.expose(), endpoint.secrets);
    let message = format!("{} gave no token: {said} ({status})", endpoint.name);
    let (kind, code, remedy) = match status {
        300..=399 => (
            SourceErrorKind::Denied,
            "token-redirected",
            "look at what it was asked with: it sends to a page for people, and no redirect is followed",
        ),
        401 | 403 => (SourceErrorKind::Denied, "token-refused", endpoint.refused),
        404 => (SourceErrorKind::Denied, "token-not-found", endpoint.unknown),
        408 | 429 | 500.. => (SourceErrorKind::Transient, "token-service-unwell", "wait: it is asked again"),
        _ => (SourceErrorKind::Invalid, "token-request-refused", endpoint.unknown),
    };
    SourceError::new(kind, code, message).remedy(remedy).retry_after(response.retry_after(now))
}

/// The service's own words: `message`, `errors` or `error_description` of its answer, and no page for people.
fn words(body: &[u8], secrets: &[Secret]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let nested = body.get("error").and_then(|error| error.get("message"));
    let first = body.get("errors").and_then(|list| list.get(0));
    let said = [body.get("error_description"), body.get("message"), nested, first, body.get("error")];
    let said = said.into_iter().flatten().find_map(Value::as_str).filter(|said| !said.trim().is_empty());
    let Some(said) = said else { return "it gives no reason".to_owned() };
    let secrets = secrets.iter().map(Secret::expose).filter(|secret| !secret.is_empty());
    printable(&secrets.fold(said.to_owned(), |said, secret| said.replace(secret, "***")), MAX_WORDS)
}
