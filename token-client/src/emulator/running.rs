//! What can be done with an emulator that runs.

use std::convert::Infallible;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::builder::EmulatorBuilder;
use super::error::EmulatorError;
use super::fault::Fault;
use super::guid;
use super::record::RecordedRequest;
use super::state::{State, lock};
use super::user::UserToken;

/// How long minted assertions live.
const MINTED_LIFETIME: i64 = 3600;

/// An authority and a protected API that run until this is dropped.
#[derive(Debug)]
pub struct Emulator {
    pub(crate) state: Arc<State>,
    pub(crate) port: u16,
    pub(crate) api_port: u16,
    pub(crate) _servers: JoinSet<Infallible>,
}

impl Emulator {
    /// Says what the emulator shall be.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::new()
    }

    /// The instance for the settings: `http://127.0.0.1:PORT/`, with TLS `https://localhost:PORT/`.
    pub fn instance(&self) -> String {
        format!("{}/", self.state.origin)
    }

    /// The authority of the first tenant: the instance with the tenant's name, as in
    /// `http://127.0.0.1:PORT/contoso.example`.
    pub fn authority(&self) -> String {
        format!("{}/{}", self.state.origin, self.state.first_tenant())
    }

    /// The id of a tenant: `tid` of its tokens, and as good as its name wherever a tenant is named.
    pub fn tenant_id(&self, tenant: &str) -> Option<String> {
        self.state.tenant(tenant).map(|tenant| self.state.tenant_id(tenant))
    }

    /// The certificate authority that clients trust, in PEM, where the certificate was made by
    /// [`EmulatedTls::generated`](super::EmulatedTls::generated).
    pub fn ca_certificate(&self) -> Option<&str> {
        self.state.tls.as_ref()?.ca.as_deref()
    }

    /// The token endpoint of the first tenant.
    pub fn token_endpoint(&self) -> String {
        format!("{}/oauth2/v2.0/token", self.authority())
    }

    /// The protected API: `http://127.0.0.1:PORT`, with TLS `https://localhost:PORT`. `/hello` answers with the caller's client id, every
    /// other path with the request itself.
    pub fn api_url(&self) -> String {
        self.state.api_origin.clone()
    }

    /// The audience of the protected API.
    pub fn api_audience(&self) -> &str {
        &self.state.api_audience
    }

    /// The authority's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The API's port.
    pub fn api_port(&self) -> u16 {
        self.api_port
    }

    /// Every request so far, in the order of coming; of very many the last 10 000, or 64 MiB.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.state.memory.log).all()
    }

    /// The requests to the token endpoint alone.
    pub fn token_requests(&self) -> Vec<RecordedRequest> {
        let mut requests = self.requests();
        requests.retain(|request| request.path.ends_with("/token"));
        requests
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        lock(&self.state.memory.log).clear();
    }

    /// Adds a failure to come.
    pub fn fail(&self, fault: Fault) {
        lock(&self.state.memory.faults).add(fault);
    }

    /// Takes back every failure to come.
    pub fn clear_faults(&self) {
        lock(&self.state.memory.faults).clear();
    }

    /// Lets the API answer with a claims challenge until a token has what is demanded, as in
    /// `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`. `null` takes it back.
    pub fn demand_claims(&self, claims: Value) {
        *lock(&self.state.memory.demanded) = Some(claims).filter(|claims| !claims.is_null());
    }

    /// A user's token for a web API of ours: `audience` is its client id or `api://` with it, `scopes`
    /// the delegated permissions with spaces between them. It is of the first tenant and lives an hour.
    ///
    /// # Errors
    /// When signing fails.
    pub fn mint_user_token(&self, user: &str, audience: &str, scopes: &str) -> Result<String, EmulatorError> {
        let token = UserToken { name: user, audience, scopes, tenant: self.state.first_tenant() };
        self.mint(&token.claims(&self.state, &self.state.origin))
    }

    /// A federated assertion that lives an hour: what a platform would put into a pod's token file.
    ///
    /// # Errors
    /// When signing fails.
    pub fn mint_federated(&self, issuer: &str, subject: &str, audience: &str) -> Result<String, EmulatorError> {
        let now = self.state.now();
        self.mint(&json!({
            "iss": issuer, "sub": subject, "aud": audience,
            "iat": now, "nbf": now, "exp": now + MINTED_LIFETIME, "jti": guid::random(),
        }))
    }

    /// A JWT with any claims, signed with the emulator's key: expired tokens, tokens for others, ...
    ///
    /// # Errors
    /// When signing fails.
    pub fn mint(&self, claims: &Value) -> Result<String, EmulatorError> {
        self.state.key.sign(claims).map_err(EmulatorError::key)
    }
}
