//! The source `SignedAssertionFromManagedIdentity`: hosts, identities, what is kept, and what goes wrong. The requests
//! of recorded cases are compared in `tests/wire_golden`.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::credential::AssertionRequest;
use credential_core::source::{LoadReason, Origin};
use credential_core::testing::{Bound, Conformance, FakeReply, FakeWorld, application};
use credential_core::world::{Clock, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, ServerTrust};
use credential_core::{Credential, CredentialDescription, LoadRequest, SourceError, SourceErrorKind, SourceRegistry};
use credential_federated::{ManagedIdentityAssertionSource, sources};
use tokio::task::JoinSet;

use crate::common::{bound, jwt, load};

/// The fake clock's start, 2026-01-01, in seconds.
const NOW: i64 = 1_767_225_600;
const AUDIENCE: &str = "api://AzureADTokenExchange";
const MSI: &str = "http://127.0.0.1:41000/msi/token";
const IMDS: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const APP_SERVICE: [(&str, &str); 2] = [("IDENTITY_ENDPOINT", MSI), ("IDENTITY_HEADER", "hunter2-header")];
const ARC: [(&str, &str); 2] = [("IDENTITY_ENDPOINT", MSI), ("IMDS_ENDPOINT", "http://127.0.0.1:40342")];
const KEY_FILE: &str = "/var/opt/azcmagent/tokens/abc.key";

type Variables<'a> = &'a [(&'a str, &'a str)];

fn entry() -> CredentialDescription {
    CredentialDescription::new("SignedAssertionFromManagedIdentity")
        .at("AzureAd:ClientCredentials:0", Origin::file("a.json", 4, 5))
}

fn token(id: &str, audience: &str, ends_in: i64) -> String {
    jwt(&format!(r#"{{"aud":"{audience}","sub":"mi","jti":"{id}","exp":{}}}"#, NOW + ends_in))
}

fn answer(token: &str, ends_in: i64) -> HttpResponse {
    let body = format!(r#"{{"access_token":"{token}","expires_on":"{}","token_type":"Bearer"}}"#, NOW + ends_in);
    HttpResponse::new(200, Vec::new(), body)
}

fn good() -> HttpResponse {
    answer(&token("first", AUDIENCE, 86_400), 86_400)
}

fn world(variables: Variables<'_>) -> FakeWorld {
    let world = FakeWorld::new();
    variables.iter().for_each(|(name, value)| world.environment.set(*name, *value));
    world
}

fn of(entry: &CredentialDescription) -> Bound {
    bound(ManagedIdentityAssertionSource, entry)
}

async fn fails(entry: &CredentialDescription, world: &FakeWorld) -> SourceError {
    in_time(world, load(&of(entry), world, None)).await.unwrap_err()
}

/// The work, while the fake clock goes on.
#[expect(clippy::disallowed_methods, reason = "lets other tasks run before time goes on")]
async fn in_time<T>(world: &FakeWorld, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(Duration::from_millis(3)) => world.clock.advance(Duration::from_millis(250)),
        }
    }
}

async fn presented(credential: &Credential, world: &FakeWorld, fresh: bool, claims: Option<&str>) -> String {
    let Credential::Assertion(assertion) = credential else { panic!("no assertion: {credential:?}") };
    let world = world.world();
    let deadline = world.clock.moment().after(Duration::from_secs(10));
    let mut request = AssertionRequest::new("app1", "https://login.example/token", deadline, &world);
    (request.fresh, request.claims) = (fresh, claims);
    assertion.provider().assertion(&request).await.unwrap().token.expose().to_owned()
}

fn sent(request: &HttpRequest) -> String {
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}: {}", value.expose())).collect();
    let body = String::from_utf8_lossy(request.body.expose()).into_owned();
    format!("{} {} [{}] {body}", request.method, request.url, headers.join(", ")).trim().to_owned()
}

#[tokio::test]
async fn conforms() {
    Conformance::new(ManagedIdentityAssertionSource, entry().with("ManagedIdentityClientId", "mine"))
        .works_when(|world| {
            APP_SERVICE.iter().for_each(|(name, value)| world.environment.set(*name, *value));
            world.http.on("GET", MSI, FakeReply::Answer(good()));
        })
        .fails_when(|world| world.http.on("GET", MSI, FakeReply::Answer(HttpResponse::new(400, Vec::new(), "{}"))))
        .refuses("ManagedIdentityClientId", "/subscriptions/1/resourceGroups/a")
        .refuses("ManagedIdentityResourceId", "00000000-0000-0000-0000-000000000001")
        .never_shows([token("first", AUDIENCE, 86_400), "hunter2-header".to_owned()])
        .check()
        .await
        .unwrap();
}

/// In the order in which the reference looks: what is set further down does not count.
#[tokio::test]
async fn each_host_is_found_by_its_variables_and_asked_in_its_way() {
    const THUMBPRINT: &str = "7C:1D:5A:0E:93:B2:4F:68:A1:D7:E2:C3:5B:90:6F:84:D3:A7:E5:19";
    let fabric = "https://127.0.0.1:2377/sf/token";
    let down = ("MSI_ENDPOINT", "http://127.0.0.1:1/ml/token");
    let resource = "resource=api%3A%2F%2FAzureADTokenExchange";
    let cases: [(Variables<'_>, String); 5] = [
        (
            &[
                ("IDENTITY_ENDPOINT", fabric),
                ("IDENTITY_HEADER", "h"),
                ("IDENTITY_SERVER_THUMBPRINT", THUMBPRINT),
                down,
            ],
            format!("GET {fabric}?api-version=2020-05-01&{resource} [secret: h]"),
        ),
        (
            &[("IDENTITY_ENDPOINT", MSI), ("IDENTITY_HEADER", "h"), down],
            format!("GET {MSI}?api-version=2019-08-01&{resource} [Accept: application/json, X-IDENTITY-HEADER: h]"),
        ),
        (
            &[
                ("MSI_ENDPOINT", MSI),
                ("MSI_SECRET", "s"),
                ("DEFAULT_IDENTITY_CLIENT_ID", "me"),
                ("IDENTITY_ENDPOINT", "http://127.0.0.1:1/"),
                ("IMDS_ENDPOINT", "x"),
            ],
            format!(
                "GET {MSI}?api-version=2017-09-01&{resource}&clientid=me [Accept: application/json, Metadata: true, secret: s]"
            ),
        ),
        (
            &[("MSI_ENDPOINT", MSI), ("MSI_SECRET", "")],
            format!(
                "POST {MSI} [Accept: application/json, Metadata: true, Content-Type: application/x-www-form-urlencoded] {resource}"
            ),
        ),
        (
            &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:7000/")],
            format!("GET http://127.0.0.1:7000/metadata/identity/oauth2/token?api-version=2018-02-01&{resource}"),
        ),
    ];
    for (variables, expected) in cases {
        let world = world(variables);
        for method in ["GET", "POST"] {
            world.http.on(method, "http", FakeReply::Answer(good()));
        }
        load(&of(&entry()), &world, None).await.unwrap();
        let requests = world.http.requests();
        let [request] = requests.as_slice() else { panic!("{requests:?}") };
        let shown = sent(request);
        assert!(shown.starts_with(&expected), "{shown}\n{expected}");
        assert!(request.direct, "no proxy: {shown}");
        let pinned =
            matches!(&request.trust, ServerTrust::Pinned(pin) if pin.to_string() == THUMBPRINT.replace(':', ""));
        assert_eq!(pinned, request.url.starts_with("https"), "{shown}");
    }
}

#[tokio::test]
async fn each_host_takes_the_ids_that_it_knows_and_says_which_it_does_not() {
    const RESOURCE: &str = "/subscriptions/1/x/userAssignedIdentities/a";
    let ids = [
        ("ManagedIdentityClientId", "one"),
        ("ManagedIdentityObjectId", "two"),
        ("ManagedIdentityResourceId", RESOURCE),
    ];
    let fabric = [
        ("IDENTITY_ENDPOINT", "https://127.0.0.1:2377/sf"),
        ("IDENTITY_HEADER", "h"),
        ("IDENTITY_SERVER_THUMBPRINT", "7C1D5A0E93B24F68A1D7E2C35B906F84D3A7E519"),
    ];
    let escaped = "%2Fsubscriptions%2F1%2Fx%2FuserAssignedIdentities%2Fa";
    let [app_service, imds] = ["mi_res_id", "msi_res_id"].map(|name| format!("{name}={escaped}"));
    let cases: [(Variables<'_>, [Option<&str>; 3]); 6] = [
        (&APP_SERVICE, [Some("client_id=one"), Some("object_id=two"), Some(&app_service)]),
        (&[], [Some("client_id=one"), Some("object_id=two"), Some(&imds)]),
        (&[("MSI_ENDPOINT", MSI), ("MSI_SECRET", "s")], [Some("clientid=one"), None, None]),
        (&fabric, [None, Some("principalId=two"), None]),
        (&[("MSI_ENDPOINT", MSI)], [None; 3]),
        (&ARC, [None; 3]),
    ];
    for (variables, parameters) in cases {
        for ((setting, id), parameter) in ids.iter().zip(parameters) {
            let world = world(variables);
            world.http.on("GET", "http", FakeReply::Answer(good()));
            let loaded = load(&of(&entry().with(*setting, *id)), &world, None).await;
            let asked: Vec<String> = world.http.requests().iter().map(|one| one.url.clone()).collect();
            match (parameter, loaded) {
                (Some(parameter), Ok(_)) => assert!(asked[0].ends_with(&format!("&{parameter}")), "{asked:?}"),
                (None, Err(error)) => {
                    assert_eq!((error.code(), asked.len()), ("managed-identity-unsupported", 0), "{error}");
                    assert!(error.path().unwrap().ends_with(setting), "{error:?}");
                    assert!(error.remedy_text().is_some());
                }
                (parameter, loaded) => panic!("{variables:?} {setting}: {parameter:?} {loaded:?}"),
            }
        }
    }
}

#[test]
fn ids_that_contradict_or_are_of_another_kind_are_found_when_the_entry_is_bound() {
    let refused = |wrong: CredentialDescription| {
        let mut registry = SourceRegistry::new();
        sources().into_iter().for_each(|source| registry.register(source));
        registry.bind(vec![wrong], FakeWorld::new().world()).unwrap_err().to_string()
    };
    let both = entry().with("ManagedIdentityClientId", "a").with("ManagedIdentityObjectId", "b");
    assert!(refused(both).contains("ManagedIdentityObjectId and ManagedIdentityClientId both name"));
    let kind = refused(entry().with("ManagedIdentityClientId", "/subscriptions/1"));
    assert!(kind.contains("write it as ManagedIdentityResourceId"), "{kind}");
    let misspelt = refused(entry().with("ClientId", "a"));
    assert!(misspelt.contains("write \"ManagedIdentityClientId\""), "{misspelt}");
}

fn challenge(realm: &str) -> HttpResponse {
    HttpResponse::new(401, vec![("WWW-Authenticate".to_owned(), format!("Basic realm={realm}"))], "{}")
}

/// An agent that gives a token to whoever has read its file.
fn agent(world: &FakeWorld, realm: &str) {
    let realm = realm.to_owned();
    let reply = FakeReply::by(move |request| {
        let proof = request.headers.iter().find(|(name, _)| name == "Authorization");
        match proof.map(|(_, value)| value.expose().to_owned()).as_deref() {
            Some("Basic arc-hunter2") => good(),
            _ => challenge(&realm),
        }
    });
    world.http.on("GET", "http", reply);
}

#[tokio::test]
async fn azure_arc_gives_a_token_for_the_text_of_its_file() {
    let by_variables = world(&ARC);
    let by_agent = world(&[]);
    by_agent.files.write("/opt/azcmagent/bin/himds", "ELF");
    for (world, address) in [(by_variables, MSI), (by_agent, "http://127.0.0.1:40342/metadata/identity/oauth2/token")] {
        world.files.write(KEY_FILE, "arc-hunter2");
        world.files.own(KEY_FILE, 990);
        world.files.own("/var/opt/azcmagent/tokens", 990);
        agent(&world, KEY_FILE);
        load(&of(&entry()), &world, None).await.unwrap();
        let asked: Vec<String> = world.http.requests().iter().map(sent).collect();
        assert_eq!(asked.len(), 2, "{asked:?}");
        assert!(asked[1].starts_with(&format!("GET {address}?api-version=2020-06-01&")), "{asked:?}");
        assert!(asked[1].ends_with("[Accept: application/json, Metadata: true, Authorization: Basic arc-hunter2]"));
    }
}

#[tokio::test]
async fn azure_arcs_answer_reads_no_other_file() {
    let long = "a".repeat(4097);
    let cases: [(&str, &str, Option<u32>); 9] = [
        ("/etc/hostname.key", "arc-hunter2", None),
        ("/var/opt/azcmagent/tokens/../../../../etc/shadow.key", "arc-hunter2", None),
        ("/var/opt/azcmagent/tokens/sub/abc.key", "arc-hunter2", None),
        ("var/opt/azcmagent/tokens/abc.key", "arc-hunter2", None),
        ("/var/opt/azcmagent/tokens/abc.txt", "arc-hunter2", None),
        ("/var/opt/azcmagent/tokens/.key", "arc-hunter2", None),
        (KEY_FILE, &long, None),
        (KEY_FILE, "arc\r\nX-Other: hunter2", None),
        (KEY_FILE, "arc-hunter2", Some(1000)),
    ];
    for (path, content, owner) in cases {
        let world = world(&ARC);
        world.files.write(path, content);
        world.files.write("/var/opt/azcmagent/tokens/other.key", "x");
        world.files.own("/var/opt/azcmagent/tokens", 990);
        owner.into_iter().for_each(|owner| world.files.own(path, owner));
        agent(&world, path);
        let error = fails(&entry(), &world).await;
        assert_eq!((error.code(), error.kind()), ("managed-identity-key-file", SourceErrorKind::Denied), "{path}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        assert_eq!(world.http.requests().len(), 1, "{path}");
        let reads = if path == KEY_FILE && content.contains('\r') { 1 } else { 0 };
        assert_eq!(world.files.reads(), reads, "{path}");
    }
}

#[tokio::test]
async fn azure_arc_without_a_challenge_is_somebody_else() {
    for response in [good(), HttpResponse::new(401, Vec::new(), "{}"), challenge("")] {
        let world = world(&ARC);
        world.http.on("GET", MSI, FakeReply::Answer(response));
        let code = fails(&entry(), &world).await.code();
        assert!(["managed-identity-no-challenge", "managed-identity-key-file"].contains(&code), "{code}");
    }
}

#[tokio::test]
async fn a_metadata_service_that_is_not_there_costs_two_seconds() {
    for (reply, longest, words) in [
        (FakeReply::Hang, Duration::from_millis(2500), "timed out"),
        (FakeReply::Fail(HttpErrorKind::Connect), Duration::ZERO, "nobody answers"),
    ] {
        let world = world(&[]);
        world.http.on("GET", IMDS, reply);
        let error = fails(&entry(), &world).await;
        assert_eq!((error.code(), error.kind()), ("managed-identity-absent", SourceErrorKind::NotApplicable));
        assert!(error.to_string().contains(words), "{error}");
        let waited = world.clock.moment().since(Default::default());
        assert!(waited <= longest, "{waited:?}");
    }
}

/// A metadata service whose tokens take 8 s, and which refuses at once what lacks its header.
#[derive(Debug)]
struct Slow(FakeWorld);

#[async_trait]
impl HttpClient for Slow {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.0.http.send(request.clone()).await?;
        if request.headers.iter().any(|(name, _)| name == "Metadata") {
            self.0.clock.sleep_until(self.0.clock.moment().after(Duration::from_secs(8))).await;
            return Ok(good());
        }
        Ok(HttpResponse::new(400, Vec::new(), "{}"))
    }
}

#[tokio::test]
async fn a_metadata_service_that_is_there_has_all_the_time_that_it_needs() {
    let fake = world(&[]);
    fake.http.on("GET", IMDS, FakeReply::Answer(good()));
    let (bound, world) = (of(&entry()), fake.world().with_http(Arc::new(Slow(fake.clone()))));
    let application = application();
    let request = LoadRequest::new(&application, world.clock.moment().after(Duration::from_secs(60)), &world);
    let credential = in_time(&fake, bound.load(&request)).await.unwrap();
    let probes = || {
        let requests = fake.http.requests();
        (requests.len(), requests.iter().filter(|one| one.headers.iter().all(|(name, _)| name != "Metadata")).count())
    };
    assert_eq!(probes(), (2, 1));
    // Once it has answered nobody probes it any more.
    fake.clock.advance(Duration::from_secs(86_400));
    let request = LoadRequest::new(&application, world.clock.moment().after(Duration::from_secs(60)), &world);
    let error = in_time(&fake, bound.load(&request.again(LoadReason::Refresh, &credential))).await.unwrap_err();
    assert_eq!((error.code(), probes()), ("assertion-expired", (3, 1)));
}

#[tokio::test]
async fn who_gave_no_token_says_why() {
    use SourceErrorKind::{Denied, Invalid, NotApplicable, Transient};
    let unassigned = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
    let shell = r#"{"error":{"code":"x","message":"told hunter2-header"}}"#;
    let cases: [(u16, &str, SourceErrorKind, &str, &str); 11] = [
        (400, unassigned, NotApplicable, "managed-identity-not-assigned", "invalid_request: Identity not found"),
        (400, r#"{"error":"invalid_resource"}"#, Denied, "managed-identity-resource", "invalid_resource"),
        (401, r#"{"statusCode":401,"message":"no"}"#, Denied, "managed-identity-refused", "no (401)"),
        (403, shell, Denied, "managed-identity-refused", "x: told *** (403)"),
        (403, "<html>unreachable</html>", NotApplicable, "managed-identity-proxy", "a proxy answered"),
        (502, "<html>", Transient, "managed-identity-proxy", "a gateway"),
        (404, "", Transient, "managed-identity-not-found", "it gives no reason (404)"),
        (500, r#"{"message":"x"}"#, Transient, "managed-identity-unwell", "x (500)"),
        (302, "", Transient, "managed-identity-unwell", "(302)"),
        (200, "{}", Invalid, "managed-identity-unreadable", "no token in it"),
        (200, r#"{"access_token":"hunter2"}"#, Invalid, "managed-identity-unreadable", "no end of its token"),
    ];
    for (status, body, kind, code, words) in cases {
        let world = world(&APP_SERVICE);
        world.http.on("GET", MSI, FakeReply::Answer(HttpResponse::new(status, Vec::new(), body)));
        let error = fails(&entry(), &world).await;
        assert_eq!((error.kind(), error.code()), (kind, code), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.remedy_text().is_some() && !format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    let world = world(&APP_SERVICE);
    world.http.on("GET", MSI, FakeReply::Answer(HttpResponse::new(400, Vec::new(), unassigned)));
    let error = fails(&entry().with("ManagedIdentityClientId", "mine"), &world).await;
    assert_eq!((error.kind(), error.code()), (Denied, "managed-identity-not-assigned"));
    assert!(error.path().unwrap().ends_with("ManagedIdentityClientId"), "{error:?}");
}

#[tokio::test]
async fn a_host_that_says_when_is_asked_then() {
    let world = world(&APP_SERVICE);
    world.http.reply(Ok(HttpResponse::new(429, vec![("Retry-After".to_owned(), "3".to_owned())], "{}")));
    world.http.reply(Ok(good()));
    in_time(&world, load(&of(&entry()), &world, None)).await.unwrap();
    let waited = world.clock.moment().since(Default::default());
    assert!((3..=4).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test]
async fn what_is_no_assertion_for_the_authority_is_not_sent() {
    let cases: [(String, Option<&str>); 6] = [
        (token("a", AUDIENCE, 3600), None),
        (token("a", "API://azureadtokenexchange/", 3600), None),
        // What Microsoft Entra writes for it in tokens of version 2.0.
        (token("a", "fb60f99c-7a34-4190-8149-302f77469936", 3600), None),
        (token("a", "https://vault.azure.net", 3600), Some("assertion-audience")),
        (token("a", AUDIENCE, -1), Some("assertion-expired")),
        ("opaque-hunter2".to_owned(), Some("not-an-assertion")),
    ];
    for (given, code) in cases {
        let world = world(&APP_SERVICE);
        world.http.on("GET", MSI, FakeReply::Answer(answer(&given, 3600)));
        let loaded = load(&of(&entry()), &world, None).await;
        assert_eq!(loaded.as_ref().err().map(SourceError::code), code, "{loaded:?}");
        assert!(!format!("{loaded:?}").contains("hunter2"), "{loaded:?}");
    }
}

/// A host whose tokens are numbered.
fn numbered(world: &FakeWorld, ends_in: i64) {
    let http = Arc::clone(&world.http);
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let reply = FakeReply::by(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        answer(&token(&format!("n{number}"), AUDIENCE, ends_in), ends_in)
    });
    http.on("GET", MSI, reply);
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_kept_until_its_end_is_near_or_it_is_refused() {
    let world = world(&APP_SERVICE);
    numbered(&world, 3600);
    let bound = Arc::new(of(&entry()));
    let mut crowd = JoinSet::new();
    for _ in 0..50 {
        let (bound, world) = (Arc::clone(&bound), world.clone());
        crowd.spawn(async move { load(&bound, &world, None).await.unwrap() });
    }
    let credentials = crowd.join_all().await;
    let asked = || world.http.requests().len();
    assert_eq!(asked(), 1, "one exchange for all");
    let credential = &credentials[0];
    assert!(credentials.iter().all(|other| other.same_material(credential)));
    assert_eq!(presented(credential, &world, false, None).await, token("n0", AUDIENCE, 3600));
    assert_eq!(asked(), 1);
    // What was refused is not given again, and claims want what was not issued before.
    assert_eq!(presented(credential, &world, true, None).await, token("n1", AUDIENCE, 3600));
    assert_eq!(presented(credential, &world, false, Some("{}")).await, token("n2", AUDIENCE, 3600));
    assert_eq!(presented(credential, &world, false, None).await, token("n2", AUDIENCE, 3600));
    world.clock.advance(Duration::from_secs(3299));
    load(&bound, &world, Some((LoadReason::Refresh, credential))).await.unwrap();
    assert_eq!(asked(), 3);
    world.clock.advance(Duration::from_secs(2));
    load(&bound, &world, Some((LoadReason::Refresh, credential))).await.unwrap();
    assert_eq!(asked(), 4, "within five minutes of its end");
}

#[tokio::test]
async fn a_host_that_is_away_takes_nothing_from_a_token_that_has_not_ended() {
    let world = world(&APP_SERVICE);
    numbered(&world, 3600);
    let bound = of(&entry());
    let credential = load(&bound, &world, None).await.unwrap();
    world.clock.advance(Duration::from_secs(3400));
    world.http.on("GET", MSI, FakeReply::Fail(HttpErrorKind::Connect));
    assert_eq!(presented(&credential, &world, false, None).await, token("n0", AUDIENCE, 3600));
    world.clock.advance(Duration::from_secs(200));
    let error = load(&bound, &world, Some((LoadReason::Refresh, &credential))).await.unwrap_err();
    assert_eq!(error.code(), "managed-identity-unreachable");
}

#[tokio::test]
async fn the_audience_is_that_of_the_entry_or_of_the_cloud() {
    for (written, asked) in [
        (None, AUDIENCE),
        (Some("api://AzureADTokenExchangeUSGov"), "api://AzureADTokenExchangeUSGov"),
        // [mi-token-exchange-url-default-suffix]
        (Some("api://AzureADTokenExchange/.default"), AUDIENCE),
    ] {
        let world = world(&APP_SERVICE);
        world.http.on("GET", MSI, FakeReply::Answer(answer(&token("a", asked, 3600), 3600)));
        let entry = written.into_iter().fold(entry(), |entry, url| entry.with("TokenExchangeUrl", url));
        load(&of(&entry), &world, None).await.unwrap();
        let url = world.http.requests()[0].url.clone();
        assert!(url.ends_with(&format!("resource={}", asked.replace(':', "%3A").replace('/', "%2F"))), "{url}");
    }
}
