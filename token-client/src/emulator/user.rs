//! Tokens of users: what a web API of ours is called with.

use serde_json::{Value, json};

use super::claims;
use super::guid;
use super::issuer::{Door, issuer};
use super::state::State;

/// How long they live, in seconds.
const LIFETIME: i64 = 3600;

/// Whose token, and what for.
pub(crate) struct UserToken<'a> {
    pub(crate) name: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) scopes: &'a str,
    /// As registered.
    pub(crate) tenant: &'a str,
}

impl UserToken<'_> {
    /// The claims, of an authority under that address.
    pub(crate) fn claims(&self, state: &State, origin: &str) -> Value {
        let now = state.now();
        let id = guid::of(&format!("user {}", self.name));
        let mut token = json!({
            "aud": self.audience, "iss": issuer(state, origin, Door::Entra, self.tenant),
            "tid": state.tenant_id(self.tenant), "ver": state.token_version.text(),
            "iat": now, "nbf": now, "exp": now + LIFETIME, "uti": guid::random(),
            "oid": id, "sub": id, "name": self.name, "scp": self.scopes,
        });
        claims::add(&mut token, state.token_version.user_name(self.name));
        token
    }
}
