//! One entry's turn in an exchange: its credential is presented; after a refusal, other material.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::attempt::{Attempt, Outcome};
use super::in_use::Acceptance;
use super::lane::{Lane, State, Turn};
use super::memory::Worth;
use super::present::present;
use super::selection::Selection;
use super::slot::{Admitted, Slot};
use crate::chain::{Candidate, SharedError, Verdict};
use crate::credential::Presented;
use crate::world::Moment;
use crate::{Credential, SourceError};

/// What a turn has used up.
struct Used {
    refused: Vec<Presented>,
    reloaded: bool,
}

impl<A> Selection<'_, A> {
    /// Presents the lane's credential; after a refusal, other material of the same entry, once each.
    pub(crate) async fn take_turn<T, E, F>(
        &mut self,
        position: usize,
        lane: &mut Lane<'_>,
        turn_ends: Moment,
    ) -> Turn<T, E>
    where
        E: std::error::Error + Send + Sync + 'static,
        A: Fn(Candidate) -> F,
        F: Future<Output = Verdict<T, E>>,
    {
        let State::Ready(loaded) = std::mem::replace(&mut lane.state, State::Done) else { return Turn::Refused };
        let (clock, deadline) = (&*self.shared.world.clock, self.search.deadline);
        let mut used = Used { refused: Vec::new(), reloaded: self.last_chance };
        let mut next = Some(loaded);
        while let Some(presented) = next {
            let Some((presented, admitted)) = self.admit(lane, presented, turn_ends, &mut used).await else { break };
            let candidate = lane.slot.candidate(&presented, turn_ends, false);
            let verdict = present(self.attempt, candidate, deadline, clock).await;
            let took = clock.moment().since(lane.started);
            let everywhere = matches!(verdict, Verdict::Invalid(_));
            match verdict {
                Verdict::Accept(value) => {
                    self.accepted(lane, presented, took);
                    return Turn::Accepted(value);
                }
                Verdict::Stop(error) => {
                    self.report(&lane.slot, Outcome::Stopped, Some(presented.credential), took);
                    return Turn::Stopped(error);
                }
                Verdict::Unusable(error) => {
                    if clock.moment() >= turn_ends && turn_ends < deadline {
                        self.doubtful.get_or_insert((position, presented.clone()));
                    }
                    self.unusable(lane, presented.credential, error, took);
                    break;
                }
                Verdict::NextInDoubt(error) => {
                    if !self.last_chance {
                        self.doubtful.get_or_insert((position, presented.clone()));
                    }
                    self.refused(lane, &presented, Arc::new(error), false, took);
                }
                Verdict::Next(error) | Verdict::Invalid(error) => {
                    self.refused(lane, &presented, Arc::new(error), everywhere, took);
                }
            }
            // Whoever waits for this verdict need not wait for the look at other material.
            drop(admitted);
            used.refused.push(presented);
            next = self.other_material(&lane.slot, &mut used).await;
        }
        Turn::Refused
    }

    /// The credential to present, once it may be; `None` when another exchange had it refused meanwhile
    /// and there is no other.
    async fn admit(
        &mut self,
        lane: &mut Lane<'_>,
        mut presented: Presented,
        turn_ends: Moment,
        used: &mut Used,
    ) -> Option<(Presented, Admitted)> {
        let shared = self.shared;
        loop {
            let verdict_by = shared.world.clock.moment().after(shared.policy.grace).min(turn_ends);
            let admitted = lane.slot.admit(&presented, verdict_by, &shared.world).await;
            if !admitted.waited {
                return Some((presented, admitted));
            }
            let refusal = match lane.slot.worth(Ok(presented.credential.clone()), self.asking()) {
                Ok(Worth::Refused(refusal)) => Some(refusal),
                Ok(Worth::Outdated(refusal)) => {
                    drop(admitted);
                    used.refused.push(refusal.presented.clone());
                    match self.other_material(&lane.slot, used).await {
                        Some(other) => {
                            presented = other;
                            continue;
                        }
                        None => Some(refusal),
                    }
                }
                Ok(Worth::Try(presented, _)) => return Some((presented, admitted)),
                Err(_) => return Some((presented, admitted)),
            };
            if let Some(refusal) = refusal {
                self.leave_alone(
                    lane,
                    Outcome::Rejected(refusal.error),
                    Some(refusal.presented.credential),
                    refusal.everywhere,
                );
            }
            return None;
        }
    }

    fn unusable(&mut self, lane: &Lane<'_>, credential: Credential, error: SourceError, took: Duration) {
        let error = error.placed(&lane.slot.description);
        lane.slot.memory().fail_presenting(error.clone(), &self.shared.world);
        self.failed_for_all.push(lane.slot.index);
        self.report(&lane.slot, Outcome::Failed(error), Some(credential), took);
    }

    fn refused(
        &mut self,
        lane: &Lane<'_>,
        presented: &Presented,
        error: SharedError,
        everywhere: bool,
        took: Duration,
    ) {
        let (world, authority) = (&self.shared.world, self.search.authority);
        let accepted_ago = lane.slot.memory().note_refused(presented, &error, everywhere, authority, world);
        if everywhere {
            self.failed_for_all.push(lane.slot.index);
        }
        let (slot, rejected) = (&lane.slot, Outcome::Rejected(error));
        let attempt = Attempt::of(slot.index, &slot.description, rejected, Some(presented.credential.clone()), took);
        self.attempts.push(Attempt { accepted_ago, ..attempt });
    }

    fn accepted(&mut self, lane: &mut Lane<'_>, presented: Presented, took: Duration) {
        let (shared, authority) = (self.shared, self.search.authority);
        lane.slot.memory().note_accepted(&presented, authority, shared.world.clock.moment());
        let why = match self.attempts.last() {
            Some(last) => format!("entry {last}"),
            None => "it comes first".to_owned(),
        };
        let index = lane.slot.index;
        let attempt = Attempt::of(index, &lane.slot.description, Outcome::Accepted, Some(presented.credential), took);
        self.attempts.push(Attempt { degraded_by: lane.degraded_by.take(), ..attempt });
        let instead = shared.in_use_index().is_some_and(|before| self.failed_for_all.contains(&before));
        shared.accept(&lane.slot, Acceptance { index, authority, instead, why: &why });
    }

    /// Other material of the same entry than what was refused: newly loaded once, then what the
    /// authority accepted before.
    async fn other_material(&self, slot: &Arc<Slot>, used: &mut Used) -> Option<Presented> {
        let (world, authority) = (&self.shared.world, self.search.authority);
        let last = used.refused.last()?.clone();
        if !std::mem::replace(&mut used.reloaded, true) {
            let loaded = tokio::select! {
                biased;
                loaded = slot.reload(&last.credential, self.asking()) => loaded.ok().map(Presented::loaded),
                () = world.clock.sleep_until(self.search.deadline) => None,
            };
            // The same provider as before is asked for what is fresh.
            let fresher = |found: Presented| if used.has(&found) { found.fresher() } else { Some(found) };
            if let Some(found) = loaded.and_then(fresher).filter(|found| !used.has(found)) {
                return Some(found);
            }
        }
        let memory = slot.memory();
        let old = memory.usable(world).filter(|old| !memory.is_refused(old, authority, world)).cloned();
        old.map(Presented::loaded).filter(|old| !used.has(old))
    }
}

impl Used {
    fn has(&self, presented: &Presented) -> bool {
        self.refused.iter().any(|old| old.same(presented))
    }
}
