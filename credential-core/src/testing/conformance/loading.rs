//! The loads of a source: in time, unharmed by callers that leave, fresh, and each entry for itself.

use std::cell::Cell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::Conformance;
use crate::registry::BindError;
use crate::source::LoadReason;
use crate::testing::{Bound, FakeWorld, application};
use crate::{Credential, LoadRequest, SourceError};

/// Real time that a load has for work of its own: a slow key derivation, say.
const PATIENCE: Duration = Duration::from_secs(5);
/// A poll that takes longer holds up whoever else runs on the thread.
const BLOCKS: Duration = Duration::from_millis(250);
/// The most awaits of a load that are cut off one by one.
const MAX_AWAITS: usize = 16;
/// A refresh has found what is new by then.
const A_DAY: Duration = Duration::from_secs(86_400);

impl Conformance {
    /// A load that is dropped at any of its awaits leaves the next one unharmed.
    pub(super) async fn check_cancelling(&self, violations: &mut Vec<String>) {
        for polls in 1..=MAX_AWAITS {
            let world = self.prepared();
            let Ok(bound) = self.bound(&world) else { return };
            if !self.dropped_after(polls, &bound, &world) {
                return;
            }
            // What it was answered is used up: the world is made ready once more.
            self.prepare(&world);
            match self.load(&bound, &world, None).await {
                Ok(_) => {}
                Err(Failed::Late) => {
                    return violations.push(format!("a load after one that was dropped at await {polls} hangs"));
                }
                Err(Failed::Said(error)) => {
                    return violations
                        .push(format!("a load after one that was dropped at await {polls} fails: {error}"));
                }
            }
        }
    }

    /// Polls a load that often and drops it; false when it had ended before.
    fn dropped_after(&self, polls: usize, bound: &Bound, world: &FakeWorld) -> bool {
        let (application, world) = (application(), world.world());
        let request = LoadRequest::new(&application, deadline(&world), &world);
        let mut load = pin!(bound.load(&request));
        let mut context = Context::from_waker(Waker::noop());
        (0..polls).all(|_| matches!(load.as_mut().poll(&mut context), Poll::Pending))
    }

    pub(super) async fn check_loading(&self, violations: &mut Vec<String>) {
        let world = self.prepared();
        let Ok(bound) = self.bound(&world) else { return };
        let first = match self.load(&bound, &world, None).await {
            Ok(credential) => credential,
            Err(failed) => return violations.push(format!("the good entry does not load: {failed}")),
        };
        self.check_credential(&first, violations);
        match self.load(&bound, &world, Some((LoadReason::Refresh, &first))).await {
            Ok(second) if second.same_material(&first) => {}
            Ok(_) => violations.push("a refresh without a change gives other material".to_owned()),
            Err(failed) => violations.push(format!("a refresh without a change fails: {failed}")),
        }
        let Some(rotate) = &self.rotates else { return };
        rotate(&world);
        match self.load(&bound, &world, Some((LoadReason::Rejected, &first))).await {
            Ok(second) if second.same_material(&first) => {
                violations.push("after a rejection the new material is not found".to_owned());
            }
            Ok(second) => self.check_credential(&second, violations),
            Err(failed) => violations.push(format!("after a rejection the new material does not load: {failed}")),
        }
    }

    /// A refresh finds new material by itself within a day; nobody need refuse the old one first.
    pub(super) async fn check_refreshing(&self, violations: &mut Vec<String>) {
        let world = self.prepared();
        let (Ok(bound), Some(rotate)) = (self.bound(&world), &self.rotates) else { return };
        let Ok(first) = self.load(&bound, &world, None).await else { return };
        rotate(&world);
        world.clock.advance(A_DAY);
        match self.load(&bound, &world, Some((LoadReason::Refresh, &first))).await {
            Ok(second) if second.same_material(&first) => {
                violations.push("a refresh a day later does not look for new material".to_owned());
            }
            Ok(_) => {}
            Err(failed) => violations.push(format!("a refresh a day later fails: {failed}")),
        }
    }

    /// Two entries share nothing: each is loaded in a world of its own, one of which has been changed.
    pub(super) async fn check_two_entries(&self, violations: &mut Vec<String>) {
        let (before, after) = (self.prepared(), self.prepared());
        let (Ok(one), Ok(other), Some(rotate)) = (self.bound(&before), self.bound(&after), &self.rotates) else {
            return;
        };
        rotate(&after);
        let Ok(old) = self.load(&one, &before, None).await else { return };
        let Ok(new) = self.load(&other, &after, None).await else { return };
        let again = self.load(&one, &before, Some((LoadReason::Refresh, &old))).await;
        if new.same_material(&old) || !again.is_ok_and(|again| again.same_material(&old)) {
            violations.push("two entries share what they remember".to_owned());
        }
    }

    pub(super) async fn check_failing(&self, violations: &mut Vec<String>) {
        let world = self.prepared();
        let (Ok(bound), Some(fail)) = (self.bound(&world), &self.fails) else { return };
        fail(&world);
        match self.load(&bound, &world, None).await {
            Ok(_) => violations.push("a load that cannot work gives a credential".to_owned()),
            Err(Failed::Late) => violations.push("a load that cannot work goes on after its deadline".to_owned()),
            Err(Failed::Said(error)) => self.check_error(&error, violations),
        }
    }

    /// A loader of its own in that world; what keeps the entry from being bound has been said.
    fn bound(&self, world: &FakeWorld) -> Result<Bound, BindError> {
        Bound::among(&self.registry, self.good.clone(), self.binding(world))
    }

    fn prepared(&self) -> FakeWorld {
        let world = FakeWorld::new();
        self.prepare(&world);
        world
    }

    fn prepare(&self, world: &FakeWorld) {
        if let Some(prepare) = &self.works {
            prepare(world);
        }
    }

    /// One load; its deadline passes when it does not answer in good time.
    #[expect(clippy::disallowed_methods, reason = "real patience with the source under test")]
    async fn load(
        &self,
        bound: &Bound,
        world: &FakeWorld,
        again: Option<(LoadReason, &Credential)>,
    ) -> Result<Credential, Failed> {
        let (clock, world) = (world.clock.clone(), world.world());
        let application = application();
        let mut request = LoadRequest::new(&application, deadline(&world), &world);
        if let Some((reason, previous)) = again {
            request = request.again(reason, previous);
        }
        let mut load = pin!(bound.load(&request));
        // How long the runtime's thread was held up at once.
        let longest = Cell::new(Duration::ZERO);
        let load = poll_fn(|context| {
            let start = Instant::now();
            let poll = load.as_mut().poll(context);
            longest.set(longest.get().max(start.elapsed()));
            poll
        });
        let overdue = async {
            tokio::time::sleep(PATIENCE).await;
            clock.advance(Duration::from_secs(31));
            tokio::time::sleep(PATIENCE).await;
        };
        let loaded = tokio::select! {
            biased;
            result = load => result.map_err(Failed::Said),
            () = overdue => Err(Failed::Late),
        };
        if longest.get() > BLOCKS {
            let message = format!("it holds up the runtime's thread for {:?}", longest.get());
            return Err(Failed::Said(SourceError::transient("blocks", message)));
        }
        loaded
    }
}

/// Why a load under test gave nothing.
#[derive(Debug)]
enum Failed {
    /// It went on after its deadline.
    Late,
    Said(SourceError),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late => f.write_str("it goes on after its deadline"),
            Self::Said(error) => error.fmt(f),
        }
    }
}

fn deadline(world: &crate::World) -> crate::world::Moment {
    world.clock.moment().after(Duration::from_secs(30))
}
