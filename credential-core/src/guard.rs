//! Code that isn't ours: its panics are told, and unwind into nobody who waits for it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;

use crate::world::{Clock, Moment};

/// The code panicked. What it was raised with is left out: it may show a secret, and stands in the
/// program's error output already, with the place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Panicked;

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it panicked; the panic's own message and place are in the program's error output")
    }
}

/// What it says: a `main` that returns it prints this.
impl fmt::Debug for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Panicked {}

/// Why code that isn't ours gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unanswered {
    /// It panicked.
    Panicked,
    /// It gave no answer until the deadline.
    Late,
}

/// What the future gives; its panic as an error. Making the future is guarded too, and dropping it, also before its end:
/// that is the same code. It is not polled again after a panic.
///
/// # Errors
/// [`Panicked`] alone. Never for a wait: see [`bounded`].
pub async fn guarded<F: Future>(make: impl FnOnce() -> F) -> Result<F::Output, Panicked> {
    let mut made = pin!(Some(caught(make)?));
    let mut held = Held(made.as_mut());
    poll_fn(|context| match caught(|| held.0.as_mut().as_pin_mut().map(|made| made.poll(context))) {
        Ok(None | Some(Poll::Pending)) => Poll::Pending,
        Ok(Some(Poll::Ready(value))) => Poll::Ready(Ok(value)),
        Err(panicked) => Poll::Ready(Err(panicked)),
    })
    .await
}

/// A future that harms nobody when it is dropped.
struct Held<'a, F>(Pin<&'a mut Option<F>>);

impl<F> Drop for Held<'_, F> {
    fn drop(&mut self) {
        // What it panics with is told already.
        let _ = caught(|| self.0.set(None));
    }
}

/// What the future gives before the deadline; its panic and its silence as errors.
///
/// # Errors
/// [`Unanswered`]. An answer that is ready when the deadline comes is an answer.
pub async fn bounded<F: Future>(
    clock: &dyn Clock,
    deadline: Moment,
    make: impl FnOnce() -> F,
) -> Result<F::Output, Unanswered> {
    tokio::select! {
        biased;
        answer = guarded(make) => answer.map_err(|_| Unanswered::Panicked),
        () = clock.sleep_until(deadline) => Err(Unanswered::Late),
    }
}

/// What code that isn't ours gives at once; its panic as an error. It runs on the caller's thread, and nothing ends one
/// that hangs.
///
/// # Errors
/// [`Panicked`] alone.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        // A payload whose destructor panics in its turn must not get through.
        std::mem::forget(payload);
        Panicked
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[cfg(feature = "testing")]
    #[tokio::test]
    async fn a_panic_and_a_silence_are_errors() {
        let clock = crate::testing::FakeClock::default();
        let late = Moment::default().after(Duration::from_secs(1));
        assert_eq!(bounded(&clock, late, || async { 7 }).await, Ok(7));
        let panics = || async { panic!("s3cret") };
        assert_eq!(
            bounded::<std::pin::Pin<Box<dyn Future<Output = ()>>>>(&clock, late, || panic!("made")).await,
            Err(Unanswered::Panicked)
        );
        assert_eq!(bounded(&clock, late, panics).await.map(|(): ()| ()), Err(Unanswered::Panicked));
        clock.advance(Duration::from_secs(1));
        assert_eq!(bounded(&clock, late, std::future::pending::<()>).await, Err(Unanswered::Late));
    }

    /// Panics when it goes.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("at its end");
        }
    }

    #[cfg(feature = "testing")]
    #[tokio::test]
    async fn a_panic_at_the_end_of_a_future_harms_nobody() {
        let clock = crate::testing::FakeClock::default();
        let hangs = || {
            let bomb = Bomb;
            async move {
                std::future::pending::<()>().await;
                drop(bomb);
            }
        };
        assert_eq!(bounded(&clock, Moment::default(), hangs).await, Err(Unanswered::Late));
        let mut left = Box::pin(guarded(hangs));
        let waker = std::task::Waker::noop();
        assert!(left.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
        drop(left);
    }
}
