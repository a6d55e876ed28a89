//! A store in memory, for tests: what processes share, with faults and a hand in it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::world::{Clock, Moment, SystemClock};

use super::{StoreError, TokenStore};

/// What a [`FakeStore`] does in the place of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreFault {
    /// No connection.
    Down,
    /// No answer, ever.
    Hangs,
    /// It panics.
    Panics,
    /// Writes are refused; reads work.
    OutOfMemory,
    /// Everything is refused.
    Denied,
}

/// A [`TokenStore`] in memory. Clones are the same store, as if other processes reached it.
#[derive(Clone, Debug)]
pub struct FakeStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    values: BTreeMap<String, (Vec<u8>, Moment)>,
    fault: Option<StoreFault>,
    commands: usize,
    lives: Vec<Duration>,
}

impl FakeStore {
    /// An empty store, in which lives end by this process's clock.
    pub fn new() -> Self {
        Self::with_clock(Arc::new(SystemClock::default()))
    }

    /// An empty store, in which lives end by that clock.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self { shared: Arc::new(Shared { clock, state: Mutex::default() }) }
    }

    /// Has this fault from now on, or none.
    pub fn fault(&self, fault: impl Into<Option<StoreFault>>) {
        self.lock().fault = fault.into();
    }

    /// The values by name; locks are among them.
    pub fn values(&self) -> BTreeMap<String, Vec<u8>> {
        self.lock().values.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect()
    }

    /// Puts a value under a name, for ever.
    pub fn put(&self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.lock().values.insert(name.into(), (value.into(), Moment::default().after(Duration::MAX)));
    }

    /// Forgets everything.
    pub fn flush(&self) {
        self.lock().values.clear();
    }

    /// The commands so far, failed ones too.
    pub fn commands(&self) -> usize {
        self.lock().commands
    }

    /// The lives of the values so far, in the order in which they were written.
    pub fn lives(&self) -> Vec<Duration> {
        self.lock().lives.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what a command does, unless there is a fault.
    async fn command<T>(&self, writes: bool, work: impl FnOnce(&mut State, Moment) -> T) -> Result<T, StoreError> {
        tokio::task::yield_now().await;
        let now = self.shared.clock.moment();
        let fault = {
            let mut state = self.lock();
            state.commands += 1;
            state.values.retain(|_, (_, end)| *end > now);
            match state.fault {
                None => return Ok(work(&mut state, now)),
                Some(StoreFault::OutOfMemory) if !writes => return Ok(work(&mut state, now)),
                Some(fault) => fault,
            }
        };
        match fault {
            StoreFault::Down => Err(StoreError::unreachable("connection refused")),
            StoreFault::Hangs => std::future::pending().await,
            #[expect(clippy::panic, reason = "that is the fault")]
            StoreFault::Panics => panic!("the store's own mistake"),
            StoreFault::OutOfMemory => Err(StoreError::refused("OOM command not allowed")),
            StoreFault::Denied => Err(StoreError::refused("NOPERM")),
        }
    }
}

impl Default for FakeStore {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl TokenStore for FakeStore {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.command(false, |state, _| state.values.get(name).map(|(value, _)| value.clone())).await
    }

    async fn set(&self, name: &str, value: Vec<u8>, life: Duration) -> Result<(), StoreError> {
        self.command(true, |state, now| {
            state.values.insert(name.to_owned(), (value, now.after(life)));
            state.lives.push(life);
        })
        .await
    }

    async fn lock(&self, name: &str, holder: &str, life: Duration) -> Result<bool, StoreError> {
        self.command(true, |state, now| {
            let free = !state.values.contains_key(name);
            if free {
                state.values.insert(name.to_owned(), (holder.as_bytes().to_vec(), now.after(life)));
            }
            free
        })
        .await
    }

    async fn unlock(&self, name: &str, holder: &str) -> Result<(), StoreError> {
        self.command(true, |state, _| {
            if state.values.get(name).is_some_and(|(value, _)| value == holder.as_bytes()) {
                state.values.remove(name);
            }
        })
        .await
    }
}
