//! What is connected to: a server, a cluster, or the one that sentinels name.

use std::fmt;
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, RedisConnectionInfo, RedisResult, TlsCertificates, TlsMode,
    Value,
};

/// The crate's own bound of an answer: callers have left long before.
const ANSWER: Duration = Duration::from_secs(1);
/// Commands under way on one connection; more wait.
const UNDER_WAY: usize = 1024;

pub(super) enum Target {
    Server(Client),
    Cluster(Box<ClusterClient>, Vec<ConnectionAddr>),
    Sentinels(Sentinels),
}

/// What asks sentinels for the master of a name, and connects to it.
pub(super) struct Sentinels {
    pub(super) addresses: Vec<ConnectionAddr>,
    pub(super) master: String,
    /// User, password and database of the servers.
    pub(super) login: RedisConnectionInfo,
    /// User and password of the sentinels.
    pub(super) own_login: Option<(String, String)>,
    pub(super) certificates: TlsCertificates,
    pub(super) tls: bool,
}

/// A connection that all calls share.
#[derive(Clone)]
pub(super) enum Line {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Target {
    pub(super) async fn connect(&self) -> RedisResult<Line> {
        let settings =
            AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER)).set_pipeline_buffer_size(UNDER_WAY);
        match self {
            Self::Server(client) => client.get_multiplexed_async_connection_with_config(&settings).await.map(Line::One),
            Self::Cluster(client, _) => client.get_async_connection().await.map(Line::Cluster),
            Self::Sentinels(sentinels) => {
                let mut client = sentinels.builder()?.build()?;
                client.get_async_connection_with_config(&settings).await.map(Line::One)
            }
        }
    }
}

impl Sentinels {
    fn builder(&self) -> RedisResult<SentinelClientBuilder> {
        let (addresses, master) = (self.addresses.iter().cloned(), &self.master);
        let mut builder = SentinelClientBuilder::new(addresses, master, SentinelServerType::Master)?
            .set_client_to_redis_db(self.login.db());
        if let Some(user) = self.login.username() {
            builder = builder.set_client_to_redis_username(user);
        }
        if let Some(password) = self.login.password() {
            builder = builder.set_client_to_redis_password(password);
        }
        if let Some((user, password)) = &self.own_login {
            builder = builder.set_client_to_sentinel_password(password);
            if !user.is_empty() {
                builder = builder.set_client_to_sentinel_username(user);
            }
        }
        if self.tls {
            builder = builder
                .set_client_to_redis_tls_mode(TlsMode::Secure)
                .set_client_to_redis_certificates(self.certificates.clone())
                .set_client_to_sentinel_tls_mode(TlsMode::Secure)
                .set_client_to_sentinel_certificates(self.certificates.clone());
        }
        Ok(builder)
    }
}

impl Line {
    pub(super) async fn run(&mut self, command: &Cmd) -> RedisResult<Value> {
        let answer = match self {
            Self::One(line) => line.req_packed_command(command).await?,
            Self::Cluster(line) => line.req_packed_command(command).await?,
        };
        answer.extract_error()
    }
}

/// The addresses alone.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(client) => write!(f, "{}", client.get_connection_info().addr()),
            Self::Cluster(_, addresses) => list(f, "cluster", addresses),
            Self::Sentinels(sentinels) => list(f, &sentinels.master, &sentinels.addresses),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, name: &str, addresses: &[ConnectionAddr]) -> fmt::Result {
    write!(f, "{name} at")?;
    addresses.iter().try_for_each(|address| write!(f, " {address}"))
}
