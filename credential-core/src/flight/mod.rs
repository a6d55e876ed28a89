//! One piece of work for any number of callers, which belongs to nobody's runtime.

mod list;

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::sync::watch;

use crate::world::Clock;
use crate::world::Task;

pub use list::{Begun, Flights, NoFlight};

/// A caller of another runtime waits this long for work that was started on this one; then it begins
/// anew, since a runtime that nobody drives ends nothing.
pub const STALL: Duration = Duration::from_secs(3);

/// How often a caller whose own runtime runs begins anew before it gives up.
pub const TRIES: usize = 3;

/// Work under way that any number of callers wait for. Cheap to clone.
///
/// It runs as a task of its own, so a caller that leaves ends nobody's wait. The task may end without
/// a result: its runtime shuts down, before its first poll or later, or there was none. Whoever keeps
/// the flight learns of either end by the `land` of [`prepare`](Self::prepare).
pub struct Flight<T> {
    id: FlightId,
    result: watch::Receiver<Option<T>>,
    home: Option<Id>,
}

/// Which flight it is: no two of a process are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlightId(u64);

/// Why a flight gave nothing to this caller, who may begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// Its task is gone without a result.
    Gone,
    /// It was started on another runtime, and nothing was heard of it for [`STALL`].
    Stalled,
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// The flight, and the task that its maker hands to [`Tasks::spawn`](crate::world::Tasks::spawn) once the flight is where
    /// others find it and no lock is held.
    ///
    /// `land` is called exactly once, before any caller learns of the end: with the result, or with
    /// `None` when the task was dropped before there was one. Whoever was given up for a later flight may land after it.
    pub fn prepare(
        work: impl Future<Output = T> + Send + 'static,
        land: impl FnOnce(FlightId, Option<&T>) + Send + 'static,
    ) -> (Self, Task) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = FlightId(NEXT.fetch_add(1, Ordering::Relaxed));
        let (sender, result) = watch::channel(None);
        let land = move |result: Option<&T>| land(id, result);
        // Made here and not in the task's body, which may never run.
        let landing = Landing { land: Some(land), sender };
        let task: Task = Box::pin(async move {
            let landing = landing;
            let result = work.await;
            landing.down(result);
        });
        (Self { id, result, home: here() }, task)
    }

    /// The result.
    ///
    /// # Errors
    /// [`Lost`] when the flight has none for this caller. Never for a flight that takes long on the caller's own runtime:
    /// the work and the caller have deadlines of their own.
    pub async fn wait(&self, clock: &dyn Clock) -> Result<T, Lost> {
        self.clone().landed(clock).await
    }

    /// As [`wait`](Self::wait), for whoever has a flight of its own: there may be thousands, and each clone is counted
    /// where all of them look.
    async fn landed(&mut self, clock: &dyn Clock) -> Result<T, Lost> {
        let (home, result) = (self.home, &mut self.result);
        let ended = async {
            let ended = result.wait_for(Option::is_some).await.ok().and_then(|result| result.clone());
            ended.ok_or(Lost::Gone)
        };
        if home == here() {
            return ended.await;
        }
        tokio::select! {
            biased;
            ended = ended => ended,
            () = clock.sleep_until(clock.moment().after(STALL)) => Err(Lost::Stalled),
        }
    }

    /// Whether its task is gone without a result.
    pub fn is_gone(&self) -> bool {
        self.result.borrow().is_none() && self.result.has_changed().is_err()
    }

    /// Whether its task is at work, as far as can be known.
    pub fn is_under_way(&self) -> bool {
        self.result.borrow().is_none() && !self.is_gone()
    }

    /// Which one it is.
    pub fn id(&self) -> FlightId {
        self.id
    }
}

impl<T> Clone for Flight<T> {
    fn clone(&self) -> Self {
        Self { id: self.id, result: self.result.clone(), home: self.home }
    }
}

impl<T> fmt::Debug for Flight<T> {
    /// Whether it has ended: the result may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("ended", &self.result.borrow().is_some()).finish_non_exhaustive()
    }
}

/// Ends a flight exactly once, whatever becomes of its task.
struct Landing<T, L: FnOnce(Option<&T>)> {
    land: Option<L>,
    sender: watch::Sender<Option<T>>,
}

impl<T, L: FnOnce(Option<&T>)> Landing<T, L> {
    fn down(mut self, result: T) {
        if let Some(land) = self.land.take() {
            land(Some(&result));
        }
        self.sender.send_replace(Some(result));
    }
}

impl<T, L: FnOnce(Option<&T>)> Drop for Landing<T, L> {
    fn drop(&mut self) {
        if let Some(land) = self.land.take() {
            land(None);
        }
    }
}

/// The runtime that the caller runs on.
fn here() -> Option<Id> {
    Handle::try_current().ok().map(|handle| handle.id())
}
