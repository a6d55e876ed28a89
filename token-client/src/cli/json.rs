//! The JSON of the command line: its keys are a contract.

use std::time::SystemTime;

use credential_core::chain::{Attempt, Outcome};
use credential_core::source::Origin;
use credential_core::{Credential, Finding};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::words::of_program;
use crate::token::error::attempt_findings;
use crate::{AccessToken, AuthorityRefusal};

/// A finding with the authority's words, where it spoke.
pub(crate) type Said<'a> = (Finding, Option<&'a AuthorityRefusal>);

pub(crate) fn origin(origin: &Origin) -> Value {
    match origin {
        Origin::File { file, line, column } => json!({"file": file.as_ref(), "line": line, "column": column}),
        Origin::Environment(name) => json!({"env": name.as_ref()}),
        Origin::Argument(name) => json!({"argument": name.as_ref()}),
        Origin::Code => json!({"code": true}),
        _ => json!({"default": true}),
    }
}

/// An object without the members that are absent.
pub(crate) fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let present = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(present.map(|(name, value)| (name.to_owned(), value)).collect())
}

pub(crate) fn finding(finding: &Finding, said: Option<&AuthorityRefusal>) -> Value {
    object([
        ("severity", json!(finding.severity.as_str())),
        ("code", json!(finding.code)),
        ("path", json!(finding.path)),
        ("origin", finding.origin.as_ref().map_or(Value::Null, origin)),
        ("message", json!(of_program(&finding.message))),
        ("cause", if finding.cause.is_empty() { Value::Null } else { json!(finding.cause) }),
        ("remedy", json!(finding.remedy.as_deref().map(of_program))),
        ("authority", said.map_or(Value::Null, authority)),
    ])
}

pub(crate) fn findings(list: &[Finding]) -> Value {
    list.iter().map(|one| finding(one, None)).collect()
}

pub(crate) fn said(list: &[Said<'_>]) -> Value {
    list.iter().map(|(one, words)| finding(one, *words)).collect()
}

fn authority(error: &AuthorityRefusal) -> Value {
    object([
        ("error", json!(error.error)),
        ("error_codes", if error.error_codes.is_empty() { Value::Null } else { json!(error.error_codes) }),
        ("suberror", json!(error.suberror)),
        ("claims", json!(error.claims)),
        ("trace_id", json!(error.trace_id)),
        ("correlation_id", json!(error.correlation_id)),
        ("timestamp", json!(error.timestamp)),
    ])
}

pub(crate) fn time(at: SystemTime) -> Value {
    let whole = OffsetDateTime::from(at).replace_nanosecond(0);
    whole.ok().and_then(|at| at.format(&Rfc3339).ok()).map_or(Value::Null, Value::String)
}

/// An entry of the list and what became of it.
pub(crate) fn credential(attempt: &Attempt) -> Value {
    let own: Vec<Said<'_>> = attempt_findings(attempt);
    let tried = !matches!(attempt.outcome, Outcome::NotTried | Outcome::Skipped);
    object([
        ("index", json!(attempt.index)),
        ("source_type", json!(attempt.source_type.as_str())),
        ("id", json!(attempt.id)),
        ("status", json!(attempt.status())),
        ("stage", json!(attempt.stage())),
        ("kind", json!(attempt.kind())),
        ("duration_ms", if tried { json!(attempt.duration.as_millis() as u64) } else { Value::Null }),
        ("certificate", attempt.credential.as_ref().map_or(Value::Null, certificate)),
        ("assertion", attempt.credential.as_ref().map_or(Value::Null, assertion)),
        ("findings", said(&own)),
    ])
}

fn certificate(credential: &Credential) -> Value {
    let Credential::Certificate(certificate) = credential else { return Value::Null };
    let facts = certificate.facts();
    json!({
        "subject": facts.subject,
        "issuer": facts.issuer,
        "thumbprint": facts.thumbprint(),
        "thumbprint_sha256": facts.thumbprint_sha256(),
        "not_before": time(facts.not_before),
        "not_after": time(facts.not_after),
        "key": facts.key,
        "chain_length": certificate.chain().len(),
    })
}

#[cfg(feature = "federated")]
fn assertion(credential: &Credential) -> Value {
    let Credential::Assertion(assertion) = credential else { return Value::Null };
    let facts = assertion.token().and_then(|token| credential_federated::describe(token.expose()).ok());
    facts.map_or(Value::Null, |facts| {
        object([
            ("issuer", json!(facts.issuer)),
            ("subject", json!(facts.subject)),
            ("audience", json!(facts.audience)),
            ("expires_on", facts.expires_on.map_or(Value::Null, time)),
        ])
    })
}

#[cfg(not(feature = "federated"))]
fn assertion(_credential: &Credential) -> Value {
    Value::Null
}

pub(crate) fn credentials(attempts: &[Attempt]) -> Value {
    attempts.iter().map(credential).collect()
}

/// A token's facts, the token itself left out.
pub(crate) fn token(token: &AccessToken, from: &str) -> Map<String, Value> {
    let facts = object([
        ("token_type", json!(token.token_type())),
        ("expires_on", time(token.expires_on())),
        ("refresh_on", token.refresh_on().map_or(Value::Null, time)),
        ("scopes", json!(token.scopes())),
        ("tenant", json!(token.tenant())),
        ("from", json!(from)),
        ("credential", token.credential().map_or(Value::Null, credential)),
        ("attempts", credentials(token.attempts())),
    ]);
    match facts {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}
