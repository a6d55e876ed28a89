//! The authority's faults: one at a time, for a while, of one tenant or of all.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::dice::Dice;

/// The longest that anybody is left alone.
const LONGEST_WAKE: Duration = Duration::from_secs(30);

/// What happens to requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 500.
    Broken,
    /// 429, and nothing about when to come again.
    Throttled,
    /// 429 with `Retry-After: 2`.
    RetryLater,
    /// No answer until it is over, and none then.
    Hang,
    /// 200 with something else than JSON.
    Garbage,
    /// The connection ends without an answer.
    Close,
    /// Nobody listens.
    Refused,
}

pub(crate) const KINDS: [Kind; 7] =
    [Kind::Broken, Kind::Throttled, Kind::RetryLater, Kind::Hang, Kind::Garbage, Kind::Close, Kind::Refused];

/// One fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gust {
    pub(crate) kind: Kind,
    /// `None`: everybody's.
    tenant: Option<usize>,
    from: Instant,
    pub(crate) until: Instant,
    /// Until then the authority may be left alone.
    alone: Instant,
}

/// Why a call that got no token could get none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Excuse {
    /// The authority gave none.
    During,
    /// It was left alone a while longer, as whoever is unwell is.
    After,
}

/// The faults of the last minutes.
#[derive(Default)]
pub(crate) struct Weather(Mutex<VecDeque<Gust>>);

impl Gust {
    /// One that begins now.
    pub(crate) fn drawn(dice: &mut Dice, tenants: usize, longest: Duration) -> Self {
        let kind = dice.pick(&KINDS);
        let of_all = kind == Kind::Refused || dice.once_in(2);
        let tenant = if of_all { None } else { Some(dice.below(tenants)) };
        let from = Instant::now();
        let until = from + dice.between(Duration::from_millis(300), longest);
        Self { kind, tenant, from, until, alone: until }
    }

    fn concerns(&self, tenant: usize) -> bool {
        self.tenant.is_none_or(|own| own == tenant)
    }

    /// Back-off doubles, so what is left of it when all is well again is no longer than what went before: the fault,
    /// and those before it after which nobody has asked yet.
    fn follows(mut self, before: &VecDeque<Self>) -> Self {
        let carried = before.iter().filter(|gust| gust.alone > self.from && gust.meets(&self));
        let carried = carried.map(|gust| gust.alone - gust.from).max().unwrap_or_default();
        let asked = if self.kind == Kind::RetryLater { Duration::from_secs(2) } else { Duration::ZERO };
        let wake = (self.until - self.from) + carried + Duration::from_secs(3) + asked;
        self.alone = self.until + wake.min(LONGEST_WAKE);
        self
    }

    fn meets(&self, other: &Self) -> bool {
        self.tenant.is_none() || other.tenant.is_none() || self.tenant == other.tenant
    }
}

impl Weather {
    pub(crate) fn begin(&self, gust: Gust) {
        let mut gusts = self.gusts();
        let gust = gust.follows(&gusts);
        gusts.push_back(gust);
        while gusts.len() > 64 {
            gusts.pop_front();
        }
    }

    /// The fault that a tenant's request meets now.
    pub(crate) fn of(&self, tenant: usize) -> Option<Gust> {
        let now = Instant::now();
        self.gusts().iter().rev().find(|gust| gust.from <= now && now < gust.until && gust.concerns(tenant)).copied()
    }

    /// Why a tenant's call of that time could get no token.
    pub(crate) fn excuse(&self, tenant: usize, from: Instant, until: Instant) -> Option<Excuse> {
        let gusts = self.gusts();
        let meets = |end: fn(&Gust) -> Instant| {
            gusts.iter().any(|gust| gust.concerns(tenant) && gust.from <= until && from < end(gust))
        };
        match () {
            () if meets(|gust| gust.until) => Some(Excuse::During),
            () if meets(|gust| gust.alone) => Some(Excuse::After),
            () => None,
        }
    }

    fn gusts(&self) -> std::sync::MutexGuard<'_, VecDeque<Gust>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
