//! What the emulator will be, and its start.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use credential_core::world::{Clock, SystemClock};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::app::EmulatedApp;
use super::certificate::RegisteredCertificate;
use super::error::EmulatorError;
use super::issuer::TokenVersion;
use super::keys::OwnKey;
use super::observer::{EmulatorEvent, Observer};
use super::resource::EmulatedResource;
use super::running::Emulator;
use super::server::{Side, serve};
use super::state::{Lifetimes, Memory, State};
use super::tls::EmulatedTls;

/// How often a free port is looked for that is free by IPv6 too.
const MAX_TRIES: usize = 16;

/// What the emulator will be: plain http unless [`tls`](Self::tls) says otherwise. Without a tenant it has `contoso.example`; Microsoft Graph and its own
/// API (`api://demo`) are always among its resources.
#[derive(Clone, Debug)]
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
    tls: Option<EmulatedTls>,
    trusts_proxy: bool,
    token_version: TokenVersion,
    observer: Observer,
}

impl EmulatorBuilder {
    pub(crate) fn new() -> Self {
        Self {
            apps: Vec::new(),
            tenants: Vec::new(),
            resources: Vec::new(),
            api_audience: "api://demo".to_owned(),
            lifetimes: Lifetimes { expires_in: 3599, ext_expires_in: 3599, refresh_in: None },
            clock: Arc::new(SystemClock::default()),
            port: 0,
            api_port: 0,
            tls: None,
            trusts_proxy: false,
            token_version: TokenVersion::default(),
            observer: Observer::default(),
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

    /// Answers https too, at the same ports: the first byte of a connection tells which it is. The addresses that
    /// the emulator gives ([`Emulator::instance`], ...) are then `https://localhost:PORT`; plain http at
    /// `http://127.0.0.1:PORT` stays. Clients of Microsoft's (MSAL, azure-identity) take nothing but https;
    /// this crate's take http on this machine.
    pub fn tls(mut self, tls: EmulatedTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Believes the headers of a proxy in front: `Forwarded` (RFC 7239), or `X-Forwarded-Proto` and
    /// `X-Forwarded-Host`. Metadata, issuers and the audience of client assertions are then those of the address
    /// that the proxy was asked by. The proxy must set these headers over what its clients send. Without this they
    /// mean nothing, and only loopback names are answered.
    pub fn trust_forwarded_headers(mut self) -> Self {
        self.trusts_proxy = true;
        self
    }

    /// Sets which form tokens have, and whose metadata says it issued them; [`TokenVersion::V2`] otherwise.
    pub fn token_version(mut self, version: TokenVersion) -> Self {
        self.token_version = version;
        self
    }

    /// Has that told of every request when it is answered. It is called on the runtime: what takes long belongs
    /// elsewhere.
    pub fn observe(mut self, told: impl Fn(EmulatorEvent<'_>) + Send + Sync + 'static) -> Self {
        self.observer = Observer::new(told);
        self
    }

    /// Makes a key and starts both servers on 127.0.0.1, and on ::1 where this machine has it, on the tokio
    /// runtime of the caller.
    ///
    /// # Errors
    /// When a certificate cannot be read, a port is taken ([`EmulatorError::occupied_port`]) or no key can be made.
    pub async fn start(self) -> Result<Emulator, EmulatorError> {
        let apps = self.apps.into_iter().map(read_certificates).collect::<Result<Vec<_>, _>>()?;
        let mut resources = self.resources;
        for own in EmulatedResource::defaults(&self.api_audience) {
            if !resources.iter().any(|other| other.is(&own.identifier)) {
                resources.push(own);
            }
        }
        let tls = self.tls.map(EmulatedTls::read).transpose()?;
        let (authority, port) = listen(self.port).await?;
        let (api, api_port) = listen(self.api_port).await?;
        let key = tokio::task::spawn_blocking(OwnKey::generate).await;
        let key = key.map_err(EmulatorError::key)?.map_err(EmulatorError::key)?;
        let base = if tls.is_some() { "https://localhost" } else { "http://127.0.0.1" };
        let tenants = if self.tenants.is_empty() { vec!["contoso.example".to_owned()] } else { self.tenants };
        let state = Arc::new(State {
            apps,
            tenants,
            resources,
            api_audience: self.api_audience,
            lifetimes: self.lifetimes,
            key,
            clock: self.clock,
            token_version: self.token_version,
            tls,
            trusts_proxy: self.trusts_proxy,
            observer: self.observer,
            origin: format!("{base}:{port}"),
            api_origin: format!("{base}:{api_port}"),
            memory: Memory::default(),
        });
        let mut servers = JoinSet::new();
        let sides = [(authority, Side::Authority), (api, Side::Api)];
        for (listener, side) in sides.into_iter().flat_map(|(list, side)| list.into_iter().map(move |one| (one, side)))
        {
            servers.spawn(serve(listener, Arc::clone(&state), side));
        }
        Ok(Emulator { state, port, api_port, _servers: servers })
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

/// One port of 127.0.0.1 and, where this machine has it, of ::1: `localhost` is either, and at neither may
/// somebody else take what is meant for the emulator.
async fn listen(port: u16) -> Result<(Vec<TcpListener>, u16), EmulatorError> {
    let mut tries = 0;
    loop {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let failed = |cause| EmulatorError::listen(address, cause);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let chosen = listener.local_addr().map_err(failed)?.port();
        let second = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), chosen);
        match TcpListener::bind(second).await {
            Ok(second) => return Ok((vec![listener, second], chosen)),
            Err(cause) if cause.kind() != io::ErrorKind::AddrInUse => return Ok((vec![listener], chosen)),
            Err(_) if port == 0 && tries < MAX_TRIES => tries += 1,
            Err(cause) => return Err(EmulatorError::listen(second, cause)),
        }
    }
}
