//! An answer with what the emulator made of the request.

use super::reply::Reply;

/// The answer, the verdict for the record and why.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) verdict: String,
    pub(crate) why: String,
}

impl Answer {
    pub(crate) fn new(reply: Reply, verdict: impl Into<String>) -> Self {
        Self { reply, verdict: verdict.into(), why: String::new() }
    }

    /// Says why, in a sentence without secrets.
    pub(crate) fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }
}
