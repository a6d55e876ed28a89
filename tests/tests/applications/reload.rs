//! A configuration that is read again under a client that goes on.

use credential_core::testing::FakeWorld;
use token_client::{TokenClient, TokenRequest};

use super::{SCOPE, SECRET, builder, file, of, presented, section, world};

fn request() -> TokenRequest {
    TokenRequest::app(SCOPE)
}

/// A client with a cached token, of a file with these sections.
async fn started(sections: &[(&str, String)]) -> (FakeWorld, TokenClient) {
    let world = world();
    file(&world, sections);
    let client = builder(&world).build().await.unwrap();
    client.token(&request()).await.unwrap();
    (world, client)
}

fn secret(text: &str) -> String {
    format!(r#"{{"SourceType": "ClientSecret", "ClientSecret": "{text}"}}"#)
}

#[tokio::test]
async fn what_changed_is_used_by_every_clone_and_the_next_call() {
    let (world, client) = started(&[("AzureAd", section("app1", &secret("old")))]).await;
    let clone = client.clone();
    file(&world, &[("AzureAd", section("app2", &secret("new")))]);
    client.reload().await.unwrap();
    assert_eq!(clone.configuration().application.client_id_text(), "app2");
    assert_eq!(clone.token(&request()).await.unwrap().value().expose(), "token-of-app2");
    assert_eq!(presented(&world).last().unwrap(), &("app2".to_owned(), "new".to_owned()));
}

#[tokio::test]
async fn a_token_stays_where_nothing_that_made_it_changed() {
    let first = secret("old");
    let before = [("AzureAd", section("app1", &first)), ("Logging", r#"{"Level": "a"}"#.to_owned())];
    for (now, stays) in [
        // The same, with lines before it and another order of entries.
        (vec![("Logging", r#"{"Level": "b"}"#.to_owned()), ("AzureAd", section("app1", &first))], true),
        (vec![("AzureAd", section("app1", &format!("{}, {first}", secret("new"))))], true),
        (vec![("AzureAd", section("app1", &secret("new")))], false),
        (vec![("AzureAd", section("app2", &first))], false),
        (vec![("AzureAd", section("app1", &first).replace("t.example", "u.example"))], false),
        (vec![("AzureAd", section("app1", &first).replace("\"Instance\"", "\"SendX5C\": true, \"Instance\""))], false),
    ] {
        let (world, client) = started(&before).await;
        file(&world, &now);
        client.reload().await.unwrap();
        assert_eq!(client.cached(&request()).is_some(), stays, "{now:?}");
    }
}

#[tokio::test]
async fn a_token_goes_when_the_section_changed_that_its_assertion_came_from() {
    let before = [("AzureAd", section("app1", &of("Idp"))), ("Idp", section("idpapp", SECRET))];
    let (world, client) = started(&before).await;
    client.reload().await.unwrap();
    assert!(client.cached(&request()).is_some());
    file(&world, &[("AzureAd", section("app1", &of("Idp"))), ("Idp", section("idp2", SECRET))]);
    client.reload().await.unwrap();
    assert!(client.cached(&request()).is_none());
}

#[tokio::test]
async fn a_broken_file_leaves_the_client_as_it_was() {
    let (world, client) = started(&[("AzureAd", section("app1", &secret("old")))]).await;
    for broken in ["{", r#"{"AzureAd": {"ClientId": "app1"}}"#] {
        world.files.write(super::FILE, broken);
        client.reload().await.unwrap_err();
        assert_eq!(client.token(&request()).await.unwrap().value().expose(), "token-of-app1");
        assert_eq!(client.configuration().application.credentials.len(), 1);
    }
}

#[tokio::test]
async fn a_configuration_that_the_program_gave_is_given_again() {
    let (world, client) = started(&[("AzureAd", section("app1", &secret("old")))]).await;
    let given = |client: &TokenClient| (*client.configuration()).clone();
    let own = TokenClient::builder().configuration(given(&client)).world(world.world()).build().await.unwrap();
    assert_eq!(own.reload().await.unwrap_err().findings()[0].code, "nothing-to-reload");
    file(&world, &[("AzureAd", section("app2", &secret("new")))]);
    client.reload().await.unwrap();
    own.reload_with(given(&client)).unwrap();
    assert_eq!(own.token(&request()).await.unwrap().value().expose(), "token-of-app2");
}
