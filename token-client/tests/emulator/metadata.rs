//! What is advertised is there.

use serde_json::Value;
use token_client::emulator::Emulator;

use crate::client::{ask_by_secret, emulator, get};

/// The addresses in a document, with the member that has each.
fn addresses(document: &Value) -> Vec<(String, String)> {
    let members = document.as_object().unwrap().iter();
    let texts = members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    texts.filter(|(name, value)| value.starts_with("http") && name != "issuer").collect()
}

async fn documents(emulator: &Emulator) -> Vec<Value> {
    let (authority, instance) = (emulator.authority(), emulator.instance());
    let mut list = Vec::new();
    for url in [
        format!("{authority}/v2.0/.well-known/openid-configuration"),
        format!("{authority}/.well-known/openid-configuration"),
        format!("{instance}common/v2.0/.well-known/openid-configuration"),
        format!("{instance}common/discovery/instance?authorization_endpoint={authority}/oauth2/v2.0/authorize"),
    ] {
        list.push(get(&url, &[]).await.json());
    }
    list.push(ask_by_secret(emulator, "wrong", "api://demo/.default").await.json());
    list
}

#[tokio::test]
async fn no_address_that_is_given_answers_404() {
    let emulator = emulator().await;
    let mut seen = 0;
    for document in documents(&emulator).await {
        for (name, address) in addresses(&document) {
            let answer = get(&address, &[]).await;
            // The token endpoint says, in Entra's way, that it is for POST.
            let expected = if name == "token_endpoint" { 400 } else { 200 };
            assert_eq!(answer.status, expected, "{name}: {address}");
            seen += 1;
        }
    }
    assert!(seen >= 11, "{seen}");
    let api = get(&format!("{}/", emulator.api_url()), &[]).await;
    let authorize = api.header("www-authenticate").unwrap().split('"').nth(1).unwrap();
    let page = get(authorize, &[]).await;
    assert!(page.status == 200 && page.text.contains("emulator user --name"), "{page:?}");
}

#[tokio::test]
async fn a_page_repeats_nothing_of_its_address() {
    let emulator = emulator().await;
    for path in ["error?code=%3Cscript%3E", "contoso.example/oauth2/v2.0/authorize?redirect_uri=%3Cscript%3E"] {
        let page = get(&format!("{}{path}", emulator.instance()), &[]).await;
        assert!(page.status == 200 && !page.text.contains("<script>"), "{page:?}");
    }
    let page = get(&format!("{}error?code=7000215", emulator.instance()), &[]).await;
    assert!(page.text.contains("AADSTS7000215"));
}
