//! Bodies in pieces on their way into and out of the HTTP client.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use credential_core::async_trait;
use credential_core::world::{BodyStream, HttpError};
use hyper::body::{Body, Frame};

use super::failure::describe;

type Stream = Box<dyn BodyStream>;
type Next = Option<Result<Vec<u8>, HttpError>>;

/// A request's body for the HTTP client, which asks for the next piece when the last one is on its way.
pub(super) fn request_body(stream: Stream) -> reqwest::Body {
    reqwest::Body::wrap(Pieces(Mutex::new(State::Waits(stream))))
}

/// Nobody but its one owner locks it: the HTTP client wants what can be shared between threads.
struct Pieces(Mutex<State>);

enum State {
    Waits(Stream),
    Asked(Pin<Box<dyn Future<Output = (Next, Stream)> + Send>>),
    Ended,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let state = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut asked = match std::mem::replace(state, State::Ended) {
            State::Waits(mut stream) => {
                Box::pin(async move { (stream.next().await, stream) }) as Pin<Box<dyn Future<Output = _> + Send>>
            }
            State::Asked(asked) => asked,
            State::Ended => return Poll::Ready(None),
        };
        let Poll::Ready((next, stream)) = asked.as_mut().poll(context) else {
            *state = State::Asked(asked);
            return Poll::Pending;
        };
        if matches!(next, Some(Ok(_))) {
            *state = State::Waits(stream);
        }
        Poll::Ready(next.map(|piece| piece.map(|piece| Frame::data(piece.into()))))
    }
}

/// An answer's body, read as it is asked for.
pub(super) struct Answer {
    pub(super) response: reqwest::Response,
    pub(super) host: String,
}

#[async_trait]
impl BodyStream for Answer {
    async fn next(&mut self) -> Next {
        let piece = self.response.chunk().await.map_err(|error| describe(error, &self.host)).transpose()?;
        Some(piece.map(Vec::from))
    }
}
