//! The source `Aws`: where its credentials come from, what STS is asked, and what goes wrong. Signatures are compared
//! with AWS's test suite beside the code, and judged by moto in `.ci/real`.

use std::time::Duration;

use credential_core::SourceErrorKind::{Denied, Invalid, Misconfigured, NotApplicable, Transient};
use credential_core::source::LoadReason;
use credential_core::testing::{Bound, Conformance, FakeReply, FakeWorld};
use credential_core::world::{HttpErrorKind, HttpRequest, HttpResponse};
use credential_core::{Credential, CredentialDescription, SourceErrorKind};
use credential_federated::AwsSource;

use crate::common::{bound, in_time, jwt, load};

const AUDIENCE: &str = "api://AzureADTokenExchange";
const STS: &str = "https://sts.eu-west-1.amazonaws.com/";
const METADATA: &str = "http://169.254.169.254/latest/";
/// The fake clock's start, 2026-01-01, in seconds.
const NOW: i64 = 1_767_225_600;

fn token(id: &str, audience: &str, ends_in: i64) -> String {
    let exp = NOW + ends_in;
    jwt(&format!(
        r#"{{"iss":"https://1.tokens.sts.global.api.aws","sub":"arn:aws:iam::1:role/r","aud":"{audience}","jti":"{id}","exp":{exp}}}"#
    ))
}

fn entry() -> CredentialDescription {
    CredentialDescription::new("Aws")
}

fn of(entry: &CredentialDescription) -> Bound {
    bound(AwsSource, entry)
}

fn ok(body: impl Into<Vec<u8>>) -> FakeReply {
    FakeReply::Answer(HttpResponse::new(200, Vec::new(), body))
}

fn issued(token: &str) -> FakeReply {
    ok(format!(
        "<GetWebIdentityTokenResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetWebIdentityTokenResult>\
         <WebIdentityToken>{token}</WebIdentityToken><Expiration>2026-01-01T00:05:00Z</Expiration>\
         </GetWebIdentityTokenResult></GetWebIdentityTokenResponse>"
    ))
}

/// A machine with keys in its environment.
fn with_keys(world: &FakeWorld) {
    for (name, value) in [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2-key"),
        ("AWS_SESSION_TOKEN", "hunter2-session"),
    ] {
        world.environment.set(name, value);
    }
}

fn world() -> FakeWorld {
    let world = FakeWorld::new();
    with_keys(&world);
    world
}

fn header(request: &HttpRequest, name: &str) -> String {
    let found = request.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.expose().to_owned()).unwrap_or_default()
}

fn text(credential: &Credential) -> String {
    let Credential::Assertion(assertion) = credential else { panic!("no assertion: {credential:?}") };
    assertion.token().unwrap().expose().to_owned()
}

#[tokio::test]
async fn sts_of_the_region_is_asked_with_a_signature() {
    let world = world();
    world.http.on("POST", STS, issued(&token("a", AUDIENCE, 300)));
    let credential = load(&of(&entry().with("AwsTokenDuration", "900")), &world, None).await.unwrap();
    assert_eq!(text(&credential), token("a", AUDIENCE, 300));
    let requests = world.http.requests();
    let [request] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(
        String::from_utf8_lossy(request.body.expose()),
        "Action=GetWebIdentityToken&Version=2011-06-15&Audience.member.1=api%3A%2F%2FAzureADTokenExchange\
         &SigningAlgorithm=RS256&DurationSeconds=900"
    );
    assert_eq!(header(request, "x-amz-date"), "20260101T000000Z");
    assert_eq!(header(request, "x-amz-security-token"), "hunter2-session");
    let authorization = header(request, "authorization");
    let expected = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1/sts/aws4_request, \
                    SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=";
    assert!(authorization.starts_with(expected), "{authorization}");
}

#[tokio::test]
async fn the_region_is_the_entrys_or_the_environments_and_names_the_host() {
    for (said, variable, host) in [
        (Some("cn-north-1"), None, "https://sts.cn-north-1.amazonaws.com.cn/"),
        (Some("us-gov-west-1"), Some("eu-west-1"), "https://sts.us-gov-west-1.amazonaws.com/"),
        (None, Some("eu-central-1"), "https://sts.eu-central-1.amazonaws.com/"),
    ] {
        let world = world();
        world.environment.unset("AWS_REGION");
        variable.into_iter().for_each(|region| world.environment.set("AWS_DEFAULT_REGION", region));
        world.http.on("POST", host, issued(&token("a", AUDIENCE, 300)));
        let entry = said.into_iter().fold(entry(), |entry, region| entry.with("AwsRegion", region));
        load(&of(&entry), &world, None).await.unwrap_or_else(|error| panic!("{host}: {error}"));
    }
    let world = world();
    world.environment.unset("AWS_REGION");
    let error = load(&of(&entry()), &world, None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Misconfigured, "aws-region"), "{error}");
    world.environment.set("AWS_REGION", "evil.example/?");
    let error = load(&of(&entry()), &world, None).await.unwrap_err();
    assert_eq!((error.code(), world.http.requests().len()), ("aws-region", 0), "{error}");
}

#[tokio::test]
async fn a_cluster_gives_a_role_for_its_token() {
    let world = FakeWorld::new();
    world.environment.set("AWS_REGION", "eu-west-1");
    world.environment.set("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/token");
    world.files.write("/var/run/secrets/token", "hunter2-projected\n");
    let error = load(&of(&entry()), &world, None).await.unwrap_err();
    assert!(error.to_string().contains("AWS_ROLE_ARN"), "{error}");
    world.environment.set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/orders");
    let good = token("a", AUDIENCE, 300);
    world.http.on(
        "POST",
        STS,
        FakeReply::by(move |request| match String::from_utf8_lossy(request.body.expose()) {
            body if body.contains("AssumeRoleWithWebIdentity") => HttpResponse::new(
                200,
                Vec::new(),
                "<R><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>hunter2/key+</SecretAccessKey>\
                 <SessionToken>hunter2-session</SessionToken></Credentials></R>",
            ),
            _ => HttpResponse::new(200, Vec::new(), format!("<R><WebIdentityToken>{good}</WebIdentityToken></R>")),
        }),
    );
    load(&of(&entry()), &world, None).await.unwrap();
    let requests = world.http.requests();
    let [role, own] = requests.as_slice() else { panic!("{requests:?}") };
    let body = String::from_utf8_lossy(role.body.expose());
    assert_eq!(
        body,
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15\
         &RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Forders&RoleSessionName=token-client\
         &WebIdentityToken=hunter2-projected"
    );
    assert_eq!(header(role, "authorization"), "", "a cluster's token needs no signature");
    assert!(header(own, "authorization").contains("Credential=ASIA1/"));
}

#[tokio::test]
async fn an_agent_beside_a_container_gives_keys() {
    for (variable, value, asked, authorization) in [
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/c", "http://169.254.170.2/v2/c", ""),
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "http://169.254.170.23/v1/c",
            "http://169.254.170.23/v1/c",
            "hunter2-pod",
        ),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:51679/c", "http://127.0.0.1:51679/c", ""),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://agent.example/c", "https://agent.example/c", ""),
    ] {
        let world = FakeWorld::new();
        world.environment.set("AWS_REGION", "eu-west-1");
        world.environment.set(variable, value);
        if !authorization.is_empty() {
            world.environment.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/run/pod");
            world.files.write("/run/pod", format!("{authorization}\n"));
        }
        let keys = r#"{"AccessKeyId":"ASIA2","SecretAccessKey":"hunter2-key","Token":"hunter2-session"}"#;
        world.http.on("GET", asked, ok(keys));
        world.http.on("POST", STS, issued(&token("a", AUDIENCE, 300)));
        load(&of(&entry()), &world, None).await.unwrap_or_else(|error| panic!("{value}: {error}"));
        let requests = world.http.requests();
        assert_eq!(
            (requests[0].url.as_str(), header(&requests[0], "authorization")),
            (asked, authorization.to_owned())
        );
    }
    for address in ["http://agent.example/c", "http://169.254.170.2@evil.example/", "http://169.254.170.3/"] {
        let world = FakeWorld::new();
        world.environment.set("AWS_REGION", "eu-west-1");
        world.environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", address);
        let error = load(&of(&entry()), &world, None).await.unwrap_err();
        assert_eq!((error.code(), world.http.requests().len()), ("token-service-address", 0), "{address}: {error}");
    }
}

fn instance(world: &FakeWorld) {
    world.http.on("PUT", format!("{METADATA}api/token"), ok("hunter2-imds"));
    world.http.on("GET", format!("{METADATA}meta-data/iam/security-credentials/"), ok("orders\n"));
    let keys = r#"{"Code":"Success","AccessKeyId":"ASIA3","SecretAccessKey":"hunter2-key","Token":"hunter2-session"}"#;
    world.http.on("GET", format!("{METADATA}meta-data/iam/security-credentials/orders"), ok(keys));
    world.http.on("GET", format!("{METADATA}meta-data/placement/region"), ok("eu-west-1"));
    world.http.on("POST", STS, issued(&token("a", AUDIENCE, 300)));
}

#[tokio::test]
async fn an_instance_gives_keys_in_a_session() {
    let world = FakeWorld::new();
    instance(&world);
    load(&of(&entry()), &world, None).await.unwrap();
    let asked: Vec<String> = world.http.requests().iter().map(|one| format!("{} {}", one.method, one.url)).collect();
    assert_eq!(
        asked,
        [
            format!("PUT {METADATA}api/token"),
            format!("GET {METADATA}meta-data/iam/security-credentials/"),
            format!("GET {METADATA}meta-data/iam/security-credentials/orders"),
            format!("GET {METADATA}meta-data/placement/region"),
            format!("POST {STS}"),
        ]
    );
    let requests = world.http.requests();
    assert_eq!(header(&requests[1], "X-aws-ec2-metadata-token"), "hunter2-imds");
    assert!(requests[..4].iter().all(|request| request.direct), "never through a proxy");
}

#[tokio::test]
async fn elsewhere_it_is_known_within_a_second() {
    let refuse = |status| FakeReply::Answer(HttpResponse::new(status, Vec::new(), "<html>"));
    for reply in [FakeReply::Hang, FakeReply::Fail(HttpErrorKind::Connect), refuse(404), refuse(403), ok("")] {
        let world = FakeWorld::new();
        world.http.on("PUT", format!("{METADATA}api/token"), reply.clone());
        let start = world.world().clock.moment();
        let error = in_time(&world, load(&of(&entry()), &world, None)).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (NotApplicable, "platform-absent"), "{reply:?}: {error}");
        assert!(world.world().clock.moment().since(start) <= Duration::from_millis(1500), "{reply:?}");
    }
    let world = FakeWorld::new();
    world.environment.set("AWS_EC2_METADATA_DISABLED", "TRUE");
    let error = load(&of(&entry()), &world, None).await.unwrap_err();
    assert_eq!((error.kind(), world.http.requests().len()), (NotApplicable, 0), "{error}");
}

#[tokio::test]
async fn what_sts_says_is_told_with_what_to_do() {
    let says = |status, code: &str| {
        let body =
            format!("<ErrorResponse><Error><Code>{code}</Code><Message>a &amp; b</Message></Error></ErrorResponse>");
        FakeReply::Answer(HttpResponse::new(status, Vec::new(), body))
    };
    let cases: Vec<(FakeReply, SourceErrorKind, &str, &str)> = vec![
        (says(403, "OutboundWebIdentityFederationDisabledException"), Denied, "token-not-granted", "enable-outbound"),
        (says(403, "SessionDurationEscalationException"), Denied, "token-not-granted", "AwsTokenDuration"),
        (says(403, "AccessDenied"), Denied, "token-refused", "sts:GetWebIdentityToken"),
        (says(403, "SignatureDoesNotMatch"), Denied, "token-refused", "clock"),
        (says(400, "JWTPayloadSizeExceededException"), Invalid, "token-request-refused", "AwsRegion"),
        (says(503, "ServiceUnavailable"), Transient, "token-service-unwell", "asked again"),
        (says(400, "Throttling"), Transient, "token-service-unwell", "asked again"),
        (ok("<html>"), Invalid, "token-unreadable", "look at"),
        (issued("opaque-hunter2"), Invalid, "not-an-assertion", "look at"),
        (issued(&token("a", AUDIENCE, -120)), Invalid, "assertion-expired", "clock"),
        (issued(&token("a", "api://other", 300)), Invalid, "assertion-audience", "register"),
        (FakeReply::Fail(HttpErrorKind::TooLarge), Invalid, "token-answer-too-large", "AwsRegion"),
        (FakeReply::Fail(HttpErrorKind::UnknownHost), Transient, "token-service-unreachable", "AwsRegion"),
        (FakeReply::Hang, Transient, "token-service-timeout", "asked again"),
    ];
    for (reply, kind, code, word) in cases {
        let world = world();
        world.http.on("POST", STS, reply);
        let error = in_time(&world, load(&of(&entry()), &world, None)).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, code), "{error}");
        assert!(error.remedy_text().unwrap().contains(word), "{error:?}");
        assert!(!format!("{error:?} {}", error.finding()).contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn a_token_is_kept_and_asked_for_anew_once_it_was_refused() {
    let (world, bound) = (world(), of(&entry()));
    world.http.on("POST", STS, issued(&token("first", AUDIENCE, 300)));
    let first = load(&bound, &world, None).await.unwrap();
    world.http.on("POST", STS, issued(&token("second", AUDIENCE, 300)));
    let same = load(&bound, &world, Some((LoadReason::Refresh, &first))).await.unwrap();
    assert_eq!(text(&same), token("first", AUDIENCE, 300));
    let other = load(&bound, &world, Some((LoadReason::Rejected, &same))).await.unwrap();
    assert_eq!(text(&other), token("second", AUDIENCE, 300));
}

#[tokio::test]
async fn the_source_conforms() {
    let (first, second) = (token("first", AUDIENCE, 3600), token("second", AUDIENCE, 7 * 86_400));
    let gives = |token: String| move |world: &FakeWorld| world.http.on("POST", STS, issued(&token));
    let conformance = Conformance::new(AwsSource, entry().with("AwsRegion", "eu-west-1"))
        .works_when({
            let first = first.clone();
            move |world| {
                with_keys(world);
                world.http.on("POST", STS, issued(&first));
            }
        })
        .rotates_when(gives(second.clone()))
        .fails_when(gives(token("third", AUDIENCE, -1)))
        .refuses("AwsRegion", "evil.example")
        .refuses("AwsTokenDuration", "30")
        .never_shows([first, second, "hunter2-key".to_owned(), "hunter2-session".to_owned()]);
    conformance.check().await.unwrap_or_else(|violations| panic!("{violations}"));
    let error = Bound::new(AwsSource, entry().with("AwsTokenDuration", "3601"));
    assert!(error.unwrap_err().to_string().contains("AwsTokenDuration"));
}
