//! The token of another application as an assertion.

use credential_core::chain::Outcome;
use credential_core::testing::FakeWorld;
use token_client::{ConfigurationError, TokenClient, TokenRequest};

use super::{SCOPE, SECRET, builder, file, of, presented, section, world};

async fn built(world: &FakeWorld) -> Result<TokenClient, ConfigurationError> {
    builder(world).build().await
}

#[tokio::test]
async fn its_token_is_the_assertion_and_is_asked_for_once() {
    let world = world();
    file(&world, &[("AzureAd", section("app1", &of("Idp"))), ("Idp", section("idpapp", SECRET))]);
    let client = built(&world).await.unwrap();
    assert_eq!(client.token(&TokenRequest::app(SCOPE)).await.unwrap().value().expose(), "token-of-app1");
    client.token(&TokenRequest::app("api://other/.default")).await.unwrap();
    let asked = [("idpapp", "idp-s3cret"), ("app1", "token-of-idpapp"), ("app1", "token-of-idpapp")];
    assert_eq!(presented(&world), asked.map(|(client, what)| (client.to_owned(), what.to_owned())));
}

#[tokio::test]
async fn sections_that_lead_back_to_each_other_are_an_error_wherever_one_begins() {
    for (sections, way) in [
        (vec![("AzureAd", section("app1", &of("azuread")))], "AzureAd -> azuread"),
        (vec![("AzureAd", section("app1", &of("B"))), ("B", section("b", &of("AzureAd")))], "AzureAd -> B -> AzureAd"),
        (
            vec![
                ("AzureAd", section("app1", &of("B"))),
                ("B", section("b", &of("C"))),
                ("C", section("c", &format!("{SECRET}, {}", of("B")))),
            ],
            "AzureAd -> B -> C -> B",
        ),
    ] {
        let world = world();
        file(&world, &sections);
        let error = built(&world).await.unwrap_err();
        let cycle = error.findings().iter().find(|finding| finding.code == "section-cycle").unwrap();
        assert!(cycle.message.contains(way), "{cycle}");
        let path = cycle.path.as_deref().unwrap();
        assert!(path.ends_with(":ConfigurationSection"), "{path}");
        assert!(cycle.origin.is_some() && cycle.remedy.is_some(), "{cycle}");
        assert!(world.http.requests().is_empty());
    }
}

#[tokio::test]
async fn what_is_wrong_there_is_found_at_once_with_its_place() {
    let world = world();
    file(
        &world,
        &[
            ("AzureAd", section("app1", &format!("{}, {}", of("Idp"), of("Ipd")))),
            ("Idp", section("idpapp", r#"{"SourceType": "ClientSecret", "ClientSecrets": "x"}"#)),
        ],
    );
    let error = built(&world).await.unwrap_err();
    let found: Vec<(&str, &str)> =
        error.findings().iter().map(|one| (one.code, one.path.as_deref().unwrap_or_default())).collect();
    assert!(found.contains(&("misspelt-setting", "Idp:ClientCredentials:0:ClientSecrets")), "{found:?}");
    assert!(found.contains(&("missing-section", "AzureAd:ClientCredentials:1:ConfigurationSection")), "{found:?}");
    let missing = error.findings().iter().find(|one| one.code == "missing-section").unwrap();
    assert_eq!(missing.remedy.as_deref(), Some("write \"Idp\""));
}

#[tokio::test]
async fn an_authority_that_refuses_it_leaves_the_next_entry_its_turn() {
    let world = super::world_that(|request| match super::field(request, "client_id").as_str() {
        "idpapp" => (401, r#"{"error": "invalid_client", "error_codes": [7000215]}"#.to_owned()),
        _ => (200, r#"{"access_token": "t", "expires_in": 3600}"#.to_owned()),
    });
    let own = r#"{"SourceType": "ClientSecret", "ClientSecret": "own-s3cret"}"#;
    file(&world, &[("AzureAd", section("app1", &format!("{}, {own}", of("Idp")))), ("Idp", section("idpapp", SECRET))]);
    let client = built(&world).await.unwrap();
    let token = client.token(&TokenRequest::app(SCOPE)).await.unwrap();
    assert!(presented(&world).contains(&("app1".to_owned(), "own-s3cret".to_owned())));
    let first = format!("{:?}", token.attempts()[0].outcome);
    assert!(first.contains("section \"Idp\"") && !first.contains("idp-s3cret"), "{first}");
    // The place is the one inside that section.
    let Outcome::Failed(error) = &token.attempts()[0].outcome else { panic!("{first}") };
    assert_eq!(error.path(), Some("Idp:ClientCredentials:0:ClientSecret"), "{first}");
    assert!(error.origin().is_some_and(|origin| origin.to_string().contains("appsettings.json:")), "{first}");
}

#[tokio::test]
async fn each_section_is_a_client_that_shares_what_others_name() {
    let world = world();
    file(
        &world,
        &[
            ("AzureAd", section("app1", &of("Idp"))),
            ("Idp", section("idpapp", SECRET)),
            ("Broken", r#"{"ClientId": "x"}"#.to_owned()),
            ("Logging", r#"{"Level": "x"}"#.to_owned()),
        ],
    );
    let clients = builder(&world).build_clients().await.unwrap();
    assert_eq!(clients.applications(), ["AzureAd", "Broken", "Idp"]);
    let client = clients.client("AzureAd").unwrap();
    client.token(&TokenRequest::app(SCOPE)).await.unwrap();
    // The assertion was that client's token.
    let idp = clients.client("IDP").unwrap();
    assert!(idp.cached(&TokenRequest::app("api://AzureADTokenExchange/.default")).is_some());
    assert_eq!(presented(&world).len(), 2);
    let broken = clients.client("Broken").unwrap_err();
    assert!(
        broken.findings().iter().all(|one| !one.path.as_deref().unwrap_or_default().starts_with("Idp")),
        "{broken}"
    );
    let missing = clients.client("None").unwrap_err();
    assert!(missing.findings().iter().any(|one| one.code == "missing-section"), "{missing}");
}
