//! Raw connections to what runs on this machine, for protocols that are not ours to speak: gRPC to a SPIFFE
//! agent, for one. Who opens them is injected.

use std::fmt::Debug;
use std::io;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};

use super::Endpoint;
use crate::World;
use crate::guard::{Unanswered, bounded, guarded};
use crate::world::Moment;

/// An open connection, closed when it is dropped. Any stream of bytes in both directions is one.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// Opens connections. Call it by [`World::connect`], which has the deadline: an implementation needs none, and
/// leaves nothing behind when its future is dropped.
#[async_trait]
pub trait Connections: Debug + Send + Sync {
    /// Connects to a socket of this machine.
    ///
    /// # Errors
    /// What the system answers: [`io::ErrorKind::NotFound`] where there is no such socket,
    /// [`io::ErrorKind::ConnectionRefused`] where nobody listens, [`io::ErrorKind::PermissionDenied`] where this
    /// process may not; [`io::ErrorKind::Unsupported`] for a Unix socket where the system has none.
    async fn connect(&self, endpoint: &Endpoint) -> io::Result<Box<dyn Connection>>;
}

impl World {
    /// Connects to a socket of this machine with the world's [`Connections`], whoever wrote them: their panic, and
    /// a silence until the deadline, are errors. What is then said on the connection has the caller's bounds.
    ///
    /// # Errors
    /// As [`Connections::connect`], each with the endpoint in its text; `TimedOut` when there is no answer, `Other`
    /// when they panic.
    pub async fn connect(&self, endpoint: &Endpoint, deadline: Moment) -> io::Result<Box<dyn Connection>> {
        let connected = bounded(&*self.clock, deadline, || self.connections.connect(endpoint)).await;
        let (kind, why) = match connected {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => (error.kind(), error.to_string()),
            Err(Unanswered::Late) => (io::ErrorKind::TimedOut, "timed out".to_owned()),
            Err(Unanswered::Panicked) => {
                tracing::error!("the code that opens connections panicked");
                (io::ErrorKind::Other, "the code that opens connections panicked".to_owned())
            }
        };
        Err(io::Error::new(kind, format!("no connection to {endpoint}: {why}")))
    }
}

/// The sockets of this machine. Needs a tokio runtime with I/O (`Builder::enable_all`); on another one each
/// connection is an error.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalConnections;

#[async_trait]
impl Connections for LocalConnections {
    async fn connect(&self, endpoint: &Endpoint) -> io::Result<Box<dyn Connection>> {
        // What the runtime lacks, it says by a panic.
        guarded(|| open(endpoint)).await.unwrap_or_else(|_| {
            Err(io::Error::other("the tokio runtime has no I/O; build it with Builder::enable_all"))
        })
    }
}

async fn open(endpoint: &Endpoint) -> io::Result<Box<dyn Connection>> {
    if let Some(address) = endpoint.tcp_address() {
        return Ok(Box::new(tokio::net::TcpStream::connect(address).await?));
    }
    #[cfg(unix)]
    if let Some(path) = endpoint.unix_socket() {
        return Ok(Box::new(tokio::net::UnixStream::connect(path).await?));
    }
    Err(io::Error::new(io::ErrorKind::Unsupported, "there are no Unix sockets on this system"))
}
