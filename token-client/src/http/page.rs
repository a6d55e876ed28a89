//! A page for people where an answer for programs was expected.

use credential_core::world::HttpResponse;

use super::media_type;

/// What it is, for messages.
pub(crate) const PAGE: &str = "an HTML page, not JSON: a proxy or captive portal may stand before it";

/// Whether what came is one.
pub(crate) fn is_page(response: &HttpResponse) -> bool {
    response.header("content-type").is_some_and(media_type::is_html)
        || response.body.expose().trim_ascii_start().starts_with(b"<")
}
