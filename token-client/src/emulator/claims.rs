//! The `claims` parameter (OpenID Connect Core §5.5) and what an API demands by it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::jwt::date;
use super::refusal::Refusal;

/// The values that a `claims` parameter asks for in the access token; claims without a value ask for
/// nothing in particular.
///
/// # Errors
/// 9002313 when it is not a valid JSON object.
pub(crate) fn requested(parameter: Option<&str>) -> Result<Map<String, Value>, Refusal> {
    let Some(text) = parameter else { return Ok(Map::new()) };
    let parsed: Map<String, Value> =
        serde_json::from_str(text).map_err(|_| Refusal::malformed("'claims' is not a valid JSON object."))?;
    let members = parsed.get("access_token").and_then(Value::as_object).cloned().unwrap_or_default();
    let value = |member: &Value| member.get("values").or_else(|| member.get("value")).cloned();
    Ok(members.iter().filter_map(|(name, member)| Some((name.clone(), value(member)?))).collect())
}

/// Whether a token has what is demanded of it: the value or one of the values, or for `nbf` a start
/// that is no earlier.
pub(crate) fn satisfies(token: &Map<String, Value>, demanded: &Value) -> bool {
    let Some(members) = demanded.get("access_token").and_then(Value::as_object) else { return true };
    members.iter().all(|(name, member)| {
        let wanted = member.get("value").or_else(|| member.get("values"));
        match (token.get(name), wanted) {
            (_, None) => true,
            (None, _) => false,
            (Some(has), Some(wanted)) if name == "nbf" => date(has) >= date(wanted),
            (Some(has), Some(wanted)) => has == wanted || list(has).iter().any(|one| list(wanted).contains(one)),
        }
    })
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

/// The challenge (`WWW-Authenticate`) that demands claims, as Entra's APIs write it.
pub(crate) fn challenge(demanded: &Value, authorize: &str) -> String {
    let claims = STANDARD.encode(demanded.to_string());
    format!("Bearer realm=\"\", authorization_uri=\"{authorize}\", error=\"insufficient_claims\", claims=\"{claims}\"")
}

/// Adds what was asked for to a token's claims; what the authority decides stays as it is.
pub(crate) fn add(token: &mut Value, requested: Map<String, Value>) {
    let Some(token) = token.as_object_mut() else { return };
    for (name, value) in requested {
        let value = if name == "xms_cc" && !value.is_array() { json!([value]) } else { value };
        token.entry(name).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_satisfies_what_is_demanded() {
        let demanded = json!({"access_token": {"acrs": {"essential": true, "value": "c1"}, "nbf": {"value": "100"}}});
        let parameter = demanded.to_string();
        let mut token = json!({"aud": "api://demo", "nbf": 100});
        assert!(!satisfies(token.as_object().unwrap(), &demanded));
        add(&mut token, requested(Some(&parameter)).unwrap());
        assert_eq!(token, json!({"aud": "api://demo", "nbf": 100, "acrs": "c1"}));
        assert!(satisfies(token.as_object().unwrap(), &demanded));
        let early = json!({"acrs": ["c0", "c1"], "nbf": 99});
        assert!(!satisfies(early.as_object().unwrap(), &demanded));
        assert_eq!(requested(Some("[1]")).unwrap_err().code(), 9_002_313);
        assert!(requested(None).unwrap().is_empty());
    }
}
