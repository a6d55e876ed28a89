//! A downstream API, ready to be called.

use std::sync::Arc;
use std::time::Duration;

use credential_core::Finding;
use credential_core::source::Origin;
use credential_core::world::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;
use url::Url;

use super::call::{Body, BodyKind};
use super::called::Called;
use super::response::MAX_RESPONSE;
use super::{Caller, DownstreamCall, DownstreamError, DownstreamResponse, address, caller, challenge};
use crate::http::{addresses, headers, path};
use crate::settings::json::is_object;
use crate::settings::{AcquireTokenOptions, DownstreamOptions, Located, ManagedIdentityOptions};
use crate::{AccessToken, Acquired, ConfigurationError, TokenClient, TokenRequest, spans};

/// What JSON is sent as, where the section has no JSON type of its own.
const JSON: &str = "application/json; charset=utf-8";
/// The header that ties requests together.
const CORRELATION: &str = "client-request-id";
/// How long one request to an API may take, unless the call says it.
const TIMEOUT: Duration = Duration::from_secs(100);

/// A downstream API from its section of the configuration.
///
/// ```no_run
/// # async fn example(client: token_client::TokenClient) -> Result<(), Box<dyn std::error::Error>> {
/// use token_client::DownstreamCall;
///
/// let graph = client.downstream("GraphBeta")?;
/// let call = DownstreamCall::new().as_app().path("users").query("$top", "5");
/// let answer = graph.call(call).await?;
/// # let _ = answer; Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct DownstreamApi {
    client: TokenClient,
    options: Arc<DownstreamOptions>,
    base_url: Located<String>,
}

impl TokenClient {
    /// A downstream API of the configuration, by name (whatever its case).
    ///
    /// # Errors
    /// When there is no such section, with the nearest name, or when it cannot work.
    pub fn downstream(&self, name: &str) -> Result<DownstreamApi, ConfigurationError> {
        DownstreamApi::new(self.clone(), name)
    }
}

impl DownstreamApi {
    fn new(client: TokenClient, name: &str) -> Result<Self, ConfigurationError> {
        let configuration = client.configuration();
        let Some(options) = configuration.downstream(name) else {
            let known: Vec<&str> = configuration.downstream.iter().map(|api| api.name.as_str()).collect();
            let remedy = match configuration.nearest_downstream(name) {
                Some(near) => format!("write {near:?}"),
                None if known.is_empty() => format!("add a section {name:?} with BaseUrl and Scopes"),
                None => format!("use one of: {}", known.join(", ")),
            };
            let missing = Finding::error("unknown-downstream-api", format!("unknown downstream API {name:?}"));
            return Err(missing.remedy(remedy).into());
        };
        let base_url = options.base_url.clone().ok_or_else(|| {
            Finding::error("missing-setting", "BaseUrl is missing: there is nothing to call")
                .at(format!("{}:BaseUrl", options.path), options.origin.clone())
                .remedy("add \"BaseUrl\": \"https://...\"")
        })?;
        let options = Arc::new(options.clone());
        Ok(Self { client, options, base_url })
    }

    /// What the section says.
    pub fn options(&self) -> &DownstreamOptions {
        &self.options
    }

    /// `GET` the path, JSON out. Made as the application where the section says `"RequestAppToken": true`;
    /// for a user or a section that does not say it, see [`call`](Self::call).
    ///
    /// # Errors
    /// As [`call`](Self::call), and when the answer is no 2xx or not the JSON that `T` takes.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, DownstreamError> {
        self.call(DownstreamCall::new().method("GET").path(path)).await?.json()
    }

    /// `POST` JSON to the path, JSON out; made for whom [`get`](Self::get) is.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, DownstreamError> {
        self.call(DownstreamCall::new().method("POST").path(path).json(body)?).await?.json()
    }

    /// `PUT` JSON to the path, JSON out; made for whom [`get`](Self::get) is.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, DownstreamError> {
        self.call(DownstreamCall::new().method("PUT").path(path).json(body)?).await?.json()
    }

    /// `PATCH` JSON to the path, JSON out (`()` where the API answers nothing); made for whom [`get`](Self::get) is.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, DownstreamError> {
        self.call(DownstreamCall::new().method("PATCH").path(path).json(body)?).await?.json()
    }

    /// `DELETE` the path; what the API answers with 2xx counts for nothing. Made for whom [`get`](Self::get) is.
    ///
    /// # Errors
    /// As [`call`](Self::call), and when the answer is no 2xx.
    pub async fn delete(&self, path: &str) -> Result<(), DownstreamError> {
        self.call(DownstreamCall::new().method("DELETE").path(path)).await?.error_for_status().map(drop)
    }

    /// The token request of a call, for whom the call and the section say together; `None` for an API that is
    /// called without a token.
    ///
    /// # Errors
    /// When neither says whom the call is made for, or both contradict each other: a user's token for a
    /// section with `"RequestAppToken": true`, delegated scopes without one, [`as_app`](DownstreamCall::as_app)
    /// beside [`on_behalf_of`](DownstreamCall::on_behalf_of): [`DownstreamError::Call`].
    pub fn token_request(&self, call: &DownstreamCall) -> Result<Option<TokenRequest>, DownstreamError> {
        Ok(self.request_of(call)?)
    }

    /// The same, for whoever knows what to do about a finding.
    pub(crate) fn request_of(&self, call: &DownstreamCall) -> Result<Option<TokenRequest>, Box<Finding>> {
        let options = &self.options;
        let Some(caller) = caller::resolve(options, &call.callers)? else { return Ok(None) };
        let mut request = match caller {
            Caller::User(token) => TokenRequest::on_behalf_of(token, options.scope_list().iter().cloned()),
            Caller::Application => TokenRequest::app_of(options.scope_list().to_vec()),
        };
        request.section.0 = Some(Arc::clone(options));
        apply(&options.acquire_token_options, &mut request);
        if let Some(tenant) = &call.tenant {
            request.tenant = Some(tenant.clone());
        }
        if call.claims.is_some() {
            request.claims.clone_from(&call.claims);
        }
        if call.correlation_id.is_some() {
            request.correlation_id.clone_from(&call.correlation_id);
        }
        Ok(Some(request))
    }

    /// Calls the API: a token, the request, and once more with the claims that a 401 asks for. An
    /// answer of any status is an answer; a redirect is not followed.
    ///
    /// # Errors
    /// [`DownstreamError::Call`] before anything is sent, [`DownstreamError::Token`],
    /// [`DownstreamError::Http`] when there was no answer.
    pub async fn call(&self, call: DownstreamCall) -> Result<DownstreamResponse, DownstreamError> {
        self.call_prepared(self.prepare(&call)?, call.timeout, &mut None).await
    }

    /// The same with what was prepared; `acquired` is the token that it was sent with at first, where it has one.
    pub(crate) async fn call_prepared(
        &self,
        prepared: Prepared,
        timeout: Option<Duration>,
        acquired: &mut Option<Acquired>,
    ) -> Result<DownstreamResponse, DownstreamError> {
        let (called, span) =
            (Arc::clone(&prepared.called), spans::call_downstream(&self.options.name, &prepared.request));
        let work = async {
            if let Some(request) = &prepared.token_request {
                *acquired = Some(self.client.acquire(request).await.map_err(DownstreamError::Token)?);
            }
            let token = acquired.as_ref().map(|acquired| acquired.token.clone());
            self.send(prepared, token).await
        };
        let answer = self.within(timeout, &called, work).instrument(span.clone()).await;
        spans::answered(&span, answer.as_ref().map(DownstreamResponse::status));
        answer
    }

    /// What a call gives, within its own time where it has one.
    async fn within(
        &self,
        timeout: Option<Duration>,
        called: &Called,
        work: impl Future<Output = Result<DownstreamResponse, DownstreamError>>,
    ) -> Result<DownstreamResponse, DownstreamError> {
        let Some(timeout) = timeout else { return work.await };
        let clock = Arc::clone(&self.client.inner().world().clock);
        let end = clock.moment().after(timeout);
        tokio::select! {
            biased;
            answer = work => answer,
            () = clock.sleep_until(end) => {
                let (error, finding) = called.late(timeout);
                Err(DownstreamError::Http { error, finding: Box::new(finding) })
            }
        }
    }

    /// Everything about a call but its token: what is wrong with it is found before anything is sent.
    pub(crate) fn prepare(&self, call: &DownstreamCall) -> Result<Prepared, Box<Finding>> {
        let token_request = self.request_of(call)?;
        let url = self.address(call)?;
        if token_request.is_some() {
            let (base_url, checked) = (&self.base_url, addresses::credential_bearing(url.as_str()));
            checked.map_err(|finding| finding.at(&base_url.path, base_url.origin.clone()))?;
        }
        let method = self.method(call)?;
        let called = Arc::new(Called::new(&self.options, &method, url.as_str(), call.path.is_some()));
        let timeout = call.timeout.unwrap_or(TIMEOUT);
        let mut request = HttpRequest::new(method, url.as_str()).timeout(timeout).max_response(MAX_RESPONSE);
        if let Some(accept) = self.options.accept_header.as_ref().filter(|accept| !accept.value.is_empty()) {
            request = request.header("accept", accept.value.as_str());
        }
        let configured = texts(self.options.extra_header_parameters.as_ref().map(|map| &map.value));
        for (name, value) in configured.iter().chain(&call.headers) {
            headers::check(name, value)?;
            let present = request.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
            if headers::is_reserved(name) || present {
                tracing::warn!(
                    api = self.options.name,
                    header = name,
                    "a header of the configuration or call is left out"
                );
            } else {
                request = request.header(name, value.as_str());
            }
        }
        if let Some(id) = &call.correlation_id {
            let checked = headers::check(CORRELATION, id);
            checked.map_err(|finding| Box::new(finding.remedy("write correlation_id as a GUID")))?;
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(CORRELATION));
            request = request.header(CORRELATION, id.as_str());
        }
        if let Some(body) = &call.body {
            if let Some(content_type) = self.content_type(body)? {
                headers::check_media_type(content_type)?;
                request = request.header("content-type", content_type);
            }
            request = request.body(body.bytes.clone());
        }
        Ok(Prepared { token_request, request, called })
    }

    /// Sends what was prepared, with its token; once more with the claims that a 401 asks for.
    async fn send(
        &self,
        prepared: Prepared,
        token: Option<AccessToken>,
    ) -> Result<DownstreamResponse, DownstreamError> {
        let Prepared { token_request, request, called } = prepared;
        let answer = self.send_once(request.clone(), token.as_ref(), &called).await?;
        let challenged = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
        let claims = match answer.status {
            401 => challenge::claims(challenged.map(|(_, value)| value.as_str())),
            _ => None,
        };
        // Nobody can ask for claims that are none: the caller gets the API's own words.
        let claims = claims.filter(|claims| is_object(claims));
        let Some((claims, token_request)) = claims.zip(token_request) else {
            return Ok(DownstreamResponse::new(answer, token, &called));
        };
        let token = self.client.token(&token_request.claims(claims)).await.map_err(DownstreamError::Token)?;
        let answer = self.send_once(request, Some(&token), &called).await?;
        Ok(DownstreamResponse::new(answer, Some(token), &called))
    }

    async fn send_once(
        &self,
        mut request: HttpRequest,
        token: Option<&AccessToken>,
        called: &Called,
    ) -> Result<HttpResponse, DownstreamError> {
        if let Some(token) = token {
            request = request.header("authorization", token.authorization_header().clone());
        }
        self.client.inner().world().send(request).await.map_err(|error| {
            let finding = Box::new(called.unanswered(&error));
            DownstreamError::Http { error, finding }
        })
    }

    fn address(&self, call: &DownstreamCall) -> Result<Url, Box<Finding>> {
        let configured = self.options.relative_path.as_ref().map_or("", |path| path.value.as_str());
        let path = call.path.as_deref().unwrap_or(configured);
        path::check(path, call.path.is_none())?;
        let mut query = texts(self.options.extra_query_parameters.as_ref().map(|map| &map.value));
        query.extend(call.query.iter().cloned());
        address::join(&self.base_url.value, path, &call.segments, &query)
    }

    /// The body's media type: the call's, else the section's, else that of what it is.
    fn content_type<'a>(&'a self, body: &'a Body) -> Result<Option<&'a str>, Box<Finding>> {
        let configured = self.options.content_type.as_ref().filter(|text| text.origin != Origin::Default);
        let configured = configured.filter(|text| !text.value.trim().is_empty());
        match (&body.kind, configured) {
            (BodyKind::Bytes(Some(own)), _) => Ok(Some(own)),
            (BodyKind::Bytes(None), None) => Ok(None),
            (BodyKind::Json, None) => Ok(Some(JSON)),
            (BodyKind::Json, Some(text)) if text.value.trim().eq_ignore_ascii_case("application/json") => {
                Ok(Some(JSON))
            }
            (BodyKind::Json, Some(text)) if !is_json(&text.value) => {
                let message = "ContentType is not a JSON type, and the call sends JSON";
                let finding = Finding::error("content-type-not-json", message).remedy("send it with bytes(..)");
                Err(Box::new(finding.at(&text.path, text.origin.clone())))
            }
            (_, Some(text)) => Ok(Some(text.value.trim())),
        }
    }

    fn method(&self, call: &DownstreamCall) -> Result<String, Box<Finding>> {
        let method = call.method.as_deref().unwrap_or(&self.options.http_method.value);
        match method {
            "" => Ok("GET".to_owned()),
            method if headers::is_token(method) => Ok(method.to_ascii_uppercase()),
            _ => Err(Box::new(
                Finding::error("wrong-value", "the method is not a valid HTTP method").remedy("write Get, Post, ..."),
            )),
        }
    }
}

/// A call as it will be sent, its token left out.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What its token is asked for; `None` for an API that is called without one.
    pub(crate) token_request: Option<TokenRequest>,
    request: HttpRequest,
    called: Arc<Called>,
}

/// Whether a media type is JSON (RFC 6839 §3.1).
fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

/// Puts `AcquireTokenOptions` on a request.
fn apply(options: &AcquireTokenOptions, request: &mut TokenRequest) {
    let text = |option: &Option<Located<String>>| {
        option.as_ref().map(|text| text.value.clone()).filter(|text| !text.is_empty())
    };
    request.tenant = text(&options.tenant);
    request.claims = text(&options.claims);
    request.correlation_id = text(&options.correlation_id);
    request.fmi_path = text(&options.fmi_path);
    request.force_refresh = options.force_refresh.as_ref().is_some_and(|flag| flag.value);
    request.extra_query = texts(options.extra_query_parameters.as_ref().map(|map| &map.value));
    request.extra_headers = texts(options.extra_headers_parameters.as_ref().map(|map| &map.value));
    request.managed_identity = options.managed_identity.as_ref().map(ManagedIdentityOptions::id);
}

/// The names and texts of a map; what is `null` is left out.
fn texts(map: Option<&Vec<(String, Option<String>)>>) -> Vec<(String, String)> {
    let all = map.into_iter().flatten();
    all.filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
}
