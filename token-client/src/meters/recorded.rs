//! Counters, histograms and gauges of a client.

use std::time::{Duration, SystemTime};

use credential_core::chain::{EntryStatus, Outcome};
use credential_core::{CredentialChain, SourceType, World};
use metrics::{Counter, Gauge, Label, SharedString, counter, gauge, histogram};

use super::bounded::{OTHER, Values};
use super::{Began, Reason, http};
use crate::store::StoreErrorKind;
use crate::{AccessToken, TokenError, TokenOrigin};

static CODES: Values<String, SharedString> = Values::new();

/// Text of a label that is not copied with it.
fn shared(text: &str) -> SharedString {
    SharedString::from_shared(text.into())
}

/// What becomes of an entry that is of no use.
const FAILED: &str = "failed";
const REJECTED: &str = "rejected";

/// The meters of one client. Those of the cached path are looked up once, when the client is made.
pub(crate) struct Meters {
    section: SharedString,
    hits_for_app: Counter,
    hits_for_user: Counter,
}

impl Meters {
    /// Those of the client of that section and its credentials: what can be counted begins at 0, so that the first
    /// failure is an increase.
    pub(crate) fn of(section: &str, chain: &CredentialChain) -> Self {
        let section = shared(section);
        let hits = |kind: &'static str| {
            let section = section.clone();
            counter!("token_client.success", "section" => section, "token.kind" => kind, "token.source" => "cache", "reason" => "none")
        };
        let (hits_for_app, hits_for_user) = (hits("app"), hits("user"));
        let own = Self { section, hits_for_app, hits_for_user };
        for entry in chain.status() {
            for outcome in [FAILED, REJECTED] {
                own.failures(entry.index, &entry.source_type, outcome).increment(0);
            }
        }
        own.credentials(chain);
        own
    }

    fn failures(&self, entry: usize, source: &SourceType, outcome: &'static str) -> Counter {
        counter!(
            "token_client.credential.failures",
            "section" => self.section.clone(),
            "entry" => entry.to_string(),
            "credential.type" => source.as_str().to_owned(),
            "outcome" => outcome,
        )
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
                let code = code.map(ToString::to_string);
                let bound = |code: String| CODES.of(code.as_str(), || shared(&code)).unwrap_or(OTHER.into());
                let code = code.map_or(SharedString::const_str(""), bound);
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
                Outcome::Failed(_) => FAILED,
                Outcome::Rejected(_) => REJECTED,
                _ => continue,
            };
            self.failures(attempt.index, &attempt.source_type, outcome).increment(1);
        }
    }

    /// Which entry is in use, and when each credential ends.
    pub(crate) fn credentials(&self, chain: &CredentialChain) {
        for entry in chain.status() {
            self.gauge("token_client.credential.in_use", &entry).set(flag(entry.in_use));
            let states = [(FAILED, entry.failure.is_some()), (REJECTED, entry.refusal.is_some())];
            for (outcome, is_so) in states {
                self.failing(&entry, outcome).set(flag(is_so));
            }
            let end = entry.credential.as_ref().and_then(|credential| credential.expires_on());
            if let Some(end) = end.and_then(|end| end.duration_since(SystemTime::UNIX_EPOCH).ok()) {
                self.gauge("token_client.credential.expires_on", &entry).set(end.as_secs_f64());
            }
        }
    }

    fn gauge(&self, name: &'static str, entry: &EntryStatus) -> Gauge {
        let (index, source) = (entry.index.to_string(), entry.source_type.as_str().to_owned());
        gauge!(name, "section" => self.section.clone(), "entry" => index, "credential.type" => source)
    }

    fn failing(&self, entry: &EntryStatus, outcome: &'static str) -> Gauge {
        let (index, source) = (entry.index.to_string(), entry.source_type.as_str().to_owned());
        gauge!("token_client.credential.failing", "section" => self.section.clone(), "entry" => index, "credential.type" => source, "outcome" => outcome)
    }

    /// Another configuration is in use: no entry of the one before is, whatever its successor is called.
    pub(crate) fn replaced(&self, own: &CredentialChain, by: &Self, chain: &CredentialChain) {
        for entry in own.status() {
            self.gauge("token_client.credential.in_use", &entry).set(0.0);
            for outcome in [FAILED, REJECTED] {
                self.failing(&entry, outcome).set(0.0);
            }
            self.gauge("token_client.credential.expires_on", &entry).set(f64::NAN);
        }
        by.credentials(chain);
    }
}

fn flag(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
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
