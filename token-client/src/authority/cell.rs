//! A value that is fetched when it is needed, by one for all, and kept for a while.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credential_core::flight::{Flight, FlightId, TRIES};
use credential_core::guard::guarded;
use credential_core::{Moment, World};

use super::error::AuthorityError;

/// After a failed refresh the old value serves this long before the next try.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

type Outcome<T> = Result<Arc<T>, AuthorityError>;
type Fetched<T> = Result<(Arc<T>, Duration), AuthorityError>;

/// One cached value. A fetch runs as a task of its own: a caller that leaves ends nobody's wait.
#[derive(Debug)]
pub(crate) struct Cell<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    value: Option<(Arc<T>, Moment)>,
    flight: Option<Flight<Fetched<T>>>,
}

impl<T> Default for Cell<T> {
    fn default() -> Self {
        Self(Mutex::new(State { value: None, flight: None }))
    }
}

impl<T: Send + Sync + 'static> Cell<T> {
    /// The value: kept, being fetched already, or fetched now. `fetch` says how long it lasts. When it
    /// fails and there is an old value, that one serves on.
    ///
    /// # Errors
    /// What `fetch` gave, when there is no value at all.
    pub(crate) async fn get<F>(self: &Arc<Self>, world: &World, fetch: impl Fn() -> F) -> Outcome<T>
    where
        F: Future<Output = Result<(T, Duration), AuthorityError>> + Send + 'static,
    {
        for _ in 0..TRIES {
            let now = world.clock.moment();
            let (flight, task) = {
                let mut state = self.lock();
                if let Some((value, until)) = &state.value
                    && now < *until
                {
                    return Ok(Arc::clone(value));
                }
                match state.flight.clone().filter(|flight| !flight.is_gone()) {
                    Some(flight) => (flight, None),
                    None => {
                        let fetch = fetch();
                        let work = async move {
                            let fetched =
                                guarded(|| fetch).await.unwrap_or_else(|_| Err(AuthorityError::interrupted()));
                            fetched.map(|(value, lasts)| (Arc::new(value), lasts))
                        };
                        let (cell, clock) = (Arc::clone(self), Arc::clone(&world.clock));
                        let land = move |id, fetched: Option<&Fetched<T>>| cell.land(id, fetched, clock.moment());
                        let (flight, task) = Flight::prepare(work, land);
                        state.flight = Some(flight.clone());
                        (flight, Some(task))
                    }
                }
            };
            if let Some(task) = task {
                world.tasks.spawn(task);
            }
            match flight.wait(&*world.clock).await {
                Ok(Ok((value, _))) => return Ok(value),
                Ok(Err(error)) => return self.lock().value.as_ref().map(|(old, _)| Arc::clone(old)).ok_or(error),
                Err(_) => {
                    self.lock().flight.take_if(|known| known.id() == flight.id());
                }
            }
        }
        Err(AuthorityError::interrupted())
    }

    fn land(&self, flight: FlightId, fetched: Option<&Fetched<T>>, now: Moment) {
        let mut state = self.lock();
        if state.flight.take_if(|known| known.id() == flight).is_none() {
            return;
        }
        match (fetched, state.value.take()) {
            (Some(Ok((value, lasts))), _) => state.value = Some((Arc::clone(value), now.after(*lasts))),
            (Some(Err(_)), Some((old, _))) => state.value = Some((old, now.after(AFTER_FAILURE))),
            (_, before) => state.value = before,
        }
    }

    /// Every change is a single assignment: what a panicking holder left is whole.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
