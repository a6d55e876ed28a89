//! What one entry remembers from one load to the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use credential_core::{Moment, Secret};

use crate::challenge::Challenge;
use crate::cli_turn::CliTurns;

/// A token is not used when it ends sooner than this.
const TOKEN_MARGIN: Duration = Duration::from_secs(120);

/// The first and the longest time for which an absent managed identity is not looked for again.
const ABSENT: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(600));

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
    refused: bool,
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
        let mut known = self.known();
        known.token = Some(token);
        known.refused = false;
    }

    /// The vault refused the token: whom it trusts may have changed.
    pub(crate) fn forget_token(&self) {
        let mut known = self.known();
        known.token = None;
        known.challenge = None;
        known.refused = true;
    }

    /// Whether the vault refused the token that was kept last: one from a cache will not do.
    pub(crate) fn refused(&self) -> bool {
        self.known().refused
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
