//! One exchange's walk along the list: loads side by side, turns in order. The states of an entry on its
//! way are drawn at [`lane`](super::lane), what stays known of it at [`slot`](super::slot).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::attempt::{Attempt, Outcome};
use super::lane::{Lane, State, Turn, first_ended};
use super::memory::Worth;
use super::shared::Shared;
use super::slot::{Asking, Readiness, Slot, WAITS};
use crate::chain::{Accepted, Candidate, ChainError, Search, Verdict};
use crate::credential::Presented;
use crate::world::Moment;
use crate::{Credential, SourceError};

/// What to do next.
enum Step {
    Try(usize),
    Wait(Moment),
    Exhausted,
}

pub(crate) struct Selection<'a, A> {
    pub(crate) shared: &'a Shared,
    pub(crate) search: Search<'a>,
    pub(crate) attempt: &'a A,
    pub(crate) attempts: Vec<Attempt>,
    /// The first credential whose failure may pass: tried once more when nothing else worked.
    pub(crate) doubtful: Option<(usize, Presented)>,
    pub(crate) last_chance: bool,
    /// The entries that failed for everybody, and not by one authority's word.
    pub(crate) failed_for_all: Vec<usize>,
    /// What was left alone is tried all the same.
    anew: bool,
}

impl<'a, A> Selection<'a, A> {
    pub(crate) fn new(shared: &'a Shared, search: Search<'a>, attempt: &'a A) -> Self {
        Self {
            shared,
            search,
            attempt,
            attempts: Vec::new(),
            doubtful: None,
            last_chance: false,
            failed_for_all: Vec::new(),
            anew: false,
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
                Step::Exhausted if self.begin_again(&mut lanes) => {}
                Step::Exhausted => break Err(self.exhausted(&mut lanes)),
                Step::Try(position) => {
                    let turn_ends = self.turn_ends(&lanes);
                    let Some(lane) = lanes.get_mut(position) else { continue };
                    match self.take_turn(position, lane, turn_ends).await {
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
        for slot in self.shared.order(self.search.authority) {
            let mut lane =
                Lane { slot, state: State::Idle, started: Moment::default(), degraded_by: None, left_alone: false };
            if let Readiness::BackOff(error) = lane.slot.readiness(&self.shared.world) {
                self.leave_alone(&mut lane, Outcome::Failed(error), None, true);
            }
            lanes.push(lane);
        }
        lanes
    }

    /// When nothing worked: the credential whose failure may pass has a last chance; where the caller
    /// wants it, what was left alone is tried.
    fn begin_again(&mut self, lanes: &mut [Lane<'a>]) -> bool {
        if self.shared.world.clock.moment() >= self.search.deadline {
            return false;
        }
        if let Some((position, presented)) = self.doubtful.take() {
            self.last_chance = true;
            if let Some(lane) = lanes.get_mut(position) {
                lane.state = State::Ready(presented);
            }
            return true;
        }
        if !self.search.anew || std::mem::replace(&mut self.anew, true) {
            return false;
        }
        self.last_chance = false;
        for lane in lanes.iter_mut().filter(|lane| lane.left_alone) {
            (lane.state, lane.left_alone) = (State::Idle, false);
            self.attempts.retain(|attempt| attempt.index != lane.slot.index);
        }
        lanes.iter().any(|lane| matches!(lane.state, State::Idle))
    }

    pub(crate) fn asking(&self) -> Asking<'a> {
        let (shared, authority, anew) = (self.shared, self.search.authority, self.anew);
        let timeout = shared.policy.load_timeout;
        Asking { application: &shared.application, authority, world: &shared.world, timeout, anew }
    }

    /// Starts the next load when those before it have failed or been quiet for a while.
    fn start_loads(&self, lanes: &mut [Lane<'a>]) {
        let now = self.shared.world.clock.moment();
        for lane in lanes {
            match &lane.state {
                State::Done => {}
                State::Loading(_) if now.since(lane.started) >= self.shared.policy.patience => {}
                State::Loading(_) | State::Ready(_) => return,
                State::Idle => {
                    let (slot, asking) = (Arc::clone(&lane.slot), self.asking());
                    // Bounded and guarded by the slot; whoever waits for the lane has a deadline and a grace.
                    lane.state = State::Loading(Box::pin(async move { slot.load(asking).await }));
                    lane.started = now;
                    return;
                }
            }
        }
    }

    fn next_step(&self, lanes: &[Lane<'_>]) -> Step {
        let (now, policy, deadline) = (self.shared.world.clock.moment(), self.shared.policy, self.search.deadline);
        if now >= deadline {
            return Step::Exhausted;
        }
        let mut wake: Option<Moment> = None;
        let mut sooner = |moment: Moment| wake = Some(wake.map_or(moment, |other| other.min(moment)));
        for (position, lane) in lanes.iter().enumerate() {
            match &lane.state {
                State::Done => {}
                State::Ready(_) => match wake {
                    Some(until) => return Step::Wait(until.min(deadline)),
                    None => return Step::Try(position),
                },
                // Not started yet: the one before it still has its moment.
                State::Idle => return Step::Wait(wake.unwrap_or(deadline).min(deadline)),
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
        if loading { Step::Wait(wake.unwrap_or(deadline).min(deadline)) } else { Step::Exhausted }
    }

    /// Waits until a load ends or the moment has come.
    async fn wait(&mut self, lanes: &mut [Lane<'a>], until: Moment) {
        let shared = self.shared;
        let ended = tokio::select! {
            biased;
            ended = first_ended(lanes) => ended,
            () = shared.world.clock.sleep_until(until) => return,
        };
        let (position, result) = ended;
        let Some(lane) = lanes.get_mut(position) else { return };
        let waited = shared.world.clock.moment().since(lane.started);
        match lane.slot.worth(result, self.asking()) {
            Ok(Worth::Try(presented, degraded_by)) => {
                if let Some(error) = &degraded_by {
                    let (entry, code) = (lane.slot.index, error.code());
                    tracing::warn!(entry, code, %error, "the renewed credential cannot be loaded: the one before goes on");
                }
                lane.degraded_by = degraded_by;
                lane.state = State::Ready(presented);
            }
            Ok(Worth::Outdated(refused)) => {
                let (slot, asking) = (Arc::clone(&lane.slot), self.asking());
                lane.state =
                    State::Loading(Box::pin(async move { slot.reload(&refused.presented.credential, asking).await }));
            }
            Ok(Worth::Refused(refusal)) => {
                let (error, everywhere) = (refusal.error, refusal.everywhere);
                self.leave_alone(lane, Outcome::Rejected(error), Some(refusal.presented.credential), everywhere);
            }
            Err(error) => {
                self.failed_for_all.push(lane.slot.index);
                self.report(&lane.slot, Outcome::Failed(error), None, waited);
                lane.state = State::Done;
            }
        }
    }

    /// When the turn of the entry whose turn it is now ends: each that is left has its part of the time.
    fn turn_ends(&self, lanes: &[Lane<'_>]) -> Moment {
        let left = lanes.iter().filter(|lane| !matches!(lane.state, State::Done)).count();
        let now = self.shared.world.clock.moment();
        match u32::try_from(left) {
            Ok(left @ 2..) if !self.last_chance => {
                let part = self.search.deadline.since(now) / left;
                now.after(part.min(self.shared.policy.present_timeout))
            }
            _ => self.search.deadline,
        }
    }

    pub(crate) fn report(&mut self, slot: &Slot, outcome: Outcome, credential: Option<Credential>, took: Duration) {
        self.attempts.push(Attempt::of(slot.index, &slot.description, outcome, credential, took));
    }

    pub(crate) fn leave_alone(
        &mut self,
        lane: &mut Lane<'_>,
        outcome: Outcome,
        credential: Option<Credential>,
        for_all: bool,
    ) {
        let slot = &lane.slot;
        if for_all {
            self.failed_for_all.push(slot.index);
        }
        let attempt = Attempt::of(slot.index, &slot.description, outcome, credential, Duration::ZERO);
        self.attempts.push(Attempt { remembered: true, ..attempt });
        (lane.state, lane.left_alone) = (State::Done, true);
    }

    /// Every lane has failed, or time is over for those that have not.
    fn exhausted<E>(&mut self, lanes: &mut [Lane<'a>]) -> ChainError<E> {
        let (now, clock) = (self.shared.world.clock.moment(), &self.shared.world.clock);
        for lane in lanes.iter_mut().filter(|lane| matches!(lane.state, State::Loading(_))) {
            let waited = now.since(lane.started);
            let message = format!("no answer within {waited:?}; it is still being loaded");
            let error = SourceError::transient("deadline", message).remedy(WAITS);
            self.report(&lane.slot, Outcome::Failed(error.placed(&lane.slot.description)), None, waited);
            lane.state = State::Done;
        }
        let authority = self.search.authority;
        let next = lanes.iter().filter_map(|lane| lane.slot.memory().next_try(authority, now)).min();
        let retry_at = next.and_then(|until| clock.now().checked_add(until.since(now)));
        ChainError::Exhausted { attempts: Vec::new(), retry_at }
    }

    /// The entries whose turn did not come, by position.
    fn add_untried(&mut self, lanes: &[Lane<'_>]) {
        let untried = |index, entry, outcome| Attempt::of(index, entry, outcome, None, Duration::ZERO);
        let mut rest: Vec<Attempt> = lanes
            .iter()
            .filter(|lane| !self.attempts.iter().any(|attempt| attempt.index == lane.slot.index))
            .map(|lane| untried(lane.slot.index, &lane.slot.description, Outcome::NotTried))
            .collect();
        rest.extend(self.shared.skipped.iter().map(|(index, entry)| untried(*index, entry, Outcome::Skipped)));
        rest.sort_by_key(|attempt| attempt.index);
        self.attempts.extend(rest);
    }
}
