//! The hosts of managed identities in the recorded cases, each at its path.

use credential_core::world::{Random, SystemRandom};
use serde_json::{Value, json};

use super::cloud::{Answer, Asked};
use super::jwt;

/// How long its tokens last, in seconds.
const LIFE: i64 = 86_399;

/// The answer of the host whose path it is.
pub(crate) fn answer(scenario: &Value, asked: &Asked) -> Option<Answer> {
    let identities = &scenario["managed_identity"];
    let (host, path) = asked.path.trim_start_matches('/').split_once('/')?;
    let header = |name: &str| asked.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value);
    let text = |name: &str, default: &'static str| identities[name].as_str().unwrap_or(default).to_owned();
    let invalid = |status| Some(Answer::json(status, "", &json!({"error": "invalid_request"})));
    let (proof, wanted, status) = match host {
        "msi" => ("x-identity-header", text("header", "hdr"), 401),
        "ml" | "sf" => ("secret", text("header", "hdr"), 401),
        "metadata" | "cloudshell" | "arc" => ("metadata", "true".to_owned(), 400),
        _ => return None,
    };
    // The reference's cloud has Machine Learning and the like even where the scenario names no identity.
    if identities.is_null() && ["msi", "metadata"].contains(&host) {
        return Some(Answer::json(404, "", &json!({"error": "not_found"})));
    }
    if header(proof) != wanted {
        return invalid(status);
    }
    // What a machine knows of itself.
    if path.ends_with("instance/compute") {
        let instance = &identities["instance"];
        return Some(Answer::json(if instance.is_null() { 404 } else { 200 }, "", instance));
    }
    if host == "arc" {
        let key = format!("Basic {}", text("arc_key", "arc-secret"));
        if header("authorization") != key {
            let mut answer = Answer::json(401, "", &json!({"error": "unauthorized"}));
            let file = text("arc_key_file", "/var/opt/azcmagent/tokens/abc.key");
            answer.headers.push(("www-authenticate".to_owned(), format!("Basic realm={file}")));
            return Some(answer);
        }
    }
    Some(issue(identities, host, asked))
}

fn issue(identities: &Value, host: &str, asked: &Asked) -> Answer {
    let form = if host == "cloudshell" { &asked.body } else { &asked.query };
    let form: Vec<(String, String)> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let get = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let client = if host == "ml" { "clientid" } else { "client_id" };
    let who = [client, "object_id", "mi_res_id", "msi_res_id"].into_iter().find_map(get).unwrap_or("system");
    let own = json!({"system": "mi-system"});
    let known = if identities["identities"].is_null() { &own } else { &identities["identities"] };
    let Some(subject) = known[who].as_str() else {
        let body = json!({"error": "invalid_request", "error_description": "Identity not found"});
        return Answer::json(400, "", &body);
    };
    let (now, life) = (asked.at, identities["ttl"].as_i64().unwrap_or(LIFE));
    let resource = get("resource").unwrap_or_default();
    let token = jwt::issue(&json!({"aud": resource.trim_end_matches('/'), "sub": subject, "jti": SystemRandom.uuid(),
        "iss": "https://sts.windows.net/t/", "iat": now, "nbf": now, "exp": now + life}));
    Answer::json(
        200,
        "",
        &json!({"access_token": token, "client_id": who, "expires_in": life.to_string(), "resource": resource,
                "expires_on": (now + life).to_string(), "token_type": "Bearer"}),
    )
}
