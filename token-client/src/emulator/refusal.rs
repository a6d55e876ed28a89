//! Entra's refusals: codes, statuses and the body that carries them.

use serde_json::{Map, Value, json};

use super::guid;
use super::reply::Reply;
use super::time::timestamp;

/// Why a request is refused. One code, one sentence. `Debug` shows all of it: the emulator sends all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    code: u32,
    message: String,
    claims: Option<String>,
}

/// The status and the OAuth error (RFC 6749 §5.2) that a code comes with.
fn shape(code: u32) -> (u16, &'static str) {
    match code {
        7_000_215 | 7_000_222 | 7_000_218 | 7_000_214 | 700_023 | 700_024 | 700_027 | 1_000_502 | 50_027 | 50_048 => {
            (401, "invalid_client")
        }
        70_021 | 700_211 | 700_212 | 700_213 => (400, "invalid_client"),
        700_016 => (400, "unauthorized_client"),
        70_003 => (400, "unsupported_grant_type"),
        70_011 => (400, "invalid_scope"),
        500_011 => (400, "invalid_resource"),
        50_049 => (400, "invalid_instance"),
        65_001 | 50_013 | 500_131 | 500_133 | 7_000_114 | 50_173 | 70_008 | 50_126 => (400, "invalid_grant"),
        50_076 | 50_079 | 50_158 => (400, "interaction_required"),
        90_033 | 90_055 | 50_033 => (503, "temporarily_unavailable"),
        _ => (400, "invalid_request"),
    }
}

impl Refusal {
    /// A refusal by its number, without the `AADSTS`.
    pub(crate) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), claims: None }
    }

    /// Adds what the next request's `claims` must be.
    pub(crate) fn claims(mut self, json: impl Into<String>) -> Self {
        self.claims = Some(json.into());
        self
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::new(900_144, format!("The request body must contain the following parameter: '{parameter}'."))
    }

    pub(crate) fn malformed(why: &str) -> Self {
        Self::new(9_002_313, format!("Invalid request. Request is malformed or invalid: {why}"))
    }

    pub(crate) fn bad_assertion(why: &str) -> Self {
        Self::new(50_027, format!("JWT token is invalid or malformed. {why}"))
    }

    pub(crate) fn bad_signature(why: &str) -> Self {
        Self::new(700_027, format!("Client assertion failed signature validation. {why}"))
    }

    pub(crate) fn unknown_resource(resource: &str, tenant: &str) -> Self {
        let message = format!("The resource principal named {resource} was not found in the tenant named {tenant}.");
        Self::new(500_011, message)
    }

    pub(crate) fn several_resources(scope: &str) -> Self {
        let why = "is not valid because it contains more than one resource";
        Self::new(28_000, format!("Provided value for the input parameter scope {why}. Scope {scope} is not valid."))
    }

    pub(crate) fn bad_scope(scope: &str) -> Self {
        let message = format!("The provided value for the input parameter 'scope' is not valid. The scope '{scope}'");
        Self::new(70_011, format!("{message} does not exist."))
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn code(&self) -> u32 {
        self.code
    }

    /// The answer, for a request with that correlation id, at a time in seconds since 1970.
    pub(crate) fn reply(&self, correlation_id: &str, now: i64, authority: &str) -> Reply {
        let (status, error) = shape(self.code);
        let (code, time, trace_id) = (self.code, timestamp(now), guid::random());
        let description = format!(
            "AADSTS{code}: {}\r\nTrace ID: {trace_id}\r\nCorrelation ID: {correlation_id}\r\nTimestamp: {time}",
            self.message
        );
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
        put("error", json!(error));
        put("error_description", json!(description));
        put("error_codes", json!([code]));
        put("timestamp", json!(time));
        put("trace_id", json!(trace_id));
        put("correlation_id", json!(correlation_id));
        put("error_uri", json!(format!("{authority}/error?code={code}")));
        if code == 65_001 {
            put("suberror", json!("consent_required"));
        }
        if let Some(claims) = &self.claims {
            put("claims", json!(claims));
        }
        Reply::json(status, &Value::Object(body)).header("x-ms-request-id", trace_id)
    }
}
