//! One exchange for any number of concurrent callers.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use credential_core::flight::{Flight, FlightId};
use credential_core::guard::guarded;
use credential_core::{Moment, World};

use super::cache::CacheKey;
use crate::{AccessToken, TokenError};

type Outcome = Result<AccessToken, TokenError>;

/// What an exchange is asked with: callers share it only when all of it is the same.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct FlightKey {
    pub(crate) key: CacheKey,
    pub(crate) claims: Option<String>,
    pub(crate) force: bool,
}

impl fmt::Debug for FlightKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlightKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The most remembered "come back later" answers.
const MAX_THROTTLED: usize = 10_000;

#[derive(Debug, Default)]
struct State {
    under_way: HashMap<FlightKey, Flight<Outcome>>,
    throttled: HashMap<CacheKey, (Moment, TokenError)>,
}

/// The exchanges under way. Locked for moments, never across an await.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flights(Arc<Mutex<State>>);

impl Flights {
    /// The exchange under way for the key, started as a task of its own if there is
    /// none: a caller that leaves ends nobody's exchange.
    pub(crate) fn start<F>(&self, key: &FlightKey, world: &World, exchange: impl FnOnce() -> F) -> Flight<Outcome>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut state = self.lock();
        if let Some(flight) = state.under_way.get(key).filter(|flight| !flight.is_gone()) {
            return flight.clone();
        }
        let exchange = exchange();
        let work = async move { guarded(|| exchange).await.unwrap_or_else(|_| Err(TokenError::panicked())) };
        let (flights, landed) = (self.clone(), key.clone());
        let (flight, task) = Flight::prepare(work, move |id, _| flights.remove(&landed, id));
        state.under_way.insert(key.clone(), flight.clone());
        drop(state);
        world.tasks.spawn(task);
        flight
    }

    /// Takes a flight off the list: it has ended, or is lost to a caller, who begins anew. One that was
    /// given up does not take a later one off.
    pub(crate) fn remove(&self, key: &FlightKey, flight: FlightId) {
        let mut state = self.lock();
        if state.under_way.get(key).is_some_and(|known| known.id() == flight) {
            state.under_way.remove(key);
        }
    }

    /// The authority asked to be left alone with this request until then.
    pub(crate) fn throttle(&self, key: CacheKey, until: Moment, error: TokenError, now: Moment) {
        let mut state = self.lock();
        if state.throttled.len() >= MAX_THROTTLED {
            state.make_room(now);
        }
        state.throttled.insert(key, (until, error));
    }

    /// The answer to give while the authority wants to be left alone with this request.
    pub(crate) fn throttled(&self, key: &CacheKey, now: Moment) -> Option<TokenError> {
        let mut state = self.lock();
        match state.throttled.get(key) {
            Some((until, error)) if *until > now => Some(error.clone()),
            Some(_) => {
                state.throttled.remove(key);
                None
            }
            None => None,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Forgets what has ended; if that is not enough, the tenth that ends first.
    fn make_room(&mut self, now: Moment) {
        self.throttled.retain(|_, (until, _)| *until > now);
        if self.throttled.len() < MAX_THROTTLED {
            return;
        }
        let mut ends: Vec<Moment> = self.throttled.values().map(|(until, _)| *until).collect();
        ends.sort_unstable();
        if let Some(limit) = ends.get(ends.len() / 10).copied() {
            self.throttled.retain(|_, (until, _)| *until > limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cache::CacheKeyRef;
    use super::*;
    use crate::TokenRequest;
    use std::time::Duration;

    #[test]
    fn further_answers_are_remembered_when_there_are_many() {
        let (flights, now) = (Flights::default(), Moment::default());
        let key = |nth: usize| CacheKeyRef::of(&TokenRequest::app(format!("api://{nth}/.default")), None).to_owned();
        for nth in 0..=MAX_THROTTLED {
            let until = now.after(Duration::from_secs(60 + nth as u64));
            flights.throttle(key(nth), until, TokenError::panicked(), now);
        }
        assert!(flights.throttled(&key(MAX_THROTTLED), now).is_some(), "the newest");
        assert!(flights.throttled(&key(0), now).is_none(), "the one that ends first");
        assert!(flights.lock().throttled.len() <= MAX_THROTTLED);
    }
}
