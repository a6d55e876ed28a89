//! Who is told what happens, as it happens.

use std::fmt;
use std::sync::Arc;

use super::record::RecordedRequest;

/// What happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum EmulatorEvent<'a> {
    /// A request was answered, or its connection closed on purpose.
    Answered(&'a RecordedRequest),
    /// A client began TLS and did not end it: most often it does not trust the certificate.
    HandshakeFailed(&'a str),
}

/// Told of everything.
#[derive(Clone)]
pub(crate) struct Observer(Arc<dyn Fn(EmulatorEvent<'_>) + Send + Sync>);

impl Observer {
    pub(crate) fn new(told: impl Fn(EmulatorEvent<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(told))
    }

    pub(crate) fn tell(&self, event: EmulatorEvent<'_>) {
        (self.0)(event);
    }
}

impl Default for Observer {
    fn default() -> Self {
        Self::new(|_| ())
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
