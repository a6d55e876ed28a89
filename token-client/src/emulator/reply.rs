//! An answer, and how it goes out.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use hyper::Response;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use serde_json::Value;

/// An answer before it is put into HTTP.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The connection ends in the middle of the body.
    pub(crate) breaks: bool,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), breaks: false }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).header(CONTENT_TYPE.as_str(), "application/json; charset=utf-8")
    }

    /// Sets a header, in place of an earlier one of that name.
    pub(crate) fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(&name));
        self.headers.push((name, value.into()));
        self
    }

    /// With that time, unless it says one.
    pub(crate) fn dated(self, now: SystemTime) -> Self {
        match self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(DATE.as_str())) {
            true => self,
            false => self.header(DATE.as_str(), httpdate::fmt_http_date(now)),
        }
    }

    /// The answer in HTTP; headers that cannot be sent are left out.
    pub(crate) fn into_response(self) -> Response<ReplyBody> {
        let announced = if self.breaks { self.body.len() + 1 } else { self.body.len() };
        let mut response =
            Response::new(ReplyBody { rest: Some(self.body.into()), breaks: self.breaks, flushed: false });
        *response.status_mut() = hyper::StatusCode::from_u16(self.status).unwrap_or_default();
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response.headers_mut().insert(CONTENT_LENGTH, announced.into());
        response
    }
}

/// The status alone: bodies carry tokens.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// A body that is there at once, whole or broken off before its announced end.
#[derive(Debug)]
pub(crate) struct ReplyBody {
    rest: Option<Bytes>,
    breaks: bool,
    flushed: bool,
}

/// The body ends here, on purpose.
#[derive(Debug)]
pub(crate) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broken off on purpose")
    }
}

impl std::error::Error for BrokenOff {}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.rest.take().filter(|rest| !rest.is_empty()) {
            Some(rest) => Poll::Ready(Some(Ok(Frame::data(rest)))),
            None if self.breaks && !self.flushed => {
                // What was sent so far goes out before the connection ends.
                self.flushed = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            None if self.breaks => Poll::Ready(Some(Err(BrokenOff))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(Bytes::is_empty) && !self.breaks
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.rest.as_ref().map_or(0, Bytes::len) + usize::from(self.breaks);
        SizeHint::with_exact(left as u64)
    }
}
