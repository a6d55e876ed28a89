//! One unary call of gRPC (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>) on a connection of its own.

use std::io;
use std::pin::pin;

use bytes::Bytes;
use credential_core::credential::SecretBytes;
use credential_core::text::printable;
use credential_core::world::{Connection, Endpoint};
use credential_core::{SourceError, SourceErrorKind};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, StatusCode};

use super::AGENT;

/// The most bytes of an answer; headers have the same bound.
const MAX_ANSWER: usize = 256 * 1024;
const MAX_HEADERS: u32 = 16 * 1024;
/// Before each message: whether it is compressed, and its length in four bytes.
const PREFIX: usize = 5;
/// The most characters of an agent's own words.
const MAX_WORDS: usize = 300;

/// Nobody answers at the socket.
pub(super) fn no_connection(error: io::Error, socket: &Endpoint) -> SourceError {
    let (kind, what, remedy) = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => (
            SourceErrorKind::NotApplicable,
            "was not found",
            "start the agent, or correct SpiffeEndpointSocket (SPIFFE_ENDPOINT_SOCKET)",
        ),
        io::ErrorKind::PermissionDenied => (
            SourceErrorKind::Denied,
            "cannot be asked: permission denied",
            "let the account that runs this process use the agent's socket",
        ),
        io::ErrorKind::Unsupported => {
            (SourceErrorKind::NotApplicable, "cannot be asked", "name a port of this machine: tcp://127.0.0.1:PORT")
        }
        _ => (SourceErrorKind::Transient, "is unreachable", "look at the agent; it is asked again"),
    };
    SourceError::new(kind, "token-service-unreachable", format!("{AGENT} {what} at {socket}"))
        .remedy(remedy)
        .caused_by(error)
}

pub(super) fn unreadable(why: &str) -> SourceError {
    SourceError::invalid("token-unreadable", format!("what {AGENT} gave is not valid: {why}"))
        .remedy("look at what answers at its socket")
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> SourceError {
    SourceError::transient("token-service-unreachable", format!("the connection to {AGENT} broke off"))
        .remedy("look at what answers at its socket; it is asked again")
        .caused_by(error)
}

/// The answer to a message. Ends with the connection, and closes it; the caller has the deadline.
///
/// # Errors
/// By the call's status.
pub(super) async fn call(
    connection: Box<dyn Connection>,
    path: &'static str,
    message: Vec<u8>,
) -> Result<SecretBytes, SourceError> {
    let mut settings = h2::client::Builder::new();
    settings.enable_push(false).max_header_list_size(MAX_HEADERS).initial_window_size(MAX_ANSWER as u32);
    let (send, driver) = settings.handshake::<_, Bytes>(connection).await.map_err(broken)?;
    let (mut driver, mut exchange) = (pin!(driver), pin!(exchange(send, path, message)));
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        // What has come before the end is read to its end.
        ended = &mut driver => match ended {
            Ok(()) => exchange.await,
            Err(error) => Err(broken(error)),
        },
    }
}

async fn exchange(send: SendRequest<Bytes>, path: &'static str, message: Vec<u8>) -> Result<SecretBytes, SourceError> {
    let request = Request::post(format!("http://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("workload.spiffe.io", "true")
        .body(())
        .map_err(broken)?;
    let mut send = send.ready().await.map_err(broken)?;
    let (response, body): (ResponseFuture, SendStream<Bytes>) = send.send_request(request, false).map_err(broken)?;
    put(body, &message)?;
    let (head, mut body) = response.await.map_err(broken)?.into_parts();
    if head.status != StatusCode::OK {
        return Err(unreadable(&format!("it is an answer of HTTP ({})", head.status.as_u16())));
    }
    let answer = read(&mut body).await?;
    let trailers = body.trailers().await.map_err(broken)?.unwrap_or_default();
    check(&trailers, &head.headers)?;
    Ok(answer)
}

/// Sends the only message. It is shorter than the smallest window that there is (RFC 9113 §6.9.2).
fn put(mut body: SendStream<Bytes>, message: &[u8]) -> Result<(), SourceError> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let frame = [&[0u8][..], &length.to_be_bytes()[..], message].concat();
    body.send_data(frame.into(), true).map_err(broken)
}

/// The only message of an answer; nothing where there is none, as beside an error.
async fn read(body: &mut RecvStream) -> Result<SecretBytes, SourceError> {
    let mut content = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(broken)?;
        body.flow_control().release_capacity(chunk.len()).map_err(broken)?;
        if content.len() + chunk.len() > MAX_ANSWER {
            let message = format!("the answer of {AGENT} has more than {MAX_ANSWER} bytes");
            return Err(
                SourceError::invalid("token-answer-too-large", message).remedy("look at what answers at its socket")
            );
        }
        content.extend_from_slice(&chunk);
    }
    let content = SecretBytes::new(content);
    match content.expose().split_at_checked(PREFIX) {
        None if content.is_empty() => Ok(content),
        Some(([0, length @ ..], message)) => {
            let length = length.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
            if length != message.len() {
                return Err(unreadable("it is cut off"));
            }
            Ok(SecretBytes::new(message))
        }
        _ => Err(unreadable("it is no message of gRPC")),
    }
}

/// The status of the call, in its trailers, or in its headers where there was nothing else.
fn check(trailers: &HeaderMap, headers: &HeaderMap) -> Result<(), SourceError> {
    let text = |name: &str| trailers.get(name).or_else(|| headers.get(name)).and_then(|value| value.to_str().ok());
    let status: u32 = match text("grpc-status").map(str::parse) {
        Some(Ok(0)) => return Ok(()),
        Some(Ok(status)) => status,
        _ => return Err(unreadable("it has no status of gRPC")),
    };
    let said = text("grpc-message").map(decoded).filter(|said| !said.trim().is_empty());
    let said = said.map_or_else(|| "it gives no reason".to_owned(), |said| printable(&said, MAX_WORDS));
    let (kind, code, name, remedy) = match status {
        3 => (
            SourceErrorKind::Invalid,
            "token-request-refused",
            "INVALID_ARGUMENT",
            "correct TokenExchangeUrl and SpiffeId",
        ),
        4 => (SourceErrorKind::Transient, "token-service-unwell", "DEADLINE_EXCEEDED", "wait: it is asked again"),
        7 => (
            SourceErrorKind::Denied,
            "token-refused",
            "PERMISSION_DENIED",
            "register the workload: the agent has no entry for it",
        ),
        12 => (SourceErrorKind::Invalid, "token-request-refused", "UNIMPLEMENTED", "let the agent issue JWT-SVIDs"),
        14 => (SourceErrorKind::Transient, "token-service-unwell", "UNAVAILABLE", "wait: it is asked again"),
        16 => (
            SourceErrorKind::Denied,
            "token-refused",
            "UNAUTHENTICATED",
            "register the workload: the agent does not know it",
        ),
        _ => (
            SourceErrorKind::Transient,
            "token-service-unwell",
            "an error",
            "look at the agent's log; it is asked again",
        ),
    };
    let message = format!("{AGENT} gave no token: {said} ({name}, {status})");
    Err(SourceError::new(kind, code, message).remedy(remedy))
}

/// A `grpc-message`, whose bytes may be percent-encoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_grpc_is_decoded_as_far_as_it_can_be() {
        for (text, expected) in [
            ("no identity issued", "no identity issued"),
            ("a%20b%C3%A9", "a bé"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%FF", "\u{fffd}"),
        ] {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }
}
