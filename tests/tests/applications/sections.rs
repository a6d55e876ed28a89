//! The token of another application as an assertion.

use std::sync::Arc;

use async_trait::async_trait;
use credential_core::chain::Outcome;
use credential_core::testing::FakeWorld;
use credential_core::tokens::{TokenFor, TokenProvider};
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Setting, SettingKind, SourceError, SourceErrorKind, SourceType,
};
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
        (vec![("AzureAd", section("app1", &of("azuread")))], "AzureAd -> azuread is"),
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

/// Asks for another section's tokens in its own way.
#[derive(Debug)]
struct AsksSource;

#[derive(Debug)]
struct Asks(Arc<dyn TokenProvider>);

impl CredentialSource for AsksSource {
    fn source_type(&self) -> SourceType {
        SourceType::known("Asks")
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[Setting::new("Of", SettingKind::Text, "Whose tokens.").required()];
        SETTINGS
    }

    fn bind(&self, _: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        Ok(Arc::new(Asks(cx.tokens_of_section("Of", "Idp")?)))
    }
}

#[async_trait]
impl CredentialLoader for Asks {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let wanted = || TokenFor::new(SCOPE, request.deadline, request.world);
        let elsewhere = self.0.token(&wanted().at("https://login.example/t", "t")).await.unwrap_err();
        let other_client = self.0.token(&wanted().client("other")).await.unwrap_err();
        assert_eq!([elsewhere.code(), other_client.code()], ["section-of-its-own"; 2]);
        for _ in 0..2 {
            self.0.token(&wanted()).await?;
            self.0.token(&wanted().tenant("other.example")).await?;
            self.0.token(&wanted().claims(Some(CLAIMS))).await?;
            self.0.token(&wanted().fmi_path(Some("a/b"))).await?;
        }
        let token = self.0.token(&wanted().fresh(true)).await?;
        Ok(Credential::secret("asked for", token.token))
    }
}

const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;

#[tokio::test]
async fn a_token_of_a_section_is_what_was_asked_for() {
    let world = world();
    let own = r#"{"SourceType": "Asks", "Of": "Idp"}"#;
    file(&world, &[("AzureAd", section("app1", own)), ("Idp", section("idpapp", SECRET))]);
    let client = builder(&world).source(AsksSource).build().await.unwrap();
    client.token(&TokenRequest::app(SCOPE)).await.unwrap();
    let requests: Vec<_> = world.http.requests();
    let asked = requests.iter().filter(|one| super::field(one, "client_id") == "idpapp").map(|one| {
        let tenant = one.url.contains("other.example");
        (tenant, super::field(one, "claims").contains("nbf"), super::field(one, "fmi_path"))
    });
    let plain = || (false, false, String::new());
    let other = (true, false, String::new());
    let with_path = (false, false, "a/b".to_owned());
    assert_eq!(asked.collect::<Vec<_>>(), [plain(), other, (false, true, String::new()), with_path, plain()]);
}

#[tokio::test]
async fn a_section_whose_authority_is_unwell_is_no_wrong_credential() {
    let refused = r#"{"error": "invalid_client", "error_codes": [7000215]}"#;
    for (status, body, kind) in [
        (401, refused, SourceErrorKind::Denied),
        (429, "", SourceErrorKind::Transient),
        (503, "", SourceErrorKind::Transient),
        (200, "<html>", SourceErrorKind::Transient),
    ] {
        let world = super::world_that(move |_| (status, body.to_owned()));
        file(&world, &[("AzureAd", section("app1", &of("Idp"))), ("Idp", section("idpapp", SECRET))]);
        let client = built(&world).await.unwrap();
        let request = TokenRequest::app(SCOPE);
        let mut asked = std::pin::pin!(client.token(&request));
        let error = loop {
            tokio::select! {
                biased;
                given = &mut asked => break given.unwrap_err(),
                () = tokio::task::yield_now() => world.clock.advance(std::time::Duration::from_millis(5)),
            }
        };
        let Outcome::Failed(failed) = &error.attempts()[0].outcome else { panic!("{error}") };
        assert_eq!(failed.kind(), kind, "{status}: {error}");
    }
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
