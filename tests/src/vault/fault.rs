//! What goes wrong with a request, and when.

use std::time::Duration;

use super::Recorded;

/// What the vault says to whoever has no good token.
const CHALLENGE: &str =
    "Bearer authorization=\"https://login.microsoftonline.com/kvtenant\", resource=\"https://vault.azure.net\"";

/// What happens instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// This status with this body and these headers.
    Status(u16, String, Vec<(String, String)>),
    /// No connection.
    Refuse,
    /// No host of that name.
    UnknownHost,
    /// The connection is closed without an answer.
    Reset,
    /// The answer comes after this time.
    Slow(Duration),
    /// Status 200 with something that is no JSON.
    Garbage,
    /// Status 200 with many megabytes.
    Huge,
}

impl Action {
    /// A status with the body that the service has for it.
    pub fn status(status: u16) -> Self {
        let (code, message) = match status {
            401 => ("Unauthorized", "AKV10022: Invalid audience."),
            403 => ("Forbidden", "Caller is not authorized to perform action on resource."),
            404 => ("CertificateNotFound", "A certificate with (name/id) web was not found in this key vault."),
            429 => ("Throttled", "Request was not processed because too many requests were received."),
            _ => ("InternalServerError", "Something went wrong."),
        };
        let body = serde_json::json!({ "error": { "code": code, "message": message } }).to_string();
        let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let headers = match status {
            401 => header("www-authenticate", CHALLENGE),
            429 => header("retry-after", "30"),
            _ => Vec::new(),
        };
        Self::Status(status, body, headers)
    }
}

/// A fault of the requests that fit, from the `from`th to before the `to`th.
#[derive(Clone, Debug)]
pub struct Fault {
    /// A part of `METHOD HOST PATH`.
    pub part: String,
    /// Whether requests without a token are meant (`Some(false)`), those with one, or both.
    pub authorized: Option<bool>,
    /// The first that it happens to, from 0.
    pub from: usize,
    /// The first that it happens to no longer.
    pub to: usize,
    /// What happens.
    pub action: Action,
    met: usize,
}

impl Fault {
    /// A fault of every request that has that part in `METHOD HOST PATH`.
    pub fn new(part: &str, action: Action) -> Self {
        Self { part: part.to_owned(), authorized: None, from: 0, to: usize::MAX, action, met: 0 }
    }

    /// Only of requests with a token, or without one.
    #[must_use]
    pub fn authorized(mut self, authorized: bool) -> Self {
        self.authorized = Some(authorized);
        self
    }

    /// Only the first `count` times.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.to = count;
        self
    }

    fn fits(&self, request: &Recorded) -> bool {
        let place = format!("{} {} {}", request.method, request.host, request.path);
        place.contains(&self.part) && self.authorized.is_none_or(|authorized| authorized == request.authorized)
    }
}

/// The action for this request, if a fault's turn has come. `before` asks on the client's side, where
/// connections fail; otherwise the server asks.
pub(crate) fn due(faults: &mut [Fault], request: &Recorded, before: bool) -> Option<Action> {
    for fault in faults {
        let clients = matches!(fault.action, Action::Refuse | Action::UnknownHost);
        if clients != before || !fault.fits(request) {
            continue;
        }
        let turn = fault.met;
        fault.met += 1;
        if (fault.from..fault.to).contains(&turn) {
            return Some(fault.action.clone());
        }
    }
    None
}
