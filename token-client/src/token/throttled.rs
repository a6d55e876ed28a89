//! Requests that failed, and until when they are not sent again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credential_core::World;
use credential_core::retry::Backoff;
use credential_core::world::Moment;

use super::asked::Key;
use crate::{TokenError, TokenErrorKind};

/// The most requests that are remembered.
const MAX_THROTTLED: usize = 10_000;
/// How long a request is left alone that the authority was unwell for, and named no time of its own.
const UNWELL: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
/// A refusal that has nothing to do with the credential stands for this long: another try says the same.
const REFUSED: Duration = Duration::from_secs(5);
/// How often a request failed in a row is known for so long after its time.
const STREAK: Duration = Duration::from_secs(60);

/// The longest that a request is left alone whose tenant has answered others since.
const OTHERS_ANSWERED: Duration = Duration::from_secs(1);

/// The requests that failed, each with what it failed with.
#[derive(Debug, Default)]
pub(crate) struct Throttled(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failed: HashMap<Key, Failed>,
    /// When each tenant answered last, as far as something failed then.
    answered: HashMap<Option<Box<str>>, Moment>,
}

#[derive(Debug)]
struct Failed {
    since: Moment,
    until: Moment,
    error: TokenError,
    /// In a row.
    times: u32,
    /// How long it is left alone is our own guess.
    guessed: bool,
}

impl Throttled {
    /// Remembers a failure where the same request is not worth another try now; the error says until when.
    pub(crate) fn note(&self, key: &Key, error: TokenError, world: &World) -> TokenError {
        let asked = match error.kind() {
            TokenErrorKind::Unwell | TokenErrorKind::Timeout => error.retry_after(),
            TokenErrorKind::Refused | TokenErrorKind::NeedsUser => Some(REFUSED),
            _ => return error,
        };
        // Other claims change nothing about an authority that is unwell.
        let key = key.without_claims().filter(|_| error.is_transient()).unwrap_or_else(|| key.clone());
        let (now, mut state) = (world.clock.moment(), self.lock());
        let times = state.failed.get(&key).map_or(0, |failed| failed.times).saturating_add(1);
        let wait = asked.unwrap_or_else(|| UNWELL.after(times, world.jitter()));
        if state.failed.len() >= MAX_THROTTLED {
            make_room(&mut state.failed, now);
        }
        let error = error.left_alone_for(wait, world.clock.now());
        let failed =
            Failed { since: now, until: now.after(wait), error: error.clone(), times, guessed: asked.is_none() };
        state.failed.insert(key, failed);
        error
    }

    /// The answer to give while the request is left alone. One that asks anew is refused for the authority's sake
    /// alone.
    pub(crate) fn answer(&self, key: &Key, asks_anew: bool, now: Moment) -> Option<TokenError> {
        let mut state = self.lock();
        if state.failed.is_empty() {
            return None;
        }
        let answered = state.answered.get(&tenant_of(key)).copied();
        let plain = key.without_claims();
        [Some(key), plain.as_ref()].into_iter().flatten().find_map(|known| {
            let sent = |error: &TokenError| (asks_anew || known != key) && !error.is_transient();
            let failed = state.failed.get(known)?;
            let until = failed.left_alone_until(answered);
            if until > now {
                return (!sent(&failed.error)).then(|| failed.error.clone().too_early_by(until.since(now)));
            }
            if failed.until.after(STREAK) <= now {
                state.failed.remove(known);
            }
            None
        })
    }

    /// The request was answered, and so its tenant is well.
    pub(crate) fn forget(&self, key: &Key, now: Moment) {
        let mut state = self.lock();
        if state.failed.is_empty() {
            return;
        }
        state.failed.remove(key);
        key.without_claims().and_then(|plain| state.failed.remove(&plain));
        if state.failed.is_empty() || state.answered.len() >= MAX_THROTTLED {
            state.answered.clear();
        }
        if !state.failed.is_empty() {
            state.answered.insert(tenant_of(key), now);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        *self.lock() = State::default();
    }

    /// Forgets what has ended; a look at each.
    pub(crate) fn tidy(&self, now: Moment) {
        let mut state = self.lock();
        state.failed.retain(|_, failed| failed.until.after(STREAK) > now);
        if state.failed.is_empty() {
            state.answered.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failed {
    /// The end of what its failures in a row are worth, which is little once its tenant has answered others: then it
    /// is not the authority that is unwell any more.
    fn left_alone_until(&self, answered: Option<Moment>) -> Moment {
        let well = self.guessed && answered.is_some_and(|at| at > self.since);
        if well { self.until.min(self.since.after(OTHERS_ANSWERED)) } else { self.until }
    }
}

fn tenant_of(key: &Key) -> Option<Box<str>> {
    key.tenant().map(Box::from)
}

/// Forgets what has ended; if that is not enough, the tenth that ends first.
fn make_room(all: &mut HashMap<Key, Failed>, now: Moment) {
    all.retain(|_, failed| failed.until > now);
    if all.len() < MAX_THROTTLED {
        return;
    }
    let mut ends: Vec<Moment> = all.values().map(|failed| failed.until).collect();
    ends.sort_unstable();
    if let Some(limit) = ends.get(ends.len() / 10).copied() {
        all.retain(|_, failed| failed.until > limit);
    }
}

#[cfg(test)]
mod tests {
    use credential_core::testing::FakeWorld;

    use super::*;
    use crate::TokenRequest;
    use crate::token::asked::Asked;
    use crate::token::digest::Digests;

    #[test]
    fn further_answers_are_remembered_when_there_are_many() {
        let (throttled, now, world) = (Throttled::default(), Moment::default(), FakeWorld::new().world());
        let digests = Digests::new(&world);
        let key = |nth: usize| Asked::of(&TokenRequest::app(format!("api://{nth}/.default")), None, &digests).to_key();
        for nth in 0..=MAX_THROTTLED {
            let error = TokenError::late(Duration::from_secs(1)).too_early_by(Duration::from_secs(60 + nth as u64));
            throttled.note(&key(nth), error, &world);
        }
        assert!(throttled.answer(&key(MAX_THROTTLED), false, now).is_some(), "the newest");
        assert!(throttled.answer(&key(0), false, now).is_none(), "the one that ends first");
        assert!(throttled.lock().failed.len() <= MAX_THROTTLED);
        for nth in 0..=MAX_THROTTLED {
            let request = TokenRequest::app("api://a/.default");
            throttled.forget(&Asked::of(&request, Some(&nth.to_string()), &digests).to_key(), now);
        }
        assert!(throttled.lock().answered.len() <= MAX_THROTTLED);
        throttled.tidy(now.after(Duration::from_secs(100_000)));
        assert!(throttled.lock().failed.is_empty());
    }

    #[test]
    fn a_tenant_that_answers_others_is_asked_again_a_second_after_a_failure() {
        let fake = FakeWorld::new();
        let (throttled, world) = (Throttled::default(), fake.world());
        let digests = Digests::new(&world);
        let key =
            |user: &str, tenant| Asked::of(&TokenRequest::on_behalf_of(user, ["a"]), Some(tenant), &digests).to_key();
        let (own, other, elsewhere) = (key("ada", "t1"), key("eve", "t1"), key("eve", "t2"));
        let late = || TokenError::late(Duration::from_secs(1));
        (0..6).for_each(|_| drop(throttled.note(&own, late(), &world)));
        let left_alone = || throttled.answer(&own, false, world.clock.moment()).and_then(|error| error.retry_after());
        assert!(left_alone().is_some_and(|wait| wait > Duration::from_secs(20)));
        fake.clock.advance(Duration::from_millis(500));
        throttled.forget(&elsewhere, world.clock.moment());
        assert!(
            left_alone().is_some_and(|wait| wait > Duration::from_secs(20)),
            "another tenant's answer says nothing"
        );
        throttled.forget(&other, world.clock.moment());
        assert_eq!(left_alone(), Some(Duration::from_millis(500)));
        fake.clock.advance(Duration::from_millis(500));
        assert_eq!(left_alone(), None);
        // It fails for itself: once a second, since others are answered all the time.
        throttled.note(&own, late(), &world);
        assert!(left_alone().is_some_and(|wait| wait > Duration::from_secs(20)), "nobody was answered since");
        // What the authority asked for stands.
        throttled.note(&own, late().left_alone_for(Duration::from_secs(30), world.clock.now()), &world);
        fake.clock.advance(Duration::from_secs(5));
        throttled.forget(&other, world.clock.moment());
        assert_eq!(left_alone(), Some(Duration::from_secs(25)));
    }

    #[test]
    fn failures_in_a_row_are_left_alone_for_longer_and_not_together_and_then_forgotten() {
        let fake = FakeWorld::new();
        let (throttled, world) = (Throttled::default(), fake.world());
        let digests = Digests::new(&world);
        let plain = TokenRequest::app("api://a/.default");
        for request in [plain.clone(), plain.claims("{}")] {
            let key = Asked::of(&request, None, &digests).to_key();
            let fails =
                || throttled.note(&key, TokenError::late(Duration::from_secs(1)), &world).retry_after().unwrap();
            for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
                let wait = fails();
                assert!((Duration::from_secs(seconds).mul_f64(0.75)..=Duration::from_secs(seconds)).contains(&wait));
                fake.clock.advance(wait);
                assert!(throttled.answer(&key, false, world.clock.moment()).is_none());
            }
            fake.clock.advance(STREAK);
            assert!(throttled.answer(&key, false, world.clock.moment()).is_none());
            let waits: std::collections::HashSet<Duration> = (0..10)
                .map(|nth| {
                    let request = TokenRequest::app(format!("api://{nth}/.default"));
                    let key = Asked::of(&request, None, &digests).to_key();
                    throttled.note(&key, TokenError::late(Duration::from_secs(1)), &world).retry_after().unwrap()
                })
                .collect();
            assert!(waits.len() > 5, "{waits:?}");
            assert!(fails() <= Duration::from_secs(1), "what was long ago is no row");
            fails();
            throttled.forget(&key, world.clock.moment());
            assert!(fails() <= Duration::from_secs(1), "an answer ends the row");
            throttled.clear();
        }
    }
}
