//! What the reference did in a step of a case.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::case::Case;
use super::seen::{Request, Step, is_compared, is_for_token, line};

impl Case {
    /// What the reference did in that step.
    pub fn reference(&self, number: usize) -> Step {
        let outcome = &self.case["outcomes"][number];
        let (kind, _) = &self.steps()[number];
        let trace = self.trace.as_array().unwrap().iter();
        let text = |one: &'_ Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
        let for_token = |one: &&Value| is_for_token(&text(one, "method"), &text(one, "path"));
        let asked: Vec<&Value> = trace.filter(|one| one["step"] == number).filter(for_token).collect();
        let times = |one: &Value| usize::try_from(one["times"].as_u64().unwrap_or(1)).unwrap();
        let count = asked.iter().map(|one| times(one)).sum();
        let scopes = outcome["ok"]["scopes"].as_array().into_iter().flatten();
        let mut requests: Vec<Request> = asked.into_iter().map(token_request).collect();
        let crowd = kind.starts_with("concurrent").then_some(count);
        if crowd.is_some() {
            requests.sort_by(|one, other| one.line.cmp(&other.line));
        }
        Step {
            outcome: shown(outcome),
            findings: Vec::new(),
            scopes: scopes.map(|scope| scope.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(),
            requests,
            crowd,
        }
    }
}

fn shown(outcome: &Value) -> String {
    let error = &outcome["error"];
    if !error.is_null() {
        return match (&error["code"], &error["status"]) {
            (Value::String(code), Value::Number(status)) => format!("error {code} {status}"),
            _ => "error".to_owned(),
        };
    }
    let ok = &outcome["ok"];
    let text = |name: &str| ok[name].as_str().unwrap_or_default();
    let from = |name: &str| if name == "Cache" { "cache" } else { "authority" };
    if let Some(scheme) = ok["scheme"].as_str() {
        return format!("ok {} {scheme}", text("how"));
    }
    let crowd: Vec<String> = ["IdentityProvider", "Cache"]
        .into_iter()
        .filter_map(|name| Some(format!("ok {} {}", from(name), ok[format!("source {name}")].as_u64()?)))
        .collect();
    if !crowd.is_empty() {
        return crowd.join(", ");
    }
    if ok.as_object().unwrap().is_empty() {
        return "done".to_owned();
    }
    let life = ok["expires_in_s"].as_f64().unwrap_or(0.0);
    let parts = ["ok", text("how"), from(text("source")), text("tenant"), &super::replay::rounded(life)];
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

fn token_request(one: &Value) -> Request {
    let text = |name: &str| one[name].as_str().unwrap_or_default();
    let status = match &one["status"] {
        Value::Number(status) => status.to_string(),
        _ => "closed".to_owned(),
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in one["query_order"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()) {
        query.append_pair(name, one["query"][name].as_str().unwrap());
    }
    let names = one["body_order"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
    let headers = one["headers"].as_object().into_iter().flatten();
    Request {
        line: line(text("host"), text("path"), &query.finish(), &status, text("verdict")),
        form: names.map(|name| (name.to_owned(), field(name, &one["body"][name]))).collect(),
        headers: headers
            .filter(|(name, _)| is_compared(name))
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect(),
        raw: one["body_raw"].as_str().map(str::to_owned),
    }
}

/// A form's value. Two things that differ in every assertion are written our way here: times are
/// numbers (RFC 7519 §2), and `x5c` is an array (RFC 7515 §4.1.6), where the reference sends text.
fn field(name: &str, value: &Value) -> Value {
    let mut value = value.clone();
    if name == "claims" {
        return value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(value);
    }
    if !value.is_object() {
        return value;
    }
    for claim in ["nbf", "exp"] {
        if let Some(time) = value.get("claims").and_then(|claims| claims[claim].as_str()) {
            let time = time.replace(":string>", ":number>");
            value["claims"][claim] = json!(time);
        }
    }
    if let Some(certificate) =
        value.get("header").and_then(|header| header["x5c"].as_str()).and_then(|text| text.strip_prefix("string:"))
    {
        let certificate = certificate.to_owned();
        value["header"]["x5c"] = json!([certificate]);
    }
    value
}
