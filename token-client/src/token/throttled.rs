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

/// The requests that failed, each with what it failed with.
#[derive(Debug, Default)]
pub(crate) struct Throttled(Mutex<HashMap<Key, Failed>>);

#[derive(Debug)]
struct Failed {
    until: Moment,
    error: TokenError,
    /// In a row.
    times: u32,
}

impl Throttled {
    /// Remembers a failure where the same request is not worth another try now; the error says until when.
    pub(crate) fn note(&self, key: &Key, error: TokenError, world: &World) -> TokenError {
        let (now, mut failed) = (world.clock.moment(), self.lock());
        let times = failed.get(key).map_or(0, |failed| failed.times).saturating_add(1);
        let wait = match error.kind() {
            TokenErrorKind::Unwell | TokenErrorKind::Timeout => {
                error.retry_after().unwrap_or_else(|| UNWELL.after(times, world.jitter()))
            }
            TokenErrorKind::Refused | TokenErrorKind::NeedsUser => REFUSED,
            _ => return error,
        };
        if failed.len() >= MAX_THROTTLED {
            make_room(&mut failed, now);
        }
        let error = error.left_alone_for(wait, world.clock.now());
        // Other claims change nothing about an authority that is unwell.
        let key = key.without_claims().filter(|_| error.is_transient()).unwrap_or_else(|| key.clone());
        failed.insert(key, Failed { until: now.after(wait), error: error.clone(), times });
        error
    }

    /// The answer to give while the request is left alone. One that asks anew is refused for the authority's sake
    /// alone.
    pub(crate) fn answer(&self, key: &Key, asks_anew: bool, now: Moment) -> Option<TokenError> {
        let mut all = self.lock();
        if all.is_empty() {
            return None;
        }
        let plain = key.without_claims();
        [Some(key), plain.as_ref()].into_iter().flatten().find_map(|known| {
            let sent = |error: &TokenError| (asks_anew || known != key) && !error.is_transient();
            let failed = all.get(known)?;
            if failed.until > now {
                return (!sent(&failed.error)).then(|| failed.error.clone().too_early_by(failed.until.since(now)));
            }
            if failed.until.after(STREAK) <= now {
                all.remove(known);
            }
            None
        })
    }

    /// The request was answered.
    pub(crate) fn forget(&self, key: &Key) {
        let mut all = self.lock();
        if !all.is_empty() {
            all.remove(key);
            key.without_claims().and_then(|plain| all.remove(&plain));
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// Forgets what has ended; a look at each.
    pub(crate) fn tidy(&self, now: Moment) {
        self.lock().retain(|_, failed| failed.until.after(STREAK) > now);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Failed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        assert!(throttled.lock().len() <= MAX_THROTTLED);
        throttled.tidy(now.after(Duration::from_secs(100_000)));
        assert!(throttled.lock().is_empty());
    }
}
