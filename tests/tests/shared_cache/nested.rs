//! Tokens that another token needs: those of another application's section, and of an entry in an entry.

use credential_core::testing::NestedSource;
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
