//! The SDK's HTTP: every request of its clients goes out through the one injected stack.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::{
    AsyncRawResponse, Body, ClientOptions, HttpClient, Request, RetryOptions, StatusCode, Transport,
};
use credential_core::SourceError;
use credential_core::world::{HttpRequest, HttpResponse};
use url::Url;

use crate::identity::challenge::{Challenge, not_a_vault};
use crate::session::Session;
use crate::settings::TENANT;

const AUTHENTICATE: &str = "www-authenticate";

/// Options that make an SDK client use our stack. It never retries by itself: its clock is not ours
/// and knows no deadline; [`Session::send`] does.
pub(super) fn options(transport: impl HttpClient + 'static) -> ClientOptions {
    ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(Transport::new(Arc::new(transport))),
        ..ClientOptions::default()
    }
}

/// Carries requests to the vault, and sees to its challenge.
///
/// Each SDK client begins with a request without a token, to be told whom to ask. Here that request
/// goes to the vault once: afterwards the remembered challenge, which has been checked, answers it.
#[derive(Debug)]
pub(super) struct VaultTransport(pub(super) Arc<Session>);

#[async_trait]
impl HttpClient for VaultTransport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        self.carry(request).await.map_err(|error| stopped(&self.0, error))
    }
}

impl VaultTransport {
    async fn carry(&self, request: &Request) -> Result<AsyncRawResponse, SourceError> {
        let session = &self.0;
        let vault = &session.plan().vault;
        let anonymous = request.headers().iter().all(|(name, _)| !name.as_str().eq_ignore_ascii_case("authorization"));
        if anonymous && let Some(challenge) = session.memory().challenge() {
            return Ok(shown(challenge));
        }
        let message = outgoing(request, vault.authority(), vault.is_plain())?;
        let answer = session.send(message, &vault.to_string()).await?;
        let learnt = if anonymous { self.learn(&answer)? } else { None };
        Ok(learnt.map_or_else(|| incoming(&answer), shown))
    }

    /// What an answer to a request without a token teaches.
    fn learn(&self, answer: &HttpResponse) -> Result<Option<Challenge>, SourceError> {
        let session = &self.0;
        let vault = &session.plan().vault;
        let header = match (answer.status, bearer(answer)) {
            (401, Some(header)) => header,
            // A vault tells nobody anything without a token; its other refusals are told by their status.
            (200..=399 | 401 | 404 | 405, _) => return Err(not_a_vault(vault)),
            _ => return Ok(None),
        };
        let trusted = trusted_authorities(session);
        let challenge = Challenge::read(header, vault, &trusted)?;
        if let Some(tenant) = &session.plan().tenant
            && !tenant.eq_ignore_ascii_case(&challenge.tenant)
        {
            let message = format!("{vault} belongs to the tenant {}; CredentialTenantId is {tenant}", challenge.tenant);
            let error = SourceError::denied("vault-tenant-differs", message)
                .remedy("correct CredentialTenantId or KeyVaultUrl; a tenant's name and id count as different");
            return Err(error.about(TENANT));
        }
        session.memory().learn(challenge.clone());
        Ok(Some(challenge))
    }
}

/// The `Bearer` challenge among those of an answer: there may be one header for each scheme.
fn bearer(answer: &HttpResponse) -> Option<&str> {
    let all = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(AUTHENTICATE));
    let mut values = all.map(|(_, value)| value.trim());
    values.find(|value| value.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer")))
}

/// The answer that shows the SDK a challenge.
fn shown(challenge: Challenge) -> AsyncRawResponse {
    let mut headers = Headers::new();
    headers.insert(AUTHENTICATE, challenge.header);
    AsyncRawResponse::from_bytes(StatusCode::Unauthorized, headers, Vec::new())
}

/// Authorities that the configuration and the environment name themselves.
fn trusted_authorities(session: &Session) -> Vec<String> {
    let variable = session.variable("AZURE_AUTHORITY_HOST").unwrap_or_default();
    let named = [session.application.authority.as_str(), variable.as_str()];
    let urls =
        named.iter().filter_map(|text| Url::parse(text).or_else(|_| Url::parse(&format!("https://{text}"))).ok());
    urls.filter_map(|url| url.host_str().map(str::to_owned)).collect()
}

/// Keeps the real error in the session; the SDK passes on that something stopped it.
fn stopped(session: &Session, error: SourceError) -> Error {
    session.fail(error);
    Error::with_message(ErrorKind::Other, "stopped by the transport")
}

/// The SDK's request as ours. Only the one host that it is meant for gets it: a page of a list may name
/// its successor, and a token goes nowhere else.
fn outgoing(request: &Request, host: &str, plain: bool) -> Result<HttpRequest, SourceError> {
    let url = request.url();
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    if authority != host || url.scheme() != "https" {
        return Err(SourceError::denied(
            "vault-leads-elsewhere",
            format!("{host} leads to {authority}, and a vault token goes to its vault alone"),
        )
        .remedy("check KeyVaultUrl and what answers under that name"));
    }
    let mut address = url.clone();
    if plain {
        let _ = address.set_scheme("http");
    }
    let mut message = HttpRequest::new(request.method().as_str(), address);
    for (name, value) in request.headers().iter() {
        message = message.header(name.as_str(), value.as_str());
    }
    match request.body() {
        Body::Bytes(bytes) if bytes.is_empty() => Ok(message),
        Body::Bytes(bytes) => Ok(message.body(bytes.to_vec())),
        Body::SeekableStream(_) => {
            Err(SourceError::invalid("vault-request-invalid", "a request to the vault has a streamed body"))
        }
    }
}

fn incoming(answer: &HttpResponse) -> AsyncRawResponse {
    let mut headers = Headers::new();
    for (name, value) in &answer.headers {
        headers.insert(name.to_ascii_lowercase(), value.clone());
    }
    AsyncRawResponse::from_bytes(StatusCode::from(answer.status), headers, answer.body.expose().to_vec())
}
