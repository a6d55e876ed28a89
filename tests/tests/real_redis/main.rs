//! The shared cache on a real `redis-server`, whose program `REDIS_SERVER` names; `.ci/real` runs these:
//! `REDIS_SERVER=/usr/bin/redis-server cargo test -p credential-tests --test real_redis -- --ignored`.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the test starts servers and processes, and fails by panicking"
)]

mod kinds;
mod processes;
mod server;
mod sharing;
mod trouble;
