//! Why the emulator could not start or sign.

use std::error::Error as StdError;
use std::fmt;
use std::io;

/// Why the emulator could not start or sign; `source()` has the cause.
pub struct EmulatorError {
    message: String,
    cause: Option<Box<dyn StdError + Send + Sync>>,
    taken: Option<u16>,
}

impl EmulatorError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), cause: None, taken: None }
    }

    pub(crate) fn with(message: impl Into<String>, cause: impl StdError + Send + Sync + 'static) -> Self {
        Self { message: message.into(), cause: Some(Box::new(cause)), taken: None }
    }

    pub(crate) fn key(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::with("the emulator's key cannot be made or used", cause)
    }

    pub(crate) fn listen(address: std::net::SocketAddr, cause: io::Error) -> Self {
        let taken = (cause.kind() == io::ErrorKind::AddrInUse).then_some(address.port());
        let message = match taken {
            Some(port) => format!("cannot listen on {address}: port {port} is in use by another program"),
            None => format!("cannot listen on {address}"),
        };
        Self { message, cause: Some(Box::new(cause)), taken }
    }

    /// The port that another program has, where that is the reason.
    pub fn occupied_port(&self) -> Option<u16> {
        self.taken
    }
}

impl fmt::Display for EmulatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The message and its causes: a `main` that returns it prints this.
impl fmt::Debug for EmulatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        credential_core::source::told(self, f)
    }
}

impl StdError for EmulatorError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
