//! An authority and an API in memory that remember what they were asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credential_core::World;
use credential_core::world::{HttpClient, HttpError, HttpRequest, HttpResponse};
use serde_json::{Value, json};
use token_client::settings::{Configuration, Location};
use token_client::{ConfigurationError, TokenClient};

/// Whoever is asked: every token request gets a token, every other request the next answer of the script,
/// or 200 without one.
#[derive(Debug, Default)]
pub(crate) struct There {
    asked: Mutex<Vec<HttpRequest>>,
    script: Mutex<VecDeque<HttpResponse>>,
    silent_at: Option<&'static str>,
    /// What tokens are, where they are more than a name.
    pub(crate) token: Mutex<Option<String>>,
}

#[async_trait]
impl HttpClient for There {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let is_authority = request.url.contains("/oauth2/v2.0/token");
        let silent = self.silent_at.is_some_and(|part| request.url.contains(part));
        self.asked.lock().unwrap().push(request);
        if silent {
            std::future::pending::<()>().await;
        }
        let json = vec![("content-type".to_owned(), "application/json".to_owned())];
        if is_authority {
            let token = self.token.lock().unwrap().clone().unwrap_or_else(|| "issued-token".to_owned());
            let token = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token});
            return Ok(HttpResponse::new(200, json, token.to_string()));
        }
        let scripted = self.script.lock().unwrap().pop_front();
        Ok(scripted.unwrap_or_else(|| HttpResponse::new(200, json, "{\"well\":true}")))
    }
}

impl There {
    /// Gives no answer at addresses with that in them.
    pub(crate) fn silent_at(part: &'static str) -> Self {
        Self { silent_at: Some(part), ..Self::default() }
    }

    /// What the API answers next.
    pub(crate) fn answer(&self, response: HttpResponse) {
        self.script.lock().unwrap().push_back(response);
    }

    /// What was asked since the last look.
    pub(crate) fn asked(&self) -> Vec<HttpRequest> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// Of the token requests since the last look: whether each is for the application or a user.
    pub(crate) fn grants(&self) -> Vec<&'static str> {
        let asked = self.asked();
        let forms = asked.iter().filter(|request| request.url.contains("/oauth2/")).map(form);
        forms.map(|form| if form.contains_key("assertion") { "user" } else { "application" }).collect()
    }
}

/// The form of a token request.
pub(crate) fn form(request: &HttpRequest) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(request.body.expose()).into_owned().collect()
}

/// A client with those downstream APIs, `AzureAd` having these further members.
pub(crate) async fn client_with(
    there: &Arc<There>,
    application: Value,
    apis: Value,
) -> Result<TokenClient, ConfigurationError> {
    client_of(Arc::clone(there) as _, application, apis).await
}

/// The same with any HTTP client.
pub(crate) async fn client_of(
    http: Arc<dyn HttpClient>,
    application: Value,
    apis: Value,
) -> Result<TokenClient, ConfigurationError> {
    let mut settings = json!({
        "AzureAd": {
            "Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.com", "ClientId": "8c2b7a54-53c6-4d0e-8f0e-1c7a9b3d5e6f",
            "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}],
        },
        "DownstreamApis": apis,
    });
    let more = application.as_object().cloned().unwrap_or_default();
    settings["AzureAd"].as_object_mut().unwrap().extend(more);
    let configuration = Configuration::from_json(&settings.to_string(), &Location::default(), &BTreeMap::new());
    TokenClient::builder().configuration(configuration).world(World::new(http)).build().await
}

/// A client with those downstream APIs.
pub(crate) async fn client(there: &Arc<There>, apis: Value) -> TokenClient {
    client_with(there, Value::Null, apis).await.unwrap()
}

/// A token as it comes in from a user; another one for each name.
pub(crate) fn user_token(name: &str) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part("{\"alg\":\"RS256\"}"), part(&format!("{{\"sub\":\"{name}\"}}")), part("signature"))
}
