//! What the flow reads and writes of requests and answers, whichever crate they are of.

use http::{HeaderMap, StatusCode};

use crate::integrations::CallToken;
use crate::integrations::reach::Target;

/// A request on its way out.
pub(super) trait Outgoing {
    /// Where it goes; `None` for a path alone.
    fn target(&self) -> Option<Target<'_>>;
    fn headers(&self) -> &HeaderMap;
    fn headers_mut(&mut self) -> &mut HeaderMap;
    fn own_token(&self) -> Option<&CallToken>;
}

/// What came back.
pub(super) trait Answer {
    fn status(&self) -> StatusCode;
    fn headers(&self) -> &HeaderMap;
}

impl<B> Outgoing for http::Request<B> {
    fn target(&self) -> Option<Target<'_>> {
        let uri = self.uri();
        if uri.scheme().is_none() && uri.authority().is_none() {
            return None;
        }
        Some(Target {
            scheme: uri.scheme_str().unwrap_or_default(),
            host: uri.host().unwrap_or_default(),
            port: uri.port_u16(),
            user_information: uri.authority().is_some_and(|authority| authority.as_str().contains('@')),
        })
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    fn own_token(&self) -> Option<&CallToken> {
        self.extensions().get()
    }
}

impl<A> Answer for http::Response<A> {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
}

impl Outgoing for reqwest::Request {
    fn target(&self) -> Option<Target<'_>> {
        Some(Target::of_url(self.url()))
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    /// reqwest keeps a request's extensions to itself.
    fn own_token(&self) -> Option<&CallToken> {
        None
    }
}

impl Answer for reqwest::Response {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
}

/// The same request with that body.
pub(super) fn copy<B>(request: &http::Request<B>, body: B) -> http::Request<B> {
    let mut copy = http::Request::new(body);
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    *copy.version_mut() = request.version();
    copy.headers_mut().clone_from(request.headers());
    copy.extensions_mut().clone_from(request.extensions());
    copy
}
