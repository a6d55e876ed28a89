//! Metadata and instance discovery that give no answer: the patience holds, and the error names them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use token_client::TokenRequest;

use crate::authority::{Authority, SCOPE, TWO_SECRETS, builder};

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
        assert_eq!(findings[0].0.code, "metadata-unreachable");
        let host = if address.contains("idp") { "idp.example" } else { "login.own-cloud.example" };
        assert!(findings[0].0.message.contains(host), "{}", findings[0].0.message);
        assert!(error.attempts().is_empty() && error.is_transient());
    }
}
