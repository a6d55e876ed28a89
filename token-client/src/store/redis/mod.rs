//! Redis or Valkey as a store: one connection that all calls share, no retries.

mod builder;
mod link;
mod target;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::text::printable;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, cmd};

use super::{StoreError, TokenStore};
use link::Link;

pub use builder::RedisStoreBuilder;

/// The most characters of a server's words that a message shows.
const MAX_SHOWN: usize = 160;
/// Removes a lock that its holder still has, in one step.
const UNLOCK: &str = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/// A [`TokenStore`] on Redis 6 or newer, or Valkey: one server, a cluster, or what sentinels name.
///
/// Needs of an access list: `GET`, `SET`, and for locks `EVAL` and `DEL`, on names that begin with the
/// [prefix](super::SharedCache::prefix).
///
/// ```
/// use token_client::store::RedisStore;
///
/// # fn main() -> Result<(), token_client::ConfigurationError> {
/// let store = RedisStore::at("rediss://tokens:password@cache.example:6380").build()?;
/// # let _ = store; Ok(()) }
/// ```
pub struct RedisStore(Link);

impl RedisStore {
    /// A store at that address: `rediss://USER:PASSWORD@HOST:PORT/DATABASE`, each part but the host optional;
    /// `redis://` without TLS, for this machine; `unix:///PATH`.
    pub fn at(address: impl Into<credential_core::Secret>) -> RedisStoreBuilder {
        RedisStoreBuilder::new(address.into())
    }

    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let answer = self.0.run(command).await?;
        T::from_redis_value(answer).map_err(|_| StoreError::foreign("an answer of another type"))
    }
}

/// Where it is; no user and no password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RedisStore").field(&self.0).finish()
    }
}

#[async_trait]
impl TokenStore for RedisStore {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.run(cmd("GET").arg(name)).await
    }

    async fn set(&self, name: &str, value: Vec<u8>, life: Duration) -> Result<(), StoreError> {
        self.run(cmd("SET").arg(name).arg(value).arg("PX").arg(milliseconds(life))).await
    }

    async fn lock(&self, name: &str, holder: &str, life: Duration) -> Result<bool, StoreError> {
        let command = &mut cmd("SET");
        let taken: Option<String> =
            self.run(command.arg(name).arg(holder).arg("NX").arg("PX").arg(milliseconds(life))).await?;
        Ok(taken.is_some())
    }

    async fn unlock(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        self.run(cmd("EVAL").arg(UNLOCK).arg(1).arg(name).arg(holder)).await
    }
}

fn milliseconds(life: Duration) -> u64 {
    u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// What a failure means for the store.
fn failure(error: &RedisError) -> StoreError {
    let words = printable(&error.to_string(), MAX_SHOWN);
    match (error.code(), error.kind()) {
        (Some("WRONGTYPE"), _) => StoreError::foreign("something else than a value stands there"),
        // What passes by itself: a server that starts, a replica that lost its master, a cluster that turns over.
        (Some("LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "BUSY"), _) => StoreError::unreachable(words),
        (_, ErrorKind::Server(_) | ErrorKind::Extension) => StoreError::refused(words),
        _ => StoreError::unreachable(words),
    }
}
