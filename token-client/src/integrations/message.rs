//! What is read and written of requests and answers, whichever crate they are of.

use http::{HeaderMap, StatusCode};

use super::reach::Target;

/// A request on its way out.
pub(super) trait Outgoing {
    /// Where it goes; `None` for a path alone.
    fn target(&self) -> Option<Target<'_>>;
    fn headers(&self) -> &HeaderMap;
    fn headers_mut(&mut self) -> &mut HeaderMap;
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
}

impl Answer for reqwest::Response {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
}
