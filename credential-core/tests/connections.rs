//! Raw connections to sockets of this machine, and what becomes of those that come to nothing.

#![expect(clippy::unwrap_used, clippy::panic, reason = "real sockets; a test that fails says where")]

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::World;
use credential_core::testing::{FakeHttp, FakeWorld};
use credential_core::world::{Connection, Connections, Endpoint, Moment};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

fn world() -> World {
    World::new(Arc::new(FakeHttp::default()))
}

fn soon(world: &World) -> Moment {
    world.clock.moment().after(Duration::from_secs(5))
}

fn endpoint(text: &str) -> Endpoint {
    text.parse().unwrap()
}

/// Asks and is answered, to the end of the connection.
async fn talk(mut connection: Box<dyn Connection>, mut other: impl AsyncRead + AsyncWrite + Unpin) {
    connection.write_all(b"ask").await.unwrap();
    let mut asked = [0; 3];
    other.read_exact(&mut asked).await.unwrap();
    other.write_all(b"answer").await.unwrap();
    drop(other);
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert_eq!((&asked, answer.as_str()), (b"ask", "answer"));
}

#[tokio::test]
async fn a_port_of_this_machine_is_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (world, there) = (world(), endpoint(&format!("tcp://{address}")));
    let connection = world.connect(&there, soon(&world)).await.unwrap();
    talk(connection, listener.accept().await.unwrap().0).await;
    drop(listener);
    let error = world.connect(&there, soon(&world)).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains(&there.to_string()), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_reached() {
    let path = std::env::temp_dir().join(format!("credential-core-connection-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let (world, there) = (world(), endpoint(&format!("unix://{}", path.display())));
    let connection = world.connect(&there, soon(&world)).await.unwrap();
    talk(connection, listener.accept().await.unwrap().0).await;
    std::fs::remove_file(&path).unwrap();
    let error = world.connect(&there, soon(&world)).await.map(drop).unwrap_err();
    assert!(error.kind() == ErrorKind::NotFound && error.to_string().contains(&there.to_string()), "{error}");
}

#[test]
fn a_runtime_without_io_is_an_error_that_says_so() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let world = world();
    let there = endpoint("tcp://127.0.0.1:9");
    let error = runtime.block_on(world.connect(&there, soon(&world))).map(drop).unwrap_err();
    assert!(error.to_string().contains("enable_all"), "{error}");
}

/// Somebody's own.
#[derive(Debug)]
struct Panics;

#[async_trait]
impl Connections for Panics {
    async fn connect(&self, _endpoint: &Endpoint) -> io::Result<Box<dyn Connection>> {
        panic!("s3cret")
    }
}

#[tokio::test]
async fn a_panic_and_a_silence_are_errors() {
    let there = endpoint("unix:///run/agent.sock");
    let world = world().with_connections(Arc::new(Panics));
    let error = world.connect(&there, soon(&world)).await.map(drop).unwrap_err();
    assert!(error.kind() == ErrorKind::Other && !error.to_string().contains("s3cret"), "{error}");
    let fake = FakeWorld::new();
    fake.connections.hang(&there);
    let world = fake.world();
    let late = async { fake.clock.advance(Duration::from_secs(5)) };
    let (given, ()) = tokio::join!(world.connect(&there, soon(&world)), late);
    assert_eq!(given.map(drop).unwrap_err().kind(), ErrorKind::TimedOut);
}

#[tokio::test]
async fn the_test_holds_the_other_end_of_a_fake() {
    let (fake, there) = (FakeWorld::new(), endpoint("unix:///run/agent.sock"));
    let world = fake.world();
    for other in [fake.connections.serve(&there), fake.connections.serve(&there)] {
        talk(world.connect(&there, soon(&world)).await.unwrap(), other).await;
    }
    let port = endpoint("tcp://127.0.0.1:8081");
    for (place, kind) in [(&there, ErrorKind::NotFound), (&port, ErrorKind::ConnectionRefused)] {
        assert_eq!(world.connect(place, soon(&world)).await.map(drop).unwrap_err().kind(), kind);
    }
    assert_eq!(fake.connections.asked(), [there.clone(), there.clone(), there, port]);
}
