//! The servers: TLS for the vault and the authority, told apart by host, and http for the platform.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::fault::{Action, due};
use super::objects;
use super::reply::Reply;
use super::{Recorded, State, lock};

pub(crate) struct Servers {
    pub(crate) tls: SocketAddr,
    pub(crate) plain: SocketAddr,
    pub(crate) ca: CertificateDer<'static>,
    pub(crate) tasks: Vec<JoinHandle<()>>,
}

pub(crate) async fn start(state: &Arc<Mutex<State>>) -> Servers {
    let (ca, leaf, key) = super::ca_and_leaf();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![CertificateDer::from(leaf)], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (tls, plain) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let (tls_address, plain_address) = (tls.local_addr().unwrap(), plain.local_addr().unwrap());
    let (secure, open) = (Arc::clone(state), Arc::clone(state));
    let tasks = vec![
        tokio::spawn(async move {
            while let Ok((stream, _)) = tls.accept().await {
                let (acceptor, state) = (acceptor.clone(), Arc::clone(&secure));
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, state).await;
                    }
                });
            }
        }),
        tokio::spawn(async move {
            while let Ok((stream, _)) = plain.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&open)));
            }
        }),
    ];
    Servers { tls: tls_address, plain: plain_address, ca: CertificateDer::from(ca), tasks }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, state: Arc<Mutex<State>>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&state)));
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, state: Arc<Mutex<State>>) -> io::Result<Response<Full<Bytes>>> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let host = header("host").unwrap_or_default();
    let authorization = header("authorization");
    let (metadata, identity_header) = (header("metadata").is_some(), header("x-identity-header"));
    let mut recorded = Recorded {
        method: request.method().to_string(),
        host: host.split(':').next().unwrap_or_default().to_owned(),
        path: request.uri().path().trim_end_matches('/').to_owned(),
        text: request.uri().query().unwrap_or_default().to_owned(),
        authorized: authorization.is_some(),
        status: 0,
    };
    let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let action = due(&mut lock(&state).faults, &recorded, false);
    let reply = match action {
        Some(Action::Slow(wait)) => {
            lock(&state).requests.push(recorded.clone());
            tokio::time::sleep(wait).await;
            return Err(io::Error::other("slow"));
        }
        Some(Action::Status(status, body, headers)) => Some(Reply { status, headers, body: body.into_bytes() }),
        Some(Action::Garbage) => Some(Reply { status: 200, headers: Vec::new(), body: b"<html>hello</html>".to_vec() }),
        Some(Action::Huge) => Some(Reply { status: 200, headers: Vec::new(), body: vec![b' '; 8 << 20] }),
        Some(_) => None,
        None => {
            let caller = Caller { authorization, metadata, identity_header };
            Some(route(&mut lock(&state), &recorded, &caller, &body))
        }
    };
    if !recorded.path.starts_with("/keys") {
        recorded.text.push_str(&String::from_utf8_lossy(&body));
    }
    recorded.status = reply.as_ref().map_or(0, |reply| reply.status);
    lock(&state).requests.push(recorded);
    let reply = reply.ok_or_else(|| io::Error::other("closed on purpose"))?;
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(Bytes::from(reply.body))).map_err(io::Error::other)
}

struct Caller {
    authorization: Option<String>,
    metadata: bool,
    identity_header: Option<String>,
}

fn route(state: &mut State, request: &Recorded, caller: &Caller, body: &[u8]) -> Reply {
    let path = request.path.as_str();
    if path.starts_with("/metadata") || path.starts_with("/msi") {
        return platform(state, request, caller);
    }
    if let Some(tenant) = path.strip_suffix("/oauth2/v2.0/token") {
        return authority(state, tenant.trim_start_matches('/'), body);
    }
    let token = caller.authorization.as_deref().and_then(|text| text.strip_prefix("Bearer "));
    if token.is_some_and(|token| state.tokens.iter().any(|good| good == token)) {
        return objects::answer(state, request, body);
    }
    let usual = format!(
        "Bearer authorization=\"https://login.microsoftonline.com/{}\", resource=\"https://vault.azure.net\"",
        state.tenant
    );
    let message = match token {
        Some(_) => "AKV10022: Invalid audience. Expected https://vault.azure.net, found: none.",
        None => "AKV10000: Request is missing a Bearer or PoP token.",
    };
    Reply::json(401, &json!({ "error": { "code": "Unauthorized", "message": message } }))
        .with("www-authenticate", state.challenge.clone().unwrap_or(usual))
}

/// A token for who proves to be a known application.
fn authority(state: &mut State, tenant: &str, body: &[u8]) -> Reply {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
    let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let (client_id, secret, assertion) = (value("client_id"), value("client_secret"), value("client_assertion"));
    let known = state.applications.iter().find(|(known, _)| Some(known.as_str()) == client_id);
    let refused = |status, error: &str, code: u32, text: &str| {
        let description = format!("AADSTS{code}: {text} Trace ID: 1 Correlation ID: 2 Timestamp: 2026-01-01 00:00:00Z");
        Reply::json(status, &json!({ "error": error, "error_description": description, "error_codes": [code] }))
    };
    match known {
        None => refused(400, "unauthorized_client", 700016, "Application was not found in the directory."),
        Some((_, good)) if good.is_empty() && assertion.is_some() => issue(state, tenant),
        Some((_, good)) if secret == Some(good.as_str()) && !good.is_empty() => issue(state, tenant),
        Some(_) => refused(401, "invalid_client", 7000215, "Invalid client secret provided."),
    }
}

fn issue(state: &mut State, who: &str) -> Reply {
    let token = format!("token-of-{who}-{}", state.requests.len());
    state.tokens.push(token.clone());
    let life = state.token_life;
    Reply::json(
        200,
        &json!({ "token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token }),
    )
}

/// The metadata service and App Service.
fn platform(state: &mut State, request: &Recorded, caller: &Caller) -> Reply {
    let metadata = request.path.starts_with("/metadata");
    if metadata && state.identities.is_empty() {
        return Reply::json(404, &json!({ "error": "not_found" }));
    }
    if (metadata && !caller.metadata) || (!metadata && caller.identity_header.as_deref() != Some("hdr")) {
        return Reply::json(
            400,
            &json!({ "error": "invalid_request", "error_description": "Required header not specified" }),
        );
    }
    let query: Vec<(String, String)> = url::form_urlencoded::parse(request.text.as_bytes()).into_owned().collect();
    let who = query.iter().find(|(key, _)| key == "client_id").map(|(_, value)| value.clone()).unwrap_or_default();
    if !state.identities.contains(&who) {
        return Reply::json(400, &json!({ "error": "invalid_request", "error_description": "Identity not found" }));
    }
    let token = format!("token-of-identity-{who}-{}", state.requests.len());
    state.tokens.push(token.clone());
    Reply::json(200, &json!({ "access_token": token, "expires_in": "86399", "token_type": "Bearer" }))
}
