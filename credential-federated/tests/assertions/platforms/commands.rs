//! The source `Command`: only where it is allowed, and never by a shell.

use credential_core::SourceErrorKind::{self, Denied, Invalid, NotApplicable, Transient};
use credential_core::SourceRegistry;
use credential_core::source::LoadReason;
use credential_core::testing::{Conformance, FakeRun};
use credential_core::world::CommandErrorKind;
use credential_federated::CommandSource;

use super::*;
use crate::common::{in_time, load};

const ARGUMENTS: [&str; 4] = ["oidc", "get", "$(reboot); a b", "hunter2-argument"];

fn entry() -> CredentialDescription {
    let words = ["circleci"].into_iter().chain(ARGUMENTS).enumerate();
    let words = words.map(|(place, word)| Entry::text(place.to_string(), word, Origin::Code)).collect();
    CredentialDescription::new("Command").with_entry(Entry::map("Command", words, Origin::Code))
}

fn allowed() -> Bound {
    bound(CommandSource::new().allowed(), &entry())
}

fn writes(world: &FakeWorld, output: impl Into<Vec<u8>>) {
    world.commands.on("circleci", &[], FakeRun::ends(0, output, ""));
}

#[tokio::test]
async fn conforms() {
    let write = |id: &'static str, ends_in: i64| move |world: &FakeWorld| writes(world, token(id, AUDIENCE, ends_in));
    Conformance::new(CommandSource::new().allowed(), entry())
        .works_when(write("first", 3600))
        .rotates_when(write("second", 7 * 86_400))
        .fails_when(|world| world.commands.on("circleci", &[], FakeRun::ends(1, "", "not logged in")))
        .refuses("Command", "")
        .refuses("Command", "circleci run oidc get")
        .refuses("CommandTimeout", "soon")
        .never_shows(["hunter2-argument".to_owned(), token("first", AUDIENCE, 3600)])
        .check()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_settings_file_alone_runs_nothing() {
    for (value, runs) in [(None, false), (Some("1"), false), (Some("false"), false), (Some("TRUE"), true)] {
        let world = FakeWorld::new();
        writes(&world, token("a", AUDIENCE, 600));
        value.into_iter().for_each(|value| world.environment.set("TOKEN_CLIENT_ALLOW_COMMANDS", value));
        let loaded = load(&bound(CommandSource::new(), &entry()), &world, None).await;
        assert_eq!((loaded.is_ok(), world.commands.ran().len()), (runs, usize::from(runs)), "{value:?}");
        if let Err(error) = loaded {
            assert_eq!((error.kind(), error.code(), error.is_local()), (Denied, "command-not-allowed", true));
            assert!(error.remedy_text().unwrap().contains("TOKEN_CLIENT_ALLOW_COMMANDS"), "{error:?}");
            let said = value.map(|_| ", and TOKEN_CLIENT_ALLOW_COMMANDS is not true").unwrap_or_default();
            let expected = format!("circleci is not run: a settings file alone runs no program{said}");
            assert_eq!(error.to_string(), expected);
        }
    }
}

#[tokio::test]
async fn each_argument_arrives_as_it_is() {
    let world = FakeWorld::new();
    writes(&world, format!("{}\n", token("a", AUDIENCE, 600)));
    let loaded = load(&allowed(), &world, None).await.unwrap();
    assert_eq!(text(&loaded), token("a", AUDIENCE, 600));
    let ran = world.commands.ran();
    assert_eq!(ran[0].arguments, ARGUMENTS);
    assert!(ran[0].timeout <= Duration::from_secs(30) && ran[0].max_output == 128 * 1024);
    let json = entry().with("TokenField", "value.token").with("CommandTimeout", "2");
    writes(&world, format!(r#"{{"value":{{"token":"{}"}}}}"#, token("b", AUDIENCE, 600)));
    let loaded = load(&bound(CommandSource::new().allowed(), &json), &world, None).await.unwrap();
    assert_eq!(text(&loaded), token("b", AUDIENCE, 600));
    assert_eq!(world.commands.ran()[1].timeout, Duration::from_secs(2));
}

#[tokio::test]
async fn each_way_to_give_nothing_has_one_clear_error() {
    let cases: Vec<(FakeRun, SourceErrorKind, &str)> = vec![
        (FakeRun::Fail(CommandErrorKind::NotFound), NotApplicable, "command-not-found"),
        (FakeRun::Fail(CommandErrorKind::NotPermitted), Denied, "command-not-permitted"),
        (FakeRun::Fail(CommandErrorKind::Broken), Transient, "command-broken"),
        (FakeRun::Hang, Transient, "command-timeout"),
        (FakeRun::ends(0, "a".repeat(200_000), ""), Invalid, "command-output-too-large"),
        (FakeRun::ends(0, "", ""), Invalid, "token-unreadable"),
        (FakeRun::ends(0, b"\xff".to_vec(), ""), Invalid, "token-unreadable"),
        (FakeRun::ends(0, "hunter2", ""), Invalid, "not-an-assertion"),
        (FakeRun::ends(0, token("a", AUDIENCE, -5), ""), Invalid, "assertion-expired"),
        (FakeRun::ends(0, token("a", "other", 600), ""), Invalid, "assertion-audience"),
        (FakeRun::ends(3, token("a", AUDIENCE, 600), "x\nno: hunter2-argument\n"), Transient, "command-failed"),
    ];
    for (run, kind, code) in cases {
        let world = FakeWorld::new();
        world.commands.on("circleci", &[], run);
        let error = in_time(&world, load(&allowed(), &world, None)).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, code), "{error}");
        let shown = format!("{error:?} {}", error.finding());
        assert!(!shown.contains("hunter2") && error.remedy_text().is_some(), "{shown}");
    }
}

#[tokio::test]
async fn what_the_program_said_last_is_passed_on_without_arguments_and_tokens() {
    let world = FakeWorld::new();
    let said = format!("warning\nnot with hunter2-argument and {}\n\n", token("a", AUDIENCE, 600));
    world.commands.on("circleci", &[], FakeRun::ends(3, "", said));
    let error = load(&allowed(), &world, None).await.unwrap_err();
    assert_eq!(error.to_string(), "circleci failed (exit status 3): not with *** and ***");
}

#[tokio::test]
async fn a_token_is_kept_by_its_end_and_the_program_runs_again_after_a_refusal() {
    let (world, bound) = (FakeWorld::new(), allowed());
    writes(&world, token("first", AUDIENCE, 600));
    let first = load(&bound, &world, None).await.unwrap();
    writes(&world, token("second", AUDIENCE, 600));
    let kept = load(&bound, &world, Some((LoadReason::Refresh, &first))).await.unwrap();
    assert_eq!((text(&kept), world.commands.ran().len()), (token("first", AUDIENCE, 600), 1));
    let fresh = load(&bound, &world, Some((LoadReason::Rejected, &kept))).await.unwrap();
    assert_eq!(text(&fresh), token("second", AUDIENCE, 600));
}

#[test]
fn text_with_spaces_is_no_command() {
    let registry = SourceRegistry::new().with(CommandSource::new());
    for value in ["circleci run oidc get", " az account\t"] {
        let entry = CredentialDescription::new("Command").with("Command", value);
        let error = registry.bind(vec![entry], FakeWorld::new().world()).unwrap_err();
        assert!(error.to_string().contains("no shell takes it apart"), "{error}");
    }
}
