//! Managed identities: tokens from the host that a program runs on, kept while they are good, asked for once by
//! however many.

mod answer;
mod app_service;
mod asking;
mod azure_arc;
mod cloud_shell;
mod end;
mod heard;
mod host;
mod identity;
mod imds;
mod machine_learning;
mod service_fabric;
mod source;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::flight::{Flights, NoFlight};
use credential_core::guard::guarded;
use credential_core::tokens::{ProvidedToken, TokenFor, TokenProvider};
use credential_core::world::Moment;
use credential_core::{Secret, SourceError, World};

use answer::Token;
use asking::Asking;
use heard::Heard;
use identity::Identity;

pub use source::ManagedIdentityAssertionSource;

/// A token that ends sooner is asked for anew; the reference keeps none within 5 minutes of its end.
const MARGIN: Duration = Duration::from_secs(300);
/// The most that a host is waited for, whoever waits: the metadata service may be away for 70 s.
const PATIENCE: Duration = Duration::from_secs(75);
/// The most resources whose tokens are kept.
const MAX_KEPT: usize = 64;

/// One identity of the machine, and what is remembered of it. Clones share it.
#[derive(Clone, Debug)]
struct ManagedIdentity(Arc<Known>);

#[derive(Debug)]
struct Known {
    identity: Identity,
    /// The setting that says what tokens are for.
    resource_setting: &'static str,
    kept: Mutex<HashMap<Key, Token>>,
    flights: Flights<(Key, bool), Result<Token, SourceError>>,
    metadata_seen: AtomicBool,
    heard: Heard,
}

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    resource: String,
    capabilities: Vec<String>,
}

/// What a token is wanted for.
#[derive(Clone, Copy, Debug)]
struct Wanted<'a> {
    resource: &'a str,
    /// One that is kept will not do.
    fresh: bool,
    /// It is found out first whether a host is there at all.
    probe: bool,
    /// What was kept was refused, and the resource asks for more.
    with_claims: bool,
    /// What the caller can do, as the resource is told (`cp1`).
    capabilities: &'a [String],
    deadline: Moment,
    world: &'a World,
}

impl ManagedIdentity {
    fn new(identity: Identity, resource_setting: &'static str) -> Self {
        let (kept, flights) = (Mutex::default(), Flights::default());
        let (metadata_seen, heard) = (AtomicBool::default(), Heard::default());
        Self(Arc::new(Known { identity, resource_setting, kept, flights, metadata_seen, heard }))
    }

    fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// A token for the resource. When the host fails, one that has not ended yet will do.
    ///
    /// # Errors
    /// What became of the request to the host.
    async fn token(&self, wanted: Wanted<'_>) -> Result<Token, SourceError> {
        let Wanted { fresh, probe, with_claims, deadline, world, .. } = wanted;
        let known = &self.0;
        let key = Key { resource: wanted.resource.to_owned(), capabilities: wanted.capabilities.to_vec() };
        let kept = |margin| known.kept(&key, world.clock.now(), margin);
        let good = || if fresh || with_claims { None } else { kept(MARGIN).map(Ok) };
        // No flight for what is there already.
        if let Some(token) = good() {
            return token;
        }
        let work = || {
            let (known, key, world) = (Arc::clone(known), key.clone(), world.clone());
            let refused = with_claims.then(|| kept(Duration::ZERO)).flatten().map(|token| token.value);
            async move { known.ask(&key, refused.as_ref(), probe, &world).await }
        };
        let keep = {
            let (known, key) = (Arc::clone(known), key.clone());
            move |landed: &Result<Token, SourceError>| known.keep(&key, landed)
        };
        let landed = known.flights.fly(&(key.clone(), with_claims), world, deadline, good, work, keep).await;
        let error = match landed {
            Ok(Ok(token)) => return Ok(token),
            Ok(Err(error)) => error,
            Err(NoFlight::Late) => known.heard.last().unwrap_or_else(|| no_answer(NoFlight::Late)),
            Err(lost) => no_answer(lost),
        };
        match kept(Duration::ZERO).filter(|_| !fresh && !with_claims) {
            Some(token) => {
                tracing::warn!(error = %error, "a managed identity's token could not be renewed; it has not ended yet");
                Ok(token)
            }
            None => Err(error),
        }
    }
}

/// Its tokens for any resource, without an exchange. Tenant, authority, client and federated path are not the
/// machine's to choose: they count for nothing.
#[async_trait]
impl TokenProvider for ManagedIdentity {
    async fn token(&self, request: &TokenFor<'_>) -> Result<ProvidedToken, SourceError> {
        let wanted = Wanted {
            resource: request.scope.strip_suffix("/.default").unwrap_or(request.scope),
            fresh: request.fresh,
            probe: request.probe,
            with_claims: request.claims.is_some(),
            capabilities: request.capabilities,
            deadline: request.deadline,
            world: request.world,
        };
        // Leaves the flight at the deadline.
        let token = self.token(wanted).await?;
        Ok(ProvidedToken::new(token.value, token.expires_on))
    }
}

impl Known {
    async fn ask(&self, key: &Key, refused: Option<&Secret>, probe: bool, world: &World) -> Result<Token, SourceError> {
        let asked = guarded(|| async {
            let host = host::of_machine(world).await;
            let asking = Asking {
                identity: &self.identity,
                resource: &key.resource,
                resource_setting: self.resource_setting,
                capabilities: &key.capabilities,
                refused,
                probe,
                metadata_seen: &self.metadata_seen,
                heard: &self.heard,
                deadline: world.clock.moment().after(PATIENCE),
                world,
            };
            let answer = host.answer(&asking).await?;
            answer::read(&answer, host.name(), &asking)
        });
        let asked = asked.await;
        self.heard.forget();
        asked.unwrap_or_else(|panicked| {
            let message = format!("asking for a managed identity's token failed: {panicked}");
            Err(SourceError::transient("managed-identity-panicked", message)
                .remedy("report it with the panic's message"))
        })
    }

    fn kept(&self, key: &Key, now: SystemTime, margin: Duration) -> Option<Token> {
        let token = self.lock().get(key).cloned()?;
        now.checked_add(margin).is_some_and(|soon| token.expires_on > soon).then_some(token)
    }

    fn keep(&self, key: &Key, landed: &Result<Token, SourceError>) {
        let Ok(token) = landed else { return };
        let mut kept = self.lock();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(key.clone(), token.clone());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Token>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_answer(lost: NoFlight) -> SourceError {
    let message = match lost {
        NoFlight::Late => "asking for a managed identity's token timed out",
        _ => "asking for a managed identity's token was given up: the runtimes that did it have ended",
    };
    SourceError::transient("managed-identity-timeout", message)
        .remedy("check whether the platform's identity endpoint is well; it is asked again")
}
