//! A value that is fetched when it is needed, by one for all, and kept for a while.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credential_core::World;
use credential_core::flight::Flights;
use credential_core::guard::guarded;
use credential_core::world::Moment;
use tracing::{Instrument, Span};

use super::error::AuthorityError;
use crate::spans;

/// After a failed refresh the old value serves this long before the next try.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// Without an old value the failure itself serves this long.
const FAILED: Duration = Duration::from_secs(1);
/// A caller has an end of its own, long before this.
const LONGEST: Duration = Duration::from_secs(3600);

/// A value, and until when it needs no look.
type Kept<T> = (Arc<T>, Moment);
type Fetched<T> = Result<Kept<T>, AuthorityError>;

/// What is known.
#[derive(Debug)]
enum Known<T> {
    Nothing,
    Value(Kept<T>),
    Failure(AuthorityError, Moment),
}

/// One cached value. A fetch runs as a task of its own: a caller that leaves ends nobody's wait.
#[derive(Debug)]
pub(crate) struct Cell<T> {
    kept: Arc<Mutex<Known<T>>>,
    flights: Flights<(), Fetched<T>>,
}

impl<T> Default for Cell<T> {
    fn default() -> Self {
        Self { kept: Arc::new(Mutex::new(Known::Nothing)), flights: Flights::default() }
    }
}

impl<T: Send + Sync + 'static> Cell<T> {
    /// The value: kept, being fetched already, or fetched now. `fetch` says how long it lasts. When it
    /// fails and there is an old value, that one serves on. `what` is its name in the traces.
    ///
    /// # Errors
    /// What `fetch` gave, when there is no value at all.
    pub(crate) async fn get<F>(
        &self,
        what: &'static str,
        world: &World,
        fetch: impl Fn() -> F,
    ) -> Result<Arc<T>, AuthorityError>
    where
        F: Future<Output = Result<(T, Duration), AuthorityError>> + Send + 'static,
    {
        let kept = || {
            let now = world.clock.moment();
            match &*lock(&self.kept) {
                Known::Value((value, until)) if now < *until => Some(Ok((Arc::clone(value), *until))),
                Known::Failure(error, until) if now < *until => Some(Err(error.clone())),
                _ => None,
            }
        };
        let within = Span::current();
        let work = || {
            let (fetch, clock, within) = (fetch(), Arc::clone(&world.clock), within.clone());
            async move {
                let span = spans::read_metadata(&within, what);
                drop(within);
                let fetched = guarded(|| fetch).instrument(span.clone()).await;
                let fetched = fetched.unwrap_or_else(|_| Err(AuthorityError::interrupted()));
                if let Err(error) = &fetched {
                    spans::failed(&span, error.finding().code);
                }
                fetched.map(|(value, lasts)| (Arc::new(value), clock.moment().after(lasts)))
            }
        };
        let keep = {
            let (kept, clock) = (Arc::clone(&self.kept), Arc::clone(&world.clock));
            move |fetched: &Fetched<T>| match (fetched, &mut *lock(&kept)) {
                (Ok((value, until)), kept) => *kept = Known::Value((Arc::clone(value), *until)),
                (Err(_), Known::Value((_, until))) => *until = clock.moment().after(AFTER_FAILURE),
                // Nobody was asked to the end.
                (Err(error), _) if *error == AuthorityError::interrupted() => {}
                (Err(error), kept) => *kept = Known::Failure(error.clone(), clock.moment().after(FAILED)),
            }
        };
        let end = world.clock.moment().after(LONGEST);
        let fetched = self.flights.fly(&(), world, end, kept, work, keep).await;
        match fetched.unwrap_or_else(|_| Err(AuthorityError::interrupted())) {
            Ok((value, _)) => Ok(value),
            Err(error) => match &*lock(&self.kept) {
                Known::Value((old, _)) => Ok(Arc::clone(old)),
                _ => Err(error),
            },
        }
    }
}

/// Every change is a single assignment: what a panicking holder left is whole.
fn lock<T>(kept: &Mutex<Known<T>>) -> MutexGuard<'_, Known<T>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
