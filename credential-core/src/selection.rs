//! One exchange's walk along the list: loads side by side, turns in order.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use crate::attempt::{Attempt, Outcome};
use crate::chain::Inner;
use crate::slot::{LoadResult, Readiness, Slot, Worth};
use crate::{Accepted, Application, Candidate, ChainError, Credential, Moment, SharedError, SourceError, Verdict};

/// One entry on its way through an exchange.
struct Lane<'a> {
    slot: Arc<Slot>,
    state: State<'a>,
    started: Moment,
    /// Why what is tried is not the newest.
    degraded_by: Option<Arc<SourceError>>,
}

enum State<'a> {
    Idle,
    Loading(Pin<Box<dyn Future<Output = LoadResult> + Send + 'a>>),
    Ready(Credential),
    Done,
}

/// What to do next.
enum Step {
    Try(usize),
    Wait(Moment),
    Exhausted,
}

/// How an attempt at one lane ended.
enum Turn<T, E> {
    Accepted(T),
    Stopped(E),
    Refused,
}

pub(crate) struct Selection<'a, A> {
    inner: &'a Inner,
    application: &'a Application,
    deadline: Moment,
    attempt: &'a A,
    attempts: Vec<Attempt>,
    retry_at: Option<Moment>,
    /// The first credential whose refusal may pass: tried once more when nothing else worked.
    doubtful: Option<(usize, Credential)>,
    last_chance: bool,
}

impl<'a, A> Selection<'a, A> {
    pub(crate) fn new(inner: &'a Inner, application: &'a Application, deadline: Moment, attempt: &'a A) -> Self {
        Self {
            inner,
            application,
            deadline,
            attempt,
            attempts: Vec::new(),
            retry_at: None,
            doubtful: None,
            last_chance: false,
        }
    }

    /// Walks; gives the result and the entries that lost their turn in this exchange for good.
    pub(crate) async fn run<T, E, F>(mut self) -> (Result<Accepted<T>, ChainError<E>>, Vec<usize>)
    where
        E: std::error::Error + Send + Sync + 'static,
        A: Fn(Candidate) -> F,
        F: Future<Output = Verdict<T, E>>,
    {
        let mut lanes = self.lanes();
        let result = loop {
            self.start_loads(&mut lanes);
            match self.next_step(&lanes) {
                Step::Wait(until) => self.wait(&mut lanes, until).await,
                Step::Exhausted => match self.doubtful.take() {
                    Some((position, credential)) => {
                        self.last_chance = true;
                        if let Some(lane) = lanes.get_mut(position) {
                            lane.state = State::Ready(credential);
                        }
                    }
                    None => break Err(self.exhausted(&mut lanes)),
                },
                Step::Try(position) => {
                    let Some(lane) = lanes.get_mut(position) else { continue };
                    match self.take_turn(position, lane).await {
                        Turn::Accepted(value) => break Ok((value, lane.slot.index)),
                        Turn::Stopped(error) => break Err(ChainError::Stopped { error, attempts: Vec::new() }),
                        Turn::Refused => lane.state = State::Done,
                    }
                }
            }
        };
        let lost = self.attempts.iter().map(|attempt| attempt.index).collect();
        self.add_untried(&lanes);
        let attempts = self.attempts;
        let result = match result {
            Ok((value, index)) => Ok(Accepted { value, index, attempts }),
            Err(ChainError::Stopped { error, .. }) => Err(ChainError::Stopped { error, attempts }),
            Err(ChainError::Exhausted { retry_at, .. }) => Err(ChainError::Exhausted { attempts, retry_at }),
        };
        (result, lost)
    }

    /// The candidates; entries in back-off are reported and left out.
    fn lanes(&mut self) -> Vec<Lane<'a>> {
        let mut lanes = Vec::new();
        for slot in self.inner.order() {
            match slot.readiness(&self.inner.world) {
                Readiness::Load => {
                    lanes.push(Lane { slot, state: State::Idle, started: Moment::default(), degraded_by: None });
                }
                Readiness::BackOff(error, until) => {
                    self.note_retry(until);
                    self.report_remembered(&slot, Outcome::Failed(error), None);
                }
            }
        }
        lanes
    }

    /// Starts the next load when those before it have failed or been quiet for a while.
    fn start_loads(&self, lanes: &mut [Lane<'a>]) {
        let now = self.inner.world.clock.moment();
        for lane in lanes {
            match &lane.state {
                State::Done => {}
                State::Loading(_) if now.since(lane.started) >= self.inner.policy.patience => {}
                State::Loading(_) | State::Ready(_) => return,
                State::Idle => {
                    let (slot, inner, application) = (Arc::clone(&lane.slot), self.inner, self.application);
                    let load = async move { slot.load(application, &inner.world, inner.policy.load_timeout).await };
                    lane.state = State::Loading(Box::pin(load));
                    lane.started = now;
                    return;
                }
            }
        }
    }

    fn next_step(&self, lanes: &[Lane<'_>]) -> Step {
        let now = self.inner.world.clock.moment();
        let policy = self.inner.policy;
        if now >= self.deadline {
            return Step::Exhausted;
        }
        let mut wake: Option<Moment> = None;
        let mut sooner = |moment: Moment| wake = Some(wake.map_or(moment, |other| other.min(moment)));
        for (position, lane) in lanes.iter().enumerate() {
            match &lane.state {
                State::Done => {}
                State::Ready(_) => match wake {
                    Some(until) => return Step::Wait(until.min(self.deadline)),
                    None => return Step::Try(position),
                },
                // Not started yet: the one before it still has its moment.
                State::Idle => return Step::Wait(wake.unwrap_or(self.deadline).min(self.deadline)),
                State::Loading(_) => {
                    let (patience, grace) = (lane.started.after(policy.patience), lane.started.after(policy.grace));
                    if now < patience {
                        sooner(patience);
                    } else if now < grace {
                        sooner(grace);
                    }
                }
            }
        }
        let loading = lanes.iter().any(|lane| matches!(lane.state, State::Loading(_)));
        if loading { Step::Wait(wake.unwrap_or(self.deadline).min(self.deadline)) } else { Step::Exhausted }
    }

    /// Waits until a load ends or the moment has come.
    async fn wait(&mut self, lanes: &mut [Lane<'a>], until: Moment) {
        let inner = self.inner;
        let ended = tokio::select! {
            biased;
            ended = first_ended(lanes) => ended,
            () = inner.world.clock.sleep_until(until) => return,
        };
        let (position, result) = ended;
        let Some(lane) = lanes.get_mut(position) else { return };
        let waited = inner.world.clock.moment().since(lane.started);
        match lane.slot.worth(result, &inner.world) {
            Ok(Worth::Try(credential, degraded_by)) => {
                if let Some(error) = &degraded_by {
                    let (entry, code) = (lane.slot.index, error.code());
                    tracing::warn!(entry, code, %error, "the renewed credential cannot be loaded: the one before goes on");
                }
                lane.degraded_by = degraded_by;
                lane.state = State::Ready(credential);
            }
            Ok(Worth::Outdated(refused)) => {
                let (slot, application) = (Arc::clone(&lane.slot), self.application);
                let load =
                    async move { slot.reload(&refused, application, &inner.world, inner.policy.load_timeout).await };
                lane.state = State::Loading(Box::pin(load));
            }
            Ok(Worth::Refused(credential, error, until)) => {
                self.note_retry(until);
                self.report_remembered(&lane.slot, Outcome::Rejected(error), Some(credential));
                lane.state = State::Done;
            }
            Err(error) => {
                self.report(&lane.slot, Outcome::Failed(error), None, waited);
                lane.state = State::Done;
            }
        }
    }

    /// Presents the lane's credential; after a refusal, other material of the same entry, once each.
    async fn take_turn<T, E, F>(&mut self, position: usize, lane: &mut Lane<'a>) -> Turn<T, E>
    where
        E: std::error::Error + Send + Sync + 'static,
        A: Fn(Candidate) -> F,
        F: Future<Output = Verdict<T, E>>,
    {
        let State::Ready(mut credential) = std::mem::replace(&mut lane.state, State::Done) else {
            return Turn::Refused;
        };
        let (inner, application) = (self.inner, self.application);
        let mut reloaded = self.last_chance;
        let mut refused: Vec<Credential> = Vec::new();
        loop {
            let candidate = Candidate { index: lane.slot.index, credential: credential.clone(), background: false };
            let verdict = (self.attempt)(candidate).await;
            let took = inner.world.clock.moment().since(lane.started);
            let in_doubt = matches!(verdict, Verdict::NextInDoubt(_));
            let error: SharedError = match verdict {
                Verdict::Accept(value) => {
                    lane.slot.note_accepted(&credential, application, &inner.world);
                    let why = self.why();
                    let accepted = Outcome::Accepted;
                    let attempt =
                        new_attempt(lane.slot.index, &lane.slot.description, accepted, Some(credential), took);
                    self.attempts.push(Attempt { degraded_by: lane.degraded_by.take(), ..attempt });
                    inner.take_over(&lane.slot, &why);
                    return Turn::Accepted(value);
                }
                Verdict::Stop(error) => {
                    self.report(&lane.slot, Outcome::Stopped, Some(credential), took);
                    return Turn::Stopped(error);
                }
                Verdict::Unusable(error) => {
                    let error = Arc::new(error);
                    lane.slot.note_failed(Arc::clone(&error), &inner.world);
                    self.report(&lane.slot, Outcome::Failed(error), Some(credential), took);
                    return Turn::Refused;
                }
                Verdict::Next(error) | Verdict::NextInDoubt(error) => Arc::new(error),
            };
            let ago = lane.slot.note_refused(&credential, &error, application, &inner.world);
            let rejected = Outcome::Rejected(error);
            let attempt =
                new_attempt(lane.slot.index, &lane.slot.description, rejected, Some(credential.clone()), took);
            self.attempts.push(Attempt { accepted_ago: ago, ..attempt });
            if in_doubt && !self.last_chance && self.doubtful.is_none() {
                self.doubtful = Some((position, credential.clone()));
            }
            refused.push(credential);
            match self.other_material(&lane.slot, &refused, &mut reloaded).await {
                Some(other) => credential = other,
                None => return Turn::Refused,
            }
        }
    }

    /// Other material of the same entry than what was refused: newly loaded once, then what the
    /// authority accepted before.
    async fn other_material(
        &self,
        slot: &Arc<Slot>,
        refused: &[Credential],
        reloaded: &mut bool,
    ) -> Option<Credential> {
        let (inner, last) = (self.inner, refused.last()?);
        let known = |found: &Credential| refused.iter().any(|old| old.same_material(found));
        if !std::mem::replace(reloaded, true) {
            let load = slot.reload(last, self.application, &inner.world, inner.policy.load_timeout);
            let loaded = tokio::select! {
                biased;
                loaded = load => loaded.ok(),
                () = inner.world.clock.sleep_until(self.deadline) => None,
            };
            if let Some(found) = loaded.filter(|found| !known(found)) {
                return Some(found);
            }
        }
        slot.other_accepted(last, &inner.world).filter(|found| !known(found))
    }

    fn report(&mut self, slot: &Slot, outcome: Outcome, credential: Option<Credential>, duration: Duration) {
        self.attempts.push(new_attempt(slot.index, &slot.description, outcome, credential, duration));
    }

    fn report_remembered(&mut self, slot: &Slot, outcome: Outcome, credential: Option<Credential>) {
        let attempt = new_attempt(slot.index, &slot.description, outcome, credential, Duration::ZERO);
        self.attempts.push(Attempt { remembered: true, ..attempt });
    }

    fn why(&self) -> String {
        match self.attempts.last() {
            Some(last) => format!("entry {last}"),
            None => "it comes first".to_owned(),
        }
    }

    fn note_retry(&mut self, until: Moment) {
        self.retry_at = Some(self.retry_at.map_or(until, |other| other.min(until)));
    }

    /// Every lane has failed, or time is over for those that have not.
    fn exhausted<E>(&mut self, lanes: &mut [Lane<'a>]) -> ChainError<E> {
        let (now, clock) = (self.inner.world.clock.moment(), &self.inner.world.clock);
        for lane in lanes.iter_mut().filter(|lane| matches!(lane.state, State::Loading(_))) {
            let waited = now.since(lane.started);
            let error =
                SourceError::transient("deadline", format!("no answer within {waited:?}; it is still being loaded"));
            self.report(&lane.slot, Outcome::Failed(Arc::new(error)), None, waited);
            lane.state = State::Done;
        }
        let all_remembered = self.attempts.iter().all(|attempt| attempt.remembered);
        let retry_at: Option<SystemTime> =
            self.retry_at.filter(|_| all_remembered).and_then(|until| clock.now().checked_add(until.since(now)));
        ChainError::Exhausted { attempts: Vec::new(), retry_at }
    }

    /// The entries whose turn did not come, by position.
    fn add_untried(&mut self, lanes: &[Lane<'_>]) {
        let mut rest: Vec<Attempt> = lanes
            .iter()
            .filter(|lane| !self.attempts.iter().any(|attempt| attempt.index == lane.slot.index))
            .map(|lane| new_attempt(lane.slot.index, &lane.slot.description, Outcome::NotTried, None, Duration::ZERO))
            .collect();
        let skipped = self.inner.skipped().iter();
        rest.extend(skipped.map(|(index, entry)| new_attempt(*index, entry, Outcome::Skipped, None, Duration::ZERO)));
        rest.sort_by_key(|attempt| attempt.index);
        self.attempts.extend(rest);
    }
}

fn new_attempt(
    index: usize,
    entry: &crate::CredentialDescription,
    outcome: Outcome,
    credential: Option<Credential>,
    duration: Duration,
) -> Attempt {
    Attempt {
        index,
        source_type: entry.source_type().clone(),
        id: credential.as_ref().map_or_else(|| entry.source_type().to_string(), |found| found.id().to_owned()),
        path: entry.path().to_owned(),
        origin: entry.origin().clone(),
        outcome,
        credential,
        duration,
        remembered: false,
        accepted_ago: None,
        degraded_by: None,
    }
}

/// The first load that ends, by position when several have. Pending for ever when none is under way.
async fn first_ended(lanes: &mut [Lane<'_>]) -> (usize, LoadResult) {
    poll_fn(|context| {
        for (position, lane) in lanes.iter_mut().enumerate() {
            if let State::Loading(load) = &mut lane.state
                && let Poll::Ready(result) = load.as_mut().poll(context)
            {
                return Poll::Ready((position, result));
            }
        }
        Poll::Pending
    })
    .await
}
