//! What each platform is asked, word for word.

use super::*;
use crate::common::load;

#[tokio::test]
async fn each_platform_is_asked_as_it_documents() {
    let cases: &[(&Asked, &str)] = &[(
        &GIT_HUB,
        "GET https://run.example/idtoken?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange \
         [Accept: application/json, Authorization: Bearer hunter2-bearer]",
    )];
    for (asked, expected) in cases {
        let world = asked.world();
        asked.gives(&world, &token("a", AUDIENCE, 3600));
        load(&asked.bound(), &world, None).await.unwrap();
        let requests: Vec<String> = world.http.requests().iter().map(sent).collect();
        assert_eq!(requests, [*expected], "{asked:?}");
    }
    assert_eq!(cases.len(), ASKED.len(), "every platform is here");
}

#[tokio::test]
async fn a_secret_goes_to_https_and_to_this_machine_alone() {
    for (address, code) in [
        ("http://run.example/idtoken?x=1", Some("token-service-address")),
        ("https://user@run.example/idtoken?x=1", Some("token-service-address")),
        ("run.example", Some("token-service-address")),
        ("http://127.0.0.1:4/idtoken?x=1", None),
    ] {
        let world = GIT_HUB.world();
        world.environment.set("ACTIONS_ID_TOKEN_REQUEST_URL", address);
        let answer = (GIT_HUB.answer)(&token("a", AUDIENCE, 3600));
        world.http.on("GET", "http", FakeReply::Answer(HttpResponse::new(200, Vec::new(), answer)));
        let loaded = load(&GIT_HUB.bound(), &world, None).await;
        assert_eq!(loaded.as_ref().err().map(|error| error.code()), code, "{address}: {loaded:?}");
        assert_eq!(world.http.requests().is_empty(), code.is_some(), "{address}");
    }
}

#[tokio::test]
async fn a_job_that_may_have_no_token_is_told_the_permission() {
    for unset in ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"] {
        let world = GIT_HUB.world();
        world.environment.unset(unset);
        let error = load(&GIT_HUB.bound(), &world, None).await.unwrap_err();
        assert_eq!(error.to_string(), format!("GitHub Actions gives this job no token: {unset} is not set"));
        assert!(error.remedy_text().unwrap().contains("permissions: id-token: write"), "{error:?}");
        assert_eq!(error.code(), "token-not-granted");
    }
}
