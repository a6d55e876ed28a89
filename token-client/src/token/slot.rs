//! The place of one token in the cache: renewals go into it, and whoever looks borrows from it.

use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use papaya::Equivalent;

use super::access_token::Inner;
use super::asked::{Asked, Key};
use super::time::Tick;
use crate::AccessToken;

/// Whoever begins a renewal has this long until another one may.
const TURN: Duration = Duration::from_secs(1);

/// The place of one token.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(super) key: Key,
    token: ArcSwap<Inner>,
    /// Until when no renewal begins: one is under way, or the last one failed.
    put_off: AtomicU32,
    /// The minute at whose end the cache looks at it; 0 for none.
    pub(super) filed: AtomicU32,
}

/// A token from the cache.
#[derive(Debug)]
pub(crate) struct Hit {
    pub(crate) token: AccessToken,
    /// It should be renewed behind the caller's back.
    pub(crate) due: bool,
}

impl Slot {
    pub(super) fn empty(key: Key, nothing: &Arc<Inner>) -> Self {
        let token = ArcSwap::new(Arc::clone(nothing));
        Self { key, token, put_off: AtomicU32::new(0), filed: AtomicU32::new(0) }
    }

    /// The token, while it lasts for a call that is made now.
    #[inline]
    pub(crate) fn hit(&self, now: Tick) -> Option<Hit> {
        let token = self.token.load();
        let lasts = token.lasts;
        let due = now >= lasts.renew && now.0 >= self.put_off.load(Ordering::Relaxed);
        (now < lasts.until).then(|| Hit { token: AccessToken::lent(token), due })
    }

    /// The token until its very end, for when no other can be had.
    pub(super) fn last(&self, now: Tick) -> Option<AccessToken> {
        let token = self.token.load_full();
        (now < token.lasts.ends).then(|| AccessToken::lent(arc_swap::Guard::from_inner(token)))
    }

    /// Puts a token in; gives the one before.
    pub(super) fn replace(&self, token: Arc<Inner>) -> Arc<Inner> {
        self.put_off.store(0, Ordering::Relaxed);
        self.token.swap(token)
    }

    /// When its token ends.
    pub(super) fn ends(&self) -> Tick {
        self.token.load().lasts.ends
    }

    /// Whether this caller is the one to begin the renewal.
    pub(super) fn take_turn(&self, now: Tick) -> bool {
        let before = self.put_off.load(Ordering::Relaxed);
        let swap = |to: Tick| self.put_off.compare_exchange(before, to.0, Ordering::Relaxed, Ordering::Relaxed);
        now.0 >= before && swap(now.after(TURN)).is_ok()
    }

    pub(super) fn give_back_turn(&self) {
        self.put_off.store(0, Ordering::Relaxed);
    }

    pub(super) fn put_off(&self, until: Tick) {
        self.put_off.fetch_max(until.0, Ordering::Relaxed);
    }

    fn has_scope(&self, scope: &str) -> bool {
        self.token.load().has_scope(scope)
    }
}

impl PartialEq for Slot {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Slot {}

impl Hash for Slot {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl Equivalent<Arc<Slot>> for Asked<'_> {
    fn equivalent(&self, slot: &Arc<Slot>) -> bool {
        self.is(&slot.key)
    }
}

/// A user's token that has all that is asked for, and more.
pub(super) struct Wider<'a>(pub(super) &'a Asked<'a>, pub(super) Tick);

impl Hash for Wider<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash_of_user(state);
    }
}

impl Equivalent<Arc<Slot>> for Wider<'_> {
    fn equivalent(&self, slot: &Arc<Slot>) -> bool {
        self.0.is_part_of(&slot.key, |scope| slot.has_scope(scope)) && slot.hit(self.1).is_some()
    }
}

/// The place of a key, for whoever has no request any more.
pub(super) struct Of<'a>(pub(super) &'a Key);

impl Hash for Of<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<Arc<Slot>> for Of<'_> {
    fn equivalent(&self, slot: &Arc<Slot>) -> bool {
        *self.0 == slot.key
    }
}

/// How many of a user's tokens are found by their user alone.
pub(super) struct Together<'a>(pub(super) &'a Key, pub(super) &'a Cell<usize>);

impl Hash for Together<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<Arc<Slot>> for Together<'_> {
    /// Counts, and goes on to the next.
    fn equivalent(&self, slot: &Arc<Slot>) -> bool {
        self.1.set(self.1.get() + usize::from(self.0.is_of_same_user(&slot.key)));
        false
    }
}
