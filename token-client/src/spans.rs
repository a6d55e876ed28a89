//! The spans of this crate. Names, fields and levels are promised: docs/observability.md has them.
//!
//! No field holds a secret, a token or a user's assertion, or anything derived from one.

use credential_core::text::printable;
use tracing::field::Empty;
use tracing::{Span, debug_span, info_span};
use url::Url;

use crate::exchange::Exchange;
use crate::{AccessToken, DownstreamError, TokenError, TokenRequest};

/// The longest text of a field, in characters.
const MAX_TEXT: usize = 500;

/// A caller that waits for a token. One whose token is cached has no span.
pub(crate) fn get_token(client_id: &str, tenant: Option<&str>, request: &TokenRequest) -> Span {
    info_span!(
        "get_token",
        client_id,
        tenant = tenant.map(shown),
        scope = shown(&request.scopes.join(" ")),
        grant = grant(!request.is_for_app()),
        credential = Empty,
        "error.type" = Empty,
        "otel.status_code" = Empty,
    )
}

/// Where an exchange stands in the traces.
#[derive(Clone)]
pub(crate) enum Parent {
    /// Within its first caller's span.
    Caller(Span),
    /// By itself, after the span that it was begun in: nobody waits for it.
    Renewal(Span),
}

/// One exchange, whoever waits for it.
pub(crate) fn exchange(parent: &Parent, client_id: &str) -> Span {
    let within = match parent {
        Parent::Caller(span) => span.id(),
        Parent::Renewal(_) => None,
    };
    let span = info_span!(
        parent: within,
        "exchange",
        renewal = matches!(parent, Parent::Renewal(_)),
        client_id,
        tenant = Empty,
        scope = Empty,
        grant = Empty,
        "server.address" = Empty,
        client_request_id = Empty,
        credential = Empty,
        "error.type" = Empty,
        "otel.status_code" = Empty,
    );
    if let Parent::Renewal(begun_in) = parent {
        span.follows_from(begun_in);
    }
    span
}

/// What is exchanged, once it is known.
pub(crate) fn exchanges(span: &Span, exchange: &Exchange) {
    if span.is_disabled() {
        return;
    }
    span.record("tenant", exchange.tenant.as_deref().map(shown));
    span.record("scope", shown(&exchange.scope));
    span.record("grant", grant(exchange.user_assertion.is_some()));
    span.record("server.address", host(&exchange.token_endpoint));
    span.record("client_request_id", shown(&exchange.correlation_id));
}

/// What came of a call or an exchange.
pub(crate) fn gave(span: &Span, outcome: &Result<AccessToken, TokenError>) {
    match outcome {
        Ok(token) => _ = token.credential().map(|won| span.record("credential", shown(&won.id))),
        Err(error) => failed(span, error.kind().as_str()),
    }
}

/// Reading what the authority, or the machine, says of itself.
pub(crate) fn read_metadata(within: &Span, what: &'static str) -> Span {
    debug_span!(parent: within, "read_metadata", what, "error.type" = Empty, "otel.status_code" = Empty)
}

/// A call of a downstream API, its token included.
pub(crate) fn call_downstream(api: &str, method: &str, address: &str) -> Span {
    info_span!(
        "call_downstream",
        api,
        "http.request.method" = method,
        "server.address" = host(address),
        "server.port" = Url::parse(address).ok().and_then(|url| url.port_or_known_default()),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
        "otel.status_code" = Empty,
    )
}

/// What came of a call of a downstream API.
pub(crate) fn answered(span: &Span, status: Result<u16, &DownstreamError>) {
    match status {
        Ok(status) => {
            span.record("http.response.status_code", status);
            if status >= 400 {
                failed(span, &status.to_string());
            }
        }
        Err(DownstreamError::Token(error)) => failed(span, error.kind().as_str()),
        Err(DownstreamError::Http { error, .. }) => failed(span, error.kind().as_str()),
        Err(_) => failed(span, "call"),
    }
}

/// What the span is about has failed; `why` is a code or a kind, one of few.
pub(crate) fn failed(span: &Span, why: &str) {
    span.record("error.type", why);
    span.record("otel.status_code", "ERROR");
}

fn grant(for_user: bool) -> &'static str {
    if for_user { "on_behalf_of" } else { "client_credentials" }
}

fn host(address: &str) -> Option<String> {
    Url::parse(address).ok()?.host_str().map(str::to_owned)
}

fn shown(text: &str) -> String {
    printable(text, MAX_TEXT)
}
