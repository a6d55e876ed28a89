//! What each platform is asked, word for word.

use super::*;
use crate::common::load;

#[tokio::test]
async fn each_platform_is_asked_as_it_documents() {
    let cases: &[(&Asked, &str)] = &[
        (
            &GIT_HUB,
            "GET https://run.example/idtoken?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange \
             [Accept: application/json, Authorization: Bearer hunter2-bearer]",
        ),
        (
            &AZURE_PIPELINES,
            "POST https://vstoken.example/org/oidctoken?api-version=7.1&serviceConnectionId=connection-1 \
             [Accept: application/json, Content-Type: application/json, \
             Authorization: Bearer hunter2-access, X-TFS-FedAuthRedirect: Suppress]",
        ),
        (
            &GOOGLE_CLOUD,
            "GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity\
             ?audience=api%3A%2F%2FAzureADTokenExchange&format=full [Metadata-Flavor: Google]",
        ),
        (
            &KUBERNETES,
            "POST https://10.0.0.1/api/v1/namespaces/ns1/serviceaccounts/pod/token \
             [Accept: application/json, Content-Type: application/json, Authorization: Bearer \
             eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6bnMxOnBvZCJ9.aHVudGVyMg] \
             {\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenRequest\",\"spec\":\
             {\"audiences\":[\"api://AzureADTokenExchange\"],\"expirationSeconds\":3600}}",
        ),
        (
            &VAULT,
            "GET https://vault.example:8200/v1/identity/oidc/token/entra \
             [X-Vault-Token: hunter2-vault, X-Vault-Request: true]",
        ),
        (
            &GET,
            "GET https://tokens.example/7/issue?v=1&aud=api%3A%2F%2FAzureADTokenExchange \
             [Accept: application/json, Authorization: Bearer hunter2-issue]",
        ),
        (
            &POST,
            "POST https://agent.buildkite.com/v3/jobs/a%2Fb/oidc/tokens [Accept: application/json, \
             Authorization: Token hunter2-agent, Content-Type: application/json] \
             {\"audience\":\"api://AzureADTokenExchange\",\"lifetime\":\"600\"}",
        ),
    ];
    for (asked, expected) in cases {
        let world = asked.world();
        asked.gives(&world, &token("a", AUDIENCE, 3600));
        load(&asked.bound(), &world, None).await.unwrap();
        assert_eq!(sent(world.http.requests().last().unwrap()), *expected, "{asked:?}");
    }
    assert_eq!(cases.len(), ASKED.len(), "every platform is here");
}

/// Addresses of this machine, link or cluster alone go past every proxy.
#[tokio::test]
async fn what_is_near_is_asked_without_a_proxy() {
    for asked in ASKED {
        let world = asked.world();
        asked.gives(&world, &token("a", AUDIENCE, 3600));
        load(&asked.bound(), &world, None).await.unwrap();
        let near = [GOOGLE_CLOUD.address, KUBERNETES.address].contains(&asked.address);
        assert!(world.http.requests().iter().all(|request| request.direct == near), "{asked:?}");
    }
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
    let world = AZURE_PIPELINES.world();
    world.environment.unset("SYSTEM_ACCESSTOKEN");
    let error = load(&AZURE_PIPELINES.bound(), &world, None).await.unwrap_err();
    assert_eq!(error.to_string(), "Azure Pipelines gives this step no token: SYSTEM_ACCESSTOKEN is not set");
    let wanted = "map it into the step: env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)";
    assert_eq!((error.code(), error.remedy_text()), ("token-not-granted", Some(wanted)));
    for unset in ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"] {
        let world = GIT_HUB.world();
        world.environment.unset(unset);
        let error = load(&GIT_HUB.bound(), &world, None).await.unwrap_err();
        assert_eq!(error.to_string(), format!("GitHub Actions gives this job no token: {unset} is not set"));
        assert!(error.remedy_text().unwrap().contains("permissions: id-token: write"), "{error:?}");
        assert_eq!(error.code(), "token-not-granted");
    }
}

#[tokio::test]
async fn a_service_connection_is_named_by_the_entry_or_by_the_task() {
    let world = AZURE_PIPELINES.world();
    AZURE_PIPELINES.gives(&world, &token("a", AUDIENCE, 3600));
    let plain = bound(AzurePipelinesSource, &CredentialDescription::new("AzurePipelines"));
    let error = load(&plain, &world, None).await.unwrap_err();
    assert_eq!((error.code(), error.setting()), ("token-not-granted", Some("ServiceConnectionId")));
    world.environment.set("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "of-the-task");
    load(&plain, &world, None).await.unwrap();
    assert!(world.http.requests()[0].url.ends_with("&serviceConnectionId=of-the-task"));
}
