//! What is remembered between loads of one entry: bounded, and never shared between worlds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use credential_core::{CredentialDescription, Entry, HttpClient, LoadRequest, Moment, Secret};

use crate::challenge::Challenge;
use crate::cli_turn::CliTurns;

/// The most entries that a source remembers something of; the one that was used longest ago is forgotten.
const MAX_ENTRIES: usize = 64;

/// A token is not used when it ends sooner than this.
const TOKEN_MARGIN: Duration = Duration::from_secs(120);

/// The first and the longest time for which an absent managed identity is not looked for again.
const ABSENT: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(600));

/// The memories of a source, by entry.
#[derive(Debug, Default)]
pub(crate) struct Memories(Mutex<Vec<(Key, Arc<Memory>)>>);

/// Everything that decides which vault is read as whom, and over which stack.
#[derive(Debug)]
struct Key {
    path: String,
    settings: Vec<Entry>,
    client_id: String,
    http: Weak<dyn HttpClient>,
}

impl Key {
    fn fits(&self, entry: &CredentialDescription, client_id: &str, http: &Arc<dyn HttpClient>) -> bool {
        let same_stack = self.http.upgrade().is_some_and(|known| Arc::ptr_eq(&known, http));
        same_stack && self.path == entry.path() && self.client_id == client_id && self.settings == entry.settings()
    }
}

impl Memories {
    /// The memory of the request's entry. A description is bound to one stack: a token that came over
    /// one is not sent over another.
    pub(crate) fn of(&self, request: &LoadRequest<'_>) -> Arc<Memory> {
        let (entry, http) = (request.description, &request.world.http);
        let client_id = &request.application.client_id;
        let mut list = lock(&self.0);
        let found = list.iter().position(|(key, _)| key.fits(entry, client_id, http));
        let (key, memory) = match found {
            Some(position) => list.remove(position),
            None => {
                let settings = entry.settings().to_vec();
                let (path, client_id) = (entry.path().to_owned(), client_id.clone());
                (Key { path, settings, client_id, http: Arc::downgrade(http) }, Arc::default())
            }
        };
        list.retain(|(key, _)| key.http.strong_count() > 0);
        if list.len() >= MAX_ENTRIES {
            list.remove(0);
        }
        list.push((key, Arc::clone(&memory)));
        memory
    }
}

/// What is known of one entry's vault.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    known: Mutex<Known>,
    cli: Arc<CliTurns>,
}

#[derive(Debug, Default)]
struct Known {
    challenge: Option<Challenge>,
    token: Option<Token>,
    watch: Option<Watch>,
    identity_absent: Option<Absence>,
    metadata_seen: bool,
    slow: u32,
}

/// A token for the vault.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) value: Secret,
    pub(crate) expires_on: SystemTime,
    /// For people: which identity it was given to.
    pub(crate) who: String,
}

/// The version that was loaded, and when to look for a newer one.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) version: String,
    pub(crate) next: Moment,
}

#[derive(Debug)]
struct Absence {
    until: Moment,
    streak: u32,
}

impl Memory {
    fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }

    /// Whose turn it is to run the Azure CLI: it outlives the wait for it when it hangs.
    pub(crate) fn cli(&self) -> &Arc<CliTurns> {
        &self.cli
    }

    pub(crate) fn challenge(&self) -> Option<Challenge> {
        self.known().challenge.clone()
    }

    /// Remembers a checked challenge; a token for another scope or tenant is of no more use.
    pub(crate) fn learn(&self, challenge: Challenge) {
        let mut known = self.known();
        if known.challenge.as_ref() != Some(&challenge) {
            known.token = None;
        }
        known.challenge = Some(challenge);
    }

    /// The token, if it is good for a while.
    pub(crate) fn token(&self, now: SystemTime) -> Option<Token> {
        let known = self.known();
        known.token.clone().filter(|token| now.checked_add(TOKEN_MARGIN).is_some_and(|end| token.expires_on > end))
    }

    pub(crate) fn keep_token(&self, token: Token) {
        self.known().token = Some(token);
    }

    /// The vault refused the token: whom it trusts may have changed.
    pub(crate) fn forget_token(&self) {
        let mut known = self.known();
        known.token = None;
        known.challenge = None;
    }

    /// Who the last token was given to; for messages.
    pub(crate) fn who(&self) -> Option<String> {
        self.known().token.as_ref().map(|token| token.who.clone())
    }

    pub(crate) fn watch(&self) -> Option<Watch> {
        self.known().watch.clone()
    }

    pub(crate) fn set_watch(&self, watch: Watch) {
        let mut known = self.known();
        known.watch = Some(watch);
        known.slow = 0;
    }

    /// How often in a row a look for a newer version took too long.
    pub(crate) fn slow(&self) -> u32 {
        self.known().slow
    }

    pub(crate) fn note_slow(&self) {
        let mut known = self.known();
        known.slow = known.slow.saturating_add(1);
    }

    /// Until when a managed identity is known to be absent.
    pub(crate) fn identity_absent(&self, now: Moment) -> Option<Duration> {
        let known = self.known();
        known.identity_absent.as_ref().map(|absence| absence.until.since(now)).filter(|rest| !rest.is_zero())
    }

    /// Remembers that there is no managed identity: twice as long each time, up to ten minutes.
    pub(crate) fn note_identity_absent(&self, now: Moment) {
        let mut known = self.known();
        let streak = known.identity_absent.as_ref().map_or(0, |absence| absence.streak.saturating_add(1));
        let wait = ABSENT.0.saturating_mul(1u32.checked_shl(streak).unwrap_or(u32::MAX)).min(ABSENT.1);
        known.identity_absent = Some(Absence { until: now.after(wait), streak });
    }

    /// Whether the metadata service has answered before: it needs no second probe.
    pub(crate) fn metadata_seen(&self) -> bool {
        self.known().metadata_seen
    }

    pub(crate) fn note_metadata(&self) {
        let mut known = self.known();
        known.metadata_seen = true;
        known.identity_absent = None;
    }
}

/// Locks; a holder that panicked left nothing half done, since each change is one assignment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
