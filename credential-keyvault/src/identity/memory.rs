//! What one entry remembers of who reads its vault.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use credential_core::world::Moment;

use super::challenge::Challenge;
use super::token::Token;
use crate::lock::lock;

/// A token is not used when it ends sooner than this.
const TOKEN_MARGIN: Duration = Duration::from_secs(120);

/// The first and the longest time for which an absent managed identity is not looked for again.
const ABSENT: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(600));

/// Whom the entry's vault trusts, and the token for it.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    challenge: Option<Challenge>,
    token: Option<Token>,
    identity_absent: Option<Absence>,
    refused: bool,
}

#[derive(Debug)]
struct Absence {
    until: Moment,
    streak: u32,
}

impl Memory {
    fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.0)
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

    /// Forgets that there was none.
    pub(crate) fn note_identity_there(&self) {
        self.known().identity_absent = None;
    }
}
