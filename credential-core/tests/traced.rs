//! What an operator reads in the traces of a service whose credential can no longer be renewed.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::chain::{Search, Verdict};
use credential_core::testing::{FakeWorld, FixedSource};
use credential_core::*;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Loads once; from then on what it reads is broken.
#[derive(Debug, Default)]
struct Broken(AtomicBool);

#[async_trait]
impl CredentialLoader for Broken {
    async fn load(&self, _: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        match self.0.swap(true, Ordering::SeqCst) {
            false => Ok(Credential::secret("old", "s3cret")),
            true => Err(SourceError::invalid("half-written", "the file is cut short").settled_locally()),
        }
    }
}

/// Every event as a line.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn an_old_credential_that_goes_on_is_a_warning_with_the_reason() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let mut registry = SourceRegistry::new();
    registry.register(Arc::new(FixedSource::loaded_by("Broken", Arc::new(Broken::default()))));
    let world = FakeWorld::new();
    let chain = registry.bind(vec![CredentialDescription::new("Broken")], world.world()).unwrap();
    for _ in 0..2 {
        let deadline = chain.world().clock.moment().after(Duration::from_secs(10));
        let accept = |_| async { Verdict::<(), SourceError>::Accept(()) };
        chain.first_accepted(Search::new("https://login.example/t", deadline), accept).await.unwrap();
    }
    let lines = lines.0.lock().unwrap().join("\n");
    let warning = lines.lines().find(|line| line.starts_with("WARN")).unwrap_or(&lines);
    assert!(warning.contains("entry=0") && warning.contains("half-written"), "{lines}");
    assert!(warning.contains("the file is cut short") && !lines.contains("s3cret"), "{lines}");
}
