//! The API of a case on loopback: plays its faults and remembers what it was asked.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    faults: Arc<Mutex<Vec<(Value, u64)>>>,
}

type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, Infallible>;

impl Api {
    pub(crate) async fn start(cloud: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let port = address.port().to_string();
        let faults = cloud["faults"].as_array().cloned().unwrap_or_default();
        let faults = faults.iter().map(|fault| fault.to_string().replace("$PORT", &port));
        let faults = faults.map(|fault| (serde_json::from_str(&fault).unwrap(), 0)).collect();
        let api = Self { address, asked: Arc::default(), faults: Arc::new(Mutex::new(faults)) };
        let own = api.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = own.clone();
                let service = service_fn(move |request| own.clone().answer(request));
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        api
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    async fn answer(self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let path = head.uri.path().to_owned();
        let fault = self.due(&path);
        self.asked.lock().unwrap().push(Asked {
            method: head.method.to_string(),
            url: format!("http://{}{}", text(&head.headers["host"]), head.uri.path_and_query().unwrap()),
            headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
        });
        let well = if path.contains("/api") { 200 } else { 404 };
        let fault = fault.unwrap_or_else(|| json!({"status": well, "reply": {"Id": 1, "Name": "one"}}));
        if fault["close"] == true {
            return Err(io::Error::other("closed on purpose"));
        }
        if let Some(delay) = fault["delay"].as_f64() {
            tokio::time::sleep(Duration::from_secs_f64(delay)).await;
        }
        Ok(reply(&fault))
    }

    fn due(&self, path: &str) -> Option<Value> {
        for (fault, count) in self.faults.lock().unwrap().iter_mut() {
            if !fault["path"].as_str().is_none_or(|part| path.contains(part)) {
                continue;
            }
            let number = *count;
            *count += 1;
            let (from, to) = (fault["from"].as_u64().unwrap_or(0), fault["to"].as_u64().unwrap_or(u64::MAX));
            if (from..to).contains(&number) {
                return Some(fault.clone());
            }
        }
        None
    }
}

fn reply(fault: &Value) -> Response<Body> {
    let mut response = Response::builder().status(u16::try_from(fault["status"].as_u64().unwrap()).unwrap());
    let headers = fault["headers"].as_object().cloned().unwrap_or_default();
    let bytes = match (&fault["reply_b64"], &fault["reply"]) {
        (Value::String(text), _) => BASE64_STANDARD.decode(text).unwrap(),
        (_, Value::String(text)) => text.clone().into_bytes(),
        (_, Value::Null) => Vec::new(),
        (_, value) => {
            if !headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
                response = response.header("content-type", "application/json; charset=utf-8");
            }
            dumped(value).into_bytes()
        }
    };
    for (name, value) in &headers {
        response = response.header(name, value.as_str().unwrap());
    }
    let body = match fault["chunked"] == true {
        false => Full::new(Bytes::from(bytes)).boxed_unsync(),
        true => Unsized(Full::new(Bytes::from(bytes))).boxed_unsync(),
    };
    response.body(body).unwrap()
}

/// A body that does not say how long it is: it is sent in chunks.
struct Unsized(Full<Bytes>);

impl hyper::body::Body for Unsized {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }
}

/// As the recorded cloud writes JSON: spaces after `,` and `:`, all outside ASCII escaped.
fn dumped(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pairs = map.iter().map(|(name, value)| format!("{}: {}", dumped(&json!(name)), dumped(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(dumped).collect::<Vec<_>>().join(", ")),
        Value::String(_) => {
            let escaped = |letter: char| match letter {
                letter if letter.is_ascii() => letter.to_string(),
                letter => letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
            };
            value.to_string().chars().map(escaped).collect()
        }
        other => other.to_string(),
    }
}
