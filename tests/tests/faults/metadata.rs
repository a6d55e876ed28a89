//! Metadata and instance discovery that give no answer: the patience holds, and the error names them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use credential_core::World;
use credential_core::world::Environment;
use token_client::TokenRequest;

use crate::authority::{Authority, SCOPE, TWO_SECRETS, builder, section};

#[tokio::test]
async fn silence_of_the_metadata_ends_with_the_patience_and_blames_no_credential() {
    for address in [
        r#""Authority": "https://idp.example/realms/x""#,
        r#""Instance": "https://login.own-cloud.example/", "TenantId": "contoso.example""#,
    ] {
        let authority = Arc::new(Authority::good().after(Duration::from_secs(60)));
        let section = format!(r#"{{ {address}, "ClientId": "app1", "ClientCredentials": [{TWO_SECRETS}] }}"#);
        let client = builder(&authority, &section).patience(Duration::from_millis(500)).build().await.unwrap();
        let start = Instant::now();
        let error = client.token(&TokenRequest::app(SCOPE)).await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        let findings = error.findings();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].code, "metadata-unreachable");
        let host = if address.contains("idp") { "idp.example" } else { "login.own-cloud.example" };
        assert!(findings[0].message.contains(host), "{}", findings[0].message);
        assert!(error.attempts().is_empty() && error.is_transient());
    }
}

/// An environment of the program's own that panics.
#[derive(Debug)]
struct Panics;

impl Environment for Panics {
    fn var(&self, _name: &str) -> Option<String> {
        panic!("the program's own mistake")
    }

    fn vars(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

#[tokio::test]
async fn a_panic_on_the_way_to_the_endpoints_is_told_as_one_and_not_as_silence() {
    let authority = Arc::new(Authority::good());
    let world = World::new(Arc::clone(&authority) as _).with_environment(Arc::new(Panics));
    let client = builder(&authority, &section(TWO_SECRETS)).world(world).build().await.unwrap();
    let error = client.token(&TokenRequest::app(SCOPE)).await.unwrap_err();
    assert_eq!(error.findings()[0].code, "exchange-panicked");
    assert!(!error.is_transient() && authority.seen().is_empty());
}
