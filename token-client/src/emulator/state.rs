//! What the emulator knows and remembers.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use credential_core::world::Clock;
use serde_json::Value;

use super::app::EmulatedApp;
use super::fault::Faults;
use super::guid;
use super::issuer::TokenVersion;
use super::keys::OwnKey;
use super::observer::Observer;
use super::record::Log;
use super::resource::EmulatedResource;
use super::time::seconds;
use super::tls::ServerTls;
use credential_core::text::guid::is_guid;

/// The most client assertions that are remembered as used; the oldest are forgotten first.
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
    pub(crate) token_version: TokenVersion,
    pub(crate) tls: Option<ServerTls>,
    /// Whether a proxy's headers say under which address it was asked.
    pub(crate) trusts_proxy: bool,
    pub(crate) observer: Observer,
    /// `http://127.0.0.1:PORT` of the authority, or `https://localhost:PORT`.
    pub(crate) origin: String,
    /// The same of the API.
    pub(crate) api_origin: String,
    pub(crate) memory: Memory,
}

/// What changes while the emulator runs.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) log: Mutex<Log>,
    pub(crate) faults: Mutex<Faults>,
    /// What the API demands of a token beside its being valid: the members of `access_token`.
    pub(crate) demanded: Mutex<Option<Value>>,
    used: Mutex<Used>,
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

    /// The tenant as it was registered, by its name or its id.
    pub(crate) fn tenant(&self, name: &str) -> Option<&str> {
        let is = |tenant: &&String| tenant.eq_ignore_ascii_case(name) || self.tenant_id(tenant) == name.to_lowercase();
        self.tenants.iter().find(is).map(String::as_str)
    }

    /// The id of a registered tenant: a GUID, and always the same for a name.
    pub(crate) fn tenant_id(&self, tenant: &str) -> String {
        let tenant = tenant.to_lowercase();
        if is_guid(&tenant) { tenant } else { guid::of(&format!("tenant {tenant}")) }
    }

    pub(crate) fn first_tenant(&self) -> &str {
        self.tenants.first().map(String::as_str).unwrap_or_default()
    }

    /// Notes an assertion's `jti` until it expires; `false` when it was noted before.
    pub(crate) fn note_used(&self, client_id: &str, jti: &str, until: i64, now: i64) -> bool {
        lock(&self.memory.used).note(format!("{client_id} {jti}"), until, now)
    }
}

/// The client assertions that were used, in the order of use. They live about equally long, so this
/// is nearly the order of their ends.
#[derive(Debug, Default)]
struct Used {
    known: HashSet<String>,
    order: VecDeque<(i64, String)>,
}

impl Used {
    fn note(&mut self, id: String, until: i64, now: i64) -> bool {
        while self.order.len() >= MAX_USED || self.order.front().is_some_and(|(until, _)| *until < now) {
            let Some((_, oldest)) = self.order.pop_front() else { break };
            self.known.remove(&oldest);
        }
        let new = self.known.insert(id.clone());
        if new {
            self.order.push_back((until, id));
        }
        new
    }
}

/// Locks, whatever another thread did while it held the lock: all that is kept here is whole at any time.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_is_remembered_until_it_ends_and_no_more_than_the_limit_are() {
        let mut used = Used::default();
        assert!(used.note("a".to_owned(), 100, 0));
        assert!(!used.note("a".to_owned(), 100, 100));
        assert!(used.note("a".to_owned(), 200, 101), "it has ended and cannot be replayed anyway");
        for nth in 0..MAX_USED {
            used.note(nth.to_string(), 200, 101);
        }
        assert_eq!((used.known.len(), used.order.len()), (MAX_USED, MAX_USED));
        assert!(!used.known.contains("a"));
    }
}
