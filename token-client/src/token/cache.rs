//! Tokens by what they were asked with. A hit takes no lock and allocates nothing.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credential_core::World;
use credential_core::chain::Attempt;
use foldhash::quality::RandomState;
use papaya::HashMap;

use super::access_token::Inner;
use super::asked::{Asked, Key};
use super::ends::Ends;
use super::lasts::Lasts;
use super::report::{Report, Reports};
use super::slot::{Hit, Of, Slot, Together, Wider};
use super::time::{Tick, TokenTime};
use crate::AccessToken;
use crate::exchange::Issued;

/// The most bytes of memory that the tokens of one client may take, unless it is
/// [told otherwise](crate::TokenClientBuilder::max_cache_bytes): those of about 150,000 tokens of the usual size.
pub const DEFAULT_MAX_CACHE_BYTES: usize = 256 * 1024 * 1024;

/// How many places a token that comes in looks at for those whose tokens have ended.
const PER_INSERT: usize = 8;
/// How many places the background looks at before it lets others have their turn.
const PER_STEP: usize = 128;
/// A place without a token that a source holds is looked at again after this.
const HELD: Duration = Duration::from_secs(600);
/// A look that came to nothing, since no runtime was there, is tried again after this.
const NO_RUNTIME: Duration = Duration::from_secs(10);
/// The most tokens of one user that are found by their user alone: each look at one of them may pass the others.
const MAX_TOGETHER: usize = 16;
/// Texts of keys that are remembered for sharing, at least.
const MIN_TEXTS: usize = 64;

/// The tokens of one client.
#[derive(Debug)]
pub(crate) struct TokenCache {
    /// Whom a token is for is told by the keys, not by their hashes: those need not withstand more than whoever can
    /// name tenants, and gets a token of each.
    slots: HashMap<Arc<Slot>, (), RandomState>,
    /// What an empty place holds.
    nothing: Arc<Inner>,
    pub(crate) time: Arc<TokenTime>,
    capacity: usize,
    books: Mutex<Books>,
    /// When there is something to be taken out.
    next_sweep: AtomicU32,
}

/// What is written down about the tokens, under one lock that no look-up takes.
#[derive(Debug, Default)]
struct Books {
    ends: Ends,
    bytes: usize,
    /// Texts of users' keys, which are the same for many.
    texts: HashSet<Arc<[u8]>>,
    max_texts: usize,
    reports: Reports,
    closed: bool,
}

impl TokenCache {
    /// For tokens of so many bytes.
    pub(crate) fn new(capacity: usize, time: Arc<TokenTime>) -> Self {
        let (slots, nothing) = (HashMap::default(), Arc::new(Inner::nothing()));
        let next_sweep = AtomicU32::new(Tick::NEVER.0);
        Self { slots, nothing, time, capacity, books: Mutex::default(), next_sweep }
    }

    /// A token that lasts for a call that is made now.
    pub(crate) fn get(&self, asked: &Asked<'_>, now: Tick) -> Option<Hit> {
        let slots = self.slots.pin();
        match slots.get_key_value(asked) {
            Some((slot, ())) => slot.hit(now),
            None => slots.get_key_value(&asked.alone()?)?.0.hit(now),
        }
    }

    /// A user's token that was asked for with more scopes.
    pub(crate) fn wider(&self, asked: &Asked<'_>, now: Tick) -> Option<AccessToken> {
        let slots = self.slots.pin();
        slots.get_key_value(&Wider(asked, now))?.0.hit(now).map(|hit| hit.token)
    }

    /// A token that need not be renewed yet, whoever may be renewing it.
    pub(crate) fn fresh(&self, key: &Key) -> Option<AccessToken> {
        let now = self.time.now();
        let hit = self.at(key, |slot| slot.hit(now))??;
        (now < hit.token.lasts().renew).then_some(hit.token)
    }

    /// A token that has not ended yet, for when no other can be had.
    pub(crate) fn last_resort(&self, key: &Key) -> Option<AccessToken> {
        self.at(key, |slot| slot.last(self.time.now()))?
    }

    /// Whether this caller is the one to begin the renewal.
    pub(crate) fn take_turn(&self, key: &Key, now: Tick) -> bool {
        self.at(key, |slot| slot.take_turn(now)).unwrap_or_default()
    }

    /// The renewal could not begin: another caller may.
    pub(crate) fn give_back_turn(&self, key: &Key) {
        self.at(key, |slot| slot.give_back_turn());
    }

    /// No renewal begins for so long.
    pub(crate) fn put_off(&self, key: &Key, wait: Duration) {
        self.at(key, |slot| slot.put_off(self.time.now().after(wait)));
    }

    fn at<T>(&self, key: &Key, look: impl FnOnce(&Arc<Slot>) -> T) -> Option<T> {
        let slots = self.slots.pin();
        let found = match slots.get_key_value(&Of(key)) {
            None if key.is_together() => slots.get_key_value(&Of(&key.alone())),
            found => found,
        };
        found.map(|(slot, ())| look(slot))
    }

    /// The place of a key, for a source that looks into it. It stays as long as somebody has it.
    pub(crate) fn place(&self, key: &Key) -> Arc<Slot> {
        let mut books = self.books();
        let slot = self.slot(key, &mut books);
        books.ends.file(&slot, self.time.now().after(HELD));
        self.note_next(&books);
        slot
    }

    /// Keeps what the authority gave, for the key, and makes a token of it.
    pub(crate) fn keep(&self, key: &Key, issued: &Issued, came: Came, world: &World) -> AccessToken {
        let now = self.time.now();
        let lasts = Lasts::of(issued, now, world.jitter());
        let other_tenant = (came.tenant.as_deref() != key.tenant()).then_some(came.tenant);
        let report = Report { attempts: came.attempts, granted: issued.scopes.clone(), other_tenant };
        let mut books = self.books();
        let (key, report) = (books.shared(key), books.reports.shared(report));
        let token = AccessToken::of(issued, lasts, Arc::clone(&key.text), report);
        self.put(&mut books, &key, token.share(), now);
        token
    }

    /// Keeps the token for another key too.
    pub(crate) fn keep_as(&self, key: &Key, token: &AccessToken) {
        let mut books = self.books();
        let key = books.shared(key);
        self.put(&mut books, &key, token.share(), self.time.now());
    }

    /// Takes over another cache's tokens that still stand.
    pub(crate) fn take_from(&self, other: &Self, stands: impl Fn(&AccessToken) -> bool) {
        let (now, mut books) = (self.time.now(), self.books());
        for (slot, ()) in &other.slots.pin() {
            if let Some(token) = slot.last(now).filter(|token| stands(token)) {
                self.put(&mut books, &slot.key, token.share(), now);
            }
        }
    }

    /// The bytes of all tokens.
    pub(crate) fn bytes_kept(&self) -> usize {
        self.books().bytes
    }

    /// Forgets every token, at once. Whoever brings one meanwhile waits for a step at most.
    pub(crate) fn clear(&self) {
        let mut ends = std::mem::take(&mut self.books().ends);
        let slots: Vec<_> = std::iter::from_fn(|| ends.first()).map(|(_, slot)| slot).collect();
        let now = self.time.now();
        for step in slots.chunks(PER_STEP) {
            let mut books = self.books();
            let forgotten: Vec<_> = step.iter().map(|slot| self.empty(&mut books, slot, now)).collect();
            drop(books);
            // Wiping takes the longest, and nobody waits for that.
            drop(forgotten);
        }
        self.note_next(&self.books());
    }

    /// Forgets every token and keeps none any more: exchanges that began before may end later.
    pub(crate) fn close(&self) {
        self.books().closed = true;
        self.clear();
    }

    /// Whether there is something to be taken out.
    #[inline]
    pub(crate) fn is_overdue(&self, now: Tick) -> bool {
        now.0 >= self.next_sweep.load(Ordering::Relaxed)
    }

    /// Whether the background has something to take out, and this caller is the one to begin it.
    pub(crate) fn wants_sweep(&self, now: Tick) -> bool {
        self.is_overdue(now) && self.next_sweep.swap(Tick::NEVER.0, Ordering::Relaxed) <= now.0
    }

    /// Takes out what has ended, a little at a time, as a task that nobody waits for.
    pub(crate) fn sweep(self: &Arc<Self>, world: &World) {
        let sweep = Sweep(Arc::clone(self));
        world.tasks.spawn(Box::pin(async move {
            let sweep = sweep;
            while sweep.0.step() {
                tokio::task::yield_now().await;
            }
        }));
    }

    fn step(&self) -> bool {
        let mut books = self.books();
        self.look(&mut books, self.time.now(), PER_STEP) == PER_STEP
    }

    /// Looks at so many places whose minute is over; gives how many there were.
    fn look(&self, books: &mut Books, now: Tick, most: usize) -> usize {
        for looked in 0..most {
            let Some(slot) = books.ends.overdue(now) else { return looked };
            self.settle(books, &slot, now);
        }
        most
    }

    /// A place that is looked at: its token has ended and leaves, or it was renewed meanwhile.
    fn settle(&self, books: &mut Books, slot: &Arc<Slot>, now: Tick) {
        let ends = slot.ends();
        match ends > now {
            true => books.ends.file(slot, ends),
            false => drop(self.empty(books, slot, now)),
        }
    }

    /// Takes the token out of a place and gives it, and takes the place out of the cache unless a source has it.
    fn empty(&self, books: &mut Books, slot: &Arc<Slot>, now: Tick) -> Arc<Inner> {
        let old = slot.replace(Arc::clone(&self.nothing));
        books.bytes = books.bytes.saturating_sub(self.bytes(&old));
        // The map's owner, and the caller.
        if Arc::strong_count(slot) > 2 {
            books.ends.file(slot, now.after(HELD));
        } else {
            self.slots.pin().remove(slot);
        }
        old
    }

    fn put(&self, books: &mut Books, key: &Key, token: Arc<Inner>, now: Tick) {
        let ends = token.lasts.ends;
        if ends <= now || books.closed {
            return;
        }
        let slot = self.slot(key, books);
        books.bytes = books.bytes.saturating_add(self.bytes(&token));
        let old = slot.replace(token);
        books.bytes = books.bytes.saturating_sub(self.bytes(&old));
        books.ends.file(&slot, ends);
        self.look(books, now, PER_INSERT);
        self.make_room(books, &slot, now);
        self.note_next(books);
    }

    /// Takes out what ends first, until there is room; never what has just come in.
    fn make_room(&self, books: &mut Books, new: &Arc<Slot>, now: Tick) {
        let mut spared = Vec::new();
        while books.bytes > self.capacity {
            let Some((minute, first)) = books.ends.first() else { break };
            let ends = first.ends();
            if Arc::ptr_eq(&first, new) || ends == Tick::default() {
                spared.push((first, ends.max(minute)));
            } else if ends > minute {
                books.ends.file(&first, ends);
            } else {
                drop(self.empty(books, &first, now));
            }
        }
        for (slot, ends) in spared {
            books.ends.file(&slot, ends);
        }
    }

    fn bytes(&self, token: &Arc<Inner>) -> usize {
        if Arc::ptr_eq(token, &self.nothing) { 0 } else { token.bytes() }
    }

    /// The place of a key, a new one where there is none. The lock keeps it from being taken out meanwhile.
    fn slot(&self, key: &Key, _: &mut Books) -> Arc<Slot> {
        if let Some(slot) = self.at(key, Arc::clone) {
            return slot;
        }
        let (slots, together) = (self.slots.pin(), Cell::new(0));
        if key.is_together() {
            slots.contains_key(&Together(key, &together));
        }
        let key = if together.get() < MAX_TOGETHER { key.clone() } else { key.alone() };
        let slot = Arc::new(Slot::empty(key, &self.nothing));
        slots.insert(Arc::clone(&slot), ());
        slot
    }

    fn note_next(&self, books: &Books) {
        self.next_sweep.store(books.ends.next().0, Ordering::Relaxed);
    }

    /// Every change is whole when the lock is given back.
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// The key with a text that others of its kind share.
    fn shared(&mut self, key: &Key) -> Key {
        if !key.is_of_user() {
            return key.clone();
        }
        if let Some(text) = self.texts.get(&key.text) {
            return key.with_text(Arc::clone(text));
        }
        if self.texts.len() >= self.max_texts {
            self.texts.retain(|text| Arc::strong_count(text) > 1);
            self.max_texts = MIN_TEXTS.max(self.texts.len().saturating_mul(2));
        }
        self.texts.insert(Arc::clone(&key.text));
        key.clone()
    }
}

/// How a token came about.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) attempts: Vec<Attempt>,
    /// The tenant that was asked in the end.
    pub(crate) tenant: Option<String>,
}

/// A sweep under way; one that ends before its time is begun anew by another call.
struct Sweep(Arc<TokenCache>);

impl Drop for Sweep {
    fn drop(&mut self) {
        let cache = &self.0;
        let soonest = cache.time.now().after(NO_RUNTIME);
        let next = cache.books().ends.next().max(soonest);
        cache.next_sweep.store(next.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
