//! What a section gives to each call, read once; and what a call says instead.

use std::borrow::Cow;
use std::sync::Arc;

use credential_core::source::Origin;
use credential_core::text::{printable, shown_address};
use credential_core::{Finding, Secret};

use super::address::Base;
use super::{Caller, DownstreamCall, caller};
use crate::http::{headers, media_type};
use crate::settings::json::is_object;
use crate::settings::{AcquireTokenOptions, Configuration, DownstreamOptions, Located, ManagedIdentityOptions, codes};
use crate::{ConfigurationError, TokenRequest, TraceContext, trace};

/// The header that ties requests together.
const CORRELATION: &str = "client-request-id";
const ACCEPT: &str = "accept";
/// The most characters of a method that is none in a message.
const MAX_METHOD: usize = 20;
/// The most characters of an address in a message.
const MAX_ADDRESS: usize = 200;

/// A section, read once for all calls.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) options: Arc<DownstreamOptions>,
    pub(super) base: Arc<Base>,
    /// `Accept` and further headers, as they are sent.
    headers: Vec<(String, Secret)>,
    /// What is asked for where a call is the application's and says nothing of its token.
    app: Option<Arc<TokenRequest>>,
}

/// There is no section of that name.
pub(super) fn unknown(configuration: &Configuration, name: &str) -> ConfigurationError {
    let known: Vec<&str> = configuration.downstream.iter().map(|api| api.name.as_str()).collect();
    let remedy = match configuration.nearest_downstream(name) {
        Some(near) => format!("write {near:?}"),
        None if known.is_empty() => format!("add a section {name:?} with BaseUrl and Scopes"),
        None => format!("use one of: {}", known.join(", ")),
    };
    let missing = Finding::error("unknown-downstream-api", format!("unknown downstream API {name:?}"));
    missing.remedy(remedy).into()
}

impl Section {
    /// Reads what each call needs.
    ///
    /// # Errors
    /// When there is no address, or something that no request can be made of.
    pub(super) fn read(options: DownstreamOptions) -> Result<Self, ConfigurationError> {
        let base_url = options.base_url.as_ref().ok_or_else(|| {
            Finding::error("missing-setting", "BaseUrl is missing: there is nothing to call")
                .at(format!("{}:BaseUrl", options.path), options.origin.clone())
                .remedy("add \"BaseUrl\": \"https://...\"")
        })?;
        let base = Base::read(&base_url.value).map_err(|finding| *at_base_url(*finding, &options))?;
        let headers = configured(&options).map_err(|finding| *finding)?;
        let options = Arc::new(options);
        let app = token_request(&options, &DownstreamCall::new().as_app()).ok().flatten().map(Arc::new);
        Ok(Self { options, base: Arc::new(base), headers, app })
    }

    /// What such a call is asked for, where nothing of it is the call's own.
    pub(super) fn ready(&self, call: &DownstreamCall) -> Option<&Arc<TokenRequest>> {
        let app = self.app.as_ref()?;
        let own = call.tenant.is_some() || call.claims.is_some() || call.correlation_id.is_some();
        let own = own || call.trace_context.is_some();
        let for_app = match call.callers.as_slice() {
            [] => self.options.is_app_token(),
            [Caller::Application] => true,
            _ => false,
        };
        (for_app && !own && call.asked.is_nothing()).then_some(app)
    }

    /// The headers of a call, but for the token's and the body's.
    ///
    /// # Errors
    /// When no request can carry one of the call's.
    pub(super) fn headers_of(&self, call: &DownstreamCall) -> Result<Vec<(String, Secret)>, Box<Finding>> {
        let own = call.correlation_id.as_deref().map(|id| (CORRELATION, id));
        // What an option says goes before what a header does.
        let is_option = |name: &str| {
            own.is_some() && name.eq_ignore_ascii_case(CORRELATION)
                || call.trace_context.is_some() && trace::is_of_trace(name)
        };
        let replaced =
            |name: &str| is_option(name) || call.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        let stays = |name: &str| (name == ACCEPT || !call.without_section_headers) && !replaced(name);
        // With room for those of the body.
        let mut list = Vec::with_capacity(self.headers.len() + call.headers.len() + 3);
        list.extend(self.headers.iter().filter(|(name, _)| stays(name)).cloned());
        for (name, value) in &call.headers {
            headers::check(name, value)?;
            let is_accept = name.eq_ignore_ascii_case(ACCEPT);
            if is_accept {
                media_type::check_accept(value)?;
            }
            if headers::is_reserved(name) {
                tracing::warn!(api = self.options.name, header = name, "a header of the call is left out");
            } else if !(is_accept && value.trim().is_empty() || is_option(name)) {
                list.push((name.clone(), Secret::from(value.as_str())));
            }
        }
        if let Some((name, id)) = own {
            headers::check(name, id).map_err(|finding| finding.remedy("change the call's correlation id"))?;
            list.push((name.to_owned(), Secret::from(id)));
        }
        list.extend(call.trace_context.iter().flat_map(TraceContext::headers));
        Ok(list)
    }
}

/// The section's own headers; those that are this client's alone are left out, which a finding says.
fn configured(options: &DownstreamOptions) -> Result<Vec<(String, Secret)>, Box<Finding>> {
    let mut list = Vec::new();
    if let Some(accept) = options.accept_header.as_ref().filter(|accept| !accept.value.trim().is_empty()) {
        let checked = media_type::check_accept(&accept.value);
        checked.map_err(|finding| Box::new(finding.at(&accept.path, accept.origin.clone())))?;
        list.push((ACCEPT.to_owned(), Secret::from(accept.value.as_str())));
    }
    let Some(map) = &options.extra_header_parameters else { return Ok(list) };
    for (name, value) in pairs(Some(map)) {
        headers::check(name, value)
            .map_err(|finding| Box::new(finding.at(format!("{}:{name}", map.path), map.origin.clone())))?;
        let present = list.iter().any(|(other, _): &(String, Secret)| other.eq_ignore_ascii_case(name));
        if headers::is_reserved(name) || present {
            tracing::warn!(api = options.name, header = name, "a header of the configuration is left out");
        } else {
            list.push((name.to_owned(), Secret::from(value)));
        }
    }
    Ok(list)
}

/// What the section says, with what the call says instead of it.
///
/// # Errors
/// When the call contradicts itself.
pub(super) fn options(section: &Section, call: &DownstreamCall) -> Result<Arc<DownstreamOptions>, Box<Finding>> {
    let asked = &call.asked;
    if call.base_url.is_none() && call.content_type.is_none() && asked.scopes.is_none() && !asked.anonymous {
        return Ok(Arc::clone(&section.options));
    }
    let mut options = DownstreamOptions::clone(&section.options);
    let path = |name: &str| format!("{}:{name}", section.options.path);
    if let Some(url) = &call.base_url {
        options.base_url = Some(Located { value: url.clone(), origin: Origin::Code, path: path("BaseUrl") });
    }
    if let Some(own) = &call.content_type {
        options.content_type = Some(Located { value: own.clone(), origin: Origin::Code, path: path("ContentType") });
    }
    match &asked.scopes {
        Some(_) if asked.anonymous => {
            let message = "the call is made without a token, and says scopes of one";
            return Err(Box::new(
                Finding::error(codes::CALLER_CONFLICT, message).remedy("call scopes(..) or anonymous()"),
            ));
        }
        Some(scopes) if scopes.iter().all(|scope| scope.trim().is_empty()) => {
            let message = "the call says that it has no scopes: it would be made without a token";
            return Err(Box::new(Finding::error(codes::NO_SCOPES, message).remedy("name one, or call anonymous()")));
        }
        Some(scopes) => {
            options.anonymous = None;
            options.scopes = Some(Located { value: scopes.clone(), origin: Origin::Code, path: path("Scopes") });
        }
        None if asked.anonymous => {
            options.scopes = None;
            options.anonymous = Some(Located { value: true, origin: Origin::Code, path: path("Anonymous") });
        }
        None => {}
    }
    Ok(Arc::new(options))
}

/// What a call's token is asked for; `None` for one without.
///
/// # Errors
/// When options and call do not say it together.
pub(super) fn token_request(
    options: &Arc<DownstreamOptions>,
    call: &DownstreamCall,
) -> Result<Option<TokenRequest>, Box<Finding>> {
    let Some(caller) = caller::resolve(options, &call.callers)? else { return Ok(None) };
    let mut request = match &caller {
        Caller::User(token) => TokenRequest::on_behalf_of(token.clone(), options.scope_list().iter().cloned()),
        Caller::Application | Caller::ManagedIdentity(_) => TokenRequest::app_of(options.scope_list().to_vec()),
    };
    request.section.0 = Some(Arc::clone(options));
    apply(&options.acquire_token_options, &mut request);
    if let Caller::ManagedIdentity(identity) = caller {
        request.managed_identity = Some(identity);
    }
    if request.managed_identity.is_some() {
        caller::check_identity(call)?;
    }
    if let Some(claims) = call.claims.as_ref().filter(|claims| !is_object(claims)) {
        let message = format!("the call's claims, {} characters, are not a valid JSON object", claims.chars().count());
        let finding = Finding::error("bad-claims", message);
        return Err(Box::new(finding.remedy("write {\"access_token\": {...}}, as the API or the caller has it")));
    }
    if let Some(tenant) = &call.tenant {
        request.tenant = Some(tenant.clone());
    }
    if call.claims.is_some() {
        request.claims.clone_from(&call.claims);
    }
    if call.correlation_id.is_some() {
        request.correlation_id.clone_from(&call.correlation_id);
    }
    request.trace_context.clone_from(&call.trace_context);
    call.asked.apply(request).map(Some)
}

/// Puts `AcquireTokenOptions` on a request.
fn apply(options: &AcquireTokenOptions, request: &mut TokenRequest) {
    let text = |option: &Option<Located<String>>| {
        option.as_ref().map(|text| text.value.clone()).filter(|text| !text.is_empty())
    };
    let owned = |map| pairs(map).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    request.tenant = text(&options.tenant);
    request.claims = text(&options.claims);
    request.correlation_id = text(&options.correlation_id);
    request.fmi_path = text(&options.fmi_path);
    request.force_refresh = options.force_refresh.as_ref().is_some_and(|flag| flag.value);
    request.extra_query = owned(options.extra_query_parameters.as_ref());
    request.extra_headers = owned(options.extra_headers_parameters.as_ref());
    request.managed_identity = options.managed_identity.as_ref().map(ManagedIdentityOptions::id);
}

/// The names and texts of a map; what is `null` is left out.
fn pairs(map: Option<&Located<crate::settings::TextMap>>) -> impl Iterator<Item = (&str, &str)> {
    let all = map.into_iter().flat_map(|map| &map.value);
    all.filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
}

/// A method as it is sent.
pub(super) fn method(method: &str) -> Result<Cow<'static, str>, Box<Finding>> {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    match KNOWN.iter().find(|known| known.eq_ignore_ascii_case(method)) {
        Some(known) => Ok(Cow::Borrowed(known)),
        None if method.is_empty() => Ok("GET".into()),
        None if headers::is_token(method) => Ok(method.to_ascii_uppercase().into()),
        None => {
            let finding = Finding::error("wrong-value", "the method is not a valid HTTP method");
            Err(Box::new(finding.remedy("write Get, Post, ...")))
        }
    }
}

/// A finding about a call, which says what call it is.
pub(super) fn named(finding: Box<Finding>, options: &DownstreamOptions, call: &DownstreamCall) -> Box<Finding> {
    let text = |located: Option<&Located<String>>| located.map(|text| text.value.clone()).unwrap_or_default();
    let base = call.base_url.clone().unwrap_or_else(|| text(options.base_url.as_ref()));
    let path = call.path.clone().unwrap_or_else(|| text(options.relative_path.as_ref()));
    let address = format!("{}/{}", base.trim().trim_end_matches('/'), path.trim_start_matches('/'));
    let written = call.method.as_deref().unwrap_or(&options.http_method.value);
    let verb = method(written).unwrap_or_else(|_| printable(written, MAX_METHOD).into());
    about_call(finding, options, &verb, &address)
}

/// The same of a call whose address is known; at the API's section where nothing says a place.
pub(super) fn about_call(
    mut finding: Box<Finding>,
    options: &DownstreamOptions,
    verb: &str,
    address: &str,
) -> Box<Finding> {
    let address = printable(&shown_address(address), MAX_ADDRESS);
    finding.message = format!("{} ({verb} {address}: {})", finding.message, options.name);
    match finding.path {
        Some(_) => finding,
        None => Box::new(finding.at(&options.path, options.origin.clone())),
    }
}

/// At the setting that the address stands in.
pub(super) fn at_base_url(finding: Finding, options: &DownstreamOptions) -> Box<Finding> {
    Box::new(match &options.base_url {
        Some(base_url) => finding.at(&base_url.path, base_url.origin.clone()),
        None => finding.at(&options.path, options.origin.clone()),
    })
}
