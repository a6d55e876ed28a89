//! The OpenID configuration of a provider (OpenID Connect Discovery 1.0 §4).

use std::time::Duration;

use credential_core::{Finding, HttpRequest, World, check_address};
use serde::Deserialize;
use url::Url;

use super::address::{Address, host_and_port};
use super::clouds;
use super::codes;
use super::error::AuthorityError;

/// How long the question may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A document lasts this long.
const LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// What is used of the document.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) issuer: String,
    pub(crate) token_endpoint: String,
    #[serde(default)]
    pub(crate) authorization_endpoint: Option<String>,
}

/// Reads the document and checks who issued it.
///
/// # Errors
/// `metadata-unreachable` (transient) for no answer and for 5xx; `metadata-invalid` for another
/// status or another document; `issuer-mismatch`.
pub(crate) async fn fetch(address: Address, world: World) -> Result<(Metadata, Duration), AuthorityError> {
    let authority = format!("{}/{}", address.origin(), address.segments.join("/"));
    let url = format!("{}/.well-known/openid-configuration", authority.trim_end_matches('/'));
    let response = world.send(HttpRequest::get(&url).timeout(TIMEOUT)).await.map_err(|error| {
        AuthorityError::unreachable(codes::METADATA_UNREACHABLE, format!("{url} could not be read"), &error)
    })?;
    if response.status >= 500 || response.status == 429 {
        let message = format!("{url} was answered with status {}", response.status);
        return Err(AuthorityError::transient(
            Finding::error(codes::METADATA_UNREACHABLE, message).remedy("try again"),
        ));
    }
    let invalid = |what: &str| {
        AuthorityError::wrong(
            Finding::error(codes::METADATA_INVALID, format!("{url} {what}"))
                .remedy("correct Authority: the OpenID configuration stands below it"),
        )
    };
    if response.status != 200 {
        return Err(invalid(&format!("was answered with status {}", response.status)));
    }
    let document: Metadata =
        serde_json::from_slice(response.body.expose()).map_err(|_| invalid("is no OpenID configuration"))?;
    if check_address(&document.token_endpoint).is_err() {
        return Err(invalid("names a token endpoint that is no https address"));
    }
    if !issuer_fits(&address, &document.issuer) {
        let issuer: String = document.issuer.chars().take(200).collect();
        let message = format!("{url} was issued by {issuer:?}, not by {authority}");
        return Err(AuthorityError::wrong(
            Finding::error(codes::ISSUER_MISMATCH, message).remedy("set Authority to the issuer's address"),
        ));
    }
    Ok((document, LASTS))
}

/// Whether the issuer may speak for the authority: it has the same scheme and host, or is a host of
/// Microsoft's over https, or the authority's tenant in an external ID directory.
fn issuer_fits(address: &Address, issuer: &str) -> bool {
    let Ok(url) = Url::parse(issuer) else { return false };
    let host = host_and_port(&url);
    if url.scheme() == address.scheme && host == address.host {
        return true;
    }
    if url.scheme() != "https" {
        return false;
    }
    if clouds::of(&host).is_some() || clouds::of_regional(&host).is_some() {
        return true;
    }
    let Some(tenant) = address.segments.first().map(|segment| segment.to_ascii_lowercase()) else { return false };
    let path: Vec<&str> = url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let fits = match path.as_slice() {
        [] => true,
        [first] | [first, "v2.0"] => first.eq_ignore_ascii_case(&tenant),
        _ => false,
    };
    fits && host == format!("{tenant}.ciamlogin.com")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_speaks_for_its_own_host_alone() {
        let address = |segments: &[&str]| Address {
            scheme: "https".to_owned(),
            host: "login.contoso.com".to_owned(),
            loopback: false,
            segments: segments.iter().map(|part| (*part).to_owned()).collect(),
            query: None,
        };
        for (segments, issuer, fits) in [
            (&["t"][..], "https://login.contoso.com/other", true),
            (&["t"], "http://login.contoso.com/t", false),
            (&["t"], "https://login.contoso.com:444/t", false),
            (&["t"], "https://login.microsoftonline.com/t/v2.0", true),
            (&["t"], "http://login.microsoftonline.com/t/v2.0", false),
            (&["t"], "https://westeurope.login.microsoft.com/t", true),
            (&["t"], "https://t.ciamlogin.com/T/v2.0", true),
            (&["t"], "https://t.ciamlogin.com/other/v2.0", false),
            (&["t"], "https://u.ciamlogin.com/t", false),
            (&["t"], "https://evil.example/login.contoso.com", false),
            (&[], "https://x.ciamlogin.com", false),
            (&["t"], "not an address", false),
        ] {
            assert_eq!(issuer_fits(&address(segments), issuer), fits, "{issuer}");
        }
    }
}
