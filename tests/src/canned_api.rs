//! An API in this process's memory: what is measured against it is the caller alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::World;
use credential_core::world::{HttpClient, HttpError, HttpRequest, HttpResponse};
use token_client::settings::{Configuration, Location};
use token_client::{DownstreamApi, TokenClient};

/// Where the call of [`bare`] and of the API's users goes.
pub const ADDRESS: &str = "https://inventory.contoso.com/v1/items/42";

/// Answers every request at once with the same: a token to an authority's users, an item to everybody else.
#[derive(Debug, Default)]
pub struct CannedApi;

#[async_trait]
impl HttpClient for CannedApi {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        if request.url.contains("/oauth2/") {
            let token = "e".repeat(1500);
            let body = format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{token}"}}"#);
            return Ok(HttpResponse::new(200, headers, body));
        }
        Ok(HttpResponse::new(200, headers, r#"{"id":42,"name":"screw"}"#))
    }
}

/// The same call without the product: the HTTP client alone, with an address and a header that are there already.
///
/// # Panics
/// Never: the canned answer is none of its errors.
pub async fn bare(http: &dyn HttpClient, authorization: &credential_core::Secret) -> HttpResponse {
    let request = HttpRequest::get(ADDRESS).header("accept", "application/json");
    http.send(request.header("authorization", authorization.clone())).await.unwrap()
}

/// The API as a section has it, its token not asked for yet.
///
/// # Panics
/// When the settings make no client.
pub async fn api() -> DownstreamApi {
    let settings = r#"{ "AzureAd": { "Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.com",
        "ClientId": "app1", "ClientCredentials": [{ "SourceType": "ClientSecret", "ClientSecret": "s3cret" }] },
      "Inventory": { "BaseUrl": "https://inventory.contoso.com/v1", "Scopes": ["api://inventory/.default"],
        "RequestAppToken": true } }"#;
    let configuration = Configuration::from_json(settings, &Location::default(), &BTreeMap::new());
    let world = World::new(Arc::new(CannedApi));
    let client = TokenClient::builder().configuration(configuration).world(world).build().await.unwrap();
    client.downstream("Inventory").unwrap()
}
