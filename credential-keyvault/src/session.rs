//! One piece of work with a vault, from its start to its deadline: a load, or a signature.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use credential_core::retry::Retries;
use credential_core::source::Application;
use credential_core::text::moves_terminal;
use credential_core::world::{HttpErrorKind, HttpRequest, HttpResponse, Moment};
use credential_core::{SourceError, World};

use crate::endpoint::unreachable;
use crate::identity::memory::Memory;
use crate::identity::program::ProgramCredential;
use crate::lock::lock;
use crate::plan::Plan;
use crate::settings::URL;
use crate::watch::Watch;

/// After what a request is sent again. A shorter list than the SDK's, so that the next credential of a list has its
/// turn within the chain's grace; a server that asks for more is not asked again in the same piece of work, and the
/// caller learns the time.
const RETRIES: Retries = Retries::new(
    |status| if matches!(status, 408 | 429 | 500 | 502 | 503 | 504) { PAUSES } else { &[] },
    |failure| if matches!(failure, HttpErrorKind::Connect | HttpErrorKind::Broken) { PAUSES } else { &[] },
)
.at_most(Duration::from_secs(2))
.spread();
pub(crate) const PAUSES: &[Duration] = &[Duration::from_millis(400), Duration::from_millis(1200)];

/// The longest that one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// The largest answer that is read: a secret has at most 25 kB, a page of versions far less than this.
pub(crate) const MAX_ANSWER: u64 = 512 * 1024;

/// What stays the same between the pieces of work of one entry.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) plan: Arc<Plan>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) watch: Arc<Watch>,
    /// What the program hands over to read vaults with.
    pub(crate) credential: Option<ProgramCredential>,
}

impl Context {
    pub(crate) fn new(plan: Plan, credential: Option<ProgramCredential>) -> Self {
        Self { plan: Arc::new(plan), memory: Arc::default(), watch: Arc::default(), credential }
    }
}

/// One piece of work.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) context: Context,
    pub(crate) application: Arc<Application>,
    world: World,
    pub(crate) deadline: Moment,
    /// Whether a request that fails may be sent again.
    pub(crate) patient: bool,
    failure: Mutex<Option<SourceError>>,
    doing: Mutex<String>,
}

impl Session {
    pub(crate) fn new(
        context: &Context,
        application: &Arc<Application>,
        world: &World,
        deadline: Moment,
        patient: bool,
    ) -> Arc<Self> {
        let (context, application, world) = (context.clone(), Arc::clone(application), world.clone());
        let (failure, doing) = (Mutex::default(), Mutex::default());
        Arc::new(Self { context, application, world, deadline, patient, failure, doing })
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.context.plan
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.context.memory
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.context.watch
    }

    /// What a variable says, if anything.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.world.environment.text(name)
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.since(self.world().clock.moment())
    }

    /// Keeps an error on its way through the SDK, whose own errors carry text alone.
    pub(crate) fn fail(&self, error: SourceError) {
        lock(&self.failure).get_or_insert(error);
    }

    /// The error that was kept.
    pub(crate) fn failed(&self) -> Option<SourceError> {
        lock(&self.failure).take()
    }

    /// Says what is being waited for, for the message when the deadline passes.
    pub(crate) fn doing(&self, what: impl Into<String>) {
        *lock(&self.doing) = what.into();
    }

    /// Runs the work until the deadline.
    pub(crate) async fn until_deadline<T>(
        &self,
        work: impl Future<Output = Result<T, SourceError>>,
    ) -> Result<T, SourceError> {
        let limit = self.remaining();
        tokio::select! {
            biased;
            result = work => result,
            () = self.world().clock.sleep_until(self.deadline) => {
                let doing = lock(&self.doing).clone();
                let error = SourceError::transient("vault-timeout", format!("no answer within {limit:?} while {doing}"))
                    .remedy("check the way to the vault (firewall, private endpoint, DNS); it is tried again");
                Err(at_vault(error))
            }
        }
    }

    /// Sends a request, and again while that may help and there is time.
    ///
    /// # Errors
    /// When there was no answer. An answer of any status is one.
    pub(crate) async fn send(&self, request: HttpRequest, vault: &str) -> Result<HttpResponse, SourceError> {
        let retries = if self.patient { &RETRIES } else { &Retries::NONE };
        let request = request.max_response(MAX_ANSWER);
        let limit = REQUEST_TIMEOUT.min(request.timeout);
        let sent = self.world.send_patiently(request.timeout(limit), retries, self.deadline).await;
        sent.map_err(|error| unreachable(vault, error))
    }
}

/// An error that names no setting is about the vault.
pub(crate) fn at_vault(error: SourceError) -> SourceError {
    if error.setting().is_some() || error.path().is_some() { error } else { error.about(URL) }
}

impl Session {
    /// A server's text as it may be shown: one line, no longer than `max`, and without our token,
    /// which a server could send back.
    pub(crate) fn shown(&self, text: &str, max: usize) -> String {
        let token = self.memory().token(std::time::SystemTime::UNIX_EPOCH).map(|token| token.value);
        let token = token.filter(|token| !token.is_empty());
        let clean = token.map_or_else(|| text.to_owned(), |token| text.replace(token.expose(), "***"));
        let line: String = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut shown: String = line.chars().filter(|one| !moves_terminal(*one)).take(max).collect();
        if line.chars().count() > max {
            shown.push('…');
        }
        shown
    }
}
