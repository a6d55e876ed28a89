//! The clients of each runtime: a connection is driven by the runtime that opened it, and an answer on
//! it never comes when that one has ended or stands still.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use credential_core::world::{HttpError, HttpErrorKind, HttpRequest};
use reqwest::Client;
use tokio::runtime::Handle;

use super::failure::describe;
use super::origin::Origin;
use super::setup::{Setup, is_direct};

/// The most runtimes that keep their connections; with one more, the one that asked longest ago begins
/// anew when it asks again.
const MAX_RUNTIMES: usize = 128;

/// The most setups of a runtime whose connections are kept; with one more, the one that was asked for longest
/// ago begins anew.
const MAX_SETUPS: usize = 16;

/// The clients by runtime.
pub(super) struct Pools {
    origin: Origin,
    /// The last one asked last. `None`: made ahead, nobody's yet.
    list: Mutex<Vec<(Option<Handle>, Arc<Clients>)>>,
}

/// The clients of one runtime, made when they are needed.
#[derive(Default)]
struct Clients {
    proxied: OnceLock<Client>,
    direct: OnceLock<Client>,
    /// Those that connect in a way of their own. The last one asked for last.
    others: Mutex<Vec<(Setup, Client)>>,
}

impl Pools {
    /// Makes the first client at once: settings that make none show here.
    pub(super) fn new(origin: Origin) -> reqwest::Result<Self> {
        let first = Clients { proxied: OnceLock::from(origin.client(false)?), ..Clients::default() };
        Ok(Self { origin, list: Mutex::new(vec![(None, Arc::new(first))]) })
    }

    /// Makes each client when it is needed.
    pub(super) fn lazy(origin: Origin) -> Self {
        Self { origin, list: Mutex::default() }
    }

    /// Whether there are clients that connect as a request asks for.
    pub(super) fn makes_others(&self) -> bool {
        self.origin.makes_others()
    }

    /// The client for a request that this runtime sends.
    pub(super) fn client(&self, request: &HttpRequest, host: &str) -> Result<Client, HttpError> {
        let here = Handle::try_current().map_err(|error| {
            HttpError::new(HttpErrorKind::Request, "there is no tokio runtime to send a request on").caused_by(error)
        })?;
        let clients = self.of(here);
        if let Some(setup) = Setup::of(request) {
            return clients.other(&setup, || self.origin.client_for(&setup, host));
        }
        let direct = is_direct(request);
        let kept = if direct { &clients.direct } else { &clients.proxied };
        if let Some(client) = kept.get() {
            return Ok(client.clone());
        }
        let made = self.origin.client(direct).map_err(|error| describe(error, host))?;
        Ok(kept.get_or_init(|| made).clone())
    }

    fn of(&self, here: Handle) -> Arc<Clients> {
        let mut list = self.lock();
        if let Some(place) = list.iter().position(|(whose, _)| is(whose.as_ref(), &here)) {
            let found = list.remove(place);
            let clients = Arc::clone(&found.1);
            list.push(found);
            return clients;
        }
        list.retain(|(whose, _)| whose.as_ref().is_none_or(runs));
        let clients = match list.iter_mut().find(|(whose, _)| whose.is_none()) {
            Some((whose, clients)) => {
                *whose = Some(here);
                Arc::clone(clients)
            }
            None => {
                let clients = Arc::<Clients>::default();
                list.push((Some(here), Arc::clone(&clients)));
                clients
            }
        };
        let surplus = list.len().saturating_sub(MAX_RUNTIMES);
        list.drain(..surplus);
        clients
    }

    /// Every change is whole when the lock is given back.
    fn lock(&self) -> MutexGuard<'_, Vec<(Option<Handle>, Arc<Clients>)>> {
        lock(&self.list)
    }
}

impl Clients {
    /// The client with that setup, kept or made. It is made outside the lock, which the system's trust would
    /// hold for long; of two that are made at the same time the later one stays.
    fn other(&self, setup: &Setup, make: impl FnOnce() -> Result<Client, HttpError>) -> Result<Client, HttpError> {
        let client = match self.kept(setup) {
            Some(client) => client,
            None => make()?,
        };
        let mut others = lock(&self.others);
        others.retain(|(known, _)| known != setup);
        others.push((setup.clone(), client.clone()));
        let surplus = others.len().saturating_sub(MAX_SETUPS);
        others.drain(..surplus);
        Ok(client)
    }

    fn kept(&self, setup: &Setup) -> Option<Client> {
        lock(&self.others).iter().find(|(known, _)| known == setup).map(|(_, client)| client.clone())
    }
}

fn lock<T>(list: &Mutex<T>) -> MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is(whose: Option<&Handle>, here: &Handle) -> bool {
    whose.is_some_and(|whose| whose.id() == here.id())
}

/// Whether the runtime has not ended: one that has finishes a task as soon as it is handed over.
fn runs(runtime: &Handle) -> bool {
    let probe = runtime.spawn(std::future::pending::<()>());
    let ended = probe.is_finished();
    probe.abort();
    !ended
}

impl fmt::Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pools").field("runtimes", &self.lock().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credential_core::world::{ServerTrust, Thumbprint};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::runtime::{Builder, Runtime};

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    fn pools(made: &Arc<AtomicUsize>) -> Pools {
        let made = Arc::clone(made);
        Pools::new(Origin::builder(move || {
            made.fetch_add(1, Ordering::Relaxed);
            Client::builder().no_proxy()
        }))
        .unwrap()
    }

    fn request(direct: bool) -> HttpRequest {
        let request = HttpRequest::get("https://host.example/");
        if direct { request.direct() } else { request }
    }

    fn ask(pools: &Pools, runtime: &Runtime, direct: bool) {
        let _inside = runtime.enter();
        pools.client(&request(direct), "host").unwrap();
    }

    #[test]
    fn the_runtimes_that_ended_are_forgotten_and_the_others_are_few() {
        let made = Arc::default();
        let pools = pools(&made);
        for _ in 0..50 {
            ask(&pools, &runtime(), false);
        }
        // The last one that ended is noticed when the next one comes.
        assert_eq!(pools.lock().len(), 1);
        let running: Vec<Runtime> = (0..MAX_RUNTIMES + 5).map(|_| runtime()).collect();
        running.iter().for_each(|one| ask(&pools, one, false));
        assert_eq!(pools.lock().len(), MAX_RUNTIMES);
    }

    #[test]
    fn a_client_is_made_once_for_a_runtime_and_when_it_is_needed() {
        let made = Arc::default();
        let pools = pools(&made);
        assert_eq!(made.load(Ordering::Relaxed), 1);
        let (one, other) = (runtime(), runtime());
        for (runtime, direct, expected) in [
            (&one, false, 1),
            (&one, false, 1),
            (&one, true, 2),
            (&other, false, 3),
            (&one, true, 3),
            (&other, true, 4),
        ] {
            ask(&pools, runtime, direct);
            assert_eq!(made.load(Ordering::Relaxed), expected);
        }
    }

    #[test]
    fn a_setup_has_one_client_and_few_are_kept() {
        let made = Arc::default();
        let pools = pools(&made);
        let runtime = runtime();
        let _inside = runtime.enter();
        let ask = |nth: usize| {
            let request = request(true).trust(ServerTrust::Pinned(Thumbprint::Sha1([nth as u8; 20])));
            pools.client(&request, "host").unwrap();
            made.load(Ordering::Relaxed)
        };
        assert_eq!((ask(0), ask(0), ask(1), ask(0)), (2, 2, 3, 3));
        // The one that was asked for last stays, the one before it goes.
        (2..=MAX_SETUPS).for_each(|nth| _ = ask(nth));
        let before = made.load(Ordering::Relaxed);
        assert_eq!((ask(0), ask(1)), (before, before + 1));
    }

    #[test]
    fn without_a_runtime_there_is_an_error_and_no_panic() {
        let error = pools(&Arc::default()).client(&request(false), "host").unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Request);
    }
}
