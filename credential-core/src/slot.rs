//! One entry of a chain: its shared load, and what is known of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::sync::{Mutex, MutexGuard, lock};
use crate::world::Task;
use crate::{
    Application, Credential, CredentialDescription, CredentialSource, LoadReason, LoadRequest, Moment, SharedError,
    SourceError, World, backoff,
};

/// Longest that an accepted credential's refusal counts as surprising.
const SURPRISE: Duration = Duration::from_secs(60);

pub(crate) type LoadResult = Result<Credential, Arc<SourceError>>;

/// An entry with its source and memory. Locks are held for moments, never across an await.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) index: usize,
    pub(crate) source: Arc<dyn CredentialSource>,
    pub(crate) description: CredentialDescription,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// What the source gave last.
    newest: Option<Credential>,
    /// What the authority accepted last; kept until it accepts a newer one.
    accepted: Option<AcceptedCredential>,
    failure: Option<Failure>,
    refusal: Option<Refusal>,
    flight: Option<Flight>,
}

#[derive(Debug)]
struct AcceptedCredential {
    credential: Credential,
    authority: String,
    at: Moment,
}

#[derive(Debug, Clone)]
struct Failure {
    error: Arc<SourceError>,
    streak: u32,
    until: Moment,
}

#[derive(Debug, Clone)]
struct Refusal {
    credential: Credential,
    error: SharedError,
    streak: u32,
    until: Moment,
    /// Whether other material was looked for since.
    looked: bool,
}

/// A load under way that any number of exchanges wait for.
#[derive(Clone, Debug)]
struct Flight {
    reason: LoadReason,
    result: watch::Receiver<Option<LoadResult>>,
}

/// What to do with an entry in an exchange.
#[derive(Debug)]
pub(crate) enum Readiness {
    /// Ask its source.
    Load,
    /// Leave it alone until then.
    BackOff(Arc<SourceError>, Moment),
}

/// What a loaded credential is worth.
#[derive(Debug)]
pub(crate) enum Worth {
    /// Try it; the error says why it is not a newer one.
    Try(Credential, Option<Arc<SourceError>>),
    /// It was refused, and a look for other material found none.
    Refused(Credential, SharedError, Moment),
    /// Another exchange had it refused while this one loaded it: look for other material.
    Outdated(Credential),
}

impl Slot {
    pub(crate) fn new(index: usize, source: Arc<dyn CredentialSource>, description: CredentialDescription) -> Self {
        Self { index, source, description, memory: Mutex::new(Memory::default()) }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        lock(&self.memory)
    }

    /// Whether its source should be asked now.
    pub(crate) fn readiness(&self, world: &World) -> Readiness {
        let memory = self.memory();
        match &memory.failure {
            Some(failure) if failure.until > world.clock.moment() && memory.usable(world).is_none() => {
                Readiness::BackOff(Arc::clone(&failure.error), failure.until)
            }
            _ => Readiness::Load,
        }
    }

    /// What is known to have gone wrong, for reports.
    pub(crate) fn last_failure(&self) -> Option<Arc<SourceError>> {
        self.memory().failure.as_ref().map(|failure| Arc::clone(&failure.error))
    }

    /// What is known to have been refused, for reports.
    pub(crate) fn last_refusal(&self) -> Option<SharedError> {
        self.memory().refusal.as_ref().map(|refusal| Arc::clone(&refusal.error))
    }

    pub(crate) fn newest(&self) -> Option<Credential> {
        self.memory().newest.clone()
    }

    /// Loads, or joins the load that is under way. Dropping the future ends nobody's load.
    pub(crate) async fn load(
        self: &Arc<Self>,
        application: &Application,
        world: &World,
        timeout: Duration,
    ) -> LoadResult {
        let flight = {
            let mut memory = self.memory();
            if let Some(failure) = memory.still_failing(world) {
                return Err(failure);
            }
            match &memory.flight {
                Some(flight) => flight.clone(),
                None => {
                    let reason = if memory.newest.is_some() { LoadReason::Refresh } else { LoadReason::Initial };
                    self.take_off(&mut memory, reason, application, world, timeout)
                }
            }
        };
        self.land(flight).await
    }

    /// Looks for other material than `refused`: what has been loaded since, or a load with that reason.
    pub(crate) async fn reload(
        self: &Arc<Self>,
        refused: &Credential,
        application: &Application,
        world: &World,
        timeout: Duration,
    ) -> LoadResult {
        loop {
            let (flight, done) = {
                let mut memory = self.memory();
                if let Some(newest) = memory.newest.as_ref().filter(|newest| !newest.same_material(refused)) {
                    return Ok(newest.clone());
                }
                match &memory.flight {
                    Some(flight) => (flight.clone(), flight.reason == LoadReason::Rejected),
                    None => (self.take_off(&mut memory, LoadReason::Rejected, application, world, timeout), true),
                }
            };
            let result = self.land(flight).await;
            if done {
                return result;
            }
            // That load began before the refusal and may have brought nothing new: look once more.
        }
    }

    /// Starts the shared load as a task of its own: a caller that leaves does not end it.
    fn take_off(
        self: &Arc<Self>,
        memory: &mut Memory,
        reason: LoadReason,
        application: &Application,
        world: &World,
        timeout: Duration,
    ) -> Flight {
        let (sender, result) = watch::channel(None);
        let flight = Flight { reason, result };
        memory.flight = Some(flight.clone());
        let (slot, application, world_for_task) = (Arc::clone(self), application.clone(), world.clone());
        let previous = memory.newest.clone();
        let task: Task = Box::pin(async move {
            let world = world_for_task;
            let landing = Landing { slot: &slot, world: &world, reason, sender };
            let result = slot.ask_source(reason, previous.as_ref(), &application, &world, timeout).await;
            landing.down(result);
        });
        world.tasks.spawn(task);
        flight
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
        let mut request = LoadRequest::new(&self.description, application, deadline, world);
        if let Some(previous) = previous {
            request = request.again(reason, previous);
        }
        tokio::select! {
            biased;
            result = self.source.load(&request) => result,
            () = world.clock.sleep_until(deadline) => Err(timed_out(timeout)),
        }
    }

    async fn land(&self, mut flight: Flight) -> LoadResult {
        let ended = flight.result.wait_for(Option::is_some).await.ok().and_then(|result| result.clone());
        ended.unwrap_or_else(|| Err(Arc::new(abandoned())))
    }

    fn record(&self, reason: LoadReason, result: LoadResult, world: &World) {
        let mut memory = self.memory();
        memory.flight = None;
        if let (LoadReason::Rejected, Some(refusal)) = (reason, &mut memory.refusal) {
            refusal.looked = true;
        }
        match result {
            Ok(credential) => {
                memory.failure = None;
                memory.newest = Some(credential);
            }
            Err(error) => memory.fail(error, world),
        }
    }

    /// A loaded credential could not be presented.
    pub(crate) fn note_failed(&self, error: Arc<SourceError>, world: &World) {
        self.memory().fail(error, world);
    }

    /// What the result of a load is worth: a credential that worked before stands in for one that
    /// cannot be had now or was refused.
    pub(crate) fn worth(&self, loaded: LoadResult, world: &World) -> Result<Worth, Arc<SourceError>> {
        let memory = self.memory();
        let now = world.clock.moment();
        match loaded {
            Err(error) => match memory.usable(world) {
                Some(old) => Ok(Worth::Try(old.clone(), Some(error))),
                None => Err(error),
            },
            Ok(credential) => match &memory.refusal {
                Some(refusal) if refusal.until > now && credential.judged_with(&refusal.credential) => {
                    Ok(match memory.usable(world).filter(|old| !old.same_material(&credential)) {
                        Some(old) => Worth::Try(old.clone(), None),
                        None if !refusal.looked || memory.has_newer(&credential) => Worth::Outdated(credential),
                        None => Worth::Refused(credential, Arc::clone(&refusal.error), refusal.until),
                    })
                }
                _ => Ok(Worth::Try(credential, None)),
            },
        }
    }

    /// The credential that worked before `refused` did not, while it is valid.
    pub(crate) fn other_accepted(&self, refused: &Credential, world: &World) -> Option<Credential> {
        self.memory().usable(world).filter(|old| !old.same_material(refused)).cloned()
    }

    pub(crate) fn note_accepted(&self, credential: &Credential, application: &Application, world: &World) {
        let mut memory = self.memory();
        memory.accepted = Some(AcceptedCredential {
            credential: credential.clone(),
            authority: application.authority.clone(),
            at: world.clock.moment(),
        });
        if memory.refusal.as_ref().is_some_and(|refusal| refusal.credential.judged_with(credential)) {
            memory.refusal = None;
        }
    }

    /// Remembers a refusal; gives how long ago the same authority had accepted the same credential,
    /// if not long ago.
    pub(crate) fn note_refused(
        &self,
        credential: &Credential,
        error: &SharedError,
        application: &Application,
        world: &World,
    ) -> Option<Duration> {
        let now = world.clock.moment();
        let mut memory = self.memory();
        let streak = match &memory.refusal {
            Some(last) if credential.judged_with(&last.credential) => last.streak.saturating_add(1),
            // The same provider, asked afresh in the same exchange: no further refusal of its own.
            Some(last) if last.credential.judged_with(credential) => last.streak,
            _ => 1,
        };
        let until = backoff::after_rejection(streak, now, world.jitter());
        memory.refusal =
            Some(Refusal { credential: credential.clone(), error: Arc::clone(error), streak, until, looked: false });
        let before = memory.accepted.take_if(|accepted| accepted.credential.same_material(credential))?;
        let ago = now.since(before.at);
        (before.authority == application.authority && ago <= SURPRISE).then_some(ago)
    }
}

impl Memory {
    fn fail(&mut self, error: Arc<SourceError>, world: &World) {
        let streak = self.failure.as_ref().map_or(1, |failure| failure.streak.saturating_add(1));
        let until = backoff::after_failure(&error, streak, world.clock.moment(), world.jitter());
        self.failure = Some(Failure { error, streak, until });
    }

    /// What the authority accepted before and has not ended since.
    fn usable(&self, world: &World) -> Option<&Credential> {
        let accepted = &self.accepted.as_ref()?.credential;
        accepted.expires_on().is_none_or(|end| end > world.clock.now()).then_some(accepted)
    }

    fn has_newer(&self, than: &Credential) -> bool {
        self.newest.as_ref().is_some_and(|newest| !newest.same_material(than))
    }

    fn still_failing(&self, world: &World) -> Option<Arc<SourceError>> {
        let failure = self.failure.as_ref().filter(|failure| failure.until > world.clock.moment())?;
        Some(Arc::clone(&failure.error))
    }
}

/// Ends a flight exactly once, also when the source's code panics or the runtime goes away.
struct Landing<'a> {
    slot: &'a Slot,
    world: &'a World,
    reason: LoadReason,
    sender: watch::Sender<Option<LoadResult>>,
}

impl Landing<'_> {
    fn down(self, result: Result<Credential, SourceError>) {
        let result = result.map_err(Arc::new);
        self.slot.record(self.reason, result.clone(), self.world);
        self.sender.send_replace(Some(result));
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        if self.sender.borrow().is_none() {
            self.slot.record(self.reason, Err(Arc::new(abandoned())), self.world);
        }
    }
}

fn timed_out(timeout: Duration) -> SourceError {
    SourceError::transient("load-timeout", format!("the source gave no answer within {timeout:?}"))
}

fn abandoned() -> SourceError {
    SourceError::transient("load-abandoned", "the load ended without a result")
        .remedy("a panic in the source or a runtime that shuts down; see the log")
}
