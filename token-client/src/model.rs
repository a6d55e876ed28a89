//! Breaker and gate as a model checker runs them, in every order of steps that it tries: `tests/model` says how.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a model says what must hold by panicking")]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::World;
use credential_core::world::{Clock, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, Moment};
use shuttle::rand::Rng;
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use shuttle::{check_random, future, thread};

use crate::exchange::ExchangeError;
use crate::token::breaker::{Breaker, Failure, Leave, Probe};
use crate::token::gate::{Gate, Gates};
use crate::token::hosts::Hosts;

const RUNS: usize = 5_000;

/// Time that goes on when somebody says so, and in which nobody sleeps.
#[derive(Debug, Default)]
struct Steps(AtomicU64);

impl Steps {
    fn on(&self, by: Duration) -> Moment {
        self.0.fetch_add(by.as_millis() as u64, Ordering::SeqCst);
        self.moment()
    }
}

#[async_trait]
impl Clock for Steps {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn moment(&self) -> Moment {
        Moment::since_start(Duration::from_millis(self.0.load(Ordering::SeqCst)))
    }

    async fn sleep_until(&self, _: Moment) {
        std::future::pending().await
    }
}

#[derive(Debug)]
struct NoHttp;

#[async_trait]
impl HttpClient for NoHttp {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
        Err(HttpError::new(HttpErrorKind::Connect, "nobody is asked"))
    }
}

fn refused() -> ExchangeError {
    ExchangeError::Http(HttpError::new(HttpErrorKind::Connect, "refused"), Vec::new())
}

/// A breaker, whose callers are watched.
#[derive(Default)]
struct Watched {
    breaker: Breaker,
    clock: Steps,
    /// Answers that said that all is well, and those of them that the breaker has heard of.
    successes: AtomicUsize,
    heard: AtomicUsize,
    /// Those who look whether it is well again, and the answers that the breaker had heard of before them.
    looking: Mutex<Vec<(Probe, usize)>>,
}

impl Watched {
    /// Asks, and ends in one of the ways that there are.
    fn ask(&self) {
        let before = self.heard.load(Ordering::SeqCst);
        let Ok(leave) = self.breaker.enter(self.clock.on(Duration::from_secs(5))) else { return };
        if let Some(probe) = leave.probe() {
            let mut looking = self.looking.lock().unwrap();
            let now = self.successes.load(Ordering::SeqCst);
            assert!(looking.iter().all(|(_, before)| *before < now), "two look at a time");
            looking.push((probe, before));
        }
        thread::yield_now();
        if let Some(own) = leave.probe() {
            self.looking.lock().unwrap().retain(|(probe, _)| *probe != own);
        }
        self.end(leave);
    }

    fn end(&self, leave: Leave) {
        match shuttle::rand::thread_rng().gen_range(0..8) {
            0 => {
                self.successes.fetch_add(1, Ordering::SeqCst);
                self.breaker.succeeded(leave);
                self.heard.fetch_add(1, Ordering::SeqCst);
            }
            1 => self.breaker.abandoned(leave),
            _ => {
                let failure = Failure { error: &refused(), of: None, asked: Duration::ZERO, jitter: 1.0 };
                self.breaker.failed(leave, failure, self.clock.moment());
            }
        }
    }
}

/// Callers that ask, and fail, succeed or leave, while time goes on: unless the host was well in between, one at a time
/// looks whether it is well again, and in the end somebody may ask.
pub fn one_looks_at_a_time() {
    check_random(
        || {
            let watched = Arc::<Watched>::default();
            let callers: Vec<_> = (0..5)
                .map(|_| {
                    let watched = Arc::clone(&watched);
                    thread::spawn(move || (0..4).for_each(|_| watched.ask()))
                })
                .collect();
            callers.into_iter().for_each(|caller| caller.join().unwrap());
            let now = watched.clock.on(Duration::from_secs(60));
            assert!(watched.breaker.enter(now).is_ok(), "nobody may ask ever again");
        },
        RUNS,
    );
}

/// A host with room for so many.
const ROOM: usize = 4;

struct Scene {
    gates: Gates,
    world: World,
    clock: Arc<Steps>,
    under_way: AtomicUsize,
}

impl Scene {
    fn new() -> Arc<Self> {
        let clock = Arc::<Steps>::default();
        let world = World::new(Arc::new(NoHttp)).with_clock(Arc::clone(&clock) as _);
        let gates = Gates::new(Arc::<Hosts>::default(), ROOM);
        Arc::new(Self { gates, world, clock, under_way: AtomicUsize::new(0) })
    }

    fn gate(&self, tenant: usize) -> Gate {
        let authority = format!("https://login.example/{tenant}");
        self.gates.to(&format!("{authority}/token"), &authority)
    }

    async fn ask(&self, tenant: usize) {
        let gate = self.gate(tenant);
        let Ok(passage) = gate.pass(self.clock.on(Duration::from_secs(5)), &self.world).await else { return };
        let under_way = Counted::new(&self.under_way);
        assert!(under_way.0.load(Ordering::SeqCst) <= ROOM, "more than there is room for");
        future::yield_now().await;
        drop(under_way);
        let result = match shuttle::rand::thread_rng().gen_range(0..3) {
            0 => Ok(()),
            1 => Err(refused()),
            _ => return,
        };
        passage.ended(&result, &self.world);
    }
}

/// One of those under way, until it is dropped.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Requests of some tenants, of which callers leave at any step: never more are under way than there is room for, and
/// in the end all of the room is there again, for one whose time has come.
pub fn room_is_never_lost() {
    check_random(
        || {
            let scene = Scene::new();
            let tasks: Vec<_> = (0..7)
                .map(|nth| {
                    let scene = Arc::clone(&scene);
                    future::spawn(async move { scene.ask(nth % 3).await })
                })
                .collect();
            thread::yield_now();
            for (nth, task) in tasks.into_iter().enumerate() {
                if nth % 3 == 0 {
                    task.abort();
                } else {
                    future::block_on(task).unwrap();
                }
            }
            // Those who were told to leave have done so when they are polled once more.
            while scene.under_way.load(Ordering::SeqCst) > 0 {
                thread::yield_now();
            }
            future::block_on(async {
                // One asks first, since an unwell host lets in one at a time.
                let gate = scene.gate(0);
                let far = Duration::from_secs(120);
                let one = gate.pass(scene.clock.on(far), &scene.world).await;
                one.unwrap_or_else(|error| panic!("nobody may ask ever again: {error:?}")).ended(&Ok(()), &scene.world);
                let mut all = Vec::new();
                for nth in 0..ROOM {
                    let passage = scene.gate(10 + nth).pass(scene.clock.on(far), &scene.world).await;
                    all.push(passage.unwrap_or_else(|error| panic!("{error:?}")));
                }
            });
        },
        RUNS,
    );
}
