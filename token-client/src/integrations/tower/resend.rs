//! How a body is sent again.

/// How the body of a request is had again, in case that it must be sent a second time. Asked before the request is
/// sent, at every call: what it gives is kept until the API has answered, so it had better share memory.
///
/// A closure is one:
///
/// ```
/// # fn example(layer: token_client::integrations::tower::TokenLayer) {
/// use bytes::Bytes;
/// use http_body_util::Full;
///
/// let layer = layer.resend(|body: &Full<Bytes>| Some(body.clone()));
/// # let _ = layer; }
/// ```
pub trait Resend<B> {
    /// The same body once more; `None` where that cannot be.
    fn again(&self, body: &B) -> Option<B>;
}

impl<B, F: Fn(&B) -> Option<B>> Resend<B> for F {
    fn again(&self, body: &B) -> Option<B> {
        self(body)
    }
}

/// Bodies are cloned: `Full<Bytes>`, `Empty`, `String`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cloned;

impl<B: Clone> Resend<B> for Cloned {
    fn again(&self, body: &B) -> Option<B> {
        Some(body.clone())
    }
}

/// No body is sent again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Never;

impl<B> Resend<B> for Never {
    fn again(&self, _body: &B) -> Option<B> {
        None
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
