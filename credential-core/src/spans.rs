//! The spans of this crate. Names, fields and levels are promised: `docs/observability.md` of `token-client` has them.
//!
//! No field holds a secret or anything derived from one. A span is made where no lock is held: whoever reads it may
//! be anybody's code.

use tracing::field::Empty;
use tracing::{Span, debug_span, info_span};
use url::Url;

use crate::CredentialDescription;
use crate::chain::Candidate;
use crate::source::LoadReason;
use crate::text::{printable, shown_address};
use crate::world::{HttpError, HttpRequest};

/// The longest text of a field, in characters.
pub(crate) const MAX_TEXT: usize = 500;

/// One load of one entry, whoever waits for it; within the exchange that began it.
pub(crate) fn load_credential(within: &Span, entry: usize, described: &CredentialDescription, why: LoadReason) -> Span {
    info_span!(
        parent: within,
        "load_credential",
        entry,
        source = described.source_type().as_str(),
        reason = why.as_str(),
        credential = Empty,
        "error.type" = Empty,
        "otel.status_code" = Empty,
    )
}

/// One credential before the authority.
pub(crate) fn present_credential(candidate: &Candidate) -> Span {
    info_span!(
        "present_credential",
        entry = candidate.index,
        credential = printable(candidate.credential.id(), MAX_TEXT),
        verdict = Empty,
        "error.type" = Empty,
        "otel.status_code" = Empty,
    )
}

/// The look at better-placed entries behind the callers' back, after the span that it was begun in.
pub(crate) fn try_better(begun_in: &Span) -> Span {
    let span = info_span!(parent: None, "try_better_credentials");
    span.follows_from(begun_in);
    span
}

/// One HTTP request, by OpenTelemetry's names.
pub(crate) fn http_request(request: &HttpRequest) -> Span {
    let url = || Url::parse(&request.url).ok();
    debug_span!(
        "http_request",
        "otel.kind" = "client",
        "http.request.method" = &*request.method,
        "url.full" = shown_address(&request.url),
        "server.address" = url().and_then(|url| url.host_str().map(str::to_owned)),
        "server.port" = url().and_then(|url| url.port_or_known_default()),
        "http.response.status_code" = Empty,
        "error.type" = Empty,
        "otel.status_code" = Empty,
    )
}

/// What came of a request.
pub(crate) fn answered(span: &Span, status: Result<u16, &HttpError>) {
    match status {
        Ok(status) => {
            span.record("http.response.status_code", status);
            if status >= 400 {
                failed(span, &status.to_string());
            }
        }
        Err(error) => failed(span, error.kind().as_str()),
    }
}

/// What the span is about has failed; `why` is a code or a kind, one of few.
pub(crate) fn failed(span: &Span, why: &str) {
    span.record("error.type", why);
    span.record("otel.status_code", "ERROR");
}
