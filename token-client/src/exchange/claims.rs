//! The `claims` parameter: what a resource asked for, and what this client can do (OpenID Connect
//! Core §5.5, Microsoft's `xms_cc`).

use credential_core::Finding;
use serde_json::{Map, Value, json};

/// The claims to send: the caller's and the client's capabilities as one JSON object.
///
/// # Errors
/// When there are capabilities to add and the caller's claims are not a valid JSON object. Without
/// capabilities the caller's claims are sent as they are: the authority judges them.
pub(crate) fn merged(capabilities: &[String], claims: Option<&str>) -> Result<Option<String>, Box<Finding>> {
    if capabilities.is_empty() {
        return Ok(claims.map(str::to_owned));
    }
    let mut merged = match claims.map(serde_json::from_str) {
        None => Value::Object(Map::new()),
        Some(Ok(object @ Value::Object(_))) => object,
        Some(_) => {
            return Err(Finding::error("claims-not-json", "the claims are not a valid JSON object")
                .remedy("pass the claims of the challenge on as they came, base64 decoded")
                .into());
        }
    };
    let own = json!({"access_token": {"xms_cc": {"values": capabilities}}});
    merge(&mut merged, own);
    Ok(Some(merged.to_string()))
}

/// Objects merge by key, lists join, anything else stays as the caller has it.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                match into.get_mut(&key) {
                    Some(old) => merge(old, value),
                    None => {
                        into.insert(key, value);
                    }
                }
            }
        }
        (Value::Array(into), Value::Array(from)) => {
            for value in from {
                if !into.contains(&value) {
                    into.push(value);
                }
            }
        }
        (into @ Value::Null, from) => *into = from,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cp1() -> Vec<String> {
        vec!["cp1".to_owned()]
    }

    #[test]
    fn capabilities_join_the_callers_claims() {
        let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1"},"xms_cc":{"values":["x"]}}}"#;
        let merged: Value = serde_json::from_str(&merged(&cp1(), Some(claims)).unwrap().unwrap()).unwrap();
        assert_eq!(merged["access_token"]["xms_cc"]["values"], json!(["x", "cp1"]));
        assert_eq!(merged["access_token"]["nbf"]["value"], "1");
    }

    #[test]
    fn claims_that_are_no_json_pass_unless_they_must_be_merged() {
        assert_eq!(merged(&[], Some("not json")).unwrap().as_deref(), Some("not json"));
        assert!(merged(&cp1(), Some("not json")).is_err());
        assert_eq!(merged(&[], None).unwrap(), None);
    }
}
