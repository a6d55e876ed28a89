//! One entry of a chain: its shared load, its turn to be presented, and what is known of it.
//!
//! What is known of it lives as long as the chain, from exchange to exchange:
//!
//! ```text
//!                       Refresh, at each exchange
//!              ┌───────────────────────────────────────────────┐
//!    Initial   ▼    loaded                 the verdict         │
//!  ───────► in flight ────► newest ──┬───────────────────► accepted
//!            ▲ │ ▲                   │  two at once find       │
//!            │ │ │                   │  out, others wait       │ refused now: kept for the
//!            │ │ │                   ▼                         ▼ authorities that accept it
//!            │ │ └───────────────── refused ◄──────────────────┘
//!            │ │  Rejected: a look   │
//!            │ ▼ for other material  │ nothing other
//!            │ left alone ◄──────────┘
//!            └─ its time is over, or a caller wants it anew
//! ```
//!
//! An exchange's own way along it is drawn at [`lane`](super::lane).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tracing::{Instrument, Span};

use super::memory::{Admission, Memory, Worth};
use crate::chain::{Candidate, SharedError};
use crate::credential::Presented;
use crate::flight::{Flight, FlightId, TRIES};
use crate::guard::{Unanswered, bounded};
use crate::source::{Application, LoadReason, Presentation};
use crate::sync::{Mutex, MutexGuard, lock};
use crate::text::printable;
use crate::world::Moment;
use crate::world::Task;
use crate::{Credential, CredentialDescription, CredentialLoader, LoadRequest, SourceError, World, spans};

pub(crate) type LoadResult = Result<Credential, SourceError>;

/// An entry with its source and memory. Locks are held for moments, never across an await.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) index: usize,
    pub(crate) loader: Arc<dyn CredentialLoader>,
    pub(crate) description: CredentialDescription,
    presentation: Presentation,
    memory: Mutex<Memory>,
    /// Somebody who presented a credential has a verdict, or left without one.
    verdict: Notify,
}

/// A load under way that any number of exchanges wait for.
#[derive(Clone, Debug)]
pub(crate) struct LoadFlight {
    reason: LoadReason,
    result: Flight<LoadResult>,
}

/// For whom, where and how long a loader is asked, and at which authority it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) application: &'a Application,
    pub(crate) authority: &'a str,
    pub(crate) world: &'a World,
    pub(crate) timeout: Duration,
    /// Whatever is remembered: it is asked now.
    pub(crate) anew: bool,
}

/// What to do with an entry in an exchange.
#[derive(Debug)]
pub(crate) enum Readiness {
    /// Ask its source.
    Load,
    /// Leave it alone for what happened before.
    BackOff(SourceError),
}

impl Slot {
    pub(crate) fn new(index: usize, loader: Arc<dyn CredentialLoader>, description: CredentialDescription) -> Self {
        let presentation = Presentation::of(&description);
        let (memory, verdict) = (Mutex::new(Memory::default()), Notify::new());
        Self { index, loader, description, presentation, memory, verdict }
    }

    /// What it loaded, to be presented by then.
    pub(crate) fn candidate(&self, presented: &Presented, deadline: Moment, background: bool) -> Candidate {
        Candidate {
            index: self.index,
            credential: presented.credential.clone(),
            presentation: self.presentation,
            fresh: presented.fresh,
            deadline,
            background,
        }
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        lock(&self.memory)
    }

    /// Whether its source should be asked now.
    pub(crate) fn readiness(&self, world: &World) -> Readiness {
        self.memory().back_off(world).map_or(Readiness::Load, Readiness::BackOff)
    }

    /// What is known to have gone wrong, for reports.
    pub(crate) fn last_failure(&self) -> Option<SourceError> {
        self.memory().last_failure()
    }

    /// What is known to have been refused, for reports, and whether it holds everywhere.
    pub(crate) fn last_refusal(&self) -> Option<(SharedError, bool)> {
        self.memory().refusals.last().map(|refusal| (Arc::clone(&refusal.error), refusal.everywhere))
    }

    pub(crate) fn newest(&self) -> Option<Credential> {
        self.memory().newest.clone()
    }

    /// Loads, or joins the load that is under way. Dropping the future ends nobody's load. Ends within
    /// `asking.timeout` whatever the source does: [`ask_source`](Self::ask_source) bounds and guards it.
    pub(crate) async fn load(self: &Arc<Self>, asking: Asking<'_>) -> LoadResult {
        let world = asking.world;
        for _ in 0..TRIES {
            let within = Span::current();
            let (flight, task) = {
                let mut memory = self.memory();
                if let Some(failure) = memory.still_failing(world).filter(|_| !asking.anew) {
                    return Err(failure);
                }
                let reason = if memory.newest.is_some() { LoadReason::Refresh } else { LoadReason::Initial };
                self.join(&mut memory, reason, asking, within)
            };
            if let Some(result) = self.land(flight, task, world).await {
                return result;
            }
        }
        Err(abandoned().placed(&self.description))
    }

    /// Looks for other material than `refused`: what has been loaded since, or a load with that reason.
    pub(crate) async fn reload(self: &Arc<Self>, refused: &Credential, asking: Asking<'_>) -> LoadResult {
        let mut tries = TRIES;
        while tries > 0 {
            let within = Span::current();
            let (flight, task) = {
                let mut memory = self.memory();
                if let Some(newest) = memory.newest.as_ref().filter(|newest| !newest.same_material(refused)) {
                    return Ok(newest.clone());
                }
                self.join(&mut memory, LoadReason::Rejected, asking, within)
            };
            let looks = flight.reason == LoadReason::Rejected;
            match self.land(flight, task, asking.world).await {
                Some(result) if looks => return result,
                // That load began before the refusal and may have brought nothing new: look once more.
                Some(_) => {}
                None => tries -= 1,
            }
        }
        Err(abandoned().placed(&self.description))
    }

    /// The load under way, or a new one with the task that its maker spawns once the lock is gone; its span
    /// is within the caller's.
    fn join(
        self: &Arc<Self>,
        memory: &mut Memory,
        reason: LoadReason,
        asking: Asking<'_>,
        within: Span,
    ) -> (LoadFlight, Option<Task>) {
        if let Some(flight) = memory.flight.as_ref().filter(|flight| !flight.result.is_gone()) {
            return (flight.clone(), None);
        }
        let (application, world, timeout) = (asking.application.clone(), asking.world.clone(), asking.timeout);
        let previous = memory.newest.clone();
        let work = {
            let (slot, world) = (Arc::clone(self), world.clone());
            async move {
                let span = spans::load_credential(&within, slot.index, &slot.description, reason);
                drop(within);
                let asked = slot.ask_source(reason, previous.as_ref(), &application, &world, timeout);
                let loaded = match asked.instrument(span.clone()).await {
                    Ok(credential) => Ok(credential.placed(&slot.description)),
                    Err(error) => Err(error.placed(&slot.description)),
                };
                span.in_scope(|| slot.told(&span, &loaded));
                loaded
            }
        };
        let slot = Arc::clone(self);
        let land = move |id, result: Option<&LoadResult>| slot.record(id, reason, result, &world);
        let (result, task) = Flight::prepare(work, land);
        let flight = LoadFlight { reason, result };
        memory.flight = Some(flight.clone());
        (flight, Some(task))
    }

    /// Waits for a load; `None` when it is lost and another one is to be begun.
    async fn land(&self, flight: LoadFlight, task: Option<Task>, world: &World) -> Option<LoadResult> {
        if let Some(task) = task {
            world.tasks.spawn(task);
        }
        let result = flight.result.wait(&*world.clock).await.ok();
        if result.is_none() {
            let mut memory = self.memory();
            memory.flight.take_if(|known| known.result.id() == flight.result.id());
        }
        result
    }

    async fn ask_source(
        &self,
        reason: LoadReason,
        previous: Option<&Credential>,
        application: &Application,
        world: &World,
        timeout: Duration,
    ) -> Result<Credential, SourceError> {
        let deadline = world.clock.moment().after(timeout);
        let mut request = LoadRequest::new(application, deadline, world);
        if let Some(previous) = previous {
            request = request.again(reason, previous);
        }
        match bounded(&*world.clock, deadline, || self.loader.load(&request)).await {
            Ok(loaded) => loaded,
            Err(Unanswered::Late) => Err(timed_out(timeout)),
            Err(Unanswered::Panicked) => {
                tracing::error!(
                    entry = self.index,
                    source = self.description.source_type().as_str(),
                    "the source panicked"
                );
                Err(panicked(&self.description))
            }
        }
    }

    /// What came of a load in the traces.
    fn told(&self, span: &Span, loaded: &LoadResult) {
        match loaded {
            Ok(credential) => _ = span.record("credential", printable(credential.id(), spans::MAX_TEXT)),
            Err(error) => {
                tracing::info!(entry = self.index, code = error.code(), %error, "the credential cannot be loaded");
                spans::failed(span, error.code());
            }
        }
    }

    /// Takes in what a load gave; `None` when it ended without a result, which is nobody's failure. A
    /// load that was given up for another one is heard no more.
    fn record(&self, id: FlightId, reason: LoadReason, result: Option<&LoadResult>, world: &World) {
        let mut memory = self.memory();
        if memory.flight.take_if(|flight| flight.result.id() == id).is_none() {
            return;
        }
        let Some(result) = result else { return };
        if reason == LoadReason::Rejected {
            memory.refusals.note_look();
        }
        match result {
            Ok(credential) => memory.loaded(credential),
            Err(error) => memory.fail(error.clone(), world),
        }
    }

    /// See [`Memory::worth`].
    pub(crate) fn worth(&self, loaded: LoadResult, asking: Asking<'_>) -> Result<Worth, SourceError> {
        self.memory().worth(loaded, asking)
    }

    /// Waits until the credential may be presented: while nobody has spoken on it, a few find out and
    /// the others wait for the verdict, until `until` at most.
    pub(crate) async fn admit(self: &Arc<Self>, presented: &Presented, until: Moment, world: &World) -> Admitted {
        let mut waited = false;
        loop {
            // Before the look, so that no verdict between the two is missed.
            let mut verdict = std::pin::pin!(self.verdict.notified());
            verdict.as_mut().enable();
            let admission = self.memory().admit(presented);
            match admission {
                Admission::Known => return Admitted { waited, probe: None },
                Admission::Probe => return Admitted { waited, probe: Some(Probe(Arc::clone(self))) },
                Admission::Wait => {}
            }
            waited = true;
            tokio::select! {
                biased;
                () = verdict => {}
                () = world.clock.sleep_until(until) => return Admitted { waited, probe: None },
            }
        }
    }
}

/// The turn to present a credential.
#[derive(Debug)]
pub(crate) struct Admitted {
    /// Others may have had a verdict meanwhile.
    pub(crate) waited: bool,
    #[expect(dead_code, reason = "held until the verdict is in")]
    probe: Option<Probe>,
}

/// Lets the next one find out when this one's exchange ends, however it does.
#[derive(Debug)]
struct Probe(Arc<Slot>);

impl Drop for Probe {
    fn drop(&mut self) {
        self.0.memory().end_probe();
        self.0.verdict.notify_waiters();
    }
}

/// What to do about a source that is silent.
pub(super) const WAITS: &str = "look at what the source waits for (a disk, a service, a lock); it is asked again";

fn timed_out(timeout: Duration) -> SourceError {
    SourceError::transient("load-timeout", format!("the source gave no answer within {timeout:?}")).remedy(WAITS)
}

fn panicked(entry: &CredentialDescription) -> SourceError {
    SourceError::transient("source-panicked", format!("the source {} panicked", entry.source_type()))
        .remedy("mend the source: the panic's own message and place are in the program's error output")
}

fn abandoned() -> SourceError {
    SourceError::transient("load-abandoned", "the load ended without a result: no tokio runtime runs it to its end")
        .remedy("ask from within a tokio runtime that goes on running")
}
