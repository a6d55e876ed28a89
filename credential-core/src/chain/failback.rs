//! Going back to a better entry when it heals, behind the callers' back.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument, Span};

use super::in_use::Acceptance;
use super::memory::Worth;
use super::present::present;
use super::shared::Shared;
use super::slot::{Asking, Readiness, Slot};
use crate::chain::{Candidate, SharedError, Verdict};
use crate::flight::Flight;
use crate::spans;
use crate::sync::{Mutex, lock};
use crate::world::Moment;

/// A search that has not ended by then runs on a runtime that nobody drives.
const LONGEST: Duration = Duration::from_secs(300);

/// At most one such search runs per chain.
#[derive(Debug, Default)]
pub(crate) struct Failback {
    search: Mutex<Option<(Flight<()>, Moment)>>,
}

impl Failback {
    /// After an exchange that entry `accepted` won: tries the better-placed entries, without those
    /// that lost in the same exchange.
    pub(crate) fn start<T, E, A, F>(
        &self,
        shared: &Arc<Shared>,
        accepted: usize,
        lost: &[usize],
        authority: &str,
        attempt: Arc<A>,
    ) where
        T: Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
        A: Fn(Candidate) -> F + Send + Sync + 'static,
        F: Future<Output = Verdict<T, E>> + Send + 'static,
    {
        let world = &shared.world;
        let better: Vec<Arc<Slot>> = shared
            .slots
            .iter()
            .filter(|slot| slot.index < accepted && !lost.contains(&slot.index))
            .filter(|slot| matches!(slot.readiness(world), Readiness::Load))
            .map(Arc::clone)
            .collect();
        if better.is_empty() {
            return;
        }
        let (now, begun_in) = (world.clock.moment(), Span::current());
        let task = {
            let mut search = lock(&self.search);
            if search.as_ref().is_some_and(|(flight, since)| flight.is_under_way() && now.since(*since) < LONGEST) {
                return;
            }
            let (shared, authority) = (Arc::clone(shared), authority.to_owned());
            let tries = async move {
                for slot in better {
                    if try_one(&shared, &slot, &authority, &*attempt).await {
                        return;
                    }
                }
            };
            let work = async move {
                let span = spans::try_better(&begun_in);
                drop(begun_in);
                tries.instrument(span).await;
            };
            let (flight, task) = Flight::prepare(work, |_, _| {});
            *search = Some((flight, now));
            task
        };
        world.tasks.spawn(task);
    }
}

/// Whether the search is over: the entry was accepted, or the answer was not about credentials.
async fn try_one<T, E, A, F>(shared: &Shared, slot: &Arc<Slot>, authority: &str, attempt: &A) -> bool
where
    E: std::error::Error + Send + Sync + 'static,
    A: Fn(Candidate) -> F,
    F: Future<Output = Verdict<T, E>>,
{
    let (application, world, timeout) = (&shared.application, &shared.world, shared.policy.load_timeout);
    let asking = Asking { application, authority, world, timeout, anew: false };
    // Bounded and guarded there.
    let loaded = slot.load(asking).await;
    let Ok(Worth::Try(presented, _)) = slot.worth(loaded, asking) else { return false };
    let deadline = world.clock.moment().after(shared.policy.load_timeout);
    let candidate = slot.candidate(&presented, deadline, true);
    let verdict = present(attempt, candidate, deadline, &*world.clock).await;
    let everywhere = matches!(verdict, Verdict::Invalid(_));
    match verdict {
        Verdict::Accept(_) => {
            slot.memory().note_accepted(&presented, authority, world.clock.moment());
            let why = "a better-placed entry works again";
            shared.accept(slot, Acceptance { index: slot.index, authority, instead: false, why });
            true
        }
        Verdict::Unusable(error) => {
            slot.memory().fail_presenting(error.placed(&slot.description), world);
            false
        }
        Verdict::Next(error) | Verdict::NextInDoubt(error) | Verdict::Invalid(error) => {
            let error: SharedError = Arc::new(error);
            slot.memory().note_refused(&presented, &error, everywhere, authority, world);
            false
        }
        Verdict::Stop(_) => true,
    }
}
