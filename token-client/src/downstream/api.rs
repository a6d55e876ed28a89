//! A downstream API, ready to be called.

use std::borrow::Cow;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use credential_core::{Finding, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use super::address::Base;
use super::body::Outgoing;
use super::called::Called;
use super::prepared::Prepared;
use super::section::{self, Section};
use super::send::{self, Exchanged};
use super::{DownstreamCall, DownstreamError, DownstreamResponse, DownstreamStream};
use crate::http::path;
use crate::settings::DownstreamOptions;
use crate::{Acquired, ConfigurationError, TokenClient, TokenRequest, spans};

/// A downstream API from its section of the configuration, or from options of its own.
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
    section: Arc<Section>,
    /// What calls say that do not say it themselves.
    defaults: Option<Arc<DownstreamCall>>,
}

impl TokenClient {
    /// A downstream API of the configuration, by name (whatever its case).
    ///
    /// # Errors
    /// When there is no such section, with the nearest name, or when it cannot work.
    pub fn downstream(&self, name: &str) -> Result<DownstreamApi, ConfigurationError> {
        let configuration = self.configuration();
        let options = configuration.downstream(name).ok_or_else(|| section::unknown(&configuration, name))?;
        DownstreamApi::new(self.clone(), options.clone())
    }
}

impl DownstreamApi {
    /// An API with options of its own, which stand in no section:
    ///
    /// ```no_run
    /// # fn example(client: token_client::TokenClient) -> Result<(), token_client::ConfigurationError> {
    /// use token_client::DownstreamApi;
    /// use token_client::settings::DownstreamOptions;
    ///
    /// let options = DownstreamOptions::builder()
    ///     .base_url("https://inventory.contoso.com/v1/")
    ///     .scopes(["api://inventory/.default"])
    ///     .app_token()
    ///     .build("Inventory")?;
    /// let inventory = DownstreamApi::new(client, options);
    /// # let _ = inventory; Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the options cannot work: no address, a header that cannot be sent.
    pub fn new(client: TokenClient, options: DownstreamOptions) -> Result<Self, ConfigurationError> {
        Ok(Self { client, section: Arc::new(Section::read(options)?), defaults: None })
    }

    /// The same API, where each call has what this one has and it does not say itself: headers, a time-out, retries,
    /// hooks, ...
    ///
    /// ```no_run
    /// # fn example(client: token_client::TokenClient) -> Result<(), token_client::ConfigurationError> {
    /// use std::time::Duration;
    /// use token_client::DownstreamCall;
    ///
    /// let defaults = DownstreamCall::new().timeout(Duration::from_secs(5)).retry(2).header("prefer", "minimal");
    /// let inventory = client.downstream("Inventory")?.with_defaults(defaults);
    /// # let _ = inventory; Ok(()) }
    /// ```
    #[must_use]
    pub fn with_defaults(self, call: DownstreamCall) -> Self {
        let call = match &self.defaults {
            Some(defaults) => call.over(defaults),
            None => call,
        };
        Self { defaults: Some(Arc::new(call)), ..self }
    }

    /// What the section says.
    pub fn options(&self) -> &DownstreamOptions {
        &self.section.options
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
    /// section with `"RequestAppToken": true`, delegated scopes without one, two of
    /// [`as_app`](DownstreamCall::as_app), [`on_behalf_of`](DownstreamCall::on_behalf_of) and
    /// [`managed_identity`](DownstreamCall::managed_identity): [`DownstreamError::Call`].
    pub fn token_request(&self, call: &DownstreamCall) -> Result<Option<TokenRequest>, DownstreamError> {
        Ok(self.request_of(call)?)
    }

    /// The same, for whoever knows what to do about a finding.
    pub(crate) fn request_of(&self, call: &DownstreamCall) -> Result<Option<TokenRequest>, Box<Finding>> {
        let call = self.with_own(call);
        section::token_request(&section::options(&self.section, &call)?, &call)
    }

    /// Calls the API: a token, the request, and once more with the claims that a 401 asks for. An
    /// answer of any status is an answer; redirects and waits are for whoever asks for them.
    ///
    /// # Errors
    /// [`DownstreamError::Call`] before anything is sent, [`DownstreamError::Token`],
    /// [`DownstreamError::Http`] when there was no answer.
    pub async fn call(&self, call: DownstreamCall) -> Result<DownstreamResponse, DownstreamError> {
        self.call_prepared(&self.prepare(&call)?, &mut None).await
    }

    /// The same with what was prepared; `acquired` is the token that it was sent with at first, where it has one.
    pub(crate) async fn call_prepared(
        &self,
        prepared: &Prepared,
        acquired: &mut Option<Acquired>,
    ) -> Result<DownstreamResponse, DownstreamError> {
        let work = pin!(async {
            let Exchanged { received, token, unanswered } = self.exchange(prepared, acquired, false).await?;
            let at = self.client.inner().world().clock.now();
            let answer = received.whole().await.map_err(|error| send::unanswered(prepared, error))?;
            Ok(DownstreamResponse::new(answer, token, &prepared.called, unanswered, at))
        });
        self.told(prepared, DownstreamResponse::status, work).await
    }

    /// The same, where the answer is there as soon as its head is: its body, of any length, is read as it comes.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn stream(&self, call: DownstreamCall) -> Result<DownstreamStream, DownstreamError> {
        let prepared = self.prepare(&call)?;
        let work = pin!(async {
            let Exchanged { received, token, unanswered } = self.exchange(&prepared, &mut None, true).await?;
            let at = self.client.inner().world().clock.now();
            Ok(DownstreamStream::new(received.pieces(), token, &prepared.called, unanswered, at))
        });
        self.told(&prepared, DownstreamStream::status, work).await
    }

    /// What the work gives within the call's time-out, if it has one, in a span of the call. It is kilobytes large and
    /// stays where it is.
    async fn told<T>(
        &self,
        prepared: &Prepared,
        status: impl FnOnce(&T) -> u16,
        work: Pin<&mut impl Future<Output = Result<T, DownstreamError>>>,
    ) -> Result<T, DownstreamError> {
        let called = &prepared.called;
        let span = spans::call_downstream(&self.section.options.name, called.method(), called.address());
        let answer = self.in_time(prepared, work).instrument(span.clone()).await;
        spans::answered(&span, answer.as_ref().map(status));
        answer
    }

    async fn in_time<T>(
        &self,
        prepared: &Prepared,
        work: Pin<&mut impl Future<Output = Result<T, DownstreamError>>>,
    ) -> Result<T, DownstreamError> {
        let Some(timeout) = prepared.timeout else { return work.await };
        let clock = Arc::clone(&self.client.inner().world().clock);
        let end = clock.moment().after(timeout);
        tokio::select! {
            biased;
            answer = work => answer,
            () = clock.sleep_until(end) => {
                let (error, finding) = prepared.called.late(timeout);
                Err(DownstreamError::Http { error, finding: Box::new(finding) })
            }
        }
    }

    async fn exchange(
        &self,
        prepared: &Prepared,
        acquired: &mut Option<Acquired>,
        in_pieces: bool,
    ) -> Result<Exchanged, DownstreamError> {
        if let Some(request) = &prepared.token_request {
            *acquired = Some(self.client.acquire(request).await.map_err(DownstreamError::Token)?);
        }
        let token = acquired.as_ref().map(|acquired| acquired.token.clone());
        send::exchange(&self.client, prepared, token, in_pieces).await
    }

    /// Everything about a call but its token: what is wrong with it is found before anything is sent.
    pub(crate) fn prepare(&self, call: &DownstreamCall) -> Result<Prepared, Box<Finding>> {
        let call = self.with_own(call);
        self.prepared(&call).map_err(|finding| section::named(finding, &self.section.options, &call))
    }

    fn prepared(&self, call: &DownstreamCall) -> Result<Prepared, Box<Finding>> {
        let section = &self.section;
        let options = section::options(section, call)?;
        let token_request = match section.ready(call) {
            Some(ready) => Some(Arc::clone(ready)),
            None => section::token_request(&options, call)?.map(Arc::new),
        };
        let base = match &call.base_url {
            Some(own) => Arc::new(Base::read(own)?),
            None => Arc::clone(&section.base),
        };
        if token_request.is_some() {
            base.bears_tokens().map_err(|finding| section::at_base_url(*finding, &options))?;
        }
        let address = address(&options, &base, call)?;
        let method = section::method(call.method.as_deref().unwrap_or(&options.http_method.value))?;
        let body = call.body.as_ref().map_or_else(|| Ok(Outgoing::none()), |body| body.outgoing(&options))?;
        let mut headers = section.headers_of(call)?;
        if let Some(content_type) = &body.content_type {
            headers.push(("content-type".to_owned(), Secret::from(content_type.as_str())));
        }
        if let Some(length) = body.stream.as_ref().and_then(|stream| stream.length) {
            headers.push(("content-length".to_owned(), Secret::from(length.to_string())));
        }
        let called = Arc::new(Called::new(options, method, address, call.path.is_some()));
        let (redirects, retries) = (call.redirects.unwrap_or(0), call.retries.unwrap_or(0));
        let (timeout, hooks) = (call.timeout, call.hooks.clone());
        Ok(Prepared { token_request, timeout, redirects, retries, hooks, headers, body, base, called })
    }

    /// The call with what it does not say itself.
    fn with_own<'a>(&self, call: &'a DownstreamCall) -> Cow<'a, DownstreamCall> {
        match &self.defaults {
            Some(defaults) => Cow::Owned(call.clone().over(defaults)),
            None => Cow::Borrowed(call),
        }
    }
}

/// Where the call goes.
fn address(options: &DownstreamOptions, base: &Base, call: &DownstreamCall) -> Result<String, Box<Finding>> {
    let configured = options.relative_path.as_ref().map_or("", |path| path.value.as_str());
    let place = call.path.as_deref().unwrap_or(configured);
    path::check(place, call.path.is_none())?;
    let place = path::fill(place, &call.parameters)?;
    let map = options.extra_query_parameters.as_ref().filter(|_| !call.without_section_query);
    let query = map.into_iter().flat_map(|map| &map.value);
    let query = query.filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)));
    let own = call.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    base.join(&place, &call.segments, query.chain(own))
}
