//! The flights of many keys: one piece of work for each, whoever asks for it.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use super::{Flight, FlightId, TRIES};
use crate::World;
use crate::sync::{Mutex, MutexGuard, lock};
use crate::world::{Clock, Moment};

/// The work under way, by what is asked for. Cheap to clone; clones share it. Locked for moments, never across an
/// await.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::Duration;
/// use credential_core::World;
/// use credential_core::flight::Flights;
///
/// # async fn example(world: &World) {
/// let (flights, kept) = (Flights::<&str, u32>::default(), Arc::new(Mutex::new(None)));
/// let look = || *kept.lock().unwrap_or_else(|held| held.into_inner());
/// let keep = {
///     let kept = Arc::clone(&kept);
///     move |value: &u32| *kept.lock().unwrap_or_else(|held| held.into_inner()) = Some(*value)
/// };
/// let deadline = world.clock.moment().after(Duration::from_secs(30));
/// // However many ask at once, the work is done once; later ones find what is kept.
/// let value = flights.fly(&"key", world, deadline, look, || async { 7 }, keep).await;
/// # let _ = value; }
/// ```
pub struct Flights<K, T>(Arc<Mutex<HashMap<K, Flight<T>>>>);

/// Why a caller got nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoFlight {
    /// Its deadline came.
    Late,
    /// The work was lost [`TRIES`] times: the runtimes that did it have ended.
    Abandoned,
}

/// What is there for a key.
#[derive(Debug)]
pub enum Begun<T> {
    /// A value that is kept.
    Kept(T),
    /// The work that was under way, or that has begun now.
    UnderWay(Flight<T>),
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// What is kept, or the work under way, or new work as a task of its own.
    ///
    /// `kept` is looked at while nothing can land, and `keep` takes a result in before its flight leaves the list:
    /// no caller finds neither. What is given up for a later flight is not kept. Both are called under the
    /// list's lock and take no time. A panic of the work is the maker's to guard against.
    pub fn begin<F>(
        &self,
        key: &K,
        world: &World,
        kept: impl FnOnce() -> Option<T>,
        work: impl FnOnce() -> F,
        keep: impl FnOnce(&T) + Send + 'static,
    ) -> Begun<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let mut list = self.lock();
        if let Some(value) = kept() {
            return Begun::Kept(value);
        }
        if let Some(flight) = list.get(key).filter(|flight| !flight.is_gone()) {
            return Begun::UnderWay(flight.clone());
        }
        let (flights, landed) = (self.clone(), key.clone());
        let (flight, task) = Flight::prepare(work(), move |id, result| flights.land(&landed, id, result, keep));
        list.insert(key.clone(), flight.clone());
        drop(list);
        world.tasks.spawn(task);
        Begun::UnderWay(flight)
    }

    /// What the work for the key gives: kept, under way, or done now; begun anew where it is lost with its
    /// runtime. See [`begin`](Self::begin).
    ///
    /// # Errors
    /// [`NoFlight`]. Never for another caller's deadline: dropping the future, or leaving at the deadline, ends
    /// nobody's work.
    pub async fn fly<F, K2>(
        &self,
        key: &K,
        world: &World,
        deadline: Moment,
        kept: impl Fn() -> Option<T>,
        work: impl Fn() -> F,
        keep: K2,
    ) -> Result<T, NoFlight>
    where
        F: Future<Output = T> + Send + 'static,
        K2: Fn(&T) + Clone + Send + 'static,
    {
        let clock: &dyn Clock = &*world.clock;
        for _ in 0..TRIES {
            let mut flight = match self.begin(key, world, &kept, &work, keep.clone()) {
                Begun::Kept(value) => return Ok(value),
                Begun::UnderWay(flight) => flight,
            };
            let landed = tokio::select! {
                biased;
                landed = flight.landed(clock) => landed,
                () = clock.sleep_until(deadline) => return Err(NoFlight::Late),
            };
            match landed {
                Ok(value) => return Ok(value),
                Err(_) => self.give_up(key, flight.id()),
            }
        }
        Err(NoFlight::Abandoned)
    }

    /// Takes a flight off the list that a caller has lost; a later one for the same key stays.
    fn give_up(&self, key: &K, flight: FlightId) {
        let mut list = self.lock();
        if list.get(key).is_some_and(|known| known.id() == flight) {
            list.remove(key);
        }
    }

    fn land(&self, key: &K, flight: FlightId, result: Option<&T>, keep: impl FnOnce(&T)) {
        let mut list = self.lock();
        if list.get(key).is_some_and(|known| known.id() == flight) {
            result.map(keep);
            list.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Flight<T>>> {
        lock(&self.0)
    }
}

impl<K, T> Clone for Flights<K, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, T> fmt::Debug for Flights<K, T> {
    /// How many there are: keys and results may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").field("under_way", &lock(&self.0).len()).finish()
    }
}
