//! Starting the emulator, and what can be done with one that runs.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use credential_core::world::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::app::EmulatedApp;
use super::certificate::RegisteredCertificate;
use super::fault::Fault;
use super::guid;
use super::keys::OwnKey;
use super::record::RecordedRequest;
use super::resource::EmulatedResource;
use super::server::{Side, serve};
use super::state::{Lifetimes, Memory, State, lock};

/// How long minted tokens live.
const MINTED_LIFETIME: i64 = 3600;

/// What the emulator will be. Without a tenant it has `contoso.example`; Microsoft Graph and its own
/// API (`api://demo`) are always among its resources.
#[derive(Debug)]
#[must_use]
pub struct EmulatorBuilder {
    apps: Vec<EmulatedApp>,
    tenants: Vec<String>,
    resources: Vec<EmulatedResource>,
    api_audience: String,
    lifetimes: Lifetimes,
    clock: Arc<dyn Clock>,
    port: u16,
    api_port: u16,
}

impl EmulatorBuilder {
    fn new() -> Self {
        Self {
            apps: Vec::new(),
            tenants: Vec::new(),
            resources: Vec::new(),
            api_audience: "api://demo".to_owned(),
            lifetimes: Lifetimes { expires_in: 3599, ext_expires_in: 3599, refresh_in: None },
            clock: Arc::new(SystemClock::default()),
            port: 0,
            api_port: 0,
        }
    }

    /// Adds an app; one with the same client id is replaced.
    pub fn app(mut self, app: EmulatedApp) -> Self {
        self.apps.retain(|other| !other.client_id.eq_ignore_ascii_case(&app.client_id));
        self.apps.push(app);
        self
    }

    /// Adds a tenant, by domain or id.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenants.push(tenant.into());
        self
    }

    /// Adds a resource that tokens can be asked for; one that is there already is replaced.
    pub fn resource(mut self, resource: EmulatedResource) -> Self {
        self.resources.retain(|other| !other.is(&resource.identifier));
        self.resources.push(resource);
        self
    }

    /// Sets the audience that the API demands.
    pub fn api_audience(mut self, audience: impl Into<String>) -> Self {
        self.api_audience = audience.into();
        self
    }

    /// Sets how long tokens live: `expires_in` and `ext_expires_in`, in whole seconds.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.lifetimes.expires_in = whole_seconds(lifetime);
        self.lifetimes.ext_expires_in = whole_seconds(lifetime);
        self
    }

    /// Lets answers say after how long a token should be refreshed: `refresh_in`, in whole seconds.
    pub fn refresh_in(mut self, after: Duration) -> Self {
        self.lifetimes.refresh_in = Some(whole_seconds(after));
        self
    }

    /// Sets the clock: what time it is, and what a fault's delay is measured by.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the authority's port; 0 takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the API's port; 0 takes a free one.
    pub fn api_port(mut self, port: u16) -> Self {
        self.api_port = port;
        self
    }

    /// Makes a key and starts both servers on 127.0.0.1, on the tokio runtime of the caller.
    ///
    /// # Errors
    /// When a certificate cannot be read, a port is taken or no key can be made.
    pub async fn start(self) -> Result<Emulator, EmulatorError> {
        let apps = self.apps.into_iter().map(read_certificates).collect::<Result<Vec<_>, _>>()?;
        let mut resources = self.resources;
        for own in EmulatedResource::defaults(&self.api_audience) {
            if !resources.iter().any(|other| other.is(&own.identifier)) {
                resources.push(own);
            }
        }
        let key = tokio::task::spawn_blocking(OwnKey::generate).await;
        let key = key.map_err(EmulatorError::key)?.map_err(EmulatorError::key)?;
        let (authority, address) = listen(self.port).await?;
        let (api, api_address) = listen(self.api_port).await?;
        let tenants = if self.tenants.is_empty() { vec!["contoso.example".to_owned()] } else { self.tenants };
        let state = Arc::new(State {
            apps,
            tenants,
            resources,
            api_audience: self.api_audience,
            lifetimes: self.lifetimes,
            key,
            clock: self.clock,
            origin: format!("http://{address}"),
            memory: Memory::default(),
        });
        let mut servers = JoinSet::new();
        servers.spawn(serve(authority, Arc::clone(&state), Side::Authority));
        servers.spawn(serve(api, Arc::clone(&state), Side::Api));
        Ok(Emulator { state, address, api_address, _servers: servers })
    }
}

fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

fn read_certificates(mut app: EmulatedApp) -> Result<EmulatedApp, EmulatorError> {
    for (nth, file) in std::mem::take(&mut app.certificate_files).iter().enumerate() {
        let certificate = RegisteredCertificate::parse(file).map_err(|why| {
            EmulatorError::new(format!("certificate {nth} of app {} cannot be registered: {why}", app.client_id))
        })?;
        app.certificates.push(certificate);
    }
    Ok(app)
}

async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), EmulatorError> {
    let failed = |cause| EmulatorError {
        message: format!("cannot listen on 127.0.0.1:{port}"),
        cause: Some(Box::new(cause) as _),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// An authority and a protected API that run until this is dropped.
#[derive(Debug)]
pub struct Emulator {
    state: Arc<State>,
    address: SocketAddr,
    api_address: SocketAddr,
    _servers: JoinSet<Infallible>,
}

impl Emulator {
    /// Says what the emulator shall be.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::new()
    }

    /// The instance for the settings: `http://127.0.0.1:PORT/`.
    pub fn instance(&self) -> String {
        format!("{}/", self.state.origin)
    }

    /// The authority of the first tenant: `http://127.0.0.1:PORT/contoso.example`.
    pub fn authority(&self) -> String {
        let tenant = self.state.tenants.first().map(String::as_str).unwrap_or_default();
        format!("{}/{tenant}", self.state.origin)
    }

    /// The token endpoint of the first tenant.
    pub fn token_endpoint(&self) -> String {
        format!("{}/oauth2/v2.0/token", self.authority())
    }

    /// The protected API: `http://127.0.0.1:PORT`. `/hello` answers with the caller's client id, every
    /// other path with the request itself.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.api_address)
    }

    /// The audience of the protected API.
    pub fn api_audience(&self) -> &str {
        &self.state.api_audience
    }

    /// The authority's port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The API's port.
    pub fn api_port(&self) -> u16 {
        self.api_address.port()
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
        let now = self.state.now();
        let tenant = self.state.tenants.first().map(String::as_str).unwrap_or_default();
        let id = guid::of(&format!("user {user}"));
        self.mint(&json!({
            "aud": audience, "iss": format!("{}/v2.0", self.authority()), "tid": tenant, "ver": "2.0",
            "iat": now, "nbf": now, "exp": now + MINTED_LIFETIME, "uti": guid::random(),
            "oid": id, "sub": id, "preferred_username": user, "name": user, "scp": scopes,
        }))
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

/// Why the emulator could not start or sign.
#[derive(Debug)]
pub struct EmulatorError {
    message: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl EmulatorError {
    fn new(message: String) -> Self {
        Self { message, cause: None }
    }

    fn key(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self { message: "the emulator's key cannot be made or used".to_owned(), cause: Some(Box::new(cause)) }
    }
}

impl fmt::Display for EmulatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for EmulatorError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
