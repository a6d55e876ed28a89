//! Requests that say which trace they belong to.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::World;
use credential_core::guard::caught;
use credential_core::world::{
    HttpClient, HttpError, HttpNeed, HttpRequest, HttpResponse, HttpStreamRequest, HttpStreamResponse,
};

use crate::TraceContext;
use crate::trace::is_of_trace;

/// Says where the running work stands in a trace.
#[derive(Clone)]
pub(crate) struct CurrentTrace(Arc<dyn Fn() -> Option<TraceContext> + Send + Sync>);

impl CurrentTrace {
    pub(crate) fn new(current: impl Fn() -> Option<TraceContext> + Send + Sync + 'static) -> Self {
        Self(Arc::new(current))
    }

    /// The world with an HTTP client whose requests say it.
    pub(crate) fn in_world(self, world: World) -> World {
        let http = Arc::clone(&world.http);
        world.with_http(Arc::new(Traced { http, current: self }))
    }
}

/// Code of the program: there is nothing to show.
impl fmt::Debug for CurrentTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentTrace").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Traced {
    http: Arc<dyn HttpClient>,
    current: CurrentTrace,
}

impl Traced {
    /// The request with what the running work says, unless it says something of its own. No request fails by it.
    fn told(&self, request: &mut HttpRequest) {
        if request.untraced || request.headers.iter().any(|(name, _)| is_of_trace(name)) {
            return;
        }
        match caught(|| (self.current.0)()) {
            Ok(context) => request.headers.extend(context.iter().flat_map(TraceContext::headers)),
            Err(_) => tracing::error!("the code that says which trace a request belongs to panicked"),
        }
    }
}

#[async_trait]
impl HttpClient for Traced {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.told(&mut request);
        self.http.send(request).await
    }

    async fn send_stream(&self, mut request: HttpStreamRequest) -> Result<HttpStreamResponse, HttpError> {
        self.told(&mut request.request);
        self.http.send_stream(request).await
    }

    fn can(&self, need: HttpNeed) -> bool {
        self.http.can(need)
    }
}
