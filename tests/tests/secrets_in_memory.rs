//! What is left of secrets in this process's memory after they were sent and received, and everything
//! that held them is gone. A process of its own: other tests' secrets would be found too.
#![cfg(target_os = "linux")]
#![expect(clippy::disallowed_methods, reason = "what is looked at is this process")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::thread;

use credential_core::Secret;
use token_client::{TokenClient, TokenRequest};
use zeroize::{Zeroize, Zeroizing};

const EXCHANGES: usize = 400;

/// Texts that are nowhere in the program's own memory: each byte is kept as its complement.
struct Needle(Vec<u8>);

impl Needle {
    fn new(name: &str) -> Self {
        // Letters alone, as they stand in forms, headers and JSON alike.
        let text = Zeroizing::new(format!("{name}ZxQvWjKyMarkerOf{name}").into_bytes());
        Self(text.iter().map(|byte| !byte).collect())
    }

    fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.0.len()));
        self.0.iter().for_each(|byte| text.push(char::from(!byte)));
        text
    }

    fn count_in(&self, bytes: &[u8]) -> usize {
        let is_it = |window: &[u8]| window.iter().zip(&self.0).all(|(one, other)| *one == !other);
        bytes.windows(self.0.len()).filter(|window| window[0] == !self.0[0] && is_it(window)).count()
    }
}

/// How often each of the texts, which have one length, stands in what this process may write to.
fn copies<const N: usize>(needles: &[Arc<Needle>; N]) -> [usize; N] {
    let memory = File::open("/proc/self/mem").unwrap();
    let mut buffer = vec![0; 64 * 1024];
    let zeros = vec![0; buffer.len()];
    let own = buffer.as_ptr() as usize..buffer.as_ptr() as usize + buffer.len();
    let length = needles[0].0.len();
    let mut found = [0; N];
    for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let (mut at, end) = (number(start), number(end));
        while rest.starts_with("rw") && at < end {
            // The buffer with the copies of other places is none of them.
            if own.contains(&at) {
                at = own.end;
                continue;
            }
            let stop = if at < own.start { end.min(own.start) } else { end };
            let wanted = buffer.len().min(stop - at);
            let Ok(count @ 1..) = memory.read_at(&mut buffer[..wanted], at as u64) else { break };
            let piece = &mut buffer[..count];
            if piece != &zeros[..count] {
                needles.iter().zip(&mut found).for_each(|(needle, found)| *found += needle.count_in(piece));
            }
            piece.zeroize();
            // Pieces overlap by a byte less than the text, which so is counted once.
            at += if at + count < stop { count.saturating_sub(length - 1).max(1) } else { count };
        }
    }
    found
}

fn number(hex: &str) -> usize {
    usize::from_str_radix(hex, 16).unwrap()
}

/// An authority that wipes what it reads and writes; each connection is kept.
fn authority(token: Arc<Needle>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let token = Arc::clone(&token);
            thread::spawn(move || serve(stream, &token));
        }
    });
    url
}

fn serve(mut stream: TcpStream, token: &Needle) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Zeroizing::new([0; 16 * 1024]);
    let mut filled = 0;
    while let Ok(count @ 1..) = stream.read(&mut buffer[filled..]) {
        filled += count;
        if !is_whole(&buffer[..filled]) {
            continue;
        }
        buffer.zeroize();
        filled = 0;
        let parts = [r#"{"token_type":"Bearer","expires_in":3600,"access_token":""#, &token.text(), r#""}"#];
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        for part in parts {
            stream.write_all(part.as_bytes()).unwrap();
        }
    }
}

fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    request.len() - end - 4 >= length.unwrap_or(0)
}

async fn exchange(secret: &Needle, assertion: &Needle, token: Arc<Needle>) -> TokenClient {
    let client = TokenClient::builder()
        .file("none.json")
        .set("AzureAd:Instance", authority(token))
        .set("AzureAd:TenantId", "contoso.example")
        .set("AzureAd:ClientId", "app1")
        .set("AzureAd:ClientCredentials:0:SourceType", "ClientSecret")
        .set("AzureAd:ClientCredentials:0:ClientSecret", secret.text().as_str())
        .build()
        .await
        .unwrap();
    // With room for all of it at once: a text that grows leaves copies behind.
    let mut user = Zeroizing::new(String::with_capacity(1024));
    ["eyJhbGciOiJub25lIn0.", assertion.text().as_str(), "AA.c2ln"].iter().for_each(|part| user.push_str(part));
    let user = Secret::new(user.as_str());
    for _ in 0..EXCHANGES {
        let request = TokenRequest::on_behalf_of(user.clone(), ["user.read"]).force_refresh();
        client.token(&request).await.unwrap();
    }
    client
}

#[test]
fn little_is_left_of_what_was_sent_and_received() {
    let needles = ["TheSecret", "Assertion", "SomeToken"].map(|name| Arc::new(Needle::new(name)));
    let [secret, assertion, token] = &needles;
    // What is looked for is found.
    let kept = secret.text();
    assert_eq!(copies(&needles), [1, 0, 0]);
    drop(kept);
    assert_eq!(copies(&needles), [0, 0, 0]);

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let client = runtime.block_on(exchange(secret, assertion, Arc::clone(token)));
    drop(runtime);
    // The token is cached, and nothing of the user's token that it was got for.
    let [_, assertions, tokens] = copies(&needles);
    assert!(assertions == 0 && tokens > 0, "{assertions} {tokens}");
    drop(client);
    let left = copies(&needles);
    println!("left after {EXCHANGES} exchanges: secret {}, assertion {}, token {}", left[0], left[1], left[2]);
    // What is sent is shared with the HTTP client and wiped; what comes in passes through buffers of its
    // connection, which are its own.
    assert_eq!(left[..2], [0, 0]);
}
