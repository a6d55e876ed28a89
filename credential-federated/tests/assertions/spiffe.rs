//! The source `Spiffe` against a server that speaks gRPC over `h2`: what is asked, which document is taken, and what
//! goes wrong. A server of another make is asked in `.ci/real`.

use std::time::Duration;

use bytes::Bytes;
use credential_core::SourceErrorKind::{Denied, Invalid, NotApplicable, Transient};
use credential_core::source::LoadReason;
use credential_core::testing::{Bound, Conformance, FakeWorld};
use credential_core::world::Endpoint;
use credential_core::{Credential, CredentialDescription, SourceErrorKind};
use credential_federated::SpiffeSource;
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use tokio::io::DuplexStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::common::{bound, in_time, jwt, load};

const AUDIENCE: &str = "api://AzureADTokenExchange";
const SOCKET: &str = "unix:///run/spire/agent.sock";
const FIRST: &str = "spiffe://contoso.example/first";
const SECOND: &str = "spiffe://contoso.example/second";
/// The fake clock's start, 2026-01-01, in seconds.
const NOW: i64 = 1_767_225_600;

fn token(id: &str, audience: &str, ends_in: i64) -> String {
    let exp = NOW + ends_in;
    jwt(&format!(r#"{{"iss":"https://spire.example","sub":"{FIRST}","aud":["{audience}"],"jti":"{id}","exp":{exp}}}"#))
}

/// What an agent does with one call.
#[derive(Clone)]
enum Reply {
    /// Documents: SPIFFE IDs and tokens.
    Svids(Vec<(&'static str, String)>),
    /// A status in the trailers, or in the headers alone.
    Status(u32, &'static str, bool),
    /// A body without a message's prefix being right.
    Raw(Vec<u8>),
    /// An answer of HTTP that is none of gRPC.
    Http(u16),
    /// Nothing, ever.
    Silence,
    /// The connection is closed in the middle of the answer.
    Cut,
}

/// A text as a field of a message.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = content.len();
    while length > 127 {
        field.push(u8::try_from(length & 127).unwrap() | 128);
        length >>= 7;
    }
    field.push(u8::try_from(length).unwrap());
    field.extend_from_slice(content);
    field
}

fn framed(message: &[u8]) -> Vec<u8> {
    [&[0], &u32::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat()
}

/// Serves one connection to the socket; each call's headers and message come by the channel.
#[expect(clippy::disallowed_methods, reason = "the server is a task of its own")]
fn serve(world: &FakeWorld, socket: &str, reply: Reply) -> UnboundedReceiver<(HeaderMap, Vec<u8>)> {
    let end = world.connections.serve(&socket.parse().unwrap());
    let (asked, receiver) = unbounded_channel();
    tokio::spawn(connection(end, reply, asked));
    receiver
}

#[expect(clippy::disallowed_methods, reason = "the server is a task of its own")]
async fn connection(end: DuplexStream, reply: Reply, asked: UnboundedSender<(HeaderMap, Vec<u8>)>) {
    let Ok(mut connection) = h2::server::handshake(end).await else { return };
    let cut = matches!(reply, Reply::Cut);
    let mut calls = 0;
    while let Some(Ok((request, respond))) = connection.accept().await {
        calls += 1;
        if cut {
            return;
        }
        assert_eq!(request.uri().path(), "/SpiffeWorkloadAPI/FetchJWTSVID");
        tokio::spawn(call(request, respond, reply.clone(), asked.clone()));
    }
    assert!(calls <= 1, "one connection, one call");
}

async fn call(
    request: Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    reply: Reply,
    asked: UnboundedSender<(HeaderMap, Vec<u8>)>,
) {
    let (head, mut body) = request.into_parts();
    let mut message = Vec::new();
    while let Some(Ok(chunk)) = body.data().await {
        message.extend_from_slice(&chunk);
    }
    asked.send((head.headers, message)).ok();
    let (message, status, said, http) = match &reply {
        Reply::Svids(svids) => {
            let message: Vec<u8> = svids
                .iter()
                .flat_map(|(id, token)| field(1, &[field(1, id.as_bytes()), field(2, token.as_bytes())].concat()))
                .collect();
            (framed(&message), 0, "", 200)
        }
        Reply::Status(status, said, _) => (Vec::new(), *status, *said, 200),
        Reply::Raw(raw) => (raw.clone(), 0, "", 200),
        Reply::Http(status) => (Vec::new(), 0, "", *status),
        Reply::Silence => std::future::pending().await,
        Reply::Cut => return,
    };
    let response = Response::builder().status(http).header("content-type", "application/grpc");
    if matches!(reply, Reply::Status(.., true)) {
        let response = response.header("grpc-status", status.to_string()).header("grpc-message", said);
        respond.send_response(response.body(()).unwrap(), true).ok();
        return;
    }
    let Ok(mut stream) = respond.send_response(response.body(()).unwrap(), false) else { return };
    stream.send_data(message.into(), false).ok();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", status.to_string().parse().unwrap());
    trailers.insert("grpc-message", said.parse().unwrap());
    stream.send_trailers(trailers).ok();
}

fn entry() -> CredentialDescription {
    CredentialDescription::new("Spiffe").with("SpiffeEndpointSocket", SOCKET)
}

fn of(entry: &CredentialDescription) -> Bound {
    bound(SpiffeSource, entry)
}

fn text(credential: &Credential) -> String {
    let Credential::Assertion(assertion) = credential else { panic!("no assertion: {credential:?}") };
    assertion.token().unwrap().expose().to_owned()
}

#[tokio::test]
async fn the_agent_is_asked_for_the_audience_and_the_first_document_is_taken() {
    for (socket, written) in [(SOCKET, true), ("tcp://127.0.0.1:8081", false)] {
        let world = FakeWorld::new();
        world.environment.set("SPIFFE_ENDPOINT_SOCKET", socket);
        let documents = vec![(FIRST, token("a", AUDIENCE, 300)), (SECOND, token("b", AUDIENCE, 300))];
        let mut asked = serve(&world, socket, Reply::Svids(documents));
        let entry = if written { entry() } else { CredentialDescription::new("Spiffe") };
        let credential = load(&of(&entry), &world, None).await.unwrap();
        assert_eq!(text(&credential), token("a", AUDIENCE, 300));
        let (headers, message) = asked.recv().await.unwrap();
        assert_eq!(headers["workload.spiffe.io"], "true");
        assert_eq!(
            (&headers["content-type"], &headers["te"]),
            (&"application/grpc".parse().unwrap(), &"trailers".parse().unwrap())
        );
        assert_eq!(message, framed(&field(1, AUDIENCE.as_bytes())));
        assert_eq!(world.connections.asked(), [socket.parse::<Endpoint>().unwrap()]);
    }
}

#[tokio::test]
async fn one_of_several_identities_is_asked_for_by_name() {
    let world = FakeWorld::new();
    let documents = vec![(FIRST, token("a", AUDIENCE, 300)), (SECOND, token("b", AUDIENCE, 300))];
    let mut asked = serve(&world, SOCKET, Reply::Svids(documents));
    let credential = load(&of(&entry().with("SpiffeId", SECOND)), &world, None).await.unwrap();
    assert_eq!(text(&credential), token("b", AUDIENCE, 300));
    let (_, message) = asked.recv().await.unwrap();
    assert_eq!(message, framed(&[field(1, AUDIENCE.as_bytes()), field(2, SECOND.as_bytes())].concat()));
    let world = FakeWorld::new();
    serve(&world, SOCKET, Reply::Svids(vec![(FIRST, token("a", AUDIENCE, 300))]));
    let error = load(&of(&entry().with("SpiffeId", SECOND)), &world, None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Denied, "token-not-granted"), "{error}");
}

#[tokio::test]
async fn a_large_answer_is_read_to_its_end_and_a_huge_one_is_not() {
    let many = |count: usize| vec![(FIRST, token("a", AUDIENCE, 300)); count];
    let world = FakeWorld::new();
    serve(&world, SOCKET, Reply::Svids(many(600)));
    assert!(load(&of(&entry()), &world, None).await.is_ok());
    let world = FakeWorld::new();
    serve(&world, SOCKET, Reply::Raw(vec![0; 300_000]));
    let error = load(&of(&entry()), &world, None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Invalid, "token-answer-too-large"), "{error}");
}

#[tokio::test]
async fn what_the_agent_says_is_told_with_what_to_do() {
    let svid = |token: String| Reply::Svids(vec![(FIRST, token)]);
    let cases: Vec<(Reply, SourceErrorKind, &str, &str)> = vec![
        (
            Reply::Status(7, "no identity issued", false),
            Denied,
            "token-refused",
            "no identity issued (PERMISSION_DENIED, 7)",
        ),
        (Reply::Status(7, "no identity issued", true), Denied, "token-refused", "no identity issued"),
        (Reply::Status(3, "audience%20must be specified", true), Invalid, "token-request-refused", "audience must be"),
        (Reply::Status(12, "", false), Invalid, "token-request-refused", "UNIMPLEMENTED"),
        (Reply::Status(14, "starting", false), Transient, "token-service-unwell", "starting"),
        (Reply::Status(13, "", true), Transient, "token-service-unwell", "13"),
        (Reply::Http(404), Invalid, "token-unreadable", "404"),
        (Reply::Raw(vec![]), Invalid, "token-unreadable", "no JWT-SVID"),
        (Reply::Raw(vec![0, 0]), Invalid, "token-unreadable", "no message of gRPC"),
        (Reply::Raw(vec![1, 0, 0, 0, 0]), Invalid, "token-unreadable", "no message of gRPC"),
        (Reply::Raw(vec![0, 0, 0, 0, 9, 1]), Invalid, "token-unreadable", "cut off"),
        (Reply::Raw(framed(b"\x0a\x09\x01")), Invalid, "token-unreadable", "JWTSVIDResponse"),
        (Reply::Svids(vec![]), Invalid, "token-unreadable", "no JWT-SVID"),
        (svid("opaque-hunter2".to_owned()), Invalid, "not-an-assertion", "SPIFFE"),
        (svid(token("a", AUDIENCE, -120)), Invalid, "assertion-expired", "expired"),
        (svid(token("a", "api://other", 300)), Invalid, "assertion-audience", "api://other"),
        (Reply::Cut, Transient, "token-service-unreachable", "broke off"),
        (Reply::Silence, Transient, "token-service-timeout", "timed out"),
    ];
    for (reply, kind, code, word) in cases {
        let world = FakeWorld::new();
        serve(&world, SOCKET, reply);
        let error = in_time(&world, load(&of(&entry()), &world, None)).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, code), "{error}");
        assert!(error.to_string().contains(word) && error.remedy_text().is_some(), "{error:?}");
        assert!(!format!("{error:?} {}", error.finding()).contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn an_agent_that_is_not_there_is_no_platform() {
    let world = FakeWorld::new();
    let error = load(&of(&CredentialDescription::new("Spiffe")), &world, None).await.unwrap_err();
    assert_eq!((error.kind(), error.code(), error.is_local()), (NotApplicable, "platform-absent", true), "{error}");
    let error = load(&of(&entry()), &world, None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (NotApplicable, "token-service-unreachable"), "{error}");
    world.environment.set("SPIFFE_ENDPOINT_SOCKET", "tcp://10.0.0.1:8081");
    let error = load(&of(&CredentialDescription::new("Spiffe")), &world, None).await.unwrap_err();
    assert!(error.to_string().contains("another machine") && error.code() == "spiffe-socket", "{error}");
    let hangs = FakeWorld::new();
    hangs.connections.hang(&SOCKET.parse().unwrap());
    let error = in_time(&hangs, load(&of(&entry()), &hangs, None)).await.unwrap_err();
    assert_eq!(error.kind(), Transient, "{error}");
}

#[tokio::test]
async fn whoever_leaves_takes_the_connection_along() {
    let world = FakeWorld::new();
    let mut asked = serve(&world, SOCKET, Reply::Silence);
    let bound = of(&entry());
    tokio::select! {
        biased;
        loaded = load(&bound, &world, None) => panic!("{loaded:?}"),
        call = asked.recv() => assert!(call.is_some()),
    }
    // The call has lost its connection: nobody will answer it, and its task ends with the test.
    serve(&world, SOCKET, Reply::Svids(vec![(FIRST, token("a", AUDIENCE, 300))]));
    assert!(load(&bound, &world, None).await.is_ok());
}

#[tokio::test]
async fn a_document_is_kept_until_its_end_is_near_and_asked_for_anew_once_it_was_refused() {
    let (world, bound) = (FakeWorld::new(), of(&entry()));
    for id in ["first", "second", "third"] {
        serve(&world, SOCKET, Reply::Svids(vec![(FIRST, token(id, AUDIENCE, 300))]));
    }
    let first = load(&bound, &world, None).await.unwrap();
    let same = load(&bound, &world, Some((LoadReason::Refresh, &first))).await.unwrap();
    assert_eq!(text(&same), token("first", AUDIENCE, 300));
    let second = load(&bound, &world, Some((LoadReason::Rejected, &same))).await.unwrap();
    assert_eq!(text(&second), token("second", AUDIENCE, 300));
    world.clock.advance(Duration::from_secs(250));
    let third = load(&bound, &world, Some((LoadReason::Refresh, &second))).await.unwrap();
    assert_eq!(text(&third), token("third", AUDIENCE, 300));
}

#[tokio::test]
async fn the_source_conforms() {
    let (first, second) = (token("first", AUDIENCE, 3600), token("second", AUDIENCE, 7 * 86_400));
    let gives = |token: String| {
        move |world: &FakeWorld| {
            for _ in 0..64 {
                serve(world, SOCKET, Reply::Svids(vec![(FIRST, token.clone())]));
            }
        }
    };
    let other = "unix:///run/spire/other.sock";
    let conformance = Conformance::new(SpiffeSource, CredentialDescription::new("Spiffe"))
        .works_when({
            let gives = gives(first.clone());
            move |world| {
                world.environment.set("SPIFFE_ENDPOINT_SOCKET", SOCKET);
                gives(world);
            }
        })
        .rotates_when({
            let second = second.clone();
            move |world| {
                world.environment.set("SPIFFE_ENDPOINT_SOCKET", other);
                for _ in 0..64 {
                    serve(world, other, Reply::Svids(vec![(FIRST, second.clone())]));
                }
            }
        })
        .fails_when(|world| world.environment.unset("SPIFFE_ENDPOINT_SOCKET"))
        .refuses("SpiffeEndpointSocket", "tcp://10.0.0.1:8081")
        .refuses("SpiffeId", "contoso.example/first")
        .never_shows([first, second]);
    conformance.check().await.unwrap_or_else(|violations| panic!("{violations}"));
}
