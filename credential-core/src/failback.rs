//! Going back to a better entry when it heals, behind the callers' back.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::chain::Inner;
use crate::slot::{Readiness, Slot, Worth};
use crate::world::Task;
use crate::{Application, Candidate, SharedError, Verdict};

/// At most one such search runs per chain.
#[derive(Debug, Default)]
pub(crate) struct Failback {
    running: Arc<AtomicBool>,
}

/// Clears the flag however the search ends.
struct Running(Arc<AtomicBool>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Failback {
    /// After an exchange that entry `accepted` won: tries the better-placed entries, without those
    /// that lost in the same exchange.
    pub(crate) fn start<T, E, A, F>(
        &self,
        inner: &Arc<Inner>,
        accepted: usize,
        lost: &[usize],
        application: &Application,
        attempt: Arc<A>,
    ) where
        T: Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
        A: Fn(Candidate) -> F + Send + Sync + 'static,
        F: Future<Output = Verdict<T, E>> + Send + 'static,
    {
        let world = &inner.world;
        let better: Vec<Arc<Slot>> = inner
            .slots
            .iter()
            .filter(|slot| slot.index < accepted && !lost.contains(&slot.index))
            .filter(|slot| matches!(slot.readiness(world), Readiness::Load))
            .map(Arc::clone)
            .collect();
        if better.is_empty() || self.running.swap(true, Ordering::AcqRel) {
            return;
        }
        let running = Running(Arc::clone(&self.running));
        let (inner, application) = (Arc::clone(inner), application.clone());
        let task: Task = Box::pin(async move {
            let _running = running;
            for slot in better {
                if try_one(&inner, &slot, &application, &*attempt).await {
                    return;
                }
            }
        });
        world.tasks.spawn(task);
    }
}

/// Whether the search is over: the entry was accepted, or the answer was not about credentials.
async fn try_one<T, E, A, F>(inner: &Inner, slot: &Arc<Slot>, application: &Application, attempt: &A) -> bool
where
    E: std::error::Error + Send + Sync + 'static,
    A: Fn(Candidate) -> F,
    F: Future<Output = Verdict<T, E>>,
{
    let world = &inner.world;
    let loaded = slot.load(application, world, inner.policy.load_timeout).await;
    let Ok(Worth::Try(credential, _)) = slot.worth(loaded, world) else { return false };
    let candidate = Candidate { index: slot.index, credential: credential.clone(), background: true };
    match attempt(candidate).await {
        Verdict::Accept(_) => {
            slot.note_accepted(&credential, application, world);
            if inner.in_use_index().is_none_or(|index| slot.index < index) {
                inner.take_over(slot, "a better-placed entry works again");
            }
            true
        }
        Verdict::Unusable(error) => {
            slot.note_failed(Arc::new(error), world);
            false
        }
        Verdict::Next(error) | Verdict::NextInDoubt(error) => {
            let error: SharedError = Arc::new(error);
            slot.note_refused(&credential, &error, application, world);
            false
        }
        Verdict::Stop(_) => true,
    }
}
