//! An authority in this process's memory: what is measured against it is the client alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use credential_core::testing::FixedSource;
use credential_core::world::{HttpClient, HttpError, HttpRequest, HttpResponse};
use credential_core::{Credential, World};
use token_client::TokenClient;
use token_client::settings::{Configuration, Location};

/// The tenant of [`client`].
pub const TENANT: &str = "31f3a1f7-3a3c-4a8b-9a5e-6b0c7a1d2e4f";
/// The application of [`client`].
pub const CLIENT_ID: &str = "8c2b7a54-53c6-4d0e-8f0e-1c7a9b3d5e6f";
/// The scope that the benches ask for.
pub const SCOPE: &str = "https://graph.microsoft.com/.default";

/// Answers every token request at once, and counts them.
#[derive(Debug, Default)]
pub struct MemoryAuthority(AtomicUsize);

impl MemoryAuthority {
    /// The requests so far.
    pub fn requests(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts a request and gives the body of its answer: a token of the usual size that lives an hour.
    pub async fn answer(&self) -> String {
        self.0.fetch_add(1, Ordering::Relaxed);
        // As over a socket: whoever else is ready goes first.
        tokio::task::yield_now().await;
        let token = "e".repeat(1500);
        format!(r#"{{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"{token}"}}"#)
    }
}

#[async_trait]
impl HttpClient for MemoryAuthority {
    async fn send(&self, _request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Ok(HttpResponse::new(200, headers, self.answer().await))
    }
}

const GIVEN: &str = "Given";

/// A client with that credential, whose authority is in memory; everything else is real.
pub async fn client(authority: &Arc<MemoryAuthority>, credential: Credential) -> TokenClient {
    client_in(World::new(Arc::clone(authority) as _), credential).await
}

/// A client with that credential, in that world.
pub async fn client_in(world: World, credential: Credential) -> TokenClient {
    let settings = format!(
        r#"{{ "AzureAd": {{ "Instance": "https://login.microsoftonline.com/", "TenantId": "{TENANT}",
              "ClientId": "{CLIENT_ID}", "ClientCredentials": [{{ "SourceType": "{GIVEN}" }}] }} }}"#
    );
    TokenClient::builder()
        .configuration(Configuration::from_json(&settings, &Location::default(), &BTreeMap::new()))
        .source(FixedSource::new(GIVEN, Ok(credential)))
        .world(world)
        .build()
        .await
        .unwrap()
}
