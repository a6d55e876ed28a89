//! Looks at every call: whose token it got, whether it could have got one, how long it took.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use token_client::{AccessToken, TokenError, TokenOrigin};

use crate::APP;
use crate::authority::{now, part, tenant_name};
use crate::weather::{Excuse, Weather};
use crate::worker::{place, scopes, user_name};

/// Faults of ours that are shown in full.
const SHOWN: usize = 20;
/// What a busy machine may add to a bound.
const SLACK: Duration = Duration::from_secs(3);
/// Powers of two of microseconds.
const BUCKETS: usize = 32;

/// What a call asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) process: usize,
    pub(crate) tenant: usize,
    pub(crate) user: Option<usize>,
    pub(crate) scope: usize,
    pub(crate) force: bool,
}

pub(crate) struct Judge {
    weather: Arc<Weather>,
    pub(crate) tenants: usize,
    patience: Duration,
    /// Seconds before its end from which on a token need not be given any more.
    leeway: u64,
    /// The end of the last token for each key.
    ends: Mutex<HashMap<Key, u64>>,
    given: AtomicU64,
    left: AtomicU64,
    during: AtomicU64,
    after: AtomicU64,
    origins: [AtomicU64; 4],
    times: [AtomicU64; BUCKETS],
    slowest: AtomicU64,
    faults: Mutex<Vec<String>>,
    count: AtomicU64,
}

impl Judge {
    pub(crate) fn new(weather: Arc<Weather>, tenants: usize, patience: Duration, life: u64) -> Self {
        Self {
            weather,
            tenants,
            patience,
            // A tenth, and what whole seconds of the token and of its end in a shared cache leave open.
            leeway: life / 10 + 3,
            ends: Mutex::default(),
            given: AtomicU64::new(0),
            left: AtomicU64::new(0),
            during: AtomicU64::new(0),
            after: AtomicU64::new(0),
            origins: Default::default(),
            times: Default::default(),
            slowest: AtomicU64::new(0),
            faults: Mutex::default(),
            count: AtomicU64::new(0),
        }
    }

    pub(crate) fn given(&self, key: &Key, asked: Instant, token: &AccessToken, origin: Option<TokenOrigin>) {
        self.took(key, asked);
        self.given.fetch_add(1, Ordering::Relaxed);
        self.origins[place(origin)].fetch_add(1, Ordering::Relaxed);
        let claims = part(token.value().expose(), 1).unwrap_or_default();
        let user = key.user.map_or_else(String::new, user_name);
        let has = |name: &str| claims[name].as_str().unwrap_or_default();
        let (app, tenant) = (has("app") == APP, has("tenant") == tenant_name(key.tenant));
        let scope = scopes(key).iter().all(|scope| has("scope").split(' ').any(|had| had == *scope));
        if !(app && tenant && scope && has("user") == user) {
            let found = format!("{}, {:?}, {}", has("tenant"), has("user"), has("scope"));
            self.fault(format!("ANOTHER'S TOKEN: {key:?} got that of {found}"));
        }
        let end = claims["exp"].as_u64().unwrap_or_default();
        if end + 1 < now() {
            self.fault(format!("an ended token: {key:?}"));
        }
        let mut ends = self.ends.lock().unwrap();
        let known = ends.entry(Key { force: false, ..key.clone() }).or_default();
        *known = end.max(*known);
    }

    /// Whether a token for it is at hand, and lasts.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.ends.lock().unwrap().get(key).is_some_and(|end| *end > now() + self.leeway)
    }

    pub(crate) fn failed(&self, key: &Key, asked: Instant, was_at_hand: bool, error: &TokenError) {
        self.took(key, asked);
        if was_at_hand {
            return self.fault(format!("a token at hand was not given: {key:?}: {error}"));
        }
        match self.weather.excuse(key.tenant, asked, Instant::now()) {
            Some(Excuse::During) => _ = self.during.fetch_add(1, Ordering::Relaxed),
            Some(Excuse::After) => _ = self.after.fetch_add(1, Ordering::Relaxed),
            None => self.fault(format!("a call failed while all was well: {key:?}: {error}")),
        }
    }

    pub(crate) fn left(&self) {
        self.left.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets what has ended.
    pub(crate) fn tidy(&self) {
        let now = now();
        self.ends.lock().unwrap().retain(|_, end| *end >= now);
    }

    pub(crate) fn fault(&self, message: String) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut faults = self.faults.lock().unwrap();
        if faults.len() < SHOWN {
            faults.push(message);
        }
    }

    fn took(&self, key: &Key, asked: Instant) {
        let took = asked.elapsed();
        let micros = took.as_micros() as u64;
        let bucket = (u64::BITS - micros.leading_zeros()) as usize;
        self.times[bucket.min(BUCKETS - 1)].fetch_add(1, Ordering::Relaxed);
        self.slowest.fetch_max(micros, Ordering::Relaxed);
        if took > self.patience + SLACK {
            self.fault(format!("a call took {took:?}: {key:?}"));
        }
    }

    /// The time that so many of a thousand calls stayed below, in microseconds; a power of two.
    fn below(&self, thousandth: u64) -> u64 {
        let times: Vec<u64> = self.times.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let wanted = times.iter().sum::<u64>() * thousandth / 1000;
        let mut sum = 0;
        let found = times.iter().position(|count| {
            sum += count;
            sum >= wanted
        });
        1 << found.unwrap_or(BUCKETS)
    }

    /// The sum of it all, and whether it holds.
    pub(crate) fn verdict(&self) -> (String, bool) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (failed, faults) = (read(&self.count), self.faults.lock().unwrap());
        let calls = read(&self.given) + read(&self.left) + read(&self.during) + read(&self.after);
        let [source, cache, shared, authority] = [0, 1, 2, 3].map(|nth| read(&self.origins[nth]));
        let mut text = format!(
            "calls       {calls}: {} given, {} left by their callers, {} while the authority gave none, {} while it was \
             left alone after that, {failed} FAILED\n\
             tokens      {source} by a source, {cache} from memory, {shared} from the store, {authority} from the authority\n\
             time        half below {} µs, 99 % below {} µs, 99.9 % below {} µs, the slowest {} ms\n",
            read(&self.given),
            read(&self.left),
            read(&self.during),
            read(&self.after),
            self.below(500),
            self.below(990),
            self.below(999),
            read(&self.slowest) / 1000,
        );
        for fault in faults.iter() {
            let _ = writeln!(text, "FAILED      {fault}");
        }
        (text, failed == 0)
    }
}
