//! What goes to an authority: so many requests side by side, and few while it is unwell.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use credential_core::World;
use credential_core::world::{HttpError, HttpErrorKind, Moment};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::breaker::{Breaker, Failure, Leave};
use crate::exchange::ExchangeError;
use crate::exchange::rejection::{Meaning, meaning};

/// The most token requests that are under way at one host side by side, unless it is
/// [told otherwise](crate::TokenClientBuilder::max_requests).
pub const DEFAULT_MAX_REQUESTS: usize = 64;

/// A tenant with fewer requests than this under way has a part of them to itself and others like it: one that
/// hangs holds up no other.
const FEW: usize = 2;
/// That part.
const KEPT_FOR_FEW: usize = 4;
/// Hosts and tenants that are remembered before those of which nothing is known are forgotten.
const MIN_REMEMBERED: usize = 64;

/// The authorities that requests go to, by host, and at each its tenants.
pub(crate) struct Gates {
    hosts: Shelf<Host>,
    side_by_side: usize,
}

struct Host {
    breaker: Breaker,
    tenants: Shelf<Tenant>,
    for_all: Arc<Semaphore>,
    for_few: Arc<Semaphore>,
    /// As a request that waits for them says it.
    side_by_side: usize,
}

#[derive(Default)]
struct Tenant {
    breaker: Breaker,
    under_way: AtomicUsize,
}

/// The way to one tenant of an authority. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Gate {
    host: Arc<Host>,
    tenant: Arc<Tenant>,
}

/// A request under way.
pub(crate) struct Passage {
    gate: Gate,
    of_host: Option<Leave>,
    of_tenant: Option<Leave>,
    _permit: OwnedSemaphorePermit,
}

impl Gates {
    /// With so many requests side by side at each host.
    pub(crate) fn new(side_by_side: usize) -> Self {
        Self { hosts: Shelf::default(), side_by_side: side_by_side.max(1) }
    }

    /// The way to a token endpoint, whose tenant is told by the authority's address.
    pub(crate) fn to(&self, token_endpoint: &str, authority: &str) -> Gate {
        let host = self.hosts.get(&origin(token_endpoint), || Host::new(self.side_by_side), Host::is_forgettable);
        let tenant = host.tenants.get(authority, Tenant::default, |tenant| tenant.breaker.is_well());
        Gate { host, tenant }
    }
}

fn origin(address: &str) -> String {
    url::Url::parse(address).map_or_else(|_| address.to_owned(), |url| url.origin().ascii_serialization())
}

impl Host {
    fn new(side_by_side: usize) -> Self {
        let few = side_by_side / KEPT_FOR_FEW;
        Self {
            breaker: Breaker::default(),
            tenants: Shelf::default(),
            for_all: Arc::new(Semaphore::new(side_by_side - few)),
            for_few: Arc::new(Semaphore::new(few)),
            side_by_side,
        }
    }

    fn is_forgettable(&self) -> bool {
        self.breaker.is_well()
    }
}

impl Gate {
    /// Why nobody may ask now.
    pub(crate) fn refusal(&self, now: Moment) -> Option<ExchangeError> {
        self.host.breaker.refusal(now).or_else(|| self.tenant.breaker.refusal(now))
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
        self.tenant.under_way.fetch_add(1, Ordering::Relaxed);
        passage.of_host = Some(self.host.breaker.enter(now)?);
        passage.of_tenant = Some(self.tenant.breaker.enter(now)?);
        Ok(passage)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, tokio::sync::AcquireError> {
        let Host { for_all, for_few, .. } = &*self.host;
        let is_one_of_few = self.tenant.under_way.load(Ordering::Relaxed) < FEW;
        tokio::select! {
            biased;
            permit = Arc::clone(for_all).acquire_owned() => permit,
            permit = Arc::clone(for_few).acquire_owned(), if is_one_of_few => permit,
        }
    }

    fn late(&self) -> ExchangeError {
        let message = format!(
            "the time for this token was over before the request was sent: {} requests to the authority were under way",
            self.host.side_by_side
        );
        ExchangeError::Http(HttpError::new(HttpErrorKind::Timeout, message), Vec::new())
    }
}

impl Passage {
    /// Notes how the request ended.
    pub(crate) fn ended<T>(mut self, result: &Result<T, ExchangeError>, world: &World) {
        let (Some(of_host), Some(of_tenant)) = (self.of_host.take(), self.of_tenant.take()) else { return };
        let (host, tenant) = (&self.gate.host.breaker, &self.gate.tenant.breaker);
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
        let Gate { host, tenant } = &self.gate;
        tenant.under_way.fetch_sub(1, Ordering::Relaxed);
        self.of_host.take().into_iter().for_each(|leave| host.breaker.abandoned(leave));
        self.of_tenant.take().into_iter().for_each(|leave| tenant.breaker.abandoned(leave));
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

/// Things by name, each made when it is first asked for. Those that nobody has and that can be forgotten are, when
/// there are many.
struct Shelf<T>(Mutex<(HashMap<String, Arc<T>>, usize)>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::new((HashMap::new(), MIN_REMEMBERED)))
    }
}

impl<T> Shelf<T> {
    fn get(&self, name: &str, make: impl FnOnce() -> T, is_forgettable: impl Fn(&T) -> bool) -> Arc<T> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, most) = &mut *shelf;
        if let Some(one) = known.get(name) {
            return Arc::clone(one);
        }
        if known.len() >= *most {
            known.retain(|_, one| Arc::strong_count(one) > 1 || !is_forgettable(one));
            *most = MIN_REMEMBERED.max(known.len().saturating_mul(2));
        }
        let one = Arc::new(make());
        known.insert(name.to_owned(), Arc::clone(&one));
        one
    }
}

impl fmt::Debug for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gates").field("side_by_side", &self.side_by_side).finish_non_exhaustive()
    }
}
