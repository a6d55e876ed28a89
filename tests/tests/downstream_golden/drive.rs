//! One recorded case through the product: its section read, its calls made, what came of them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use credential_core::{Secret, World};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use token_client::settings::{Configuration, DownstreamBuilder, DownstreamOptions, Location};
use token_client::{
    ConfigurationError, DownstreamApi, DownstreamCall, DownstreamError, DownstreamResponse, StreamBody, TokenClient,
};
use tokio::task::JoinSet;

use crate::api::{Api, Asked};
use crate::authority::{Authority, TokenAsked};

/// The class of the recorded cases.
#[derive(Debug, Deserialize, Serialize)]
struct Item {
    #[serde(rename = "Id", alias = "id")]
    id: i32,
    #[serde(rename = "Name", alias = "name", default)]
    name: Option<String>,
    #[serde(rename = "Note", alias = "note", default)]
    note: Option<String>,
}

/// What came of a case.
#[derive(Debug)]
pub(crate) struct Done {
    /// Of each call: `STATUS TYPE BODY`, `value JSON`, `error`, `error STATUS`, `nothing`; or `refused CODE` where the
    /// settings are not taken.
    pub(crate) outcomes: Vec<String>,
    pub(crate) requests: Vec<Asked>,
    pub(crate) tokens: Vec<TokenAsked>,
    pub(crate) port: u16,
}

pub(crate) async fn drive(case: &Value) -> Done {
    let (api, authority) = (Api::start(&case["cloud"]).await, Authority::new(case));
    let port = api.address.port();
    let case: Value = serde_json::from_str(&case.to_string().replace("$PORT", &port.to_string())).unwrap();
    let outcomes = match client(&case, &authority).await {
        Ok(client) => all(&case, &client, &api).await,
        Err(error) => vec![refused(&error)],
    };
    Done { outcomes, requests: api.asked(), tokens: authority.asked(), port }
}

fn refused(error: &ConfigurationError) -> String {
    let worst = error.findings().iter().find(|finding| finding.severity == credential_core::Severity::Error);
    format!("refused {}", worst.unwrap().code)
}

async fn client(case: &Value, authority: &Arc<Authority>) -> Result<TokenClient, ConfigurationError> {
    let mut section = case["section"].clone();
    // What a call says of its token and no call can: the section says it.
    for name in ["AuthenticationOptionsName", "ExtraParameters", "LongRunningWebApiSessionKey"] {
        let value = &case["call"]["override"]["AcquireTokenOptions"][name];
        if !value.is_null() {
            section["AcquireTokenOptions"] = json!({name: value});
        }
    }
    let mut settings = json!({
        "AzureAd": {
            "Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example", "ClientId": "app1",
            "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}],
        },
        "DownstreamApis": {"Api": section},
    });
    for (name, value) in case["azuread"].as_object().into_iter().flatten() {
        settings["AzureAd"][name] = value.clone();
    }
    let configuration = Configuration::from_json(&settings.to_string(), &Location::default(), &BTreeMap::new());
    let world = World::new(Arc::clone(authority) as _);
    TokenClient::builder().configuration(configuration).world(world).build().await
}

async fn all(case: &Value, client: &TokenClient, api: &Api) -> Vec<String> {
    let Some(calls) = case["calls"].as_array() else { return vec![one(case, &case["call"], client, api).await] };
    let mut outcomes = Vec::new();
    if case["concurrent"] == true {
        let mut running = JoinSet::new();
        for call in calls.clone() {
            let (case, client, api) = (case.clone(), client.clone(), api.clone());
            running.spawn(async move { one(&case, &call, &client, &api).await });
        }
        return running.join_all().await;
    }
    for call in calls {
        outcomes.push(one(case, call, client, api).await);
    }
    outcomes
}

async fn one(case: &Value, recorded: &Value, client: &TokenClient, server: &Api) -> String {
    let api = match api_of(recorded, client) {
        Ok(api) => api,
        Err(error) => return refused(&error),
    };
    let call = made(case, recorded);
    match recorded["cancel_after_ms"].as_u64() {
        None => called(&api, recorded, call).await,
        Some(0) => {
            drop(called(&api, recorded, call));
            "error".to_owned()
        }
        Some(_) => {
            // Dropped when the API was asked, whatever else this machine does meanwhile.
            let asked = async {
                while server.asked().is_empty() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::select! {
                outcome = called(&api, recorded, call) => outcome,
                () = asked => "error".to_owned(),
            }
        }
    }
}

fn api_of(recorded: &Value, client: &TokenClient) -> Result<DownstreamApi, ConfigurationError> {
    let own = [&recorded["options"], &recorded["override"]].into_iter().find(|own| own["BaseUrl"].is_string());
    match (own, recorded["service"].as_str()) {
        (None, name) => client.downstream(name.unwrap_or_default()),
        (Some(_), Some("Api")) => client.downstream("Api"),
        (Some(own), _) => DownstreamApi::new(client.clone(), builder(own).build("Own")?),
    }
}

fn builder(options: &Value) -> DownstreamBuilder {
    options.as_object().unwrap().iter().fold(DownstreamOptions::builder(), |builder, (name, value)| match value {
        Value::Array(scopes) => builder.scopes(scopes.iter().map(|scope| scope.as_str().unwrap())),
        Value::String(text) => builder.set(name, text.as_str()),
        other => builder.set(name, other.to_string()),
    })
}

/// The call, as the recorded one says it.
fn made(case: &Value, recorded: &Value) -> DownstreamCall {
    let method = recorded["method"].as_str().unwrap();
    let mut call = DownstreamCall::new().follow_redirects(50);
    if let Some(verb) =
        method.strip_suffix("Async").and_then(|name| name.split("For").next()).filter(|v| !v.starts_with("Call"))
    {
        call = call.method(verb);
    }
    if method.contains("ForApp") {
        call = call.as_app();
    }
    if method.contains("ForUser") {
        call = call.on_behalf_of("");
    }
    if let Some(timeout) = case["http_timeout_ms"].as_u64() {
        // Three times as long: the machine may do other things too.
        call = call.timeout(Duration::from_millis(3 * timeout));
    }
    let own_method = method.starts_with("Call");
    for (name, value) in recorded["override"].as_object().into_iter().flatten() {
        call = overridden(call, name, value, own_method);
    }
    with_body(call, &recorded["input"])
}

fn overridden(call: DownstreamCall, name: &str, value: &Value, own_method: bool) -> DownstreamCall {
    let texts = |value: &Value| -> Vec<(String, String)> {
        let pairs = value.as_object().into_iter().flatten();
        pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
    };
    match (name, value) {
        ("HttpMethod", Value::String(method)) if own_method => call.method(method),
        ("RelativePath", Value::String(path)) => call.path(path),
        ("BaseUrl", Value::String(url)) => call.base_url(url),
        ("Scopes", Value::Array(scopes)) => call.scopes(scopes.iter().map(|scope| scope.as_str().unwrap())),
        ("RequestAppToken", Value::Bool(true)) => call.as_app(),
        ("ExtraQueryParameters", map) => {
            texts(map).into_iter().fold(call.without_section_query(), |call, (name, value)| call.query(name, value))
        }
        ("mutate", Value::Array(list)) => match list[0].as_str() {
            Some("ExtraHeaderParameters") => call.header("X-Mutated", "1"),
            Some("ExtraQueryParameters") => call.query("mutated", "1"),
            _ => call.token_options(|request| request.extra_query("mutated", "1")),
        },
        ("hooks", Value::Array(list)) => list.iter().fold(call, |call, hook| hooked(call, hook.as_str().unwrap())),
        ("AcquireTokenOptions", Value::Object(options)) => {
            options.iter().fold(call, |call, (name, value)| match (name.as_str(), value) {
                ("ForceRefresh", Value::Bool(true)) => call.force_refresh(),
                ("CorrelationId", Value::String(id)) => call.correlation_id(id),
                ("Claims", Value::String(claims)) => call.claims(claims),
                ("Tenant", Value::String(tenant)) => call.tenant(tenant),
                ("ExtraQueryParameters", map) => {
                    let pairs = texts(map);
                    call.token_options(move |request| {
                        pairs.iter().fold(request, |request, (name, value)| request.extra_query(name, value))
                    })
                }
                ("ExtraHeadersParameters", map) => {
                    let pairs = texts(map);
                    call.token_options(move |request| {
                        pairs.iter().fold(request, |request, (name, value)| request.extra_header(name, value))
                    })
                }
                _ => call,
            })
        }
        _ => call,
    }
}

fn hooked(call: DownstreamCall, hook: &str) -> DownstreamCall {
    fn marked(name: &'static str) -> impl Fn(&mut credential_core::world::HttpRequest) + Send + Sync + 'static {
        move |request| match request.headers.iter_mut().find(|(own, _)| own == "x-hook") {
            Some((_, value)) => *value = Secret::new(format!("{}, {name}", value.expose())),
            None => request.headers.push(("x-hook".to_owned(), Secret::from(name))),
        }
    }
    match hook {
        "OnBeforeAuthHeaderCreation" => call.before_token(marked("OnBeforeAuthHeaderCreation")),
        "OnAfterAuthHeaderCreation" => call.after_token(marked("OnAfterAuthHeaderCreation")),
        "CustomizeHttpRequestMessage" => call.before_sending(marked("CustomizeHttpRequestMessage")),
        "customize-replaces-authorization" => call.before_sending(|request| {
            request.headers.retain(|(name, _)| name != "authorization");
            request.headers.push(("authorization".to_owned(), "Custom abc".into()));
        }),
        "before-changes-url" => call.before_token(|request| request.url.push_str("?hooked=1")),
        "before-sets-authorization" => {
            call.before_token(|request| request.headers.push(("Authorization".to_owned(), "Custom abc".into())))
        }
        other => panic!("{other}"),
    }
}

fn with_body(call: DownstreamCall, input: &Value) -> DownstreamCall {
    let (kind, value) = (input["kind"].as_str().unwrap_or_default(), &input["value"]);
    let text = value.as_str().unwrap_or_default().to_owned();
    match kind {
        "" => call,
        _ if value.is_null() => call,
        "object" => call.json(&serde_json::from_value::<Item>(value.clone()).unwrap()).unwrap(),
        "dictionary" | "list" | "string" => call.json(value).unwrap(),
        "bytes" => call.bytes(text, None),
        "stream" => {
            let length = text.len() as u64;
            let pieces = VecDeque::from([text.into_bytes()]);
            call.stream(StreamBody::each_time(move || pieces.clone()).length(length))
        }
        "StringContent" => call.bytes(text, Some("text/plain; charset=utf-8")),
        "FormUrlEncodedContent" => {
            let pairs = value.as_object().unwrap().iter().map(|(name, value)| (name, value.as_str().unwrap()));
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            call.bytes(form, Some("application/x-www-form-urlencoded"))
        }
        other => panic!("{other}"),
    }
}

/// What came of the call.
async fn called(api: &DownstreamApi, recorded: &Value, call: DownstreamCall) -> String {
    let output = recorded["output"].as_str().unwrap_or_default();
    let typed = !recorded["method"].as_str().unwrap().starts_with("Call") || !output.is_empty();
    let result = match (output, typed) {
        ("stream", _) => streamed(api, call).await,
        (_, false) => api.call(call).await.map(|answer| {
            let kind = answer.header("content-type").unwrap_or("-").to_owned();
            format!("{} {kind} {}", answer.status(), answer.text())
        }),
        (_, true) => match api.call(call).await {
            Ok(answer) => value(answer, output, &recorded["override"]),
            Err(error) => Err(error),
        },
    };
    result.unwrap_or_else(|error| {
        assert!(error.findings().iter().all(|finding| finding.remedy.is_some()), "{error}");
        match (error.status(), &error) {
            (Some(status), DownstreamError::Status { .. }) => format!("error {status}"),
            _ => "error".to_owned(),
        }
    })
}

fn value(answer: DownstreamResponse, output: &str, own: &Value) -> Result<String, DownstreamError> {
    if own["Deserializer"] == true {
        let answer = answer.error_for_status()?;
        let item = Item { id: 99, name: Some(format!("deserialized:{}", answer.text())), note: None };
        return Ok(format!("value {}", json!(item)));
    }
    let value = match output {
        "" => return answer.error_for_status().map(|_| "nothing".to_owned()),
        "object" => json!(answer.json::<Option<Item>>()?),
        "string" => json!(answer.json::<String>()?),
        "dictionary" => json!(answer.json::<Map<String, Value>>()?),
        "list" => json!(answer.json::<Vec<i64>>()?),
        "HttpContent" | "anything" => json!(answer.error_for_status()?.text()),
        other => panic!("{other}"),
    };
    Ok(format!("value {value}"))
}

async fn streamed(api: &DownstreamApi, call: DownstreamCall) -> Result<String, DownstreamError> {
    let mut answer = api.stream(call).await?.error_for_status().await?;
    let mut body = Vec::new();
    while let Some(piece) = answer.next().await {
        body.extend(piece?);
    }
    Ok(format!("value {}", json!(String::from_utf8(body).unwrap())))
}
