//! A shared cache at work: a look before an exchange, one exchange for all processes, a write after it. Whatever the
//! store does, a call goes on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use credential_core::guard::{Unanswered, bounded};
use credential_core::text::printable;
use credential_core::world::Moment;
use credential_core::{Finding, World};

use super::breaker::Breaker;
use super::envelope::{self, Unopened};
use super::shared_key::SharedKey;
use super::value::{self, SharedToken};
use super::{SharedCache, StoreError, StoreErrorKind};
use crate::AccessToken;
use crate::meters::store_command;

/// How long a process holds the right to ask the authority; it lapses with a process that dies.
const LOCK_LIFE: Duration = Duration::from_secs(5);
/// How long the others wait for what that process gets, before they ask the authority themselves.
const WAIT: Duration = Duration::from_secs(2);
/// How often they look meanwhile.
const LOOK: Duration = Duration::from_millis(50);
/// The most bytes that a shared value has.
const MAX_VALUE: usize = 512 * 1024;
/// A token that lives no longer is not worth sharing.
const MIN_LIFE: Duration = Duration::from_secs(5);
/// The part of a token's life that the value may end earlier, so that those of one moment do not end together.
const EARLIER: f64 = 0.05;
/// A write that failed is tried once more when the store is left alone no longer than this.
const SHORT_PAUSE: Duration = Duration::from_millis(500);
/// The most characters of a store's words that a message shows.
const MAX_SHOWN: usize = 200;

/// Stable; programs compare them.
pub(crate) const UNREACHABLE: &str = "shared-cache-unreachable";
pub(crate) const REFUSED: &str = "shared-cache-refused";
pub(crate) const UNREADABLE: &str = "shared-token-unreadable";
pub(crate) const ENDED: &str = "shared-token-ended";

/// A shared cache in a world, and what is known of its store.
#[derive(Debug)]
pub(crate) struct Sharing {
    cache: SharedCache,
    world: World,
    reached: Breaker,
    reads: Breaker,
    writes: Breaker,
    locks: Breaker,
    last: Mutex<Option<(SystemTime, Finding)>>,
}

/// What there is for a key.
pub(crate) enum Found {
    /// Another process has it.
    Token(SharedToken),
    /// The authority is to be asked.
    Ask(Turn),
}

/// Whoever asks the authority, and shares what it gives. Dropping it lets the next one ask.
pub(crate) struct Turn {
    sharing: Arc<Sharing>,
    key: Arc<SharedKey>,
    holder: Option<String>,
}

enum Lock {
    Taken,
    Held,
    /// The store does not say.
    Unknown,
}

/// What a command of the store is about.
#[derive(Clone, Copy)]
enum Kind {
    Read,
    Write,
    Lock,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Lock => "lock",
        }
    }
}

impl Sharing {
    pub(crate) fn new(cache: SharedCache, world: World) -> Self {
        let (reached, reads, writes, locks) = Default::default();
        Self { cache, world, reached, reads, writes, locks, last: Mutex::default() }
    }

    /// Whether a token is shared: an application's own, or a user's too.
    pub(crate) fn takes(&self, is_for_app: bool) -> bool {
        is_for_app || self.cache.of_users
    }

    /// A turn to ask at once, whatever is shared.
    pub(crate) fn turn(self: &Arc<Self>, key: SharedKey) -> Turn {
        Turn { sharing: Arc::clone(self), key: Arc::new(key), holder: None }
    }

    /// A shared token that is fit, or the turn to ask the authority. Waits for another process that asks, `patience`
    /// at the most and never long.
    pub(crate) async fn find(
        self: &Arc<Self>,
        key: SharedKey,
        patience: Duration,
        fit: impl Fn(&SharedToken) -> bool,
    ) -> Found {
        let mut turn = self.turn(key);
        if let Some(token) = self.look(&turn.key, &fit).await {
            return Found::Token(token);
        }
        let (clock, holder) = (&self.world.clock, self.world.uuid());
        let give_up = clock.moment().after(WAIT.min(patience));
        loop {
            match self.lock(&turn.key, &holder).await {
                Lock::Unknown => return Found::Ask(turn),
                Lock::Taken => turn.holder = Some(holder.clone()),
                Lock::Held if clock.moment() >= give_up => return Found::Ask(turn),
                Lock::Held => {
                    let next = clock.moment().after(LOOK.mul_f64(0.5 + self.world.jitter()));
                    clock.sleep_until(next.min(give_up)).await;
                }
            }
            // Whoever had the lock before may have shared a token since.
            if let Some(token) = self.look(&turn.key, &fit).await {
                return Found::Token(token);
            }
            if turn.holder.is_some() {
                return Found::Ask(turn);
            }
        }
    }

    /// A shared token that is fit, by any of the keys.
    async fn look(&self, key: &SharedKey, fit: &impl Fn(&SharedToken) -> bool) -> Option<SharedToken> {
        for sealing in self.cache.keys.iter() {
            let name = key.name(sealing, &self.cache.prefix);
            let sealed = self.command(Kind::Read, || self.cache.store.get(&name)).await?;
            let Some(sealed) = sealed else { continue };
            match self.open(key, &sealed) {
                Ok(token) if fit(&token) => return Some(token),
                Ok(_) => {}
                Err(finding) => self.found(*finding),
            }
        }
        None
    }

    fn open(&self, key: &SharedKey, sealed: &[u8]) -> Result<SharedToken, Box<Finding>> {
        let unreadable = |why: &str, remedy: &'static str| {
            Box::new(Finding::warning(UNREADABLE, format!("a shared token is not valid: {why}")).remedy(remedy))
        };
        let look = "look for who else writes to the store under this prefix";
        if sealed.len() > MAX_VALUE {
            return Err(unreadable("it is larger than any token", look));
        }
        let opened = envelope::open(&self.cache.keys, key.context(), sealed).map_err(|why| match why {
            Unopened::Foreign => unreadable("no token of this crate stands there", look),
            Unopened::Changed => unreadable("it was changed, cut short or copied from elsewhere", look),
            Unopened::UnknownKey => {
                unreadable("its sealing key is unknown here", "add that key behind the first one in every process")
            }
        })?;
        let now = self.world.clock.now();
        let token = value::read(&opened, now).ok_or_else(|| unreadable("it holds no token", look))?;
        if token.expires_on <= now {
            let ended = Finding::warning(ENDED, "a shared token has ended, and the store still gives it");
            return Err(Box::new(ended.remedy("compare the clocks of this machine and of the store")));
        }
        Ok(token)
    }

    async fn lock(&self, key: &SharedKey, holder: &str) -> Lock {
        let Some(sealing) = self.cache.keys.first() else { return Lock::Unknown };
        let name = key.lock_name(sealing, &self.cache.prefix);
        match self.command(Kind::Lock, || self.cache.store.lock(&name, holder, LOCK_LIFE)).await {
            Some(true) => Lock::Taken,
            Some(false) => Lock::Held,
            None => Lock::Unknown,
        }
    }

    async fn unlock(&self, key: &SharedKey, holder: &str) {
        let Some(sealing) = self.cache.keys.first() else { return };
        let name = key.lock_name(sealing, &self.cache.prefix);
        self.command(Kind::Lock, || self.cache.store.unlock(&name, holder)).await;
    }

    async fn keep(&self, key: &SharedKey, token: &AccessToken) {
        let left = token.expires_on().duration_since(self.world.clock.now()).unwrap_or_default();
        let Some(sealing) = self.cache.keys.first().filter(|_| left >= MIN_LIFE) else { return };
        let Some(sealed) =
            value::write(token).and_then(|value| envelope::seal(&self.cache.keys, key.context(), &value))
        else {
            return;
        };
        if sealed.len() <= MAX_VALUE {
            let life = left.mul_f64(1.0 - EARLIER * self.world.jitter());
            let name = key.name(sealing, &self.cache.prefix);
            let write = || self.command(Kind::Write, || self.cache.store.set(&name, sealed.clone(), life));
            if write().await.is_none() && self.short_pause().await {
                write().await;
            }
        }
    }

    /// Waits until a store is tried again that is left alone for a moment only, as after a connection that took long
    /// to come about; gives whether it is.
    async fn short_pause(&self) -> bool {
        let now = self.world.clock.moment();
        let Some(wait) = self.reached.left_alone(now).filter(|wait| *wait <= SHORT_PAUSE) else { return false };
        self.world.clock.sleep_until(now.after(wait)).await;
        true
    }

    /// Runs one command of the store within its bound, unless it is left alone. Its panic and its silence are as
    /// if it could not be reached.
    async fn command<T, F>(&self, kind: Kind, run: impl FnOnce() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let own = match kind {
            Kind::Read => &self.reads,
            Kind::Write => &self.writes,
            Kind::Lock => &self.locks,
        };
        let clock = &self.world.clock;
        let start = clock.moment();
        let (reached, own) = (self.reached.pass(start)?, own.pass(start)?);
        let late = || StoreError::unreachable(format!("no answer within {} ms", self.cache.timeout.as_millis()));
        let answer = match bounded(&**clock, start.after(self.cache.timeout), run).await {
            Ok(answer) => answer,
            Err(Unanswered::Panicked) => Err(StoreError::unreachable("its code panicked")),
            Err(_) => Err(late()),
        };
        let (now, jitter) = (clock.moment(), self.world.jitter());
        store_command(kind.name(), answer.as_ref().err().map(StoreError::kind), now.since(start));
        let error = match answer {
            Ok(value) => {
                if reached.worked() | own.worked() {
                    tracing::info!("the shared token cache works again");
                }
                return Some(value);
            }
            Err(error) => error,
        };
        let (code, wait) = match error.kind() {
            StoreErrorKind::Unreachable => (UNREACHABLE, reached.failed(now, jitter)),
            StoreErrorKind::Refused => {
                reached.worked();
                (REFUSED, own.failed(now, jitter))
            }
            StoreErrorKind::Foreign => {
                reached.worked();
                own.worked();
                (UNREADABLE, Some(Duration::ZERO))
            }
        };
        if let Some(wait) = wait {
            self.found(failure(code, kind, &error, wait));
        }
        None
    }

    fn found(&self, finding: Finding) {
        tracing::warn!(code = finding.code, "{finding}");
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((self.world.clock.now(), finding));
    }
}

fn failure(code: &'static str, kind: Kind, error: &StoreError, wait: Duration) -> Finding {
    let what = match kind {
        Kind::Read => "read from",
        Kind::Write => "written to",
        Kind::Lock => "locked in",
    };
    let said = printable(&error.to_string(), MAX_SHOWN);
    let alone = match wait.is_zero() {
        true => String::new(),
        false => format!("; left alone for {} ms", wait.as_millis()),
    };
    let message = format!("a token could not be {what} the shared cache: {said}{alone}");
    let finding = Finding::warning(code, message);
    match code {
        UNREACHABLE => {
            finding.remedy("look at the store and at the network between; calls ask the authority meanwhile")
        }
        _ => finding.remedy("look at what the store allows this user to do, and at its memory"),
    }
}

impl Turn {
    /// Shares the token behind the caller's back, and lets the next one look.
    pub(crate) fn keep(mut self, token: &AccessToken) {
        let (sharing, key, holder, token) =
            (Arc::clone(&self.sharing), Arc::clone(&self.key), self.holder.take(), token.clone());
        self.sharing.world.tasks.spawn(Box::pin(async move {
            sharing.keep(&key, &token).await;
            if let Some(holder) = holder {
                sharing.unlock(&key, &holder).await;
            }
        }));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(holder) = self.holder.take() else { return };
        let (sharing, key) = (Arc::clone(&self.sharing), Arc::clone(&self.key));
        self.sharing.world.tasks.spawn(Box::pin(async move { sharing.unlock(&key, &holder).await }));
    }
}

/// What is known of a shared cache's store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedCacheStatus {
    /// Until when nothing is asked of it, since it cannot be reached.
    pub left_alone_until: Option<SystemTime>,
    /// Until when nothing is read, since it refused that.
    pub reads_left_alone_until: Option<SystemTime>,
    /// Until when nothing is written, since it refused that.
    pub writes_left_alone_until: Option<SystemTime>,
    /// What was found last, and when: it may be mended since.
    pub last_finding: Option<(SystemTime, Finding)>,
}

impl SharedCacheStatus {
    /// Whether tokens are read and written.
    pub fn is_well(&self) -> bool {
        let until = [self.left_alone_until, self.reads_left_alone_until, self.writes_left_alone_until];
        until.iter().all(Option::is_none)
    }
}

impl Sharing {
    pub(crate) fn status(&self) -> SharedCacheStatus {
        let (now, moment): (SystemTime, Moment) = (self.world.clock.now(), self.world.clock.moment());
        let until = |breaker: &Breaker| breaker.left_alone(moment).and_then(|wait| now.checked_add(wait));
        SharedCacheStatus {
            left_alone_until: until(&self.reached),
            reads_left_alone_until: until(&self.reads),
            writes_left_alone_until: until(&self.writes),
            last_finding: self.last.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
