//! Every recorded call of a downstream API: the same requests with the same headers and bodies, the same requests for
//! tokens and the same outcome, or a difference that stands in the table with its reason.
#![expect(clippy::disallowed_methods, reason = "the cases' own delays and tasks")]

mod api;
mod authority;
mod differences;
mod drive;

use std::collections::{BTreeMap, BTreeSet};

use credential_core::text::printable;
use differences::{DIFFERENCES, Difference, Kind, What};
use drive::{Done, drive};
use serde_json::Value;
use tokio::task::JoinSet;

/// Headers that say which library asks, or that belong to the connection.
const OWN_HEADERS: [&str; 4] = ["accept-encoding", "traceparent", "connection", "transfer-encoding"];

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_call_is_equal_or_a_listed_difference() {
    let cases: Vec<Value> = include_str!("../../golden/downstream/cases.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = cases.len();
    let mut running = JoinSet::new();
    for case in cases {
        running.spawn(async move {
            let done = drive(&case).await;
            (case, done)
        });
    }
    let (mut wrong, mut met) = (Vec::new(), 0);
    let mut kinds: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
    for (case, done) in running.join_all().await {
        let name = case["name"].as_str().unwrap();
        let listed: Vec<&Difference> = DIFFERENCES.iter().filter(|one| one.cases.contains(&name)).collect();
        met += listed.len();
        let kind = listed.iter().map(|one| one.kind).max().unwrap_or(Kind::Same);
        kinds.entry(kind).or_default().insert(name.to_owned());
        wrong.extend(compare(&case, &done, &listed).into_iter().map(|what| format!("{name}: {what}")));
    }
    wrong.sort();
    let counts: Vec<String> = kinds.iter().map(|(kind, cases)| format!("{kind:?} {}", cases.len())).collect();
    println!("{count} cases: {}", counts.join(", "));
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    let all: usize = DIFFERENCES.iter().map(|one| one.cases.len()).sum();
    assert_eq!(met, all, "every listed difference is of a case that is there");
}

/// What is neither equal nor as listed.
fn compare(case: &Value, done: &Done, listed: &[&Difference]) -> Vec<String> {
    let mut wrong = Vec::new();
    let sent_nothing = done.requests.is_empty() && done.tokens.is_empty();
    for one in listed {
        let expected = match one.what {
            What::Settings(code) => format!("refused {code}"),
            What::Call => "error".to_owned(),
            _ => continue,
        };
        let met = done.outcomes.iter().all(|outcome| *outcome == expected) && sent_nothing;
        let same = outcomes(case) == expected && recorded_tokens(case).is_empty();
        if !met || same {
            wrong.push(format!("{:?}, sent nothing: {sent_nothing}; {expected} is listed", done.outcomes));
        }
        return wrong;
    }
    let listed_as = |find: fn(&What) -> Option<String>| listed.iter().find_map(|one| find(&one.what));
    let outcome = listed_as(|what| match what {
        What::Outcome(outcome) => Some((*outcome).to_owned()),
        _ => None,
    });
    let (ours, theirs) = (done.outcomes.join("; "), outcomes(case));
    check(&mut wrong, "outcome", &ours, &theirs, outcome);
    let requests = listed_as(|what| match what {
        What::Requests(lines) => Some(lines.join("; ")),
        _ => None,
    });
    let (own_lines, their_lines) = (lines(done), recorded_lines(case));
    check(&mut wrong, "requests", &own_lines.join("; "), &their_lines.join("; "), requests);
    let listed_headers = listed.iter().filter_map(|one| match one.what {
        What::Header(name) => Some(name),
        _ => None,
    });
    let mut headers_left: BTreeSet<&str> = listed_headers.collect();
    if own_lines == their_lines {
        let known = headers_left.clone();
        for (number, (own, reference)) in done.requests.iter().zip(case["requests"].as_array().unwrap()).enumerate() {
            let bodies = (own.body.as_str(), reference["body"].as_str().unwrap_or_default());
            for (name, what) in headers(&own.headers, &reference["headers"], bodies) {
                headers_left.remove(name.as_str());
                if !known.contains(name.as_str()) {
                    wrong.push(format!("request {number}: {what}"));
                }
            }
            if !same_body(bodies.0, bodies.1) {
                wrong.push(format!("request {number}: body {:?} instead of {:?}", bodies.0, bodies.1));
            }
        }
    }
    wrong.extend(headers_left.iter().map(|name| format!("header {name} is listed, but no difference")));
    let tokens = listed_as(|what| match what {
        What::Tokens(lines) => Some(lines.join("; ")),
        _ => None,
    });
    check(&mut wrong, "tokens", &tokens_of(done).join("; "), &recorded_tokens(case).join("; "), tokens);
    wrong
}

/// Ours is the listed one, which is not the reference's; or there is none listed, and it is the reference's.
fn check(wrong: &mut Vec<String>, what: &str, ours: &str, reference: &str, listed: Option<String>) {
    let short = |text: &str| printable(text, 700);
    match listed {
        Some(listed) if listed == reference => wrong.push(format!("{what}: {listed} is listed, but no difference")),
        Some(listed) if listed != ours => wrong.push(format!("{what}: {}, {} is listed", short(ours), short(&listed))),
        None if ours != reference => wrong.push(format!("{what}: {} instead of {}", short(ours), short(reference))),
        _ => {}
    }
}

fn outcomes(case: &Value) -> String {
    let one = std::slice::from_ref(&case["result"]);
    let all = case["results"].as_array().map_or(one, Vec::as_slice).iter().map(|result| {
        if let Some(error) = result["error"].as_object() {
            let status = error.get("status_code").and_then(Value::as_u64);
            return status.map_or_else(|| "error".to_owned(), |status| format!("error {status}"));
        }
        if result["returned"] == "nothing" {
            return "nothing".to_owned();
        }
        match result["status"].as_u64() {
            Some(status) => {
                let text = |name: &str, default: &str| result[name].as_str().unwrap_or(default).to_owned();
                format!("{status} {} {}", text("content_type", "-"), text("body", ""))
            }
            None => format!("value {}", result["value"]),
        }
    });
    all.collect::<Vec<_>>().join("; ")
}

fn line(method: &str, url: &str, token: &str) -> String {
    format!("{method} {} {token}", url.strip_prefix("http://127.0.0.1:$PORT").unwrap_or(url)).trim().to_owned()
}

fn lines(done: &Done) -> Vec<String> {
    let port = done.port.to_string();
    let line = |one: &api::Asked| {
        let token = one.headers.get("authorization").map_or("", String::as_str);
        line(&one.method, &one.url.replace(&port, "$PORT"), token)
    };
    done.requests.iter().map(line).collect()
}

fn recorded_lines(case: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = case["requests"].as_array().unwrap().iter();
    all.map(|one| line(&text(&one["method"]), &text(&one["url"]), &text(&one["headers"]["authorization"]))).collect()
}

/// The headers that differ, by name.
fn headers(own: &BTreeMap<String, String>, reference: &Value, bodies: (&str, &str)) -> Vec<(String, String)> {
    let reference: BTreeMap<String, String> = serde_json::from_value(reference.clone()).unwrap();
    let names: BTreeSet<&String> = own.keys().chain(reference.keys()).collect();
    // Media types and their lists are the same in any case, and with white space or without.
    let normal = |value: &String| value.replace(' ', "").to_lowercase();
    let mut wrong = Vec::new();
    for name in names {
        let (ours, theirs) = (own.get(name), reference.get(name));
        let skipped = OWN_HEADERS.contains(&name.as_str()) || matches!(name.as_str(), "host" | "authorization");
        // Whose library it is, unless the case sets it.
        let skipped = skipped && theirs.is_none_or(|_| matches!(name.as_str(), "host" | "authorization"))
            || name == "user-agent" && theirs.is_none();
        let right_length =
            |length: Option<&String>, body: &str| length.is_none_or(|one| *one == body.len().to_string());
        let same = match name.as_str() {
            "content-length" => ours.is_some() == theirs.is_some() && right_length(ours, bodies.0),
            _ => ours.map(normal) == theirs.map(normal),
        };
        if !skipped && !same {
            wrong.push((name.clone(), format!("header {name} {ours:?} instead of {theirs:?}")));
        }
    }
    wrong
}

/// The same text, or the same JSON.
fn same_body(own: &str, reference: &str) -> bool {
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    own == reference || json(own).is_some_and(|own| Some(own) == json(reference))
}

fn tokens_of(done: &Done) -> Vec<String> {
    let all = done.tokens.iter().map(|one| {
        token_line(&one.path, &one.query, |name| one.form.get(name).cloned(), |name| one.headers.get(name).cloned())
    });
    all.collect()
}

fn recorded_tokens(case: &Value) -> Vec<String> {
    let all = case["token_request_log"].as_array().unwrap().iter().map(|one| {
        let query: Vec<(String, String)> = serde_json::from_value(one["query"].clone()).unwrap();
        let text = |from: &str, name: &str| one[from][name].as_str().map(str::to_owned);
        token_line(one["path"].as_str().unwrap(), &query, |name| text("form", name), |name| text("headers", name))
    });
    all.collect()
}

/// A request for a token: tenant, scope, claims, further query and headers.
fn token_line(
    path: &str,
    query: &[(String, String)],
    form: impl Fn(&str) -> Option<String>,
    header: impl Fn(&str) -> Option<String>,
) -> String {
    let tenant = path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
    let mut parts = vec![tenant, form("client_id").unwrap_or_default(), form("scope").unwrap_or_default()];
    let claims = form("claims").map(|claims| {
        let json: Option<Value> = serde_json::from_str(&claims).ok();
        json.map_or(claims, |json| json.to_string())
    });
    parts.extend(claims);
    parts.extend(query.iter().map(|(name, value)| format!("?{name}={value}")));
    parts.extend(header("x-test-a").map(|value| format!("x-test-a:{value}")));
    let id = header("client-request-id").filter(|id| id.starts_with("11111111"));
    parts.extend(id);
    parts.join(" ")
}
