//! AWS STS, of a region: a token about the workload, and a role for a cluster's token
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/>).

use std::time::SystemTime;

use credential_core::text::printable;
use credential_core::world::{HttpRequest, HttpResponse, check_address};
use credential_core::{Secret, SourceError, SourceErrorKind};
use url::Url;
use url::form_urlencoded::Serializer;

use super::keys::{Found, Keys};
use super::sign::{Unsigned, authorization, date};
use super::xml::element;
use crate::platform::{Asking, Endpoint, send, unreachable};

const VERSION: &str = "2011-06-15";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// Names another address of STS, as in all of AWS's own tools.
const ADDRESS: &str = "AWS_ENDPOINT_URL_STS";
/// The most characters of STS's own words.
const MAX_WORDS: usize = 300;

/// A region becomes a part of a host's name.
///
/// # Errors
/// When it cannot be one.
pub(super) fn check_region(region: &str, named_by: &str) -> Result<(), SourceError> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (4..=40).contains(&region.len()) && region.bytes().all(fits) && !region.starts_with("aws-") {
        return Ok(());
    }
    let message = format!("{named_by} is not valid: {:?} is no AWS region", printable(region, 60));
    Err(SourceError::misconfigured("aws-region", message).remedy("write one such as eu-west-1").settled_locally())
}

/// A token about the one whose credentials these are.
pub(super) async fn web_identity_token(asking: &Asking<'_>, found: &Found, life: u64) -> Result<Secret, SourceError> {
    let life = life.to_string();
    let body = form(&[
        ("Action", "GetWebIdentityToken"),
        ("Version", VERSION),
        ("Audience.member.1", asking.audience),
        ("SigningAlgorithm", "RS256"),
        ("DurationSeconds", &life),
    ]);
    let address = address(asking, &found.region)?;
    let host = match (address.host_str().unwrap_or_default(), address.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let date = date(asking.world.clock.now());
    let session = found.keys.session.as_ref();
    let own = [("content-type", FORM), ("host", host.as_str()), ("x-amz-date", date.as_str())];
    let headers: Vec<(&str, &str)> =
        own.into_iter().chain(session.map(|token| ("x-amz-security-token", token.expose()))).collect();
    let unsigned =
        Unsigned { method: "POST", headers: &headers, body: &body, region: &found.region, service: "sts", date: &date };
    let authorization = authorization(&found.keys, &unsigned);
    let mut request = HttpRequest::post(address)
        .header("content-type", FORM)
        .header("x-amz-date", date.as_str())
        .header("authorization", authorization)
        .body(body.clone());
    if let Some(token) = session {
        request = request.header("x-amz-security-token", token.clone());
    }
    let answer = asked(asking, request).await?;
    element(&answer, "WebIdentityToken").map(Secret::new).ok_or_else(|| unreadable("WebIdentityToken"))
}

/// A role's credentials for the token that a cluster gave.
pub(super) async fn assume_role(
    asking: &Asking<'_>,
    region: &str,
    role: &str,
    session: &str,
    token: &Secret,
) -> Result<Keys, SourceError> {
    let body = form(&[
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", VERSION),
        ("RoleArn", role),
        ("RoleSessionName", session),
        ("WebIdentityToken", token.expose()),
    ]);
    let request = HttpRequest::post(address(asking, region)?).header("content-type", FORM).body(body);
    let answer = asked(asking, request).await?;
    match (element(&answer, "AccessKeyId"), element(&answer, "SecretAccessKey")) {
        (Some(id), Some(secret)) => {
            Ok(Keys { id, secret: Secret::new(secret), session: element(&answer, "SessionToken").map(Secret::new) })
        }
        _ => Err(unreadable("Credentials")),
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The regional endpoint: the global one issues no such tokens.
fn address(asking: &Asking<'_>, region: &str) -> Result<Url, SourceError> {
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    let own = || format!("https://sts.{region}.amazonaws.com{suffix}/");
    let (address, named_by) = match asking.variable(ADDRESS) {
        Some(address) => (address, ADDRESS),
        None => (own(), "AwsRegion"),
    };
    let invalid = |why: String, remedy: &str| {
        SourceError::invalid("token-service-address", format!("{named_by} {why}"))
            .remedy(format!("correct {named_by}: {remedy}"))
            .settled_locally()
    };
    check_address(&address).map_err(|fault| invalid(fault.to_string(), fault.remedy()))?;
    let url = Url::parse(&address).ok().filter(|url| url.path() == "/" && url.query().is_none());
    url.ok_or_else(|| invalid("is not valid: it has a path or a query".to_owned(), "write https://HOST/"))
}

/// The text of a good answer.
async fn asked(asking: &Asking<'_>, request: HttpRequest) -> Result<String, SourceError> {
    let endpoint = Endpoint {
        name: "AWS STS",
        named_by: "AwsRegion",
        field: None,
        refused: "allow sts:GetWebIdentityToken in a policy of this AWS identity",
        unknown: "correct AwsRegion",
        secrets: &[],
    };
    let response = send(asking, request).await.map_err(|error| unreachable(&endpoint, error))?;
    let text = std::str::from_utf8(response.body.expose()).unwrap_or_default();
    match response.status {
        200 => Ok(text.to_owned()),
        _ => Err(refused(&response, text, asking.world.clock.now())),
    }
}

fn unreadable(what: &str) -> SourceError {
    let message = format!("what AWS STS gave is not valid: there is no {what} in it");
    SourceError::invalid("token-unreadable", message).remedy("look at what answers there")
}

/// What STS says, by its own code.
fn refused(response: &HttpResponse, text: &str, now: SystemTime) -> SourceError {
    let status = response.status;
    let code = element(text, "Code").unwrap_or_default();
    let code = code.strip_suffix("Exception").unwrap_or(&code);
    let said = match element(text, "Message") {
        Some(words) => printable(&format!("{code}: {words}"), MAX_WORDS),
        None => "it gives no reason".to_owned(),
    };
    let (kind, own, remedy) = match (code, status) {
        (_, 429 | 500..) | ("Throttling" | "RequestLimitExceeded", _) => {
            (SourceErrorKind::Transient, "token-service-unwell", "wait: it is asked again")
        }
        ("OutboundWebIdentityFederationDisabled", _) => (
            SourceErrorKind::Denied,
            "token-not-granted",
            "enable it once for the account: aws iam enable-outbound-web-identity-federation",
        ),
        ("SessionDurationEscalation", _) => {
            (SourceErrorKind::Denied, "token-not-granted", "lower AwsTokenDuration: the role's own session ends sooner")
        }
        ("AccessDenied", _) => (
            SourceErrorKind::Denied,
            "token-refused",
            "allow it in a policy of this AWS identity: sts:GetWebIdentityToken, and the role's trust policy",
        ),
        ("SignatureDoesNotMatch" | "InvalidClientTokenId" | "ExpiredToken", _) | (_, 401 | 403) => {
            (SourceErrorKind::Denied, "token-refused", "look at the AWS credentials of this machine, and at its clock")
        }
        _ => (SourceErrorKind::Invalid, "token-request-refused", "correct AwsRegion and TokenExchangeUrl"),
    };
    SourceError::new(kind, own, format!("AWS STS gave no token: {said} ({status})"))
        .remedy(remedy)
        .retry_after(response.retry_after(now))
}
