//! What the emulator knows and remembers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use credential_core::Clock;
use serde_json::Value;

use super::app::EmulatedApp;
use super::fault::Faults;
use super::keys::OwnKey;
use super::record::Log;
use super::resource::EmulatedResource;
use super::time::seconds;

/// The most client assertions that are remembered as used; when there are more, the longest-lived are
/// the ones that a replay could still use, so the others go first.
const MAX_USED: usize = 100_000;

/// Shared by every connection.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) apps: Vec<EmulatedApp>,
    pub(crate) tenants: Vec<String>,
    pub(crate) resources: Vec<EmulatedResource>,
    pub(crate) api_audience: String,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) key: OwnKey,
    pub(crate) clock: Arc<dyn Clock>,
    /// `http://127.0.0.1:PORT` of the authority.
    pub(crate) origin: String,
    pub(crate) memory: Memory,
}

/// What changes while the emulator runs.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) log: Mutex<Log>,
    pub(crate) faults: Mutex<Faults>,
    /// What the API demands of a token beside its being valid: the members of `access_token`.
    pub(crate) demanded: Mutex<Option<Value>>,
    /// When each client assertion that was used ends.
    used: Mutex<HashMap<String, i64>>,
}

/// What an answer says of a token's life, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetimes {
    pub(crate) expires_in: i64,
    pub(crate) ext_expires_in: i64,
    pub(crate) refresh_in: Option<i64>,
}

impl State {
    /// Seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        seconds(self.clock.as_ref())
    }

    pub(crate) fn app(&self, client_id: &str) -> Option<&EmulatedApp> {
        self.apps.iter().find(|app| app.client_id.eq_ignore_ascii_case(client_id))
    }

    /// The tenant as it was registered.
    pub(crate) fn tenant(&self, name: &str) -> Option<&str> {
        self.tenants.iter().find(|tenant| tenant.eq_ignore_ascii_case(name)).map(String::as_str)
    }

    /// Notes an assertion's `jti` until it expires; `false` when it was noted before.
    pub(crate) fn note_used(&self, client_id: &str, jti: &str, until: i64, now: i64) -> bool {
        let mut used = lock(&self.memory.used);
        used.retain(|_, until| *until >= now);
        if used.len() >= MAX_USED
            && let Some(soonest) = used.iter().min_by_key(|(_, until)| **until).map(|(jti, _)| jti.clone())
        {
            used.remove(&soonest);
        }
        used.insert(format!("{client_id} {jti}"), until).is_none()
    }
}

/// Locks, whatever another thread did while it held the lock: all that is kept here is whole at any time.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
