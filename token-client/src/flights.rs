//! One exchange for any number of concurrent callers.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use credential_core::{Moment, Task, World};
use tokio::sync::watch;

use crate::token_cache::CacheKey;
use crate::{AccessToken, TokenError};

type Outcome = Result<AccessToken, TokenError>;

/// What an exchange is asked with: callers share it only when all of it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FlightKey {
    pub(crate) key: CacheKey,
    pub(crate) claims: Option<String>,
    pub(crate) force: bool,
}

/// The most remembered "come back later" answers.
const MAX_THROTTLED: usize = 10_000;

#[derive(Debug, Default)]
struct State {
    under_way: HashMap<FlightKey, watch::Receiver<Option<Outcome>>>,
    throttled: HashMap<CacheKey, (Moment, TokenError)>,
}

/// The exchanges under way. Locked for moments, never across an await.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flights(Arc<Mutex<State>>);

impl Flights {
    /// The exchange under way for the key, started as a task of its own if there is
    /// none: a caller that leaves ends nobody's exchange.
    pub(crate) fn start<F>(
        &self,
        key: FlightKey,
        world: &World,
        start: impl FnOnce() -> F,
    ) -> watch::Receiver<Option<Outcome>>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut state = self.lock();
        if let Some(result) = state.under_way.get(&key) {
            return result.clone();
        }
        let (sender, result) = watch::channel(None);
        state.under_way.insert(key.clone(), result.clone());
        drop(state);
        let landing = Landing { flights: self.clone(), key };
        let exchange = start();
        let task: Task = Box::pin(async move {
            let landing = landing;
            let outcome = exchange.await;
            drop(landing);
            sender.send_replace(Some(outcome));
        });
        world.tasks.spawn(task);
        result
    }

    /// The authority asked to be left alone with this request until then.
    pub(crate) fn throttle(&self, key: CacheKey, until: Moment, error: TokenError, now: Moment) {
        let mut state = self.lock();
        if state.throttled.len() >= MAX_THROTTLED {
            state.throttled.retain(|_, (until, _)| *until > now);
        }
        if state.throttled.len() < MAX_THROTTLED {
            state.throttled.insert(key, (until, error));
        }
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

/// Takes the exchange off the list however it ends.
struct Landing {
    flights: Flights,
    key: FlightKey,
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.flights.lock().under_way.remove(&self.key);
    }
}
