//! Managed identities: tokens from the host that a program runs on, kept while they are good, asked for once by
//! however many.

mod answer;
mod app_service;
mod asking;
mod azure_arc;
mod cloud_shell;
mod end;
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

use credential_core::flight::{Flights, NoFlight};
use credential_core::guard::guarded;
use credential_core::world::Moment;
use credential_core::{SourceError, World};

use answer::Token;
use asking::Asking;
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
    /// By resource.
    kept: Mutex<HashMap<String, Token>>,
    flights: Flights<String, Result<Token, SourceError>>,
    metadata_seen: AtomicBool,
}

/// What a token is wanted for.
#[derive(Clone, Copy, Debug)]
struct Wanted<'a> {
    resource: &'a str,
    /// One that is kept will not do.
    fresh: bool,
    deadline: Moment,
    world: &'a World,
}

impl ManagedIdentity {
    fn new(identity: Identity) -> Self {
        let (kept, flights, metadata_seen) = (Mutex::default(), Flights::default(), AtomicBool::default());
        Self(Arc::new(Known { identity, kept, flights, metadata_seen }))
    }

    fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// A token for the resource. When the host fails, one that has not ended yet will do.
    ///
    /// # Errors
    /// What became of the request to the host.
    async fn token(&self, wanted: Wanted<'_>) -> Result<Token, SourceError> {
        let Wanted { resource, fresh, deadline, world } = wanted;
        let known = &self.0;
        let kept = |margin| known.kept(resource, world.clock.now(), margin);
        let good = || if fresh { None } else { kept(MARGIN).map(Ok) };
        // No flight for what is there already.
        if let Some(token) = good() {
            return token;
        }
        let work = || {
            let (known, resource, world) = (Arc::clone(known), resource.to_owned(), world.clone());
            async move { known.ask(&resource, &world).await }
        };
        let keep = {
            let (known, resource) = (Arc::clone(known), resource.to_owned());
            move |landed: &Result<Token, SourceError>| known.keep(&resource, landed)
        };
        let landed = known.flights.fly(&resource.to_owned(), world, deadline, good, work, keep).await;
        let error = match landed {
            Ok(Ok(token)) => return Ok(token),
            Ok(Err(error)) => error,
            Err(lost) => no_answer(lost),
        };
        match kept(Duration::ZERO).filter(|_| !fresh) {
            Some(token) => {
                tracing::warn!(error = %error, "a managed identity's token could not be renewed; it has not ended yet");
                Ok(token)
            }
            None => Err(error),
        }
    }
}

impl Known {
    async fn ask(&self, resource: &str, world: &World) -> Result<Token, SourceError> {
        let asked = guarded(|| async {
            let host = host::of_machine(world).await;
            let asking = Asking {
                identity: &self.identity,
                resource,
                metadata_seen: &self.metadata_seen,
                deadline: world.clock.moment().after(PATIENCE),
                world,
            };
            let answer = host.answer(&asking).await?;
            answer::read(&answer, host.name(), &self.identity, world.clock.now())
        });
        asked.await.unwrap_or_else(|panicked| {
            let message = format!("asking for a managed identity's token failed: {panicked}");
            Err(SourceError::transient("managed-identity-panicked", message)
                .remedy("report it with the panic's message"))
        })
    }

    fn kept(&self, resource: &str, now: SystemTime, margin: Duration) -> Option<Token> {
        let token = self.lock().get(resource).cloned()?;
        now.checked_add(margin).is_some_and(|soon| token.expires_on > soon).then_some(token)
    }

    fn keep(&self, resource: &str, landed: &Result<Token, SourceError>) {
        let Ok(token) = landed else { return };
        let mut kept = self.lock();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(resource.to_owned(), token.clone());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Token>> {
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
