//! Where a raw connection leads: to a socket of this machine and nowhere else.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A place on this machine that a raw connection leads to: a Unix socket, or a TCP port of a loopback address.
/// Written as SPIFFE does it (Workload Endpoint §4, <https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE_Workload_Endpoint.md>).
///
/// ```
/// use credential_core::world::{Endpoint, EndpointFault};
///
/// let agent: Endpoint = "unix:///run/spire/agent.sock".parse()?;
/// assert_eq!(agent.unix_socket(), Some("/run/spire/agent.sock".as_ref()));
/// assert_eq!("tcp://10.0.0.1:8081".parse::<Endpoint>(), Err(EndpointFault::NotLoopback));
/// # Ok::<(), EndpointFault>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint(Place);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    Unix(PathBuf),
    Tcp(SocketAddr),
}

impl Endpoint {
    /// The path of the Unix socket, if it is one.
    pub fn unix_socket(&self) -> Option<&Path> {
        match &self.0 {
            Place::Unix(path) => Some(path),
            Place::Tcp(_) => None,
        }
    }

    /// The loopback address and port, if it is that.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match &self.0 {
            Place::Unix(_) => None,
            Place::Tcp(address) => Some(*address),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Unix(path) => write!(f, "unix://{}", path.display()),
            Place::Tcp(address) => write!(f, "tcp://{address}"),
        }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointFault;

    /// Reads `unix:///PATH` (`unix:/PATH` is the same) or `tcp://IP:PORT`.
    ///
    /// # Errors
    /// What is wrong with it.
    fn from_str(text: &str) -> Result<Self, EndpointFault> {
        let (scheme, rest) = text.split_once(':').ok_or(EndpointFault::Scheme)?;
        let rest_of_authority = rest.strip_prefix("//");
        let place = match scheme.to_ascii_lowercase().as_str() {
            "unix" => Place::Unix(path(rest_of_authority.unwrap_or(rest), rest_of_authority.is_some())?),
            "tcp" => Place::Tcp(address(rest_of_authority.ok_or(EndpointFault::NotIpAndPort)?)?),
            _ => return Err(EndpointFault::Scheme),
        };
        Ok(Self(place))
    }
}

fn path(text: &str, after_slashes: bool) -> Result<PathBuf, EndpointFault> {
    match text {
        text if text.contains(['?', '#', '%', '\0']) => Err(EndpointFault::NotPlain),
        "" | "/" => Err(EndpointFault::NoPath),
        text if text.starts_with('/') => Ok(PathBuf::from(text)),
        _ if after_slashes => Err(EndpointFault::Host),
        _ => Err(EndpointFault::NoPath),
    }
}

fn address(text: &str) -> Result<SocketAddr, EndpointFault> {
    let address: SocketAddr = text.parse().map_err(|_| EndpointFault::NotIpAndPort)?;
    match address {
        address if address.port() == 0 => Err(EndpointFault::NotIpAndPort),
        address if !address.ip().is_loopback() => Err(EndpointFault::NotLoopback),
        address => Ok(address),
    }
}

/// Why a text is no [`Endpoint`]. `Display` goes after the setting's name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndpointFault {
    /// It is neither `unix:` nor `tcp:`.
    Scheme,
    /// It is a Unix socket with a host before its path.
    Host,
    /// It is a Unix socket without an absolute path.
    NoPath,
    /// The path has more than a path in it: a query, a fragment or escapes.
    NotPlain,
    /// It is a TCP endpoint that is not an IP address and a port and nothing else.
    NotIpAndPort,
    /// It is an address of another machine.
    NotLoopback,
}

impl EndpointFault {
    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Scheme => "write unix:///PATH or tcp://127.0.0.1:PORT",
            Self::Host => "write three slashes: unix:///PATH",
            Self::NoPath => "write the whole path of the socket: unix:///PATH",
            Self::NotPlain => "write the path as it is, without ?, # and %",
            Self::NotIpAndPort => "write tcp://127.0.0.1:PORT or tcp://[::1]:PORT, with nothing after it",
            Self::NotLoopback => "name a socket of this machine: unix:///PATH or tcp://127.0.0.1:PORT",
        }
    }
}

impl fmt::Display for EndpointFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "is not valid: it is neither a unix: nor a tcp: address",
            Self::Host => "is not valid: it has a host before the path of its socket",
            Self::NoPath => "is not valid: the absolute path of its socket is missing",
            Self::NotPlain => "is not valid: it has ?, # or % in the path of its socket",
            Self::NotIpAndPort => "is not valid: it must be an IP address and a port, and nothing else",
            Self::NotLoopback => "is not valid: it leads to another machine",
        })
    }
}

/// What it says: a `main` that returns it prints this.
impl fmt::Debug for EndpointFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for EndpointFault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_socket_of_this_machine() {
        use EndpointFault::{Host, NoPath, NotIpAndPort, NotLoopback, NotPlain, Scheme};
        for (text, expected) in [
            ("unix:///run/agent.sock", Ok("unix:///run/agent.sock")),
            ("UNIX:///run/a b/ä.sock", Ok("unix:///run/a b/ä.sock")),
            ("unix:/run/agent.sock", Ok("unix:///run/agent.sock")),
            ("tcp://127.0.0.1:8081", Ok("tcp://127.0.0.1:8081")),
            ("tcp://127.9.9.9:1", Ok("tcp://127.9.9.9:1")),
            ("TCP://[::1]:8081", Ok("tcp://[::1]:8081")),
            ("", Err(Scheme)),
            ("/run/agent.sock", Err(Scheme)),
            ("http://127.0.0.1:80", Err(Scheme)),
            ("127.0.0.1:8081", Err(Scheme)),
            (" unix:///run/agent.sock", Err(Scheme)),
            ("unix://run/agent.sock", Err(Host)),
            ("unix://", Err(NoPath)),
            ("unix:///", Err(NoPath)),
            ("unix:", Err(NoPath)),
            ("unix:agent.sock", Err(NoPath)),
            ("unix:///run/a.sock?x=1", Err(NotPlain)),
            ("unix:///run/a.sock#x", Err(NotPlain)),
            ("unix:///run/a%20b.sock", Err(NotPlain)),
            ("unix:///run/a\0.sock", Err(NotPlain)),
            ("tcp:127.0.0.1:8081", Err(NotIpAndPort)),
            ("tcp://localhost:8081", Err(NotIpAndPort)),
            ("tcp://127.0.0.1", Err(NotIpAndPort)),
            ("tcp://127.0.0.1:0", Err(NotIpAndPort)),
            ("tcp://127.0.0.1:99999", Err(NotIpAndPort)),
            ("tcp://127.0.0.1:8081/", Err(NotIpAndPort)),
            ("tcp://127.0.0.1:8081?x", Err(NotIpAndPort)),
            ("tcp://u@127.0.0.1:8081", Err(NotIpAndPort)),
            ("tcp://10.0.0.1:8081", Err(NotLoopback)),
            ("tcp://0.0.0.0:8081", Err(NotLoopback)),
            ("tcp://[::]:8081", Err(NotLoopback)),
            ("tcp://[::ffff:127.0.0.1]:8081", Err(NotLoopback)),
        ] {
            let read = text.parse::<Endpoint>().map(|endpoint| endpoint.to_string());
            assert_eq!(read, expected.map(str::to_owned), "{text:?}");
        }
    }
}
