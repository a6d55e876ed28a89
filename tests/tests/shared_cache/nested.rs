//! Tokens that another token needs: those of another application's section, and of an entry in an entry.

use std::sync::Arc;

use async_trait::async_trait;
use credential_core::tokens::{TokenFor, TokenProvider};
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Setting, SettingKind, SourceError, SourceType,
};
use credential_tests::processes::{Machines, SCOPE, app, got, section};
use token_client::TokenOrigin::Authority;
use token_client::TokenRequest;

/// A vault that is read with a token, which another entry gives.
#[derive(Debug)]
struct VaultSource;

#[derive(Debug)]
struct Vault(Arc<dyn TokenProvider>);

impl CredentialSource for VaultSource {
    fn source_type(&self) -> SourceType {
        SourceType::known("Vault")
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] =
            &[Setting::new("Credential", SettingKind::Entry, "Who reads the vault.").required()];
        SETTINGS
    }

    fn bind(&self, _: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        Ok(Arc::new(Vault(cx.tokens_of("Credential")?)))
    }
}

#[async_trait]
impl CredentialLoader for Vault {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        // That of the application itself as well, which is another token.
        let wanted = TokenFor::new(SCOPE, request.deadline, request.world);
        let token = self.0.token(&wanted).await?;
        Ok(Credential::secret("in the vault", token.token))
    }
}

#[tokio::test]
async fn a_second_process_finds_what_a_token_is_made_with() {
    let given = r#"{"SourceType": "Given"}"#;
    let of_section =
        section("app1", r#"{"SourceType": "SignedAssertionFromApplication", "ConfigurationSection": "Idp"}"#);
    let of_entry = section("app1", &format!(r#"{{"SourceType": "Vault", "Credential": {given}}}"#));
    for (what, own) in [("section", of_section), ("entry", of_entry)] {
        let machines = Machines::new();
        let settings = format!(r#"{{"AzureAd": {own}, "Idp": {}}}"#, section("idp", given));
        let process = || machines.builder(&settings, machines.cache()).source(VaultSource).build();
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
