//! A value that is fetched when it is needed, by one for all, and kept for a while.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credential_core::{Moment, World};
use tokio::sync::watch;

use super::error::AuthorityError;

/// After a failed refresh the old value serves this long before the next try.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

type Outcome<T> = Result<Arc<T>, AuthorityError>;

/// One cached value. A fetch runs as a task of its own: a caller that leaves ends nobody's wait.
#[derive(Debug)]
pub(crate) struct Cell<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    value: Option<(Arc<T>, Moment)>,
    flight: Option<watch::Receiver<Option<Outcome<T>>>>,
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
    pub(crate) async fn get<F>(self: &Arc<Self>, world: &World, fetch: F) -> Outcome<T>
    where
        F: Future<Output = Result<(T, Duration), AuthorityError>> + Send + 'static,
    {
        let now = world.clock.moment();
        let mut flight = {
            let mut state = self.lock();
            if let Some((value, until)) = &state.value
                && now < *until
            {
                return Ok(Arc::clone(value));
            }
            // A flight whose task is gone without a word is none.
            match state.flight.clone().filter(|flight| flight.has_changed().is_ok()) {
                Some(flight) => flight,
                None => {
                    let (sender, receiver) = watch::channel(None);
                    state.flight = Some(receiver.clone());
                    let (cell, clock) = (Arc::clone(self), Arc::clone(&world.clock));
                    world.tasks.spawn(Box::pin(async move {
                        let outcome = fetch.await;
                        let outcome = cell.land(outcome, clock.moment());
                        sender.send_replace(Some(outcome));
                    }));
                    receiver
                }
            }
        };
        match flight.wait_for(Option::is_some).await.map(|outcome| outcome.clone()) {
            Ok(Some(outcome)) => outcome,
            _ => Err(AuthorityError::interrupted()),
        }
    }

    fn land(&self, outcome: Result<(T, Duration), AuthorityError>, now: Moment) -> Outcome<T> {
        let mut state = self.lock();
        state.flight = None;
        let (value, until) = match (outcome, state.value.take()) {
            (Ok((value, lasts)), _) => (Arc::new(value), now.after(lasts)),
            (Err(_), Some((old, _))) => (old, now.after(AFTER_FAILURE)),
            (Err(error), None) => return Err(error),
        };
        state.value = Some((Arc::clone(&value), until));
        Ok(value)
    }

    /// Every change is a single assignment: what a panicking holder left is whole.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
