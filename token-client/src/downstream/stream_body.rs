//! A request's body that is never whole in memory.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use credential_core::world::BodyStream;

type Made = Option<Box<dyn BodyStream>>;

/// A body that is sent as it comes, in pieces, and is never whole in memory. Sent in chunks unless its
/// [`length`](Self::length) is said.
///
/// One that was [`new`](Self::new) can be sent once: where the API asks for a token with further claims, redirects
/// with 307 or wants to be left alone for a while, the caller gets that answer. One that is made
/// [`each_time`](Self::each_time) is sent again.
///
/// ```
/// use std::collections::VecDeque;
/// use token_client::{DownstreamCall, StreamBody};
///
/// let pieces = VecDeque::from([b"first ".to_vec(), b"second".to_vec()]);
/// let body = StreamBody::each_time(move || pieces.clone()).content_type("text/plain").length(12);
/// let call = DownstreamCall::new().method("PUT").path("notes/1").stream(body);
/// # let _ = call;
/// ```
#[derive(Clone)]
#[must_use]
pub struct StreamBody {
    make: Arc<dyn Fn() -> Made + Send + Sync>,
    pub(crate) can_be_sent_again: bool,
    pub(crate) content_type: Option<String>,
    pub(crate) length: Option<u64>,
}

impl StreamBody {
    /// What can be read once. Clones of it, and of a call with it, share the one reading.
    pub fn new(body: impl BodyStream + 'static) -> Self {
        let once: Mutex<Made> = Mutex::new(Some(Box::new(body)));
        let make = move || once.lock().unwrap_or_else(PoisonError::into_inner).take();
        Self { make: Arc::new(make), can_be_sent_again: false, content_type: None, length: None }
    }

    /// What can be read from its beginning as often as it is asked for.
    pub fn each_time<B: BodyStream + 'static>(make: impl Fn() -> B + Send + Sync + 'static) -> Self {
        let make = move || Some(Box::new(make()) as Box<dyn BodyStream>);
        Self { make: Arc::new(make), can_be_sent_again: true, content_type: None, length: None }
    }

    /// Its media type; the section's `ContentType`, if any, otherwise.
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into());
        self
    }

    /// How many bytes it has in all. A body of another length is an error while it is sent.
    pub fn length(mut self, bytes: u64) -> Self {
        self.length = Some(bytes);
        self
    }

    /// The body from its beginning; `None` when it was sent already and cannot be sent again.
    pub(super) fn begin(&self) -> Made {
        (self.make)()
    }
}

/// Shows its kind and length alone.
impl fmt::Debug for StreamBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamBody")
            .field("can_be_sent_again", &self.can_be_sent_again)
            .field("content_type", &self.content_type)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
