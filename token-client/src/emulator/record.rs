//! What the emulator was asked.

use std::collections::VecDeque;
use std::fmt;

use credential_core::Secret;
use credential_core::credential::SecretBytes;

/// The most requests that are remembered; the oldest goes first.
const MAX_RECORDED: usize = 10_000;
/// The most bytes of their bodies, likewise.
const MAX_RECORDED_BYTES: usize = 64 * 1024 * 1024;

/// One request. Secrets in it can be read by a test; `Debug` shows method, path, status and verdict.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The status of the answer; `None` while there is none, and when the connection was closed.
    pub status: Option<u16>,
    /// What the emulator made of it: `secret`, `certificate THUMBPRINT`, `secret by Basic`,
    /// `federated SUBJECT`, `AADSTS7000215`, `fault`, ...
    pub verdict: String,
    /// Why, in a sentence without secrets; empty where the verdict says it all.
    pub why: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, Secret)>,
    pub(crate) form: Vec<(String, Secret)>,
    pub(crate) body: SecretBytes,
}

impl RecordedRequest {
    /// A parameter of the query; the first of that name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header, whatever the case of its name; the first of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.expose())
    }

    /// A parameter of the form in the body; the first of that name.
    pub fn form(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.expose())
    }

    /// The names of the form's parameters, in the order of sending.
    pub fn form_names(&self) -> Vec<&str> {
        self.form.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        self.body.expose()
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("form", &self.form_names())
            .field("status", &self.status)
            .field("verdict", &self.verdict)
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

/// The requests so far, each with a number that stays.
#[derive(Debug, Default)]
pub(crate) struct Log {
    requests: VecDeque<RecordedRequest>,
    bytes: usize,
    forgotten: u64,
}

impl Log {
    pub(crate) fn add(&mut self, request: RecordedRequest) -> u64 {
        self.bytes += request.body.len();
        self.requests.push_back(request);
        while self.requests.len() > MAX_RECORDED || self.bytes > MAX_RECORDED_BYTES {
            let Some(oldest) = self.requests.pop_front() else { break };
            self.bytes -= oldest.body.len();
            self.forgotten += 1;
        }
        self.forgotten + self.requests.len() as u64 - 1
    }

    /// Keeps what became of a request.
    pub(crate) fn finish(&mut self, number: u64, done: &RecordedRequest) {
        let place = number.checked_sub(self.forgotten).and_then(|place| usize::try_from(place).ok());
        if let Some(request) = place.and_then(|place| self.requests.get_mut(place)) {
            request.status = done.status;
            request.verdict.clone_from(&done.verdict);
            request.why.clone_from(&done.why);
        }
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.forgotten += self.requests.len() as u64;
        self.requests.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: usize, body: impl Into<Vec<u8>>) -> RecordedRequest {
        RecordedRequest {
            method: "POST".to_owned(),
            path: path.to_string(),
            status: None,
            verdict: String::new(),
            why: String::new(),
            query: vec![("q".to_owned(), "hunter2".to_owned())],
            headers: vec![("authorization".to_owned(), Secret::new("hunter2"))],
            form: vec![("client_secret".to_owned(), Secret::new("hunter2"))],
            body: SecretBytes::new(body),
        }
    }

    #[test]
    fn no_more_bytes_are_kept_than_the_limit() {
        let mut log = Log::default();
        for path in 0..5 {
            log.add(request(path, vec![0; MAX_RECORDED_BYTES / 4]));
        }
        assert_eq!((log.all().len(), log.forgotten), (4, 1));
    }

    #[test]
    fn the_oldest_request_is_forgotten_first_and_debug_shows_no_value() {
        let mut log = Log::default();
        let numbers: Vec<u64> = (0..=MAX_RECORDED).map(|path| log.add(request(path, "hunter2"))).collect();
        let done = |status| RecordedRequest { status: Some(status), ..request(0, "") };
        log.finish(numbers[0], &done(200));
        log.finish(numbers[MAX_RECORDED], &done(401));
        let all = log.all();
        assert_eq!((all.len(), all[0].path.as_str()), (MAX_RECORDED, "1"));
        assert_eq!(all.last().map(|last| last.status), Some(Some(401)));
        assert!(!format!("{log:?}").contains("hunter2"));
    }
}
