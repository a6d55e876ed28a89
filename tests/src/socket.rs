//! A bare HTTP/1.1 server on a thread of its own: it belongs to no runtime, says when connections open,
//! and can break off.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the server does with a request that it has read to its end.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers 200 with that body, and keeps the connection.
    Body(&'static str),
    /// The same, and closes the connection without having said so.
    BodyThenClose(&'static str),
    /// Answers with that head, which ends in an empty line.
    Head(&'static str),
    /// Closes the connection without an answer.
    Close,
}

/// The server; its threads end with the process.
#[derive(Clone, Debug)]
pub struct Socket {
    /// Where it listens.
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Socket {
    /// Listens on that address (`127.0.0.1:0`); `reply` is asked with the number of requests before this
    /// one.
    pub fn listen(on: &str, reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(on).unwrap();
        let address = listener.local_addr().unwrap();
        let socket = Self { address, requests: Arc::default(), connections: Arc::default() };
        let (own, reply) = (socket.clone(), Arc::new(reply));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                own.connections.fetch_add(1, Ordering::SeqCst);
                let (own, reply) = (own.clone(), Arc::clone(&reply));
                thread::spawn(move || own.serve(stream, reply.as_ref()));
            }
        });
        socket
    }

    /// `http://ADDRESS/`.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The heads of the requests so far, bodies included.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn serve(&self, mut stream: TcpStream, reply: &dyn Fn(usize) -> Reply) {
        while let Some(request) = read(&mut stream) {
            let before = {
                let mut requests = self.requests.lock().unwrap();
                requests.push(request);
                requests.len() - 1
            };
            let (answer, goes_on) = match reply(before) {
                Reply::Body(body) => (with_length(body), true),
                Reply::BodyThenClose(body) => (with_length(body), false),
                Reply::Head(head) => (head.to_owned(), true),
                Reply::Close => return,
            };
            if stream.write_all(answer.as_bytes()).is_err() || !goes_on {
                return;
            }
        }
    }
}

fn with_length(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// One request: its head, and a body as long as `content-length` says.
fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
