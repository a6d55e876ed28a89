//! An authority in memory that answers as the test says, and remembers what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::World;
use credential_core::credential::SecretBytes;
use credential_core::world::{HttpClient, HttpError, HttpRequest, HttpResponse};
use token_client::settings::{Configuration, Location};
use token_client::{TokenClient, TokenClientBuilder};

pub(crate) const SCOPE: &str = "api://demo/.default";
pub(crate) const GOOD: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"eyJ0"}"#;

type Answer = dyn Fn(&HttpRequest) -> (u16, String) + Send + Sync;

/// Answers at once, after a moment, or never.
pub(crate) struct Authority {
    answer: Box<Answer>,
    pub(crate) delay: Duration,
    seen: Mutex<Vec<HttpRequest>>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

impl Authority {
    pub(crate) fn new(answer: impl Fn(&HttpRequest) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self { answer: Box::new(answer), delay: Duration::ZERO, seen: Mutex::default() }
    }

    /// A token for everybody.
    pub(crate) fn good() -> Self {
        Self::new(|_| (200, GOOD.to_owned()))
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    pub(crate) fn seen(&self) -> Vec<HttpRequest> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests carried that text in their body.
    pub(crate) fn carried(&self, text: &str) -> usize {
        self.seen().iter().filter(|request| body(request).contains(text)).count()
    }
}

pub(crate) fn body(request: &HttpRequest) -> String {
    String::from_utf8_lossy(SecretBytes::expose(&request.body)).into_owned()
}

#[async_trait]
impl HttpClient for Authority {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (status, body) = (self.answer)(&request);
        self.seen.lock().unwrap().push(request);
        if self.delay.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(self.delay).await;
        }
        Ok(HttpResponse::new(status, vec![("content-type".to_owned(), "application/json".to_owned())], body))
    }
}

/// A client of the authority with that section; everything else is real.
pub(crate) fn builder(authority: &Arc<Authority>, section: &str) -> TokenClientBuilder {
    let settings = format!(r#"{{ "AzureAd": {section} }}"#);
    TokenClient::builder()
        .configuration(Configuration::from_json(&settings, &Location::default(), &BTreeMap::new()))
        .world(World::new(Arc::clone(authority) as _))
}

/// An application at the public cloud with those credentials.
pub(crate) fn section(credentials: &str) -> String {
    format!(
        r#"{{ "Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example",
              "ClientId": "8c2b7a54-53c6-4d0e-8f0e-1c7a9b3d5e6f", "ClientCredentials": [{credentials}] }}"#
    )
}

pub(crate) const TWO_SECRETS: &str = r#"{ "SourceType": "ClientSecret", "ClientSecret": "first-s3cret" },
    { "SourceType": "ClientSecret", "ClientSecret": "second-s3cret" }"#;
pub(crate) const ONE_SECRET: &str = r#"{ "SourceType": "ClientSecret", "ClientSecret": "first-s3cret" }"#;
