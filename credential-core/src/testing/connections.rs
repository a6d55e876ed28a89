//! Connections whose other end the test holds.

use std::io;

use async_trait::async_trait;
use tokio::io::{DuplexStream, duplex};

use crate::sync::{Mutex, lock};
use crate::world::{Connection, Connections, Endpoint};

/// What one end of a connection writes ahead of the other one's reading.
const BUFFER: usize = 64 * 1024;

/// Connects to whoever the test puts there, in this process's memory, and records who was asked for. Nobody
/// listens anywhere else.
#[derive(Debug, Default)]
pub struct FakeConnections(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Each with the end that is given out, or none for one that never answers.
    places: Vec<(Endpoint, Option<DuplexStream>)>,
    asked: Vec<Endpoint>,
}

impl FakeConnections {
    /// The other end of one connection to the endpoint that somebody will ask for; of several, in this order.
    pub fn serve(&self, endpoint: &Endpoint) -> DuplexStream {
        let (given, held) = duplex(BUFFER);
        lock(&self.0).places.push((endpoint.clone(), Some(given)));
        held
    }

    /// One connection to the endpoint that comes to nothing and to no end.
    pub fn hang(&self, endpoint: &Endpoint) {
        lock(&self.0).places.push((endpoint.clone(), None));
    }

    /// Where connections led so far, or would have.
    pub fn asked(&self) -> Vec<Endpoint> {
        lock(&self.0).asked.clone()
    }

    fn next(&self, endpoint: &Endpoint) -> Option<Option<DuplexStream>> {
        let mut state = lock(&self.0);
        state.asked.push(endpoint.clone());
        let place = state.places.iter().position(|(known, _)| known == endpoint)?;
        Some(state.places.remove(place).1)
    }
}

#[async_trait]
impl Connections for FakeConnections {
    /// # Errors
    /// `NotFound` for a Unix socket, and `ConnectionRefused` for a port, that nobody serves.
    async fn connect(&self, endpoint: &Endpoint) -> io::Result<Box<dyn Connection>> {
        match self.next(endpoint) {
            Some(Some(connection)) => Ok(Box::new(connection)),
            Some(None) => std::future::pending().await,
            None if endpoint.unix_socket().is_some() => Err(io::ErrorKind::NotFound.into()),
            None => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }
}
