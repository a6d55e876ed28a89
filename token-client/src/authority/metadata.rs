//! The OpenID configuration of a provider (OpenID Connect Discovery 1.0 §4).

use std::fmt;
use std::time::Duration;

use credential_core::text::{printable, shown_address};
use credential_core::world::{AddressFault, HttpRequest, check_address, is_loopback};
use credential_core::{Finding, World};
use serde::Deserialize;
use url::Url;

use super::address::{Address, host_and_port};
use super::clouds;
use super::codes;
use super::error::AuthorityError;
use crate::http::page::{PAGE, is_page};
use crate::http::unanswered::PROXY_PASSWORD;

/// How long the question may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A document lasts this long.
const LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// What is used of the document.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) issuer: String,
    pub(crate) token_endpoint: String,
    #[serde(default)]
    pub(crate) authorization_endpoint: Option<String>,
}

impl fmt::Debug for Metadata {
    /// Addresses without the values of their queries, as [`Endpoints`](super::Endpoints) shows them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata")
            .field("issuer", &shown_address(&self.issuer))
            .field("token_endpoint", &shown_address(&self.token_endpoint))
            .field("authorization_endpoint", &self.authorization_endpoint.as_deref().map(shown_address))
            .finish()
    }
}

/// Where the document is looked for: at the address itself, then below `/v2.0`, as Microsoft Entra ID
/// under a host of its own has it.
pub(crate) fn addresses(address: &Address) -> Vec<String> {
    let authority = address.text();
    let authority = authority.trim_end_matches('/');
    let mut list = vec![format!("{authority}/.well-known/openid-configuration")];
    if address.segments.last().is_none_or(|last| !last.eq_ignore_ascii_case("v2.0")) {
        list.push(format!("{authority}/v2.0/.well-known/openid-configuration"));
    }
    list
}

/// Reads the document and checks who issued it.
///
/// # Errors
/// `metadata-unreachable` (transient) for no answer and for 5xx; `metadata-invalid` where no address has
/// a document, and for one whose endpoints are not protected; `issuer-mismatch`.
pub(crate) async fn fetch(address: Address, world: World) -> Result<(Metadata, Duration), AuthorityError> {
    let mut came = Vec::new();
    let mut found: Option<Metadata> = None;
    for url in addresses(&address) {
        match ask(&url, &world).await {
            Ok(Ok(document)) => {
                document.check(&url, &address)?;
                let old = document.is_first_version();
                found = Some(document);
                if !old {
                    break;
                }
            }
            Ok(Err(what)) => came.push(format!("{url} {what}")),
            Err(error) if found.is_none() => return Err(error),
            Err(_) => {}
        }
    }
    let absent = || {
        let message = format!("{} is not an OpenID provider: {}", address.text(), came.join(", and "));
        let remedy = "correct Authority: the OpenID configuration stands below it; for Microsoft Entra ID under a host \
                      of its own write Instance and TenantId in its place";
        AuthorityError::wrong(Finding::error(codes::METADATA_INVALID, message).remedy(remedy))
    };
    found.map(|document| (document, LASTS)).ok_or_else(absent)
}

/// The document at one address, or what came in its place.
async fn ask(url: &str, world: &World) -> Result<Result<Metadata, String>, AuthorityError> {
    let response = world.send(HttpRequest::get(url).timeout(TIMEOUT)).await.map_err(|error| {
        AuthorityError::unreachable(codes::METADATA_UNREACHABLE, format!("{url} could not be read"), &error)
    })?;
    let status = response.status;
    if status >= 500 || status == 429 {
        let finding = Finding::error(codes::METADATA_UNREACHABLE, format!("{url} was answered with status {status}"));
        return Err(AuthorityError::transient(finding.remedy("try again")));
    }
    if status == 407 {
        let message = format!("{url} was answered by a proxy that asks for a user name and password (407)");
        let finding = Finding::error(codes::METADATA_UNREACHABLE, message);
        return Err(AuthorityError::wrong(finding.remedy(PROXY_PASSWORD)));
    }
    if status != 200 {
        return Ok(Err(format!("was answered with status {status}")));
    }
    Ok(serde_json::from_slice(response.body.expose()).map_err(|_| {
        if is_page(&response) {
            return format!("is {PAGE}");
        }
        let kind = printable(response.header("content-type").unwrap_or("no content type"), 100);
        format!("has {} bytes of {kind} and no OpenID configuration", response.body.len())
    }))
}

impl Metadata {
    fn check(&self, url: &str, address: &Address) -> Result<(), AuthorityError> {
        if !issuer_fits(address, &self.issuer) {
            let message =
                format!("{url} was issued by \"{}\", not by {}", printable(&self.issuer, 200), address.text());
            let finding = Finding::error(codes::ISSUER_MISMATCH, message);
            return Err(AuthorityError::wrong(finding.remedy("set Authority to the issuer's address")));
        }
        let endpoints =
            [("token", Some(&self.token_endpoint)), ("authorization", self.authorization_endpoint.as_ref())];
        for (name, endpoint) in endpoints {
            let Some(fault) = endpoint.and_then(|endpoint| fault(endpoint, &self.issuer)) else { continue };
            let finding = Finding::error(codes::METADATA_INVALID, format!("the {name} endpoint in {url} {fault}"));
            return Err(AuthorityError::wrong(finding.remedy("correct Authority, or the metadata of the provider")));
        }
        Ok(())
    }

    /// Whether it is of the first version of Microsoft Entra ID's endpoints, which know no scopes.
    fn is_first_version(&self) -> bool {
        self.token_endpoint.split('?').next().unwrap_or_default().ends_with("/oauth2/token")
    }
}

/// Why no secret may go to the endpoint: `http` is for this machine, when the issuer is on it too.
fn fault(endpoint: &str, issuer: &str) -> Option<AddressFault> {
    let plain = Url::parse(endpoint).is_ok_and(|url| url.scheme() == "http");
    check_address(endpoint).err().or((plain && !is_loopback(issuer)).then_some(AddressFault::NotProtected))
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
    fn debug_shows_no_value_of_a_query() {
        let metadata = Metadata {
            issuer: "https://login.contoso.com/t".to_owned(),
            token_endpoint: "https://login.contoso.com/t/token?code=s3cret".to_owned(),
            authorization_endpoint: Some("https://login.contoso.com/t/authorize?code=s3cret".to_owned()),
        };
        let shown = format!("{metadata:?}");
        assert!(!shown.contains("s3cret") && shown.contains("login.contoso.com/t/token"), "{shown}");
    }

    fn address(segments: &[&str]) -> Address {
        Address {
            scheme: "https".to_owned(),
            host: "login.contoso.com".to_owned(),
            loopback: false,
            segments: segments.iter().map(|part| (*part).to_owned()).collect(),
            query: None,
        }
    }

    #[test]
    fn endpoints_of_an_https_issuer_are_https() {
        for (issuer, endpoint, good) in [
            ("https://login.contoso.com", "https://tokens.contoso.com/t", true),
            ("https://login.contoso.com", "http://tokens.contoso.com/t", false),
            ("https://login.contoso.com", "http://127.0.0.1:9/t", false),
            ("https://login.contoso.com", "http://localhost/t", false),
            ("https://login.contoso.com", "http://evil.localhost/t", false),
            ("https://login.contoso.com", "https://u:p@tokens.contoso.com/t", false),
            ("https://login.contoso.com", "/t", false),
            ("http://127.0.0.1:1/x", "http://127.0.0.1:9/t", true),
            ("http://localhost/x", "http://tokens.contoso.com/t", false),
        ] {
            assert_eq!(fault(endpoint, issuer).is_none(), good, "{issuer} {endpoint}");
        }
    }

    #[test]
    fn the_document_stands_at_the_address_or_below_its_second_version() {
        let at = |segments: &[&str]| addresses(&address(segments));
        let (host, end) = ("https://login.contoso.com", ".well-known/openid-configuration");
        assert_eq!(at(&[]), [format!("{host}/{end}"), format!("{host}/v2.0/{end}")]);
        assert_eq!(at(&["t"]), [format!("{host}/t/{end}"), format!("{host}/t/v2.0/{end}")]);
        assert_eq!(at(&["t", "v2.0"]), [format!("{host}/t/v2.0/{end}")]);
    }

    #[test]
    fn an_issuer_speaks_for_its_own_host_alone() {
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
