//! Tokens for tests of what takes them: no authority, no network, no settings.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use credential_core::testing::{FakeWorld, FixedSource};
use credential_core::world::{HttpClient, HttpError, HttpErrorKind, HttpNeed, HttpRequest, HttpResponse};
use credential_core::{Credential, Secret, World};

use crate::client::TokenClientBuilder;
use crate::settings::{Configuration, Location};
use crate::{AccessToken, ConfigurationError, TokenClient, TokenError, TokenFuture, TokenSource};

const SETTINGS: &str = r#"{"AzureAd": {"Instance": "https://login.microsoftonline.com/", "TenantId": "fake.example",
    "ClientId": "fake", "ClientCredentials": [{"SourceType": "Fake"}]}}"#;
/// How long the tokens of a fake client last, in seconds.
const LIFE: u64 = 3600;

/// A [`TokenSource`] that always gives the same: a token, or an error.
#[derive(Clone, Debug)]
pub struct StaticToken(Result<AccessToken, TokenError>);

impl StaticToken {
    /// Gives that token.
    pub fn new(token: AccessToken) -> Self {
        Self(Ok(token))
    }

    /// Gives that error, as a client gave it.
    pub fn failing(error: TokenError) -> Self {
        Self(Err(error))
    }

    /// Gives a token of that value, which ends at that time.
    pub fn of(value: impl Into<Secret>, expires_on: SystemTime) -> Self {
        Self::new(AccessToken::new(value, expires_on))
    }
}

impl TokenSource for StaticToken {
    fn token(&self) -> TokenFuture<'_> {
        TokenFuture::ready(self.0.clone())
    }
}

impl TokenClient {
    /// A client that answers every request with that token, an hour long, and asks nobody: for tests of what takes a
    /// client. Nothing of this machine comes in, neither settings nor variables.
    ///
    /// Add what else a test needs to [`TokenClientBuilder::fake`].
    ///
    /// # Errors
    /// None that a test can cause.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use token_client::{TokenClient, TokenRequest};
    ///
    /// let client = TokenClient::fake("ey.fake.token").await?;
    /// let token = client.token(&TokenRequest::app("api://inventory/.default")).await?;
    /// assert_eq!(token.authorization_header().expose(), "Bearer ey.fake.token");
    /// # Ok(()) }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub async fn fake(token: impl Into<Secret>) -> Result<Self, ConfigurationError> {
        Self::builder().fake(token).build().await
    }
}

impl TokenClientBuilder {
    /// Answers every token request with that token, and lets nothing of this machine in: an application that needs
    /// no settings, files or variables. Calls of downstream APIs go to `http`, where one was given before.
    #[must_use]
    pub fn fake(mut self, token: impl Into<Secret>) -> Self {
        let fake = FakeWorld::new();
        let (http, token) = (self.take_http(), token.into());
        let world = World::new(Arc::new(Issuer { token, http }))
            .with_environment(Arc::clone(&fake.environment) as _)
            .with_files(Arc::clone(&fake.files) as _);
        let configuration = Configuration::from_json(SETTINGS, &Location::default(), &BTreeMap::new());
        let source = FixedSource::new("Fake", Ok(Credential::secret("fake", "fake")));
        self.configuration(configuration).source(source).world(world)
    }
}

/// Gives the token to whoever asks a token endpoint; other requests are another's.
#[derive(Debug)]
struct Issuer {
    token: Secret,
    http: Option<Arc<dyn HttpClient>>,
}

#[async_trait]
impl HttpClient for Issuer {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if request.url.contains("/oauth2/v2.0/token") {
            let body =
                serde_json::json!({"token_type": "Bearer", "expires_in": LIFE, "access_token": self.token.expose()});
            return Ok(HttpResponse::new(200, Vec::new(), body.to_string()));
        }
        match &self.http {
            Some(http) => http.send(request).await,
            None => {
                Err(HttpError::new(HttpErrorKind::Unsupported, "the fake client was given no http to call APIs with"))
            }
        }
    }

    fn can(&self, need: HttpNeed) -> bool {
        self.http.as_ref().is_some_and(|http| http.can(need))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use credential_core::testing::FakeHttp;

    use super::*;
    use crate::settings::DownstreamOptions;
    use crate::{DownstreamCall, TokenRequest};

    /// A library's function that takes whoever gives a token.
    async fn header(source: impl TokenSource) -> Result<String, TokenError> {
        Ok(source.token().await?.authorization_header().expose().to_owned())
    }

    #[tokio::test]
    async fn a_library_takes_a_client_a_fixed_token_or_one_behind_a_pointer() {
        let client = TokenClient::fake("of-the-client").await.unwrap();
        let source = client.token_source(TokenRequest::app("api://a/.default"));
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        let fixed: Arc<dyn TokenSource> = Arc::new(StaticToken::of("fixed", end));
        assert_eq!(header(&source).await.unwrap(), "Bearer of-the-client");
        assert_eq!(header(&fixed).await.unwrap(), "Bearer fixed");
        assert_eq!(fixed.token().await.unwrap().expires_on(), end);
        let refused = client.token(&TokenRequest::app("no resource")).await.unwrap_err();
        assert_eq!(header(StaticToken::failing(refused.clone())).await.unwrap_err().to_string(), refused.to_string());
    }

    #[tokio::test]
    async fn a_fake_client_calls_apis_by_the_http_that_it_was_given() {
        let http = Arc::new(FakeHttp::default());
        http.answer(200, "{}");
        let api = DownstreamOptions::builder().base_url("https://api.example/").scopes(["api://a/.default"]);
        let builder = TokenClient::builder().http(http.clone()).downstream("Api", api).fake("of-the-fake");
        let client = builder.build().await.unwrap();
        client.downstream("Api").unwrap().call(DownstreamCall::new().as_app()).await.unwrap();
        let asked = http.requests();
        assert_eq!(asked.len(), 1);
        let header = asked[0].headers.iter().find(|(name, _)| name == "authorization").unwrap();
        assert_eq!(header.1.expose(), "Bearer of-the-fake");
    }
}
