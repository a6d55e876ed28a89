//! Sources and an authority that follow a script.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::chain::{Accepted, Attempt, Candidate, ChainError, Search, Verdict};
use credential_core::source::LoadReason;
use credential_core::testing::{FakeWorld, FixedSource};
use credential_core::*;

/// A source whose loads follow a script; the last step repeats.
#[derive(Debug, Clone)]
pub(crate) struct Scripted(pub(crate) Arc<Script>);

#[derive(Debug)]
pub(crate) struct Script {
    name: &'static str,
    steps: Mutex<VecDeque<Step>>,
    loads: AtomicUsize,
    pub(crate) reasons: Mutex<Vec<LoadReason>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Secret(&'static str),
    Fail(SourceErrorKind),
    FailLocally,
    After(Duration, &'static str),
    Never,
}

impl Scripted {
    pub(crate) fn new(name: &'static str, steps: &[Step]) -> Self {
        let steps = Mutex::new(steps.iter().cloned().collect());
        Self(Arc::new(Script { name, steps, loads: AtomicUsize::new(0), reasons: Mutex::default() }))
    }

    /// Brings it into a registry; the script goes on here.
    pub(crate) fn source(&self) -> FixedSource {
        FixedSource::loaded_by(self.0.name, Arc::new(self.clone()))
    }

    pub(crate) fn loads(&self) -> usize {
        self.0.loads.load(Ordering::SeqCst)
    }

    pub(crate) fn then(&self, steps: &[Step]) {
        *self.0.steps.lock().unwrap() = steps.iter().cloned().collect();
    }
}

#[async_trait]
impl CredentialLoader for Scripted {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        self.0.reasons.lock().unwrap().push(request.reason);
        let step = {
            let mut steps = self.0.steps.lock().unwrap();
            if steps.len() > 1 { steps.pop_front() } else { steps.front().cloned() }
        };
        match step.unwrap() {
            Step::Secret(secret) => Ok(Credential::secret(self.0.name, secret)),
            Step::Fail(kind) => Err(SourceError::new(kind, "scripted", "it fails")),
            Step::FailLocally => Err(SourceError::not_applicable("scripted", "not here").settled_locally()),
            Step::After(wait, secret) => {
                let clock = &request.world.clock;
                clock.sleep_until(clock.moment().after(wait)).await;
                Ok(Credential::secret(self.0.name, secret))
            }
            Step::Never => std::future::pending().await,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refused(pub(crate) &'static str);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.0)
    }
}

impl std::error::Error for Refused {}

/// An authority that knows which secrets it accepts, and counts what it is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Authority(Arc<Mutex<Asked>>);

#[derive(Debug, Default)]
struct Asked {
    accepted: Vec<&'static str>,
    special: HashMap<&'static str, Verdict<String, Refused>>,
    /// By authority and secret.
    at: HashMap<(&'static str, &'static str), Verdict<String, Refused>>,
    seen: Vec<String>,
}

impl Authority {
    pub(crate) fn accepting(secrets: &[&'static str]) -> Self {
        let authority = Self::default();
        authority.accept(secrets);
        authority
    }

    pub(crate) fn accept(&self, secrets: &[&'static str]) {
        self.0.lock().unwrap().accepted = secrets.to_vec();
    }

    pub(crate) fn answer(&self, secret: &'static str, verdict: Verdict<String, Refused>) {
        self.0.lock().unwrap().special.insert(secret, verdict);
    }

    pub(crate) fn seen(&self) -> Vec<String> {
        self.0.lock().unwrap().seen.clone()
    }

    /// That authority alone answers so.
    pub(crate) fn answer_at(&self, authority: &'static str, secret: &'static str, verdict: Verdict<String, Refused>) {
        self.0.lock().unwrap().at.insert((authority, secret), verdict);
    }

    fn verdict(&self, candidate: &Candidate, authority: &str) -> Verdict<String, Refused> {
        let Credential::Secret(secret) = &candidate.credential else { panic!("a secret") };
        let secret = secret.value().expose();
        let mut asked = self.0.lock().unwrap();
        asked.seen.push(secret.to_owned());
        let here = asked.at.iter().find(|((at, of), _)| *at == authority && *of == secret).map(|(_, verdict)| verdict);
        match here.or_else(|| asked.special.get(secret)) {
            Some(Verdict::Accept(_)) | None if asked.accepted.contains(&secret) => Verdict::Accept(secret.to_owned()),
            Some(Verdict::Stop(error)) => Verdict::Stop(error.clone()),
            Some(Verdict::NextInDoubt(error)) => Verdict::NextInDoubt(error.clone()),
            Some(Verdict::Invalid(error)) => Verdict::Invalid(error.clone()),
            Some(Verdict::Unusable(_)) => Verdict::Unusable(SourceError::transient("scripted", "the signer is away")),
            _ => Verdict::Next(Refused("wrong secret")),
        }
    }
}

pub(crate) struct Setup {
    pub(crate) world: FakeWorld,
    pub(crate) chain: CredentialChain,
    pub(crate) authority: Authority,
}

pub(crate) fn setup(sources: &[&Scripted], authority: &Authority) -> Setup {
    let world = FakeWorld::new();
    let mut registry = SourceRegistry::new();
    let mut entries = Vec::new();
    for source in sources {
        registry.register(Arc::new(source.source()));
        entries.push(CredentialDescription::new(source.0.name));
    }
    let chain = registry.bind(entries, world.world()).unwrap();
    Setup { world, chain, authority: authority.clone() }
}

impl Setup {
    pub(crate) async fn exchange(&self) -> Result<Accepted<String>, ChainError<Refused>> {
        self.exchange_within(Duration::from_secs(30)).await
    }

    pub(crate) async fn exchange_within(&self, time: Duration) -> Result<Accepted<String>, ChainError<Refused>> {
        self.search("https://login.example/t", time, false).await
    }

    pub(crate) async fn exchange_at(&self, authority: &str) -> Result<Accepted<String>, ChainError<Refused>> {
        self.search(authority, Duration::from_secs(30), false).await
    }

    pub(crate) async fn exchange_anew(&self) -> Result<Accepted<String>, ChainError<Refused>> {
        self.search("https://login.example/t", Duration::from_secs(30), true).await
    }

    async fn search(
        &self,
        authority: &str,
        time: Duration,
        anew: bool,
    ) -> Result<Accepted<String>, ChainError<Refused>> {
        let (asked, at) = (self.authority.clone(), authority.to_owned());
        let deadline = self.chain.world().clock.moment().after(time);
        self.chain
            .first_accepted(Search::new(authority, deadline).anew(anew), move |candidate| {
                let verdict = asked.verdict(&candidate, &at);
                async move {
                    // As over a socket: whoever else is ready goes first.
                    tokio::task::yield_now().await;
                    verdict
                }
            })
            .await
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.world.clock.advance(by);
    }
}

/// Lets every other task go on as far as it can.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn statuses(attempts: &[Attempt]) -> Vec<(usize, &'static str)> {
    attempts.iter().map(|attempt| (attempt.index, attempt.status())).collect()
}
