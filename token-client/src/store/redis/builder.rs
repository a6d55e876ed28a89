//! Putting a Redis store together: its addresses, what it trusts, what it presents.

use std::fmt;

use credential_core::world::is_loopback;
use credential_core::{Finding, Secret};
use redis::cluster::ClusterClient;
use redis::{Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsCertificates};
use rustls::crypto::{CryptoProvider, aws_lc_rs};

use super::RedisStore;
use super::link::Link;
use super::target::{Sentinels, Target};
use crate::ConfigurationError;

/// Stable; programs compare it.
const BAD_ADDRESS: &str = "bad-redis-address";

/// Chooses what a [`RedisStore`] connects to; made by [`RedisStore::at`]. `Debug` shows no user and no password.
pub struct RedisStoreBuilder {
    addresses: Vec<Secret>,
    kind: Kind,
    sentinel_login: Option<(String, Secret)>,
    roots: Option<Vec<u8>>,
    client: Option<(Vec<u8>, Secret)>,
    plain: bool,
}

#[derive(Debug)]
enum Kind {
    Server,
    Cluster,
    Sentinels(String),
}

impl RedisStoreBuilder {
    pub(super) fn new(address: Secret) -> Self {
        Self {
            addresses: vec![address],
            kind: Kind::Server,
            sentinel_login: None,
            roots: None,
            client: None,
            plain: false,
        }
    }

    /// A further node of a cluster, or a further sentinel. User, password and database are those of the first address.
    #[must_use]
    pub fn and_at(mut self, address: impl Into<Secret>) -> Self {
        self.addresses.push(address.into());
        self
    }

    /// The addresses are nodes of a cluster; it says which others there are.
    #[must_use]
    pub fn cluster(mut self) -> Self {
        self.kind = Kind::Cluster;
        self
    }

    /// The addresses are sentinels, which know where the master of that name is. User, password and database in an address are
    /// those of the master; see [`sentinel_login`](Self::sentinel_login).
    #[must_use]
    pub fn sentinels(mut self, master: impl Into<String>) -> Self {
        self.kind = Kind::Sentinels(master.into());
        self
    }

    /// The user, empty for none, and the password of sentinels that want them.
    #[must_use]
    pub fn sentinel_login(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.sentinel_login = Some((user.into(), password.into()));
        self
    }

    /// Trusts these certificate authorities, in PEM, in the place of the system's.
    #[must_use]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(pem.into());
        self
    }

    /// Presents a certificate, chain and key in PEM.
    #[must_use]
    pub fn client_certificate(mut self, chain: impl Into<Vec<u8>>, key: impl Into<Secret>) -> Self {
        self.client = Some((chain.into(), key.into()));
        self
    }

    /// Allows addresses of other machines without TLS: what is kept is sealed, and the password of the address goes in the
    /// clear.
    #[must_use]
    pub fn allow_plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// The store. Nothing is sent: it connects when it is first asked.
    ///
    /// # Errors
    /// When an address or a certificate is not valid, or an address of another machine is without TLS.
    pub fn build(self) -> Result<RedisStore, ConfigurationError> {
        let infos = self.addresses.iter().map(|address| self.checked(address)).collect::<Result<Vec<_>, _>>()?;
        let tls = infos.iter().any(|info| matches!(info.addr(), ConnectionAddr::TcpTls { .. }));
        if tls && CryptoProvider::get_default().is_none() {
            // The redis crate takes the process's provider, and panics where it cannot tell which one is meant.
            let _ = aws_lc_rs::default_provider().install_default();
        }
        let certificates = self.certificates();
        let target = match self.kind {
            Kind::Server => server(infos, certificates),
            Kind::Cluster => cluster(infos, certificates),
            Kind::Sentinels(master) => {
                let login = infos.first().map(|info| info.redis_settings().clone()).unwrap_or_default();
                let own_login = self.sentinel_login.map(|(user, password)| (user, password.expose().to_owned()));
                let addresses = infos.iter().map(|info| info.addr().clone()).collect();
                Ok(Target::Sentinels(Sentinels { addresses, master, login, own_login, certificates, tls }))
            }
        };
        Ok(RedisStore(Link::new(target?)))
    }

    /// The address, taken apart; the finding shows nothing of it.
    fn checked(&self, address: &Secret) -> Result<ConnectionInfo, ConfigurationError> {
        let bad = |why: &str, remedy: &'static str| -> ConfigurationError {
            Finding::error(BAD_ADDRESS, format!("the address of Redis {why}")).remedy(remedy).into()
        };
        let form = "write it as rediss://USER:PASSWORD@HOST:PORT, special characters percent-encoded";
        let info = address.expose().into_connection_info().map_err(|_| bad("is not valid", form))?;
        match info.addr() {
            ConnectionAddr::TcpTls { insecure: true, .. } => Err(bad(
                "turns the check of certificates off",
                "remove #insecure, and name what to trust by root_certificates",
            )),
            ConnectionAddr::Tcp(host, _) if !self.plain && !is_local(host) => {
                Err(bad("must use TLS", "write rediss:// in the place of redis://, or call allow_plain"))
            }
            _ => {
                let login = info.redis_settings().clone().set_skip_set_lib_name();
                Ok(info.set_redis_settings(login))
            }
        }
    }

    fn certificates(&self) -> TlsCertificates {
        let client_tls = self.client.as_ref().map(|(chain, key)| ClientTlsConfig {
            client_cert: chain.clone(),
            client_key: key.expose().as_bytes().to_vec(),
        });
        TlsCertificates { client_tls, root_cert: self.roots.clone() }
    }
}

fn is_local(host: &str) -> bool {
    let brackets = host.contains(':') && !host.starts_with('[');
    is_loopback(&if brackets { format!("http://[{host}]") } else { format!("http://{host}") })
}

fn server(infos: Vec<ConnectionInfo>, certificates: TlsCertificates) -> Result<Target, ConfigurationError> {
    let mut infos = infos.into_iter();
    let (Some(info), None) = (infos.next(), infos.next()) else {
        let finding = Finding::error(BAD_ADDRESS, "several addresses of Redis are given for one server");
        return Err(finding.remedy("call cluster or sentinels, or leave one address").into());
    };
    let client = match info.addr() {
        ConnectionAddr::TcpTls { .. } => Client::build_with_tls(info, certificates),
        _ => Client::open(info),
    };
    client.map(Target::Server).map_err(|_| unusable())
}

fn cluster(infos: Vec<ConnectionInfo>, certificates: TlsCertificates) -> Result<Target, ConfigurationError> {
    let addresses = infos.iter().map(|info| info.addr().clone()).collect();
    let tls = infos.iter().any(|info| matches!(info.addr(), ConnectionAddr::TcpTls { .. }));
    // A retry is how the crate follows a slot that has moved; the caller's bound stands over all of it.
    let mut builder = ClusterClient::builder(infos).retries(1).min_retry_wait(1).max_retry_wait(5);
    if tls {
        builder = builder.certs(certificates);
    }
    builder.build().map(|client| Target::Cluster(Box::new(client), addresses)).map_err(|_| unusable())
}

fn unusable() -> ConfigurationError {
    let finding = Finding::error(BAD_ADDRESS, "the addresses or certificates of Redis are not valid together");
    finding.remedy("give all addresses the same scheme, user and password, and certificates and keys in PEM").into()
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field("addresses", &self.addresses.len())
            .field("kind", &self.kind)
            .field("client_certificate", &self.client.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_would_show_a_password_or_trust_anybody_are_refused() {
        for (address, says) in [
            ("http://cache.example", "is not valid"),
            ("rediss://user:p4ssw0rd@", "is not valid"),
            ("p4ssw0rd", "is not valid"),
            ("redis://user:p4ssw0rd@cache.example:6379", "must use TLS"),
            ("redis://user:p4ssw0rd@10.0.0.1", "must use TLS"),
            ("rediss://user:p4ssw0rd@cache.example/#insecure", "turns the check"),
        ] {
            let error = RedisStore::at(address).build().unwrap_err().to_string();
            assert!(error.contains(says), "{address}: {error}");
            assert!(!error.contains("p4ssw0rd"), "{error}");
        }
    }

    #[test]
    fn addresses_of_every_kind_are_taken_and_show_no_password() {
        for builder in [
            RedisStore::at("redis://user:p4ssw0rd@127.0.0.1:6379"),
            RedisStore::at("redis://user:p4ssw0rd@localhost"),
            RedisStore::at("redis://user:p4ssw0rd@[::1]:6379"),
            RedisStore::at("redis://user:p4ssw0rd@cache.example").allow_plain(),
            RedisStore::at("rediss://user:p4ssw0rd@cache.example:6380/1"),
            RedisStore::at("valkeys://:p4ssw0rd@cache.example"),
            RedisStore::at("unix:///run/redis.sock?pass=p4ssw0rd"),
            RedisStore::at("rediss://:p4ssw0rd@a.example").and_at("rediss://:p4ssw0rd@b.example").cluster(),
            RedisStore::at("rediss://:p4ssw0rd@a.example").sentinels("main").sentinel_login("", "p4ssw0rd"),
        ] {
            let shown = format!("{builder:?}");
            let store = builder.build().unwrap();
            let shown = format!("{shown} {store:?}");
            assert!(!shown.contains("p4ssw0rd") && !shown.contains("user"), "{shown}");
        }
        let several = RedisStore::at("rediss://a.example").and_at("rediss://b.example").build().unwrap_err();
        assert!(
            several.to_string().contains("call cluster or sentinels")
                || several.to_string().contains("several addresses")
        );
    }
}
