//! A gRPC server: one method, which tells its path, the audience of its caller's token and the message.

use std::convert::Infallible;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

use crate::emulated::claims;

/// Its address.
#[expect(clippy::disallowed_methods, reason = "a server of the test's own")]
pub(crate) async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        server.serve_connection(TokioIo::new(socket), service_fn(answer)).await
    });
    address
}

async fn answer(
    request: Request<Incoming>,
) -> Result<Response<impl hyper::body::Body<Data = Bytes, Error = Infallible>>, Infallible> {
    let (parts, body) = request.into_parts();
    let token = parts.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned();
    // A flag and a length stand before each message.
    let message = body.collect().await.unwrap().to_bytes().slice(5..);
    let audience = claims(&token)["aud"].as_str().unwrap().to_owned();
    let said = format!("{} of {audience}: {}", parts.uri.path(), String::from_utf8_lossy(&message));
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(said.len()).unwrap());
    frame.put_slice(said.as_bytes());
    let trailers = async { Some(Ok(HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]))) };
    let body = Full::new(frame.freeze()).with_trailers(trailers);
    Ok(Response::builder().header("content-type", "application/grpc").body(body).unwrap())
}
