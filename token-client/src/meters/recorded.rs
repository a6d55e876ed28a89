//! Counters, histograms and gauges of a client.

use std::time::{Duration, SystemTime};

use credential_core::chain::Outcome;
use credential_core::{CredentialChain, World};
use metrics::{Counter, Label, SharedString, counter, gauge, histogram};

use super::bounded::Values;
use super::{Began, Reason, http};
use crate::store::StoreErrorKind;
use crate::{AccessToken, TokenError, TokenOrigin};

static CODES: Values = Values::new();

/// The meters of one client. Those of the cached path are looked up once, when the client is made.
pub(crate) struct Meters {
    section: SharedString,
    hits_for_app: Counter,
    hits_for_user: Counter,
}

impl Meters {
    /// Those of the client of that section.
    pub(crate) fn of(section: &str) -> Self {
        let section: SharedString = section.to_owned().into();
        let hits = |kind: &'static str| {
            let section = section.clone();
            counter!("token_client.success", "section" => section, "token.kind" => kind, "token.source" => "cache", "reason" => "none")
        };
        let (hits_for_app, hits_for_user) = (hits("app"), hits("user"));
        Self { section, hits_for_app, hits_for_user }
    }

    /// A token was at hand.
    pub(crate) fn hit(&self, for_app: bool) {
        if for_app { self.hits_for_app.increment(1) } else { self.hits_for_user.increment(1) }
    }

    /// What an exchange began with.
    pub(crate) fn begin(&self, began: impl FnOnce() -> Began) -> Began {
        began()
    }

    /// An exchange has ended, or a look at what is shared has spared it.
    pub(crate) fn ended(&self, began: Began, result: &Result<AccessToken, TokenError>, took: Duration, world: &World) {
        let kind = if began.for_app { "app" } else { "user" };
        let reason = match began.reason {
            Reason::Missing => "missing",
            Reason::Proactive => "proactive",
            Reason::Forced => "forced",
            Reason::Claims => "claims",
        };
        let mut labels = vec![Label::new("section", self.section.clone()), Label::new("token.kind", kind)];
        match result {
            Ok(token) => {
                let source = match TokenOrigin::of_exchange(token) {
                    TokenOrigin::SharedCache => "shared_cache",
                    _ => "authority",
                };
                labels.push(Label::new("token.source", source));
                histogram!("token_client.duration", labels.clone()).record(took.as_secs_f64());
                let left = token.expires_on().duration_since(world.clock.now()).unwrap_or_default();
                histogram!("token_client.token.remaining_lifetime", labels.clone()).record(left.as_secs_f64());
                labels.push(Label::new("reason", reason));
                counter!("token_client.success", labels).increment(1);
            }
            Err(error) => {
                histogram!("token_client.duration", labels.clone()).record(took.as_secs_f64());
                labels.push(Label::new("reason", reason));
                labels.push(Label::new("error.type", error.kind().as_str()));
                let code = error.authority().and_then(|said| said.error_codes.first());
                let code = code.map_or("".into(), |code| CODES.bound(code.to_string()));
                labels.push(Label::new("error.code", code));
                counter!("token_client.failure", labels).increment(1);
            }
        }
        self.attempts(result);
    }

    /// The credentials that failed or were refused on the way.
    fn attempts(&self, result: &Result<AccessToken, TokenError>) {
        let attempts = match result {
            Ok(token) => token.attempts(),
            Err(error) => error.attempts(),
        };
        for attempt in attempts {
            let outcome = match &attempt.outcome {
                Outcome::Failed(_) => "failed",
                Outcome::Rejected(_) => "rejected",
                _ => continue,
            };
            counter!(
                "token_client.credential.failures",
                "section" => self.section.clone(),
                "entry" => attempt.index.to_string(),
                "credential.type" => attempt.source_type.as_str().to_owned(),
                "outcome" => outcome,
            )
            .increment(1);
        }
    }

    /// Which entry is in use, and when each credential ends.
    pub(crate) fn credentials(&self, chain: &CredentialChain) {
        let section = || self.section.clone();
        for entry in chain.status() {
            let (index, source) = (entry.index.to_string(), entry.source_type.as_str().to_owned());
            gauge!("token_client.credential.in_use", "section" => section(), "entry" => index.clone(), "credential.type" => source.clone())
                .set(if entry.in_use { 1.0 } else { 0.0 });
            let end = entry.credential.as_ref().and_then(|credential| credential.expires_on());
            if let Some(end) = end.and_then(|end| end.duration_since(SystemTime::UNIX_EPOCH).ok()) {
                gauge!("token_client.credential.expires_on", "section" => section(), "entry" => index, "credential.type" => source)
                    .set(end.as_secs_f64());
            }
        }
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meters").field("section", &self.section).finish_non_exhaustive()
    }
}

/// A command of a shared cache's store has ended.
pub(crate) fn store_command(operation: &'static str, failed: Option<StoreErrorKind>, took: Duration) {
    let error = match failed {
        None => "",
        Some(StoreErrorKind::Unreachable) => "unreachable",
        Some(StoreErrorKind::Refused) => "refused",
        Some(StoreErrorKind::Foreign) => "foreign",
    };
    histogram!("token_client.shared_cache.duration", "operation" => operation, "error.type" => error)
        .record(took.as_secs_f64());
}

/// The world with an HTTP client whose requests are timed.
pub(crate) fn timed(world: World) -> World {
    http::timed(world)
}
