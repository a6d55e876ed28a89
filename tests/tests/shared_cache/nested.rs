//! Tokens that another token needs: those of another application's section, and of an entry in an entry.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use credential_core::testing::NestedSource;
use credential_core::tokens::{TokenFor, TokenProvider};
use credential_core::{
    BindContext, BindResult, CredentialDescription, CredentialSource, Setting, SettingKind, SourceType, World,
};
use credential_tests::processes::{Machines, SCOPE, app, got, section};
use token_client::TokenOrigin::Authority;
use token_client::TokenRequest;

#[tokio::test]
async fn a_second_process_finds_what_a_token_is_made_with() {
    let given = r#"{"SourceType": "Given"}"#;
    let of_section =
        section("app1", r#"{"SourceType": "SignedAssertionFromApplication", "ConfigurationSection": "Idp"}"#);
    let of_entry = section("app1", &format!(r#"{{"SourceType": "Vault", "Credential": {given}}}"#));
    for (what, own) in [("section", of_section), ("entry", of_entry)] {
        let machines = Machines::new();
        let settings = format!(r#"{{"AzureAd": {own}, "Idp": {}}}"#, section("idp", given));
        // The scope is that of the application itself as well, which is another token.
        let vault = || NestedSource::new("Vault", SCOPE);
        let process = || machines.builder(&settings, machines.cache()).source(vault()).build();
        let (one, other) = (process().await.unwrap(), process().await.unwrap());
        // First what it is made with, then the token itself.
        assert_eq!(got(&one, &app()).await, ("token-2".to_owned(), Authority), "{what}");
        machines.settled(2).await;
        let orders = TokenRequest::app("api://orders/.default");
        assert_eq!(got(&other, &orders).await, ("token-3".to_owned(), Authority), "{what}");
        machines.settled(3).await;
        assert_eq!(machines.authority.requests(), 3, "{what}: it was asked for again");
    }
}

/// Hands the tokens of its nested entry to the test.
#[derive(Clone, Debug, Default)]
struct Hands(Arc<OnceLock<Arc<dyn TokenProvider>>>);

impl CredentialSource for Hands {
    fn source_type(&self) -> SourceType {
        SourceType::known("Vault")
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[Setting::new("Credential", SettingKind::Entry, "Who asks.").required()];
        SETTINGS
    }

    fn bind(&self, _: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let tokens = cx.tokens_of("Credential")?;
        Ok(NestedSource::new("Vault", SCOPE).loader(Arc::clone(self.0.get_or_init(|| tokens))))
    }
}

#[tokio::test]
async fn claims_are_shared_with_nobody_and_what_is_asked_for_anew_with_all() {
    let machines = Machines::new();
    let world = World::new(Arc::clone(&machines.authority) as _);
    let own = section("app1", r#"{"SourceType": "Vault", "Credential": {"SourceType": "Given"}}"#);
    let settings = format!(r#"{{"AzureAd": {own}}}"#);
    let asked = async |claims: Option<&str>, fresh: bool| {
        let hands = Hands::default();
        let _client = machines.builder(&settings, machines.cache()).source(hands.clone()).build().await.unwrap();
        let wanted = TokenFor::new(SCOPE, world.clock.moment().after(Duration::from_secs(30)), &world);
        let token = hands.0.get().unwrap().token(&wanted.claims(claims).fresh(fresh)).await.unwrap();
        machines.settled(1).await;
        token.token.expose().to_owned()
    };
    assert_eq!(asked(None, false).await, "token-1");
    assert_eq!(asked(Some("{}"), false).await, "token-2");
    assert_eq!(asked(None, false).await, "token-1");
    assert_eq!(asked(None, true).await, "token-3");
    for _ in 0..1000 {
        if asked(None, false).await == "token-3" {
            return;
        }
    }
    panic!("the store kept the older token");
}
