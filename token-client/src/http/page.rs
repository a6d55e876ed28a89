//! A page for people where an answer for programs was expected.

use credential_core::world::HttpResponse;

/// What it is, for messages.
pub(crate) const PAGE: &str = "an HTML page, not JSON: a proxy or captive portal may stand before it";

/// Whether what came is one.
pub(crate) fn is_page(response: &HttpResponse) -> bool {
    let html = |kind: &str| kind.to_ascii_lowercase().contains("html");
    response.header("content-type").is_some_and(html) || response.body.expose().trim_ascii_start().starts_with(b"<")
}
