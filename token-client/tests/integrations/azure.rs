//! The Azure SDK, both ways.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::{Error, ErrorKind};
use credential_core::{CredentialDescription, SourceType};
use token_client::integrations::azure::{ClientCredential, CredentialAssertion, CredentialTokens};
use token_client::{TokenClient, TokenError, TokenErrorKind, TokenRequest, TokenSource};

use crate::emulated::{DEMO, builder, claims, client, emulator};

/// What a credential of somebody else's does.
#[derive(Clone, Debug)]
enum Theirs {
    Gives(String),
    Refuses(ErrorKind),
    Hangs,
    Panics,
}

#[async_trait]
impl TokenCredential for Theirs {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        match self {
            Self::Gives(token) => {
                let end = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
                Ok(AccessToken::new(token.replace("SCOPE", scopes[0]), end.into()))
            }
            Self::Refuses(kind) => Err(Error::with_message(kind.clone(), "not\u{1b}[2J today")),
            Self::Hangs => std::future::pending().await,
            Self::Panics => panic!("s3cret"),
        }
    }
}

fn status(status: u16) -> ErrorKind {
    ErrorKind::HttpResponse { status: status.into(), error_code: None, raw_response: None }
}

#[tokio::test]
async fn our_client_is_a_credential_of_the_sdk() {
    let emulator = emulator().await;
    let client = client(&emulator).await;
    let credential: Arc<dyn TokenCredential> = Arc::new(ClientCredential::new(client.clone()));
    let first = credential.get_token(&[DEMO], None).await.unwrap();
    assert_eq!(claims(first.token.secret())["aud"], "api://demo");
    let left = SystemTime::from(first.expires_on).duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let ours = client.token(&TokenRequest::app(DEMO)).await.unwrap();
    assert_eq!(left, ours.expires_on().duration_since(SystemTime::UNIX_EPOCH).unwrap());
    // One cache for both.
    assert_eq!((first.token.secret(), emulator.token_requests().len()), (ours.value().expose(), 1));
}

#[tokio::test]
async fn tenants_and_users_have_credentials_of_their_own() {
    let emulator = builder().tenant("contoso.example").tenant("fabrikam.example").start().await.unwrap();
    let client = client(&emulator).await;
    let ask = async |credential: ClientCredential, scope: &str| {
        claims(credential.get_token(&[scope], None).await.unwrap().token.secret())
    };
    let app = ClientCredential::new(client.clone());
    assert_eq!(ask(app.clone(), DEMO).await["tid"], emulator.tenant_id("contoso.example").unwrap());
    assert_eq!(
        ask(app.clone().tenant("fabrikam.example"), DEMO).await["tid"],
        emulator.tenant_id("fabrikam.example").unwrap()
    );
    for user in ["ada@contoso.example", "bob@contoso.example"] {
        let incoming = emulator.mint_user_token(user, "app1", "access_as_user").unwrap();
        let token = ask(app.clone().on_behalf_of(incoming), DEMO).await;
        assert_eq!(token["preferred_username"], user);
    }
    assert!(ask(app, DEMO).await.get("preferred_username").is_none());
}

#[tokio::test]
async fn a_refusal_reaches_the_sdk_whole() {
    let client = client(&emulator().await).await;
    let credential = ClientCredential::new(client);
    let error = credential.get_token(&["api://demo/delegated"], None).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Credential);
    assert_eq!(error.downcast_ref::<TokenError>().unwrap().kind(), TokenErrorKind::Request);
    assert!(error.to_string().contains("delegated scope"), "{error}");
    assert!(credential.get_token(&[], None).await.is_err());
}

#[tokio::test]
async fn their_credential_is_a_source_of_tokens() {
    let source = CredentialTokens::new(Arc::new(Theirs::Gives("for SCOPE".to_owned())), [DEMO]);
    let token = source.token().await.unwrap();
    assert_eq!(token.authorization_header().expose(), format!("Bearer for {DEMO}"));
    assert!(token.expires_on() > SystemTime::UNIX_EPOCH + Duration::from_secs(3_999_999_999));
    for (theirs, kind) in [
        (Theirs::Refuses(ErrorKind::Credential), TokenErrorKind::Credential),
        (Theirs::Refuses(status(400)), TokenErrorKind::Credential),
        (Theirs::Refuses(status(503)), TokenErrorKind::Unwell),
        (Theirs::Refuses(ErrorKind::Io), TokenErrorKind::Unwell),
        (Theirs::Hangs, TokenErrorKind::Timeout),
        (Theirs::Panics, TokenErrorKind::Aborted),
    ] {
        let source = CredentialTokens::new(Arc::new(theirs.clone()), [DEMO]).patience(Duration::from_millis(50));
        let error = source.token().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{theirs:?}: {error}");
        let said = error.to_string();
        assert!(!said.contains('\u{1b}') && !said.contains("s3cret"), "{said:?}");
        assert!(!matches!(theirs, Theirs::Refuses(_)) || said.contains("today"), "{said}");
    }
}

fn entry(name: &str) -> CredentialDescription {
    CredentialDescription::new(SourceType::CUSTOM_SIGNED_ASSERTION).with("CustomSignedAssertionProviderName", name)
}

#[tokio::test]
async fn their_credential_is_an_entry_of_the_list() {
    let emulator = emulator().await;
    let assertion = emulator.mint_federated("https://oidc.example", "azure", "api://AzureADTokenExchange").unwrap();
    let build = async |first: Theirs| {
        let builder = TokenClient::builder().instance(emulator.instance()).tenant("contoso.example").client_id("app1");
        let provider = CredentialAssertion::new(Arc::new(first));
        let builder = builder.assertion_provider("Azure", provider).credential(entry("Azure"));
        builder.client_secret("s3cret").patience(Duration::from_secs(10)).build().await.unwrap()
    };
    let client = build(Theirs::Gives(assertion)).await;
    let token = client.token(&TokenRequest::app(DEMO)).await.unwrap();
    assert_eq!(token.credential().unwrap().index, 0);
    assert_eq!(emulator.token_requests()[0].verdict, "federated azure");
    // Whatever it does instead, the next entry has its turn.
    for theirs in [Theirs::Refuses(ErrorKind::Credential), Theirs::Refuses(status(503)), Theirs::Hangs, Theirs::Panics]
    {
        let token = build(theirs.clone()).await.token(&TokenRequest::app(DEMO)).await.unwrap();
        assert_eq!(token.credential().unwrap().index, 1, "{theirs:?}");
        let said = format!("{:?}", token.attempts());
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[tokio::test]
async fn another_cloud_has_another_scope() {
    let emulator = emulator().await;
    let theirs = Theirs::Gives("SCOPE".to_owned());
    let provider = CredentialAssertion::new(Arc::new(theirs)).scope("api://AzureADTokenExchangeUSGov/.default");
    let builder = TokenClient::builder().instance(emulator.instance()).tenant("contoso.example").client_id("app1");
    let client = builder.assertion_provider("Azure", provider).credential(entry("azure")).build().await.unwrap();
    client.token(&TokenRequest::app(DEMO)).await.unwrap_err();
    let requests = emulator.token_requests();
    let sent = requests[0].form("client_assertion").unwrap_or_default();
    assert_eq!(sent, "api://AzureADTokenExchangeUSGov/.default");
}
