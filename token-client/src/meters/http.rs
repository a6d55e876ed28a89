//! HTTP requests, timed as OpenTelemetry has it (`http.client.request.duration`).

use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use credential_core::World;
use credential_core::world::{
    Clock, HttpClient, HttpError, HttpErrorKind, HttpNeed, HttpRequest, HttpResponse, HttpStreamRequest,
    HttpStreamResponse, Moment,
};
use metrics::{Key, Label, Level, Metadata, with_recorder};
use url::Url;

use super::bounded::{OTHER, Values};

/// By what the addresses of their requests begin with.
static SERVERS: Values<String, Server> = Values::new();
/// Those that are too many to be kept apart.
static OTHERS: LazyLock<Server> = LazyLock::new(|| Server::new(OTHER, String::new()));
static METADATA: Metadata<'_> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// The world with an HTTP client whose requests are timed.
pub(super) fn timed(world: World) -> World {
    let (http, clock) = (Arc::clone(&world.http), Arc::clone(&world.clock));
    world.with_http(Arc::new(Timed { http, clock }))
}

#[derive(Debug)]
struct Timed {
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
}

/// Methods by their names in labels.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// What tells the measurements of a server's requests apart: method, status, and why there is no answer.
type Kind = (&'static str, Option<u16>, &'static str);

/// A server, as labels have it, with the names of its measurements; shared by all its requests.
#[derive(Clone, Debug)]
struct Server(Arc<Labels>);

#[derive(Debug)]
struct Labels {
    address: String,
    port: String,
    keys: Values<Kind, Arc<Key>>,
}

impl Server {
    fn of(address: &str) -> Self {
        let origin = origin(address);
        // Nobody's password is kept for a label.
        let known = if origin.contains('@') { None } else { SERVERS.of(origin, || Self::read(address)) };
        known.unwrap_or_else(|| OTHERS.clone())
    }

    fn read(address: &str) -> Self {
        let url = Url::parse(address).ok();
        let port = url.as_ref().and_then(Url::port_or_known_default).map(|port| port.to_string());
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        Self::new(host, port.unwrap_or_default())
    }

    fn new(address: &str, port: String) -> Self {
        Self(Arc::new(Labels { address: address.to_owned(), port, keys: Values::new() }))
    }

    /// The measurement of such a request.
    fn key(&self, kind: Kind) -> Arc<Key> {
        let make = || {
            let (method, status, error) = kind;
            let refused = status.is_some_and(|status| status >= 400);
            let status = status.map(|status| status.to_string()).unwrap_or_default();
            let error = if refused { status.clone() } else { error.to_owned() };
            let labels = vec![
                Label::new("http.request.method", method),
                Label::new("server.address", self.0.address.clone()),
                Label::new("server.port", self.0.port.clone()),
                Label::new("http.response.status_code", status),
                Label::new("error.type", error),
            ];
            Arc::new(Key::from_parts("http.client.request.duration", labels))
        };
        self.0.keys.of(&kind, make).unwrap_or_else(make)
    }
}

/// What an address begins with, to the end of its host and port.
fn origin(address: &str) -> &str {
    let host = address.find("://").map_or(0, |at| at + 3);
    let rest = address.get(host..).unwrap_or_default();
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    address.get(..host + end).unwrap_or(address)
}

/// A request under way.
struct Under {
    method: &'static str,
    server: Server,
    start: Moment,
}

impl Under {
    fn way(request: &HttpRequest, clock: &dyn Clock) -> Self {
        let method = METHODS.into_iter().find(|method| *method == request.method).unwrap_or(OTHER);
        Self { method, server: Server::of(&request.url), start: clock.moment() }
    }

    fn ended(self, status: Result<u16, HttpErrorKind>, clock: &dyn Clock) {
        let kind = match status {
            Ok(status) => (self.method, Some(status), ""),
            Err(kind) => (self.method, None, kind.as_str()),
        };
        let (key, took) = (self.server.key(kind), clock.moment().since(self.start));
        with_recorder(|recorder| recorder.register_histogram(&key, &METADATA)).record(took.as_secs_f64());
    }
}

/// As `async_trait` has it, by hand: the request is handed on at once, and takes no room in a second future.
type Answer<'a, A> = Pin<Box<dyn Future<Output = Result<A, HttpError>> + Send + 'a>>;

impl HttpClient for Timed {
    fn send<'s, 'a>(&'s self, request: HttpRequest) -> Answer<'a, HttpResponse>
    where
        's: 'a,
        Self: 'a,
    {
        let under = Under::way(&request, &*self.clock);
        let answer = self.http.send(request);
        Box::pin(async move {
            let answer = answer.await;
            under.ended(answer.as_ref().map(|answer| answer.status).map_err(HttpError::kind), &*self.clock);
            answer
        })
    }

    /// Timed until the head of the answer is there.
    fn send_stream<'s, 'a>(&'s self, request: HttpStreamRequest) -> Answer<'a, HttpStreamResponse>
    where
        's: 'a,
        Self: 'a,
    {
        let under = Under::way(&request.request, &*self.clock);
        let answer = self.http.send_stream(request);
        Box::pin(async move {
            let answer = answer.await;
            under.ended(answer.as_ref().map(|answer| answer.status).map_err(HttpError::kind), &*self.clock);
            answer
        })
    }

    fn can(&self, need: HttpNeed) -> bool {
        self.http.can(need)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_host_and_port_and_no_secret() {
        for (address, expected) in [
            ("https://login.microsoftonline.com/t/token?x=1", ("login.microsoftonline.com", "443")),
            ("http://LOCALHOST:8080?x", ("localhost", "8080")),
            ("http://[::1]#f", ("[::1]", "80")),
            ("https://user:s3cret@api.example/", (OTHER, "")),
            ("https://api.example\\@evil.example/", ("api.example", "443")),
            ("nothing", ("", "")),
        ] {
            let server = Server::of(address);
            assert_eq!((server.0.address.as_str(), server.0.port.as_str()), expected, "{address}");
            assert!(!format!("{SERVERS:?}").contains("s3cret"), "{address}");
        }
    }
}
