//! The connection that all calls share: made by a task of its own, thrown away when a command fails or is given up.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credential_core::flight::{Flight, FlightId};
use credential_core::guard::bounded;
use credential_core::world::{Clock, SystemClock, Tasks, TokioTasks};
use redis::{Cmd, ErrorKind, Value};

use super::super::StoreError;
use super::failure;
use super::target::{Line, Target};

/// How long a connection may take to come about, whoever waits for it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

type Made = Result<Line, StoreError>;

pub(super) struct Link {
    target: Arc<Target>,
    clock: SystemClock,
    line: Mutex<Option<Flight<Made>>>,
}

impl Link {
    pub(super) fn new(target: Target) -> Self {
        Self { target: Arc::new(target), clock: SystemClock::default(), line: Mutex::default() }
    }

    /// Runs a command on the connection. Whoever gives up waiting takes the connection with it: it may be dead, and
    /// another one costs little.
    pub(super) async fn run(&self, command: &Cmd) -> Result<Value, StoreError> {
        let (id, mut line) = self.line().await?;
        let suspect = Suspect { link: self, id };
        let answer = line.run(command).await;
        let error = match answer {
            Ok(value) => {
                suspect.cleared();
                return Ok(value);
            }
            Err(error) => error,
        };
        // A server that answers is there, whatever it says; a role that it no longer has is another's.
        if matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) && error.code() != Some("READONLY") {
            suspect.cleared();
        }
        Err(failure(&error))
    }

    /// The connection, as soon as it is there. Leaving ends nobody's wait for it.
    async fn line(&self) -> Result<(FlightId, Line), StoreError> {
        let (flight, task) = {
            let mut line = self.lock();
            match line.as_ref().filter(|flight| !flight.is_gone()) {
                Some(flight) => (flight.clone(), None),
                None => {
                    let (flight, task) = Flight::prepare(connect(Arc::clone(&self.target)), |_, _| {});
                    *line = Some(flight.clone());
                    (flight, Some(task))
                }
            }
        };
        if let Some(task) = task {
            TokioTasks.spawn(task);
        }
        let made = flight.wait(&self.clock).await;
        let made = made.unwrap_or_else(|_| Err(StoreError::unreachable("the runtime that connects has ended")));
        match made {
            Ok(line) => Ok((flight.id(), line)),
            Err(error) => {
                self.forget(flight.id());
                Err(error)
            }
        }
    }

    fn forget(&self, id: FlightId) {
        let mut line = self.lock();
        if line.as_ref().is_some_and(|flight| flight.id() == id) {
            *line = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Flight<Made>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(f)
    }
}

async fn connect(target: Arc<Target>) -> Made {
    let clock = SystemClock::default();
    let made = bounded(&clock, clock.moment().after(CONNECT_TIMEOUT), || target.connect()).await;
    match made {
        Ok(made) => made.map_err(|error| StoreError::unreachable(failure(&error).to_string())),
        Err(_) => Err(StoreError::unreachable(format!("no connection within {} s", CONNECT_TIMEOUT.as_secs()))),
    }
}

/// A connection that is thrown away unless its command ends.
struct Suspect<'a> {
    link: &'a Link,
    id: FlightId,
}

impl Suspect<'_> {
    fn cleared(self) {
        std::mem::forget(self);
    }
}

impl Drop for Suspect<'_> {
    fn drop(&mut self) {
        self.link.forget(self.id);
    }
}
