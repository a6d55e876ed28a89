//! The authority of a case, in memory; whatever else is asked goes over loopback.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::world::{HttpClient, HttpError, HttpRequest, HttpResponse, HttpStreamRequest, HttpStreamResponse};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use token_client::ReqwestHttp;
use url::Url;

/// A request for a token.
#[derive(Clone, Debug)]
pub(crate) struct TokenAsked {
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) form: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(crate) struct Authority {
    http: ReqwestHttp,
    delay: Option<f64>,
    asked: Mutex<Vec<TokenAsked>>,
}

impl Authority {
    /// With the default headers that the case gives its HTTP client.
    pub(crate) fn new(case: &Value) -> Arc<Self> {
        static PLAIN: LazyLock<ReqwestHttp> = LazyLock::new(|| ReqwestHttp::new().unwrap());
        let http = match case["http_default_headers"].as_object() {
            None => PLAIN.clone(),
            Some(given) => {
                let parse = |(name, value): (&String, &Value)| {
                    Some((name.parse::<HeaderName>().ok()?, value.as_str()?.parse::<HeaderValue>().ok()?))
                };
                let headers: HeaderMap = given.iter().filter_map(parse).collect();
                ReqwestHttp::from_builder(move || reqwest::Client::builder().default_headers(headers.clone())).unwrap()
            }
        };
        Arc::new(Self { http, delay: case["cloud"]["delay"].as_f64(), asked: Mutex::default() })
    }

    pub(crate) fn asked(&self) -> Vec<TokenAsked> {
        self.asked.lock().unwrap().clone()
    }

    /// The tokens are named by their number: `$TOKEN1`, `$TOKEN2`, ...
    async fn token(&self, request: &HttpRequest, url: &Url) -> HttpResponse {
        let json = |status: u16, body: Value| {
            let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
            HttpResponse::new(status, headers, body.to_string())
        };
        if url.path().ends_with("/discovery/instance") {
            let aliases = ["login.microsoftonline.com"];
            let metadata = json!({"preferred_network": aliases[0], "preferred_cache": aliases[0], "aliases": aliases});
            return json(200, json!({"api-version": "1.1", "metadata": [metadata]}));
        }
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(request.body.expose()).into_owned().collect();
        let known = form["client_id"] == "app1" && form["client_secret"] == "s3cret";
        let number = {
            let mut asked = self.asked.lock().unwrap();
            let headers = request.headers.iter();
            asked.push(TokenAsked {
                path: url.path().to_owned(),
                query: url.query_pairs().into_owned().collect(),
                form,
                headers: headers.map(|(name, value)| (name.to_lowercase(), value.expose().to_owned())).collect(),
            });
            asked.len()
        };
        if let Some(delay) = self.delay {
            tokio::time::sleep(Duration::from_secs_f64(delay)).await;
        }
        if !known {
            let text = "AADSTS700016: Application with identifier was not found in the directory.";
            let refusal = json!({"error": "unauthorized_client", "error_description": text, "error_codes": [700_016]});
            return json(400, refusal);
        }
        let token = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": format!("$TOKEN{number}")});
        json(200, token)
    }
}

#[async_trait]
impl HttpClient for Authority {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = Url::parse(&request.url).unwrap();
        match url.host_str() {
            Some("login.microsoftonline.com") => Ok(self.token(&request, &url).await),
            _ => self.http.send(request).await,
        }
    }

    async fn send_stream(&self, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        self.http.send_stream(request).await
    }
}
