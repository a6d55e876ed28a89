//! Tokens that processes and machines share: a second level behind the cache in memory.
//!
//! ```
//! use token_client::TokenClient;
//! use token_client::store::{SealingKeys, SharedCache};
//!
//! # fn example(store: impl token_client::store::TokenStore + 'static) -> Result<(), token_client::ConfigurationError> {
//! let keys = SealingKeys::from_variable("TOKEN_CACHE_KEYS")?;
//! let builder = TokenClient::builder().shared_cache(SharedCache::new(store, keys));
//! # let _ = builder; Ok(()) }
//! ```

mod breaker;
mod envelope;
#[cfg(feature = "testing")]
mod fake_store;
#[cfg(feature = "redis")]
mod redis;
mod sealing_keys;
mod shared_cache;
pub(crate) mod shared_key;
pub(crate) mod sharing;
mod token_store;
mod value;

#[cfg(feature = "testing")]
pub use fake_store::{FakeStore, StoreFault};
#[cfg(feature = "redis")]
pub use redis::{RedisStore, RedisStoreBuilder};
pub use sealing_keys::{MAX_SEALING_KEYS, SealingKeys};
pub use shared_cache::{DEFAULT_PREFIX, DEFAULT_STORE_TIMEOUT, SharedCache};
pub use sharing::SharedCacheStatus;
pub use token_store::{StoreError, StoreErrorKind, TokenStore};
pub(crate) use value::SharedToken;
