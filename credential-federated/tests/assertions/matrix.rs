//! Every source of a platform, and every host of managed identities, in every way that something can go: one table.
//! What each of them says beyond its code stands in the file of its own; SPIFFE, whose agent speaks gRPC, is there.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credential_core::source::{Entry, Origin};
use credential_core::testing::{Bound, FakeReply, FakeRun, FakeWorld};
use credential_core::world::{Clock, HttpErrorKind, HttpResponse};
use credential_core::{Credential, CredentialDescription, SourceError, SourceErrorKind};
use credential_federated::{
    AwsSource, CommandSource, EnvironmentVariableSource, GitLabSource, ManagedIdentityAssertionSource,
    SignedAssertionFileSource,
};
use tokio::runtime::Builder;

use crate::common::{bound, in_time, load};
use crate::platforms::{ASKED, AUDIENCE, NOW, token};

/// What a platform gives.
#[derive(Clone)]
enum Given {
    Token(String),
    Status(u16),
    /// Nothing, and no end.
    Hang,
    /// More than anybody reads.
    Huge,
}

/// The columns: what is given, and what it is called.
fn columns() -> Vec<(&'static str, Given)> {
    let mut all = vec![("good", Given::Token(token("good", AUDIENCE, 3600))), ("slow", Given::Hang)];
    let statuses =
        [("401", 401), ("403", 403), ("404", 404), ("410", 410), ("429", 429), ("500", 500), ("redirect", 302)];
    all.extend(statuses.map(|(name, status)| (name, Given::Status(status))));
    all.push(("expired", Given::Token(token("expired", AUDIENCE, -120))));
    all.push(("garbage", Given::Token("opaque-hunter2".to_owned())));
    all.push(("huge", Given::Huge));
    all.push(("audience", Given::Token(token("other", "https://other.example", 3600))));
    all
}

type Gives = dyn Fn(&FakeWorld, &Given) -> bool;

/// A platform, or one host of managed identities.
struct Row {
    name: String,
    bound: Box<dyn Fn() -> Bound>,
    /// Makes a world of that platform.
    here: Box<dyn Fn(&FakeWorld)>,
    /// Lets it give that; `false` where it cannot.
    gives: Box<Gives>,
    /// What comes of it: the code where it is not there, and those of the columns but the first.
    absent: &'static str,
    codes: [&'static str; 12],
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Row {
    fn world(&self, given: &Given) -> Option<FakeWorld> {
        let world = FakeWorld::new();
        (self.here)(&world);
        (self.gives)(&world, given).then_some(world)
    }
}

const UNWELL: &str = "token-service-unwell";
/// Of a service that is asked over HTTP.
const OF_SERVICE: [&str; 12] = [
    "token-service-timeout",
    "token-refused",
    "token-refused",
    "token-not-found",
    "token-request-refused",
    UNWELL,
    UNWELL,
    "token-redirected",
    "assertion-expired",
    "not-an-assertion",
    "token-answer-too-large",
    "assertion-audience",
];
const MI_UNWELL: &str = "managed-identity-unwell";
/// Of a host of managed identities.
const OF_HOST: [&str; 12] = [
    "managed-identity-timeout",
    "managed-identity-refused",
    "managed-identity-refused",
    "managed-identity-not-found",
    MI_UNWELL,
    MI_UNWELL,
    MI_UNWELL,
    MI_UNWELL,
    "assertion-expired",
    "not-an-assertion",
    "managed-identity-unreachable",
    "assertion-audience",
];
/// Of what lies on the machine: no service refuses anything.
const OF_MACHINE: [&str; 12] =
    ["", "", "", "", "", "", "", "", "assertion-expired", "not-an-assertion", "not-an-assertion", "assertion-audience"];

/// The answer of a service that puts a token into its body so.
fn reply(given: &Given, headers: &[(&str, &str)], body: impl FnOnce(&str) -> String) -> FakeReply {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    match given {
        Given::Token(token) => FakeReply::Answer(HttpResponse::new(200, headers, body(token))),
        Given::Status(status) => FakeReply::Answer(HttpResponse::new(*status, headers, r#"{"message":"no"}"#)),
        Given::Hang => FakeReply::Hang,
        Given::Huge => FakeReply::Fail(HttpErrorKind::TooLarge),
    }
}

fn services() -> impl Iterator<Item = Row> {
    ASKED.iter().map(|asked| Row {
        name: format!("{asked:?}"),
        bound: Box::new(|| asked.bound()),
        here: Box::new(asked.here),
        gives: Box::new(|world, given| {
            world.http.on(asked.method, asked.address, reply(given, asked.headers, asked.answer));
            true
        }),
        absent: "platform-absent",
        codes: OF_SERVICE,
    })
}

const ENDPOINT: &str = "http://127.0.0.1:41000/token";
const KEY_FILE: &str = "/var/opt/azcmagent/tokens/abc.key";
const METADATA: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

fn of_host(given: &Given) -> FakeReply {
    reply(given, &[], |token| format!(r#"{{"access_token":"{token}","expires_on":"{}"}}"#, NOW + 3600))
}

/// Azure Arc: a token is for whoever has read its file.
fn of_agent(given: &Given) -> FakeReply {
    let FakeReply::Answer(answer) = of_host(given) else { return of_host(given) };
    FakeReply::by(move |request| match request.headers.iter().any(|(name, _)| name == "Authorization") {
        true => answer.clone(),
        false => {
            let challenge = ("WWW-Authenticate".to_owned(), format!("Basic realm={KEY_FILE}"));
            HttpResponse::new(401, vec![challenge], "{}")
        }
    })
}

fn hosts() -> impl Iterator<Item = Row> {
    let endpoint = "https://127.0.0.1:41000/token";
    let header = ("IDENTITY_HEADER", "hunter2");
    let pin = ("IDENTITY_SERVER_THUMBPRINT", "7C1D5A0E93B24F68A1D7E2C35B906F84D3A7E519");
    let learning = [("MSI_ENDPOINT", ENDPOINT), ("MSI_SECRET", "hunter2"), ("DEFAULT_IDENTITY_CLIENT_ID", "me")];
    let arc = [("IDENTITY_ENDPOINT", ENDPOINT), ("IMDS_ENDPOINT", "http://127.0.0.1:41000")];
    let all = [
        ("Service Fabric", vec![("IDENTITY_ENDPOINT", endpoint), header, pin], endpoint),
        ("App Service", vec![("IDENTITY_ENDPOINT", ENDPOINT), header], ENDPOINT),
        ("Machine Learning", learning.to_vec(), ENDPOINT),
        ("Cloud Shell", vec![("MSI_ENDPOINT", ENDPOINT)], ENDPOINT),
        ("Azure Arc", arc.to_vec(), ENDPOINT),
        ("the metadata service", vec![], METADATA),
    ];
    all.into_iter().map(|(name, variables, address)| {
        let mut codes = OF_HOST;
        if name == "the metadata service" {
            // Nobody is there who stays quiet, or whose answer nobody reads.
            (codes[0], codes[10]) = ("managed-identity-absent", "managed-identity-absent");
        }
        Row {
            name: name.to_owned(),
            bound: Box::new(|| {
                bound(ManagedIdentityAssertionSource, &CredentialDescription::new("SignedAssertionFromManagedIdentity"))
            }),
            here: Box::new(move |world| {
                variables.iter().for_each(|(name, value)| world.environment.set(*name, *value));
                world.files.write(KEY_FILE, "hunter2");
            }),
            gives: Box::new(move |world, given| {
                let reply = if name == "Azure Arc" { of_agent(given) } else { of_host(given) };
                world.http.on("GET", address, reply.clone());
                world.http.on("POST", address, reply);
                true
            }),
            absent: "managed-identity-absent",
            codes,
        }
    })
}

/// On the machine itself: a file, variables, a program.
fn of_machine() -> [Row; 4] {
    let text = |given: &Given| match given {
        Given::Token(token) => Some(token.clone()),
        Given::Huge => Some("a".repeat(300_000)),
        Given::Status(_) | Given::Hang => None,
    };
    let variable = |name: &'static str| {
        move |world: &FakeWorld, given: &Given| {
            text(given).inspect(|text| world.environment.set(name, text.clone())).is_some()
        }
    };
    let file = CredentialDescription::new("SignedAssertionFilePath").with("SignedAssertionFileDiskPath", "/run/token");
    let named = CredentialDescription::new("EnvironmentVariable").with("VariableName", "CI_TOKEN");
    let word = Entry::map("Command", vec![Entry::text("0", "issue", Origin::Code)], Origin::Code);
    let program = CredentialDescription::new("Command").with_entry(word);
    let mut of_file = OF_MACHINE;
    // Who writes the file may know why it is for somebody else: a warning.
    (of_file[10], of_file[11]) = ("file-too-large", "ok");
    let mut of_program = OF_MACHINE;
    (of_program[0], of_program[10]) = ("command-timeout", "command-output-too-large");
    [
        Row {
            name: "SignedAssertionFilePath".to_owned(),
            bound: Box::new(move || bound(SignedAssertionFileSource, &file)),
            here: Box::new(|_| {}),
            gives: Box::new(move |world, given| {
                text(given).map(|text| world.files.write("/run/token", text)).is_some()
            }),
            absent: "file-not-found",
            codes: of_file,
        },
        Row {
            name: "EnvironmentVariable".to_owned(),
            bound: Box::new(move || bound(EnvironmentVariableSource, &named)),
            here: Box::new(|_| {}),
            gives: Box::new(variable("CI_TOKEN")),
            absent: "variable-not-set",
            codes: OF_MACHINE,
        },
        Row {
            name: "GitLab".to_owned(),
            bound: Box::new(|| bound(GitLabSource, &CredentialDescription::new("GitLab"))),
            here: Box::new(|world| world.environment.set("GITLAB_CI", "true")),
            gives: Box::new(variable("GITLAB_OIDC_TOKEN")),
            absent: "platform-absent",
            codes: OF_MACHINE,
        },
        Row {
            name: "Command".to_owned(),
            bound: Box::new(move || bound(CommandSource::new().allowed(), &program)),
            here: Box::new(|_| {}),
            gives: Box::new(move |world, given| {
                let run = match (text(given), given) {
                    (Some(text), _) => FakeRun::ends(0, text, ""),
                    (None, Given::Hang) => FakeRun::Hang,
                    (None, _) => return false,
                };
                world.commands.on("issue", &[], run);
                true
            }),
            absent: "command-not-found",
            codes: of_program,
        },
    ]
}

fn aws() -> Row {
    let mut codes = OF_SERVICE;
    // What is refused without a reason may be the keys or the region: STS knows no place that is not there.
    (codes[3], codes[7]) = ("token-request-refused", "token-request-refused");
    Row {
        name: "Aws".to_owned(),
        bound: Box::new(|| bound(AwsSource, &CredentialDescription::new("Aws"))),
        here: Box::new(|world| {
            let keys = [("AWS_ACCESS_KEY_ID", "AKIA1"), ("AWS_SECRET_ACCESS_KEY", "hunter2")];
            keys.into_iter().for_each(|(name, value)| world.environment.set(name, value));
            world.environment.set("AWS_REGION", "eu-west-1");
        }),
        gives: Box::new(|world, given| {
            let reply = reply(given, &[], |token| format!("<R><WebIdentityToken>{token}</WebIdentityToken></R>"));
            world.http.on("POST", "https://sts.eu-west-1.amazonaws.com/", reply);
            true
        }),
        absent: "platform-absent",
        codes,
    }
}

fn rows() -> Vec<Row> {
    services().chain(hosts()).chain(of_machine()).chain([aws()]).collect()
}

fn code(loaded: &Result<Credential, SourceError>) -> &'static str {
    loaded.as_ref().err().map_or("ok", SourceError::code)
}

/// Whatever happens, it is said in time, with what to do, and without a secret.
#[tokio::test]
async fn each_way_that_something_can_go_has_its_code() {
    let mut wrong = Vec::new();
    for row in rows() {
        let expected = ["ok"].into_iter().chain(row.codes);
        for ((column, given), expected) in columns().into_iter().zip(expected) {
            let Some(world) = row.world(&given) else {
                assert_eq!(expected, "", "{row:?} {column}");
                continue;
            };
            let start = world.clock.moment();
            let loaded = in_time(&world, load(&(row.bound)(), &world, None)).await;
            let took = world.clock.moment().since(start);
            if code(&loaded) != expected {
                wrong.push(format!("{row:?} {column}: {} instead of {expected}", code(&loaded)));
            }
            // The deadline is 10 s.
            assert!(took <= Duration::from_secs(11), "{row:?} {column}: {took:?}");
            if let Err(error) = &loaded {
                let shown = format!("{error:?} {}", error.finding());
                assert!(error.remedy_text().is_some_and(|remedy| !remedy.is_empty()), "{row:?} {column}: {shown}");
                assert!(!shown.contains("hunter2"), "{row:?} {column}: {shown}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_machine_without_the_platform_says_so_at_once() {
    for row in rows() {
        let world = FakeWorld::new();
        let loaded = in_time(&world, load(&(row.bound)(), &world, None)).await;
        let kind = loaded.as_ref().err().map(SourceError::kind);
        assert_eq!((code(&loaded), kind), (row.absent, Some(SourceErrorKind::NotApplicable)), "{row:?}");
        let took = world.clock.moment().since(Default::default());
        assert!(took <= Duration::from_secs(2), "{row:?}: {took:?}");
    }
}

/// Whoever asked first goes with its runtime, in the middle of the question; the next one asks anew.
#[test]
fn a_runtime_that_ends_in_the_middle_takes_nothing_along() {
    for row in rows().into_iter().filter(|row| !row.codes[0].is_empty()) {
        let Some(world) = row.world(&Given::Hang) else { panic!("{row:?}") };
        let bound = Arc::new((row.bound)());
        let first = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let asks = (Arc::clone(&bound), world.clone());
        first.spawn(async move { load(&asks.0, &asks.1, None).await.is_ok() });
        while world.http.requests().is_empty() && world.commands.under_way() == 0 {
            std::thread::yield_now();
        }
        first.shutdown_background();
        (row.gives)(&world, &Given::Token(token("good", AUDIENCE, 3600)));
        let second = Builder::new_current_thread().enable_all().build().unwrap();
        let loaded = second.block_on(in_time(&world, load(&bound, &world, None)));
        assert_eq!(code(&loaded), "ok", "{row:?}: {loaded:?}");
    }
}
