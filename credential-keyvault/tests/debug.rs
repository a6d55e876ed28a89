//! `Debug` of what this crate gives shows no token and no secret of an entry.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::testing::FakeWorld;
use credential_core::{CredentialDescription, Entry, Origin, SourceError};
use credential_keyvault::{KeyVaultSources, VaultToken, VaultTokenRequest, VaultTokens, sources};

/// Shows what it is asked for, and gives no token.
#[derive(Debug)]
struct Asked;

#[async_trait]
impl VaultTokens for Asked {
    fn check(&self, _entry: &CredentialDescription) -> Result<(), SourceError> {
        Ok(())
    }

    async fn token(&self, request: VaultTokenRequest<'_>) -> Result<VaultToken, SourceError> {
        shows_nothing(&request);
        Err(SourceError::denied("asked", "the request was looked at"))
    }
}

fn shows_nothing(value: &dyn Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let fake = FakeWorld::new();
    fake.environment.set("AZURE_CLIENT_SECRET", "hunter2");
    let nested = vec![
        Entry::text("SourceType", "ClientSecret", Origin::Code),
        Entry::text("ClientSecret", "hunter2", Origin::Code),
    ];
    let entry = CredentialDescription::new("KeyVault")
        .with("KeyVaultUrl", "https://v.vault.azure.net/")
        .with("KeyVaultCertificateName", "c")
        .with_entry(Entry::map("Credential", nested, Origin::Code));
    let made = KeyVaultSources::new().tokens(Arc::new(Asked));
    let token = VaultToken::new("hunter2", SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    let values: [&dyn Debug; 5] = [&entry, &made, &token, &sources(), &fake.world()];
    values.into_iter().for_each(shows_nothing);
    made.build().iter().for_each(|source| shows_nothing(source));
}
