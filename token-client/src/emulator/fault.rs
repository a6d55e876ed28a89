//! Failures on demand.

use std::time::Duration;

use super::refusal::Refusal;
use super::reply::Reply;

/// A failure to come: what happens, to which requests, how often.
///
/// Without [`on`](Self::on) it is for every request to the authority and the API; without
/// [`times`](Self::times) for ever. The fault that was given first and whose turn it is wins.
#[derive(Clone, Debug)]
pub struct Fault {
    pub(crate) path: Option<String>,
    pub(crate) skip: u32,
    pub(crate) times: Option<u32>,
    pub(crate) delay: Duration,
    pub(crate) action: Action,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// The request goes its usual way, late.
    Delay,
    /// The connection ends without an answer.
    Close,
    Answer(Reply),
    Refuse(Refusal),
}

impl Fault {
    fn new(action: Action) -> Self {
        Self { path: None, skip: 0, times: None, delay: Duration::ZERO, action }
    }

    /// An answer with that status and an empty body.
    pub fn status(status: u16) -> Self {
        Self::new(Action::Answer(Reply::new(status, Vec::new())))
    }

    /// A refusal in Entra's form, with the code's own status and error: `refusal(50079, "...")` is
    /// `interaction_required` with AADSTS50079.
    pub fn refusal(code: u32, message: impl Into<String>) -> Self {
        Self::new(Action::Refuse(Refusal::new(code, message)))
    }

    /// No answer: the connection is closed.
    pub fn close() -> Self {
        Self::new(Action::Close)
    }

    /// An answer that breaks off in the middle of its body.
    pub fn broken() -> Self {
        let mut reply = Reply::new(200, "{\"token_type\":").header("content-type", "application/json");
        reply.breaks = true;
        Self::new(Action::Answer(reply))
    }

    /// An answer with status 200 that says it is JSON and is not.
    pub fn garbage() -> Self {
        Self::new(Action::Answer(Reply::new(200, "<html>\0\u{fffd}").header("content-type", "application/json")))
    }

    /// The usual answer, late.
    pub fn delay(delay: Duration) -> Self {
        Self::new(Action::Delay).after(delay)
    }

    /// Waits before the failure.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Only for requests whose path contains that text.
    #[must_use]
    pub fn on(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Lets so many requests through first.
    #[must_use]
    pub fn skip(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Fails so many requests and no more.
    #[must_use]
    pub fn times(mut self, requests: u32) -> Self {
        self.times = Some(requests);
        self
    }

    /// Sets the body of an answer.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        if let Action::Answer(reply) = &mut self.action {
            reply.body = body.into();
        }
        self
    }

    /// Sets a header of an answer.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Action::Answer(reply) = self.action {
            self.action = Action::Answer(reply.header(name, value));
        }
        self
    }

    /// Sets `Retry-After` of an answer, in seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.header("retry-after", seconds.to_string())
    }

    /// Sets `claims` of a refusal: what the next request must ask for, as JSON text.
    #[must_use]
    pub fn claims(mut self, json: impl Into<String>) -> Self {
        if let Action::Refuse(refusal) = self.action {
            self.action = Action::Refuse(refusal.claims(json));
        }
        self
    }
}

/// The faults of an emulator, each with how many requests it has seen.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<(Fault, u32)>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The first fault whose turn it is with a request to that path.
    pub(crate) fn next(&mut self, path: &str) -> Option<Fault> {
        for (fault, seen) in &mut self.0 {
            if fault.path.as_ref().is_some_and(|part| !path.contains(part.as_str())) {
                continue;
            }
            let nth = *seen;
            *seen = seen.saturating_add(1);
            if nth >= fault.skip && fault.times.is_none_or(|times| nth - fault.skip < times) {
                return Some(fault.clone());
            }
        }
        None
    }
}
