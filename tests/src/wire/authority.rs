//! The authority of the recorded cases: who is let in, and what is issued.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credential_core::world::{Random, SystemRandom};
use serde_json::{Value, json};

use super::cloud::{Answer, Asked};
use super::{identity, jwt, keys};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far clocks may be off, in seconds.
const SKEW: i64 = 300;

/// Refusals by the name they have in verdicts: status, OAuth code, number.
const REFUSALS: &[(&str, u16, &str, u64)] = &[
    ("secret", 401, "invalid_client", 7_000_215),
    ("secret_expired", 401, "invalid_client", 7_000_222),
    ("key", 401, "invalid_client", 700_027),
    ("sig", 401, "invalid_client", 7_000_274),
    ("time", 401, "invalid_client", 700_024),
    ("app", 400, "unauthorized_client", 700_016),
    ("nofic", 400, "invalid_client", 70_021),
    ("aud", 401, "invalid_client", 700_030),
    ("cred", 401, "invalid_client", 7_000_218),
    ("scope", 400, "invalid_scope", 70_011),
];

/// The form of a token request.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

pub(crate) fn answer(scenario: &Value, asked: &Asked) -> Answer {
    if asked.path.ends_with("/discovery/instance") {
        let aliases =
            ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"].as_slice();
        let public = json!({"preferred_network": "login.microsoftonline.com", "preferred_cache": "login.windows.net",
                            "aliases": aliases});
        return Answer::json(200, "", &json!({"api-version": "1.1", "metadata": [public]}));
    }
    if let Some(base) = asked.path.strip_suffix("/.well-known/openid-configuration") {
        return configuration(&asked.host, base);
    }
    if let Some(answer) = identity::answer(scenario, asked) {
        return answer;
    }
    if asked.path.ends_with("/token") {
        return token(scenario, asked);
    }
    Answer::new(404, "unknown path", Vec::new())
}

fn configuration(host: &str, base: &str) -> Answer {
    let tenant = base.trim_matches('/').split('/').next().unwrap_or_default();
    Answer::json(
        200,
        "",
        &json!({
            "issuer": format!("https://{host}{base}"),
            "authorization_endpoint": format!("https://{host}/{tenant}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("https://{host}/{tenant}/oauth2/v2.0/token"),
        }),
    )
}

fn token(scenario: &Value, asked: &Asked) -> Answer {
    let form = Form(url::form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect());
    let how = match authenticate(&scenario["apps"][form.get("client_id")], &form, asked) {
        Ok(how) => how,
        Err(refusal) => return refused(refusal),
    };
    let is_app = form.get("grant_type") == "client_credentials";
    let scope = form.get("scope");
    if scope.is_empty() {
        return refused("scope");
    }
    let life = scenario["expires_in"].as_i64().unwrap_or(3599);
    let tenant = asked.path.trim_matches('/').split('/').next().unwrap_or_default();
    let claims = json!({
        "aud": scope.split("/.default").next(), "iss": format!("https://sts.windows.net/{tenant}/"), "iat": asked.at,
        "nbf": asked.at, "exp": asked.at + life, "appid": form.get("client_id"), "tid": tenant,
        "sub": if is_app { form.get("client_id") } else { "user-1" }, "scp": scope, "how": how,
        "jti": SystemRandom.uuid(),
    });
    let mut body = json!({"token_type": "Bearer", "expires_in": life, "ext_expires_in": life,
                          "access_token": jwt::issue(&claims)});
    if !scenario["refresh_in"].is_null() {
        body["refresh_in"] = scenario["refresh_in"].clone();
    }
    if !is_app {
        body["scope"] = json!(scope);
        body["refresh_token"] = json!("rt.1");
    }
    for (name, value) in scenario["token_extra"].as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    Answer::json(200, how, &body)
}

fn refused(name: &str) -> Answer {
    let (_, status, error, code) = REFUSALS.iter().find(|(known, ..)| *known == name).unwrap();
    let description = format!("AADSTS{code}: {name}. Trace ID: 1 Correlation ID: 2 Timestamp: 2026-01-01 00:00:00Z");
    let body = json!({"error": error, "error_description": description, "error_codes": [code],
                      "timestamp": "2026-01-01 00:00:00Z", "trace_id": "1", "correlation_id": "2"});
    Answer::json(*status, format!("deny:{name}"), &body)
}

fn list(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// By what the application was recognised, or the name of the refusal.
fn authenticate(app: &Value, form: &Form, asked: &Asked) -> Result<String, &'static str> {
    if app.is_null() {
        return Err("app");
    }
    let (assertion, secret) = (form.get("client_assertion"), form.get("client_secret"));
    if !assertion.is_empty() {
        return match form.get("client_assertion_type") {
            JWT_BEARER => check_assertion(app, form, asked, assertion),
            _ => Err("cred"),
        };
    }
    match secret {
        "" => Err("cred"),
        secret if list(&app["secrets"]).any(|known| known == secret) => Ok("secret".to_owned()),
        secret if list(&app["expired_secrets"]).any(|known| known == secret) => Err("secret_expired"),
        _ => Err("secret"),
    }
}

fn check_assertion(app: &Value, form: &Form, asked: &Asked, assertion: &str) -> Result<String, &'static str> {
    let (header, claims) = jwt::read(assertion).ok_or("sig")?;
    if claims["iss"] != claims["sub"] || claims["iss"] != form.get("client_id") {
        return federated(app, asked.at, assertion);
    }
    let (text, signature) = assertion.rsplit_once('.').ok_or("sig")?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| "sig")?;
    let mut known = list(&app["certs"]).map(keys::of_file);
    let certificate = known.find(|one| header["x5t"] == one.x5t() || header["x5t#S256"] == one.x5t_s256());
    let certificate = certificate.ok_or("key")?;
    if !certificate.verifies(header["alg"].as_str().unwrap_or_default(), text.as_bytes(), &signature) {
        return Err("sig");
    }
    let (begin, end) = (claims["nbf"].as_i64().ok_or("time")?, claims["exp"].as_i64().ok_or("time")?);
    if !(begin - SKEW..=end + SKEW).contains(&asked.at) {
        return Err("time");
    }
    if claims["aud"] != format!("https://{}{}", asked.host, asked.path) {
        return Err("aud");
    }
    Ok(format!("cert:{}.crt", certificate.name))
}

/// An assertion of another issuer, which here is the cloud itself.
fn federated(app: &Value, now: i64, assertion: &str) -> Result<String, &'static str> {
    let claims = jwt::open(assertion).ok_or("sig")?;
    if claims["exp"].as_i64().unwrap_or(0) < now {
        return Err("time");
    }
    let known = app["fics"].as_array().into_iter().flatten();
    let mut fitting = known.filter(|one| one["sub"] == claims["sub"] && one["aud"] == claims["aud"]);
    fitting.next().map(|one| format!("fic:{}", one["sub"].as_str().unwrap_or_default())).ok_or("nofic")
}
