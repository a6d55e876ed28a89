//! HTTP requests, timed as OpenTelemetry has it (`http.client.request.duration`).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::World;
use credential_core::world::{
    Clock, HttpClient, HttpError, HttpErrorKind, HttpNeed, HttpRequest, HttpResponse, HttpStreamRequest,
    HttpStreamResponse,
};
use metrics::{SharedString, histogram};
use url::Url;

use super::bounded::Values;

static HOSTS: Values = Values::new();

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

/// The server of a request, before the request is sent.
struct Server {
    method: &'static str,
    address: SharedString,
    port: SharedString,
}

impl Server {
    fn of(request: &HttpRequest) -> Self {
        let url = Url::parse(&request.url).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned();
        let port = url.as_ref().and_then(Url::port_or_known_default).map(|port| port.to_string());
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = known.into_iter().find(|method| *method == request.method).unwrap_or("_OTHER");
        // Host and port are bounded together: each host has few ports.
        let address = HOSTS.bound(format!("{host}:{}", port.unwrap_or_default()));
        let (address, port) = match address.rsplit_once(':') {
            Some((host, port)) => (host.to_owned().into(), port.to_owned().into()),
            None => (address, "".into()),
        };
        Self { method, address, port }
    }

    fn ended(self, status: Result<u16, HttpErrorKind>, took: Duration) {
        let (status, error): (SharedString, SharedString) = match status {
            Ok(status) if status >= 400 => (status.to_string().into(), status.to_string().into()),
            Ok(status) => (status.to_string().into(), "".into()),
            Err(kind) => ("".into(), kind.as_str().into()),
        };
        histogram!(
            "http.client.request.duration",
            "http.request.method" => self.method,
            "server.address" => self.address,
            "server.port" => self.port,
            "http.response.status_code" => status,
            "error.type" => error,
        )
        .record(took.as_secs_f64());
    }
}

#[async_trait]
impl HttpClient for Timed {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (server, start) = (Server::of(&request), self.clock.moment());
        let answer = self.http.send(request).await;
        let status = answer.as_ref().map(|answer| answer.status).map_err(HttpError::kind);
        server.ended(status, self.clock.moment().since(start));
        answer
    }

    /// Timed until the head of the answer is there.
    async fn send_stream(&self, request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        let (server, start) = (Server::of(&request.request), self.clock.moment());
        let answer = self.http.send_stream(request).await;
        let status = answer.as_ref().map(|answer| answer.status).map_err(HttpError::kind);
        server.ended(status, self.clock.moment().since(start));
        answer
    }

    fn can(&self, need: HttpNeed) -> bool {
        self.http.can(need)
    }
}
