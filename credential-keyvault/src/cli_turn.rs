//! Whose turn it is to run the Azure CLI: one at a time for each entry, since a command that hangs is not
//! ended with the wait for it, and each try would leave a further one behind.

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use credential_core::{Clock, Moment};
use tokio::sync::Notify;

use crate::memory::lock;

/// The turns of one entry.
#[derive(Debug, Default)]
pub(crate) struct CliTurns {
    /// When the turn under way ends at the latest.
    until: Mutex<Option<Moment>>,
    ended: Notify,
}

/// A turn; ends when it is dropped.
#[derive(Debug)]
pub(crate) struct CliTurn {
    turns: Arc<CliTurns>,
    end: Moment,
}

impl CliTurns {
    /// The next turn, for `longest` at most: the runtime of whoever has it may stand still. For the same
    /// reason nobody is handed a turn: whoever runs takes it.
    pub(crate) async fn take(self: &Arc<Self>, longest: Duration, clock: &dyn Clock) -> CliTurn {
        loop {
            // Before the look, so that no end between the two is missed.
            let mut ended = pin!(self.ended.notified());
            ended.as_mut().enable();
            let taken_until = match self.begin(longest, clock.moment()) {
                Ok(end) => return CliTurn { turns: Arc::clone(self), end },
                Err(taken_until) => taken_until,
            };
            tokio::select! {
                () = ended => {}
                () = clock.sleep_until(taken_until) => {}
            }
        }
    }

    /// When the turn that begins now ends; else when the one under way does.
    fn begin(&self, longest: Duration, now: Moment) -> Result<Moment, Moment> {
        let mut until = lock(&self.until);
        match *until {
            Some(end) if end > now => Err(end),
            _ => Ok(*until.insert(now.after(longest))),
        }
    }
}

impl Drop for CliTurn {
    fn drop(&mut self) {
        // One that was given up does not end a later one.
        lock(&self.turns.until).take_if(|end| *end == self.end);
        self.turns.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credential_core::SystemClock;
    use tokio::runtime::{Builder, Runtime};

    const LONG: Duration = Duration::from_secs(3600);

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn a_runtime_that_nobody_drives_keeps_the_turn_from_nobody() {
        let (turns, clock) = (Arc::<CliTurns>::default(), Arc::new(SystemClock::default()));
        let (driven, idle) = (runtime(), runtime());
        let first = driven.block_on(turns.take(LONG, &*clock));
        idle.spawn({
            let (turns, clock) = (Arc::clone(&turns), Arc::clone(&clock));
            async move { drop(turns.take(LONG, &*clock).await) }
        });
        idle.block_on(tokio::task::yield_now());
        drop(first);
        let next = async { tokio::time::timeout(Duration::from_secs(5), turns.take(LONG, &*clock)).await };
        assert!(driven.block_on(next).is_ok());
        drop(idle);
    }

    #[tokio::test]
    async fn a_turn_ends_at_the_latest_when_it_said() {
        let (turns, clock) = (Arc::<CliTurns>::default(), SystemClock::default());
        let hangs = turns.take(Duration::from_millis(20), &clock).await;
        let next = turns.take(LONG, &clock).await;
        drop(hangs);
        assert!(turns.begin(LONG, clock.moment()).is_err(), "the one that was given up ends no other");
        drop(next);
        assert!(turns.begin(LONG, clock.moment()).is_ok());
    }
}
