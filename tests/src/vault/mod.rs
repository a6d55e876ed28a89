//! A Key Vault on loopback, with the authority and the managed identity that belong to it: it challenges,
//! lists, gives, signs and refuses as the service does, over TLS with a certificate authority of its own.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    reason = "the machinery of tests: it stops the test when it cannot work"
)]

mod certificate;
mod client;
mod entry;
mod fault;
mod objects;
mod refusal;
mod reply;
mod server;

use std::sync::{Arc, Mutex, PoisonError};

pub use certificate::{Key, Made, ca_and_leaf};
pub use client::LoopbackHttp;
use credential_core::World;
use credential_core::testing::{FakeCommands, FakeEnvironment};
use credential_core::world::HttpClient;
pub use entry::{BoundEntry, bind, entry, load, load_within, projected_token, registry};
pub use fault::{Action, Fault};
pub use objects::{Stored, Version};

/// What a request was, for comparing sequences: `GET myvault.vault.azure.net /certificates/web 401`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The host, without its port.
    pub host: String,
    /// The path, without a slash at its end.
    pub path: String,
    /// The query and the body, as text.
    pub text: String,
    /// Whether it had a token.
    pub authorized: bool,
    /// The status of the answer; 0 when there was none.
    pub status: u16,
}

impl Recorded {
    /// Method, path and status.
    pub fn line(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.status)
    }
}

/// What the cloud is like; tests change it as they go.
#[derive(Debug, Default)]
pub struct State {
    /// The vault's certificates, by name.
    pub certificates: std::collections::BTreeMap<String, Stored>,
    /// Names that were deleted and can be recovered.
    pub deleted: Vec<String>,
    /// The tenant that the vault trusts.
    pub tenant: String,
    /// The whole challenge, in place of the usual one.
    pub challenge: Option<String>,
    /// Client ids and secrets that the authority knows; an empty secret stands for any assertion.
    pub applications: Vec<(String, String)>,
    /// Client ids of managed identities; the empty one is the machine's own.
    pub identities: Vec<String>,
    /// Operations that are refused (`certificates/get`, `secrets/get`, `keys/sign`, ...), and the code
    /// by which.
    pub refused: Vec<(String, String)>,
    /// Seconds that tokens live.
    pub token_life: u64,
    /// Tokens that are accepted; emptied to revoke them all.
    pub tokens: Vec<String>,
    /// Faults, the first fitting one whose turn it is.
    pub faults: Vec<Fault>,
    /// What was asked so far.
    pub requests: Vec<Recorded>,
}

/// A running cloud; it ends when dropped.
#[derive(Debug)]
pub struct Cloud {
    state: Arc<Mutex<State>>,
    http: Arc<LoopbackHttp>,
    plain: std::net::SocketAddr,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

/// The vault's address.
pub const VAULT: &str = "https://myvault.vault.azure.net";

impl Cloud {
    /// Starts it on the tokio runtime of the test: an empty vault of the tenant `kvtenant`, whose reader
    /// is the application `kvapp` with the secret `kv-s3cret`.
    pub async fn start() -> Self {
        let state = State {
            tenant: "kvtenant".to_owned(),
            applications: vec![("kvapp".to_owned(), "kv-s3cret".to_owned())],
            token_life: 3600,
            ..State::default()
        };
        let state = Arc::new(Mutex::new(state));
        let servers = server::start(&state).await;
        let http = Arc::new(LoopbackHttp::new(servers.tls, servers.ca, Arc::clone(&state)));
        Self { state, http, plain: servers.plain, tasks: servers.tasks }
    }

    /// Changes what the cloud is like.
    pub fn edit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut lock(&self.state))
    }

    /// The vault has this certificate as the newest version of that name.
    pub fn put(&self, name: &str, version: &str, made: Made) {
        self.edit(|state| {
            let stored = state.certificates.entry(name.to_owned()).or_default();
            let created = 1_000 + stored.versions.len() as u64;
            stored.versions.push(Version::new(version, created, made));
        });
    }

    /// What was asked since the last time, as lines.
    pub fn asked(&self) -> Vec<String> {
        self.edit(|state| state.requests.drain(..).map(|one| one.line()).collect())
    }

    /// The address of the platform's endpoints, over http.
    pub fn platform(&self) -> String {
        format!("http://{}", self.plain)
    }

    /// The client that reaches it.
    pub fn http(&self) -> Arc<dyn HttpClient> {
        Arc::clone(&self.http) as Arc<dyn HttpClient>
    }

    /// A world with this cloud and the real clock.
    pub fn world(&self, variables: &[(&str, &str)]) -> World {
        let environment = FakeEnvironment::default();
        // Nobody answers at the real address either, but slowly.
        environment.set("AZURE_POD_IDENTITY_AUTHORITY_HOST", self.platform());
        environment.set("IDWEB_DISABLE_INTERACTIVE_AKV_CREDENTIALS", "1");
        for (name, value) in variables {
            environment.set(*name, *value);
        }
        World::new(self.http()).with_environment(Arc::new(environment)).with_commands(Arc::<FakeCommands>::default())
    }

    /// The variables of the vault's reader.
    pub fn reader() -> [(&'static str, &'static str); 3] {
        [("AZURE_TENANT_ID", "kvtenant"), ("AZURE_CLIENT_ID", "kvapp"), ("AZURE_CLIENT_SECRET", "kv-s3cret")]
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
