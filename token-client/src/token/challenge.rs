//! The challenge that a service hands on to its caller when a user must do something first.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::AuthorityRefusal;

/// A Bearer challenge (RFC 6750 §3) for what the authority said: `insufficient_claims` with its claims in base64, as
/// resources of the identity platform ask for them, or its OAuth code.
pub(super) fn of(said: &AuthorityRefusal) -> String {
    match said.claims.as_deref().filter(|claims| !claims.is_empty()) {
        Some(claims) => {
            format!("Bearer error=\"insufficient_claims\", claims=\"{}\"", BASE64_STANDARD.encode(claims))
        }
        // The user's token is what was wrong with the grant.
        None if said.error == "invalid_grant" => "Bearer error=\"invalid_token\"".to_owned(),
        None => format!("Bearer error=\"{}\"", quotable(&said.error)),
    }
}

/// What an `error` may be made of (RFC 6749 §5.2), quotes left out as everything else.
fn quotable(code: &str) -> String {
    code.chars().filter(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '.')).take(100).collect()
}
