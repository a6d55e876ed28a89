//! Signers and providers of the program hang and panic; the next entry has its turn, in time.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use credential_core::credential::{
    Assertion, AssertionProvider, AssertionRequest, CertificateFacts, Signer, SigningAlgorithm, SigningRequest,
};
use credential_core::testing::FixedSource;
use credential_core::{Credential, SourceError};
use token_client::TokenRequest;

use crate::authority::{Authority, SCOPE, builder, section};

/// As a signer, and as a provider.
#[derive(Clone, Debug)]
struct Bad {
    panics: bool,
}

impl Bad {
    async fn fail<T>(&self) -> T {
        if self.panics { panic!("the program's own mistake") } else { std::future::pending().await }
    }
}

#[async_trait]
impl AssertionProvider for Bad {
    async fn assertion(&self, _request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        self.fail().await
    }
}

#[async_trait]
impl Signer for Bad {
    fn algorithms(&self) -> &[SigningAlgorithm] {
        &[SigningAlgorithm::Ps256]
    }

    async fn sign(&self, _request: SigningRequest<'_>) -> Result<Vec<u8>, SourceError> {
        self.fail().await
    }
}

/// A source of the program: a certificate with its signer, or a provider.
fn own(signs: bool, panics: bool) -> FixedSource {
    if !signs {
        return FixedSource::new("Own", Ok(Credential::assertions("own", Arc::new(Bad { panics }))));
    }
    let now = SystemTime::now();
    let facts = CertificateFacts::new([1; 20], [1; 32], now, now + Duration::from_secs(3600));
    FixedSource::new("Own", Ok(Credential::certificate("own", vec![vec![1]], facts, Arc::new(Bad { panics }))))
}

const LIST: &str = r#"{ "SourceType": "Own" }, { "SourceType": "ClientSecret", "ClientSecret": "second-s3cret" }"#;

#[tokio::test]
async fn whatever_hangs_or_panics_while_a_credential_is_presented_the_next_entry_has_its_turn() {
    for (signs, panics) in [(true, true), (true, false), (false, true), (false, false)] {
        let authority = Arc::new(Authority::good());
        let client = builder(&authority, &section(LIST))
            .source(own(signs, panics))
            .patience(Duration::from_secs(2))
            .build()
            .await
            .unwrap();
        let start = Instant::now();
        let callers: Vec<_> = (0..20)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.token(&TokenRequest::app(SCOPE)).await })
            })
            .collect();
        for caller in callers {
            let token = caller.await.unwrap().unwrap();
            assert_eq!(token.attempts()[0].kind(), Some("transient"), "{signs} {panics}");
        }
        assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
        assert_eq!(authority.seen().len(), 1);
    }
}

#[tokio::test]
async fn alone_it_is_an_error_in_time_that_names_the_entry() {
    for (signs, panics, code) in [
        (true, true, "signer-panicked"),
        (true, false, "signer-timeout"),
        (false, true, "provider-panicked"),
        (false, false, "provider-timeout"),
    ] {
        let authority = Arc::new(Authority::good());
        let client = builder(&authority, &section(r#"{ "SourceType": "Own" }"#))
            .source(own(signs, panics))
            .patience(Duration::from_millis(300))
            .build()
            .await
            .unwrap();
        let start = Instant::now();
        let error = client.token(&TokenRequest::app(SCOPE)).await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        let findings = error.findings();
        assert_eq!(findings[0].code, code);
        assert_eq!(findings[0].path.as_deref(), Some("AzureAd:ClientCredentials:0"));
        assert!(!format!("{error} {error:?}").contains("own mistake"));
    }
}
