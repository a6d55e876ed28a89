//! Tokens in variables: `EnvironmentVariable` and `GitLab`.

use credential_core::testing::Conformance;
use credential_core::{SourceErrorKind, SourceRegistry};
use credential_federated::{EnvironmentVariableSource, GitLabSource};

use super::*;
use crate::common::load;

const LASTS: i64 = 7 * 86_400;

fn any() -> CredentialDescription {
    CredentialDescription::new("EnvironmentVariable").with("VariableName", "CI_TOKEN")
}

fn git_lab() -> CredentialDescription {
    CredentialDescription::new("GitLab")
}

#[tokio::test]
async fn both_conform() {
    let set = |name: &'static str, id: &'static str, ends_in: i64| {
        move |world: &FakeWorld| world.environment.set(name, token(id, AUDIENCE, ends_in))
    };
    let secrets = [token("first", AUDIENCE, LASTS), token("second", AUDIENCE, LASTS)];
    let of_any = Conformance::new(EnvironmentVariableSource, any())
        .works_when(set("CI_TOKEN", "first", LASTS))
        .rotates_when(set("CI_TOKEN", "second", LASTS))
        .fails_when(|world| world.environment.unset("CI_TOKEN"))
        .refuses("VariableName", "eyJhbGci.eyJpc3Mi")
        .refuses("VariableName", "")
        .never_shows(secrets.clone());
    of_any.check().await.unwrap();
    let of_git_lab = Conformance::new(GitLabSource, git_lab())
        .works_when(set("GITLAB_OIDC_TOKEN", "first", LASTS))
        .rotates_when(set("GITLAB_OIDC_TOKEN", "second", LASTS))
        .fails_when(set("GITLAB_OIDC_TOKEN", "third", -1))
        .refuses("VariableName", "a-b")
        .never_shows(secrets);
    of_git_lab.check().await.unwrap();
}

#[tokio::test]
async fn each_variable_without_an_assertion_has_one_clear_error() {
    use SourceErrorKind::{Denied, Invalid, NotApplicable};
    let garbage = "hunter2".to_owned();
    let huge = "a".repeat(70_000);
    let cases: Vec<(CredentialDescription, &str, Option<String>, SourceErrorKind, &str)> = vec![
        (any(), "CI_TOKEN", None, NotApplicable, "variable-not-set"),
        (any(), "CI_TOKEN", Some(" \n".to_owned()), NotApplicable, "variable-not-set"),
        (any(), "CI_TOKEN", Some(garbage), Invalid, "not-an-assertion"),
        (any(), "CI_TOKEN", Some(huge), Invalid, "not-an-assertion"),
        (any(), "CI_TOKEN", Some(token("a", AUDIENCE, -3)), Invalid, "assertion-expired"),
        (any(), "CI_TOKEN", Some(token("a", "api://azureadtokenexchange", 60)), Invalid, "assertion-audience"),
        (git_lab(), "GITLAB_CI", None, NotApplicable, "platform-absent"),
        (git_lab(), "GITLAB_CI", Some("true".to_owned()), Denied, "token-not-granted"),
    ];
    for (entry, name, value, kind, code) in cases {
        let world = FakeWorld::new();
        value.into_iter().for_each(|value| world.environment.set(name, value));
        let bound = match entry.source_type().as_str() {
            "GitLab" => bound(GitLabSource, &entry),
            _ => bound(EnvironmentVariableSource, &entry),
        };
        let error = load(&bound, &world, None).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, code), "{error}");
        assert!(error.remedy_text().is_some(), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn a_job_of_git_lab_is_told_what_to_write() {
    let world = FakeWorld::new();
    world.environment.set("GITLAB_CI", "true");
    let error = load(&bound(GitLabSource, &git_lab()), &world, None).await.unwrap_err();
    assert_eq!(error.to_string(), "GitLab gave this job no token: GITLAB_OIDC_TOKEN is not set");
    assert_eq!(
        error.remedy_text(),
        Some("add id_tokens: { GITLAB_OIDC_TOKEN: { aud: api://AzureADTokenExchange } } to the job")
    );
    world.environment.set("GITLAB_OIDC_TOKEN", token("a", "https://gitlab.example", 60));
    let error = load(&bound(GitLabSource, &git_lab()), &world, None).await.unwrap_err();
    let remedy = error.remedy_text().unwrap();
    let wanted = "write aud: api://AzureADTokenExchange under GITLAB_OIDC_TOKEN of the job's id_tokens";
    assert!(remedy.starts_with(wanted), "{remedy}");
}

#[test]
fn a_misspelt_setting_is_corrected() {
    let registry = SourceRegistry::new().with(EnvironmentVariableSource);
    let entry = CredentialDescription::new("EnvironmentVariable").with("Variable", "CI_TOKEN");
    let error = registry.bind(vec![entry], FakeWorld::new().world()).unwrap_err().to_string();
    assert!(error.contains("write \"VariableName\""), "{error}");
}
