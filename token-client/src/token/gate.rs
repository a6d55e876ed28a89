//! What goes to an authority: so many requests side by side, and few while it is unwell.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credential_core::World;
use credential_core::world::{HttpError, HttpErrorKind, Moment};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::breaker::{Breaker, Failure, Leave};
use super::hosts::{Host, Hosts};
use super::shelf::Shelf;
use crate::exchange::ExchangeError;
use crate::exchange::rejection::{Meaning, meaning};
use crate::sync::{AtomicUsize, Ordering};

/// The most token requests that are under way at one host side by side, unless it is
/// [told otherwise](crate::TokenClientBuilder::max_requests).
pub const DEFAULT_MAX_REQUESTS: usize = 64;

/// A tenant with fewer requests than this under way has a part of them to itself and others like it: one that
/// hangs holds up no other.
const FEW: usize = 2;
/// That part.
const KEPT_FOR_FEW: usize = 4;

/// The authorities that some clients ask, by host, and at each its tenants.
pub(crate) struct Gates {
    hosts: Arc<Hosts>,
    rooms: Shelf<Room>,
    side_by_side: usize,
}

/// The room that there is for requests to one host.
struct Room {
    for_all: Arc<Semaphore>,
    for_few: Arc<Semaphore>,
    /// As a request that waits for them says it.
    side_by_side: usize,
    /// Of each tenant.
    under_way: Shelf<AtomicUsize>,
}

/// The way to one tenant of an authority. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Gate {
    host: Arc<Host>,
    tenant: Arc<Breaker>,
    room: Arc<Room>,
    /// The tenant's requests.
    under_way: Arc<AtomicUsize>,
}

/// A request under way.
pub(crate) struct Passage {
    gate: Gate,
    of_host: Option<Leave>,
    of_tenant: Option<Leave>,
    _permit: OwnedSemaphorePermit,
}

impl Gates {
    /// With so many requests side by side at each of the hosts.
    pub(crate) fn new(hosts: Arc<Hosts>, side_by_side: usize) -> Self {
        Self { hosts, rooms: Shelf::default(), side_by_side: side_by_side.max(1) }
    }

    /// The way to a token endpoint, whose tenant is told by the authority's address.
    pub(crate) fn to(&self, token_endpoint: &str, authority: &str) -> Gate {
        let origin = origin(token_endpoint);
        let host = self.hosts.get(&origin);
        let room = self.rooms.get(&origin, || Room::new(self.side_by_side), |_| true);
        let under_way = room.under_way.get(authority, AtomicUsize::default, |_| true);
        Gate { tenant: host.tenant(authority), host, room, under_way }
    }
}

fn origin(address: &str) -> String {
    url::Url::parse(address).map_or_else(|_| address.to_owned(), |url| url.origin().ascii_serialization())
}

impl Room {
    fn new(side_by_side: usize) -> Self {
        let few = side_by_side / KEPT_FOR_FEW;
        Self {
            for_all: Arc::new(Semaphore::new(side_by_side - few)),
            for_few: Arc::new(Semaphore::new(few)),
            side_by_side,
            under_way: Shelf::default(),
        }
    }
}

impl Gate {
    /// Why nobody may ask now.
    pub(crate) fn refusal(&self, now: Moment) -> Option<ExchangeError> {
        self.host.breaker.refusal(now).or_else(|| self.tenant.refusal(now))
    }

    /// Waits for this request's turn, in the order of asking.
    ///
    /// # Errors
    /// The remembered error while host or tenant are unwell; a time-out when the deadline comes first.
    pub(crate) async fn pass(&self, deadline: Moment, world: &World) -> Result<Passage, ExchangeError> {
        if let Some(refusal) = self.refusal(world.clock.moment()) {
            return Err(refusal);
        }
        let permit = tokio::select! {
            biased;
            permit = self.permit() => permit.ok(),
            () = world.clock.sleep_until(deadline) => None,
        };
        let permit = permit.ok_or_else(|| self.late())?;
        let now = world.clock.moment();
        let mut passage = Passage { gate: self.clone(), of_host: None, of_tenant: None, _permit: permit };
        self.under_way.fetch_add(1, Ordering::Relaxed);
        passage.of_host = Some(self.host.breaker.enter(now)?);
        passage.of_tenant = Some(self.tenant.enter(now)?);
        Ok(passage)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, tokio::sync::AcquireError> {
        let Room { for_all, for_few, .. } = &*self.room;
        let is_one_of_few = self.under_way.load(Ordering::Relaxed) < FEW;
        tokio::select! {
            biased;
            permit = Arc::clone(for_all).acquire_owned() => permit,
            permit = Arc::clone(for_few).acquire_owned(), if is_one_of_few => permit,
        }
    }

    fn late(&self) -> ExchangeError {
        let message = format!(
            "the time for this token was over before the request was sent: {} requests to the authority were under way",
            self.room.side_by_side
        );
        ExchangeError::Http(HttpError::new(HttpErrorKind::Timeout, message), Vec::new())
    }
}

impl Passage {
    /// Notes how the request ended.
    pub(crate) fn ended<T>(mut self, result: &Result<T, ExchangeError>, world: &World) {
        let (Some(of_host), Some(of_tenant)) = (self.of_host.take(), self.of_tenant.take()) else { return };
        let (host, tenant) = (&self.gate.host.breaker, &*self.gate.tenant);
        let now = world.clock.moment();
        let failure = |error, of, asked| Failure { error, of, asked, jitter: world.jitter() };
        match result.as_ref().err().map(|error| (error, found(error))) {
            Some((error, Found::Unreachable)) => {
                host.failed(of_host, failure(error, None, Duration::ZERO), now);
                tenant.abandoned(of_tenant);
            }
            Some((error, Found::Unwell(asked))) => {
                let of = Arc::as_ptr(&self.gate.tenant).addr();
                host.failed(of_host, failure(error, Some(of), asked), now);
                tenant.failed(of_tenant, failure(error, None, asked), now);
            }
            Some((_, Found::Nothing)) => {
                host.abandoned(of_host);
                tenant.abandoned(of_tenant);
            }
            Some((_, Found::Well)) | None => {
                host.succeeded(of_host);
                tenant.succeeded(of_tenant);
            }
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        let Gate { host, tenant, under_way, .. } = &self.gate;
        under_way.fetch_sub(1, Ordering::Relaxed);
        self.of_host.take().into_iter().for_each(|leave| host.breaker.abandoned(leave));
        self.of_tenant.take().into_iter().for_each(|leave| tenant.abandoned(leave));
    }
}

/// What a failure says of host and tenant.
enum Found {
    /// The host cannot be reached.
    Unreachable,
    /// This tenant does not answer as it should; how long it asks to be left alone.
    Unwell(Duration),
    /// It said something else.
    Well,
    Nothing,
}

fn found(error: &ExchangeError) -> Found {
    match error {
        ExchangeError::Authority(said) if meaning(said) == Meaning::Unwell => {
            Found::Unwell(said.retry_after.unwrap_or_default())
        }
        ExchangeError::Authority(_) => Found::Well,
        ExchangeError::Http(error, _) => match error.kind() {
            HttpErrorKind::UnknownHost | HttpErrorKind::Connect | HttpErrorKind::Tls => Found::Unreachable,
            HttpErrorKind::Request | HttpErrorKind::Unsupported => Found::Nothing,
            _ => Found::Unwell(Duration::ZERO),
        },
        _ => Found::Nothing,
    }
}

impl fmt::Debug for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gates").field("side_by_side", &self.side_by_side).finish_non_exhaustive()
    }
}
