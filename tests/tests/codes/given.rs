//! Inputs of `inputs.json`: an appsettings.json, variables, files, what the network answers, what is asked for.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credential_core::Finding;
use credential_core::testing::{FakeReply, FakeRun, FakeWorld};
use credential_core::world::{CommandErrorKind, HttpError, HttpErrorKind, HttpResponse};
use serde_json::{Value, json};
use token_client::{DownstreamCall, DownstreamError, TokenClient, TokenClientBuilder, TokenError, TokenRequest};

use crate::shown::Row;

/// An input that waits for a time that stands still waits no longer.
const LIMIT: Duration = Duration::from_secs(5);

/// The rows, in the order of the file.
pub(crate) async fn rows() -> Vec<Row> {
    let inputs: Vec<Value> = serde_json::from_str(include_str!("inputs.json")).unwrap();
    let mut rows = Vec::new();
    for input in inputs {
        let code = input["code"].as_str().unwrap().to_owned();
        let mut shown = input.clone();
        shown.as_object_mut().unwrap().remove("code");
        let found = tokio::time::timeout(LIMIT, found(&input)).await;
        let found = found.unwrap_or_else(|_| vec![Finding::error("no-end", "it hangs: say \"hangs\": true")]);
        rows.push(Row::of(&code, shown.to_string(), found));
    }
    rows
}

/// A file of the golden data.
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/golden")).join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

async fn found(input: &Value) -> Vec<Finding> {
    let world = world(input);
    let work = async {
        match builder(input, &world).build().await {
            Err(error) => error.findings().to_vec(),
            Ok(client) => {
                let mut found = client.configuration().findings.clone();
                found.extend(asked(&client, input).await);
                found
            }
        }
    };
    if input["hangs"].as_bool() != Some(true) {
        return work.await;
    }
    tokio::select! {
        found = work => found,
        () = hurry(&world) => unreachable!(),
    }
}

/// Lets the world's time go on, and everybody run in between.
pub(crate) async fn hurry(world: &FakeWorld) {
    loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        world.clock.advance(Duration::from_millis(250));
    }
}

async fn asked(client: &TokenClient, input: &Value) -> Vec<Finding> {
    if let Some(call) = input.get("call") {
        return called(client, call).await.err().unwrap_or_default();
    }
    let ask = &input["ask"];
    let scopes = ask["scopes"].as_array().map(|list| list.iter().map(text).collect());
    let mut request = match ask["user"].as_str() {
        Some(user) => TokenRequest::on_behalf_of(user, ["api://demo/read"]),
        None => TokenRequest::app("api://demo/.default"),
    };
    request.scopes = scopes.unwrap_or(request.scopes);
    request.tenant = ask["tenant"].as_str().map(str::to_owned);
    request.claims = ask["claims"].as_str().map(str::to_owned);
    if let Some(header) = ask["header"].as_array() {
        request = request.extra_header(text(&header[0]), text(&header[1]));
    }
    match client.token(&request).await {
        Ok(token) => token.attempts().iter().flat_map(|attempt| attempt.findings()).collect(),
        Err(error) => of_token(&error),
    }
}

fn of_token(error: &TokenError) -> Vec<Finding> {
    let attempts = error.attempts().iter().flat_map(|attempt| attempt.findings());
    error.findings().iter().cloned().chain(attempts).collect()
}

async fn called(client: &TokenClient, call: &Value) -> Result<(), Vec<Finding>> {
    let api = client.downstream(call["api"].as_str().unwrap()).map_err(|error| error.findings().to_vec())?;
    let mut asked = DownstreamCall::new();
    if let Some(path) = call["path"].as_str() {
        asked = asked.path(path);
    }
    if let Some(user) = call["user"].as_str() {
        asked = asked.on_behalf_of(user);
    }
    if let Some(body) = call.get("json") {
        asked = asked.json(body).unwrap();
    }
    let all = |error: DownstreamError| error.findings().to_vec();
    api.call(asked).await.map_err(all)?.json::<Value>().map_err(all).map(drop)
}

fn builder(input: &Value, world: &FakeWorld) -> TokenClientBuilder {
    let builder = TokenClient::builder().file("appsettings.json").world(world.world());
    let set = input["set"].as_object().into_iter().flatten();
    set.fold(builder, |builder, (path, value)| builder.set(path, text(value)))
}

fn world(input: &Value) -> FakeWorld {
    let world = FakeWorld::new();
    world.files.write("appsettings.json", settings(input));
    if let Some(over) = input.get("over") {
        world.files.write("appsettings.Production.json", over.to_string());
    }
    for (name, content) in input["files"].as_object().into_iter().flatten() {
        match content {
            Value::Null => world.files.remove(name),
            content => world.files.write(name, bytes(content)),
        }
    }
    for (name, kind) in input["fail"].as_object().into_iter().flatten() {
        world.files.fail(name, io_kind(kind.as_str().unwrap()));
    }
    for (name, value) in input["env"].as_object().into_iter().flatten() {
        world.environment.set(name, text(value));
    }
    for (program, becomes) in input["run"].as_object().into_iter().flatten() {
        world.commands.on(program, &[], run(becomes));
    }
    if let Some(name) = input["not_unicode"].as_str() {
        world.environment.set_not_unicode(name);
    }
    let claims = input.get("token").map_or_else(|| json!({"aud": "api://demo"}), Value::clone);
    let token = json!({"access_token": jwt(&claims), "token_type": "Bearer", "expires_in": 3599});
    let http: Vec<&Value> = input["http"].as_array().into_iter().flatten().collect();
    let login = "https://login.microsoftonline.com/contoso.com";
    if http.iter().all(|one| one["on"].as_str().is_some_and(|on| on != login)) {
        world.http.on("POST", login, FakeReply::Answer(HttpResponse::new(200, Vec::new(), token.to_string())));
    }
    for one in http {
        match one["on"].as_str() {
            Some(address) => {
                for method in ["GET", "POST"] {
                    world.http.on(method, address, reply(one));
                }
            }
            None => (0..5).for_each(|_| world.http.reply(answer(one))),
        }
    }
    world
}

/// The settings file: its text, or a good one with what the input changes.
fn settings(input: &Value) -> String {
    if let Some(text) = input["text"].as_str() {
        return text.to_owned();
    }
    let mut settings = json!({
        "AzureAd": {
            "Instance": "https://login.microsoftonline.com/",
            "TenantId": "contoso.com",
            "ClientId": "8c2b7a54-53c6-4d0e-8f0e-1c7a9b3d5e6f",
            "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}],
        },
    });
    let mut put = |section: &str, name: &str, value: &Value| {
        let members = settings[section].as_object_mut().unwrap();
        if value.is_null() { drop(members.remove(name)) } else { drop(members.insert(name.to_owned(), value.clone())) }
    };
    input["app"].as_object().into_iter().flatten().for_each(|(name, value)| put("AzureAd", name, value));
    if let Some(entry) = input.get("entry") {
        put("AzureAd", "ClientCredentials", &json!([entry]));
    }
    if let Some(apis) = input.get("apis") {
        settings["DownstreamApis"] = apis.clone();
    }
    for (name, value) in input["top"].as_object().into_iter().flatten() {
        settings[name] = value.clone();
    }
    format!("{settings:#}")
}

fn text(value: &Value) -> String {
    match value {
        Value::Object(long) => "x".repeat(usize::try_from(long["long"].as_u64().unwrap()).unwrap()),
        value => value.as_str().unwrap().to_owned(),
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        value if value.get("golden").is_some() => golden(value["golden"].as_str().unwrap()),
        value if value.get("jwt").is_some() => jwt(&value["jwt"]).into_bytes(),
        value if value.get("ec").is_some() => ec_certificate().into_bytes(),
        value => serde_json::from_value(value["bytes"].clone()).unwrap(),
    }
}

fn jwt(claims: &Value) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part("{\"alg\":\"RS256\"}"), part(&claims.to_string()), part("signature"))
}

fn ec_certificate() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "orders");
    parameters.not_before = rcgen::date_time_ymd(2025, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(2035, 1, 1);
    format!("{}{}", parameters.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn answer(one: &Value) -> Result<HttpResponse, HttpError> {
    let host = "login.microsoftonline.com";
    if let Some(fails) = one["fails"].as_str() {
        let (kind, message) = match fails {
            "UnknownHost" => (HttpErrorKind::UnknownHost, format!("host {host} not found")),
            "Timeout" => (HttpErrorKind::Timeout, "the host did not answer in time".to_owned()),
            "Tls" => (HttpErrorKind::Tls, "the TLS connection to the host failed".to_owned()),
            "TooLarge" => (HttpErrorKind::TooLarge, "the answer is too large".to_owned()),
            "Connect" => (HttpErrorKind::Connect, "no connection".to_owned()),
            "Unsupported" => (HttpErrorKind::Unsupported, "no certificate can be pinned".to_owned()),
            "Request" => (HttpErrorKind::Request, format!("the request to {host} cannot be sent")),
            other => panic!("{other}"),
        };
        return Err(HttpError::new(kind, message));
    }
    let headers: BTreeMap<String, String> =
        one.get("headers").map_or_else(BTreeMap::new, |headers| serde_json::from_value(headers.clone()).unwrap());
    let json = || one.get("body").map_or_else(String::new, Value::to_string);
    let body = one["text"].as_str().map_or_else(json, str::to_owned);
    let status = one["status"].as_u64().map_or(200, |status| u16::try_from(status).unwrap());
    Ok(HttpResponse::new(status, headers.into_iter().collect(), body))
}

fn reply(one: &Value) -> FakeReply {
    match answer(one) {
        Ok(response) => FakeReply::Answer(response),
        Err(error) => FakeReply::Fail(error.kind()),
    }
}

/// What becomes of a program.
fn run(becomes: &Value) -> FakeRun {
    let said = |name: &str| becomes.get(name).map_or_else(String::new, text);
    match becomes["fails"].as_str() {
        Some("NotPermitted") => FakeRun::Fail(CommandErrorKind::NotPermitted),
        Some("Broken") => FakeRun::Fail(CommandErrorKind::Broken),
        Some(other) => panic!("{other}"),
        None if becomes["hangs"].as_bool() == Some(true) => FakeRun::Hang,
        None => {
            let status = becomes["status"].as_i64().map_or(0, |status| i32::try_from(status).unwrap());
            FakeRun::ends(status, said("stdout"), said("stderr"))
        }
    }
}

fn io_kind(name: &str) -> io::ErrorKind {
    match name {
        "PermissionDenied" => io::ErrorKind::PermissionDenied,
        "FileTooLarge" => io::ErrorKind::FileTooLarge,
        "QuotaExceeded" => io::ErrorKind::QuotaExceeded,
        "Unsupported" => io::ErrorKind::Unsupported,
        "TimedOut" => io::ErrorKind::TimedOut,
        "InvalidInput" => io::ErrorKind::InvalidInput,
        other => panic!("{other}"),
    }
}
