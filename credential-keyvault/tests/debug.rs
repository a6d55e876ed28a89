//! `Debug` of what this crate gives shows no token and no secret of an entry.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use credential_core::source::{Entry, Origin};
use credential_core::testing::{Bound, FakeWorld};
use credential_core::tokens::ProvidedToken;
use credential_core::{CredentialDescription, SourceRegistry};
use credential_keyvault::{KeyVaultSources, sources};

fn shows_nothing(value: &dyn Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let fake = FakeWorld::new();
    fake.environment.set("AZURE_CLIENT_SECRET", "hunter2");
    let nested = vec![
        Entry::text("SourceType", "ClientSecret", Origin::Code),
        Entry::text("ClientSecret", "hunter2", Origin::Code),
    ];
    let plain = CredentialDescription::new("KeyVault")
        .with("KeyVaultUrl", "https://v.vault.azure.net/")
        .with("KeyVaultCertificateName", "c");
    let entry = plain.clone().with_entry(Entry::map("Credential", nested, Origin::Code));
    let made = KeyVaultSources::new();
    let mut registry = SourceRegistry::new();
    made.clone().build().into_iter().chain(credential_secret::sources()).for_each(|source| registry.register(source));
    let bound = Bound::new(made.clone().build().swap_remove(0), plain);
    let chain = registry.bind(vec![entry.clone()], fake.world());
    assert!(bound.is_ok() && chain.is_ok(), "{bound:?} {chain:?}");
    let token = ProvidedToken::new("hunter2", SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    let values: [&dyn Debug; 7] = [&entry, &made, &bound, &chain, &token, &sources(), &fake.world()];
    values.into_iter().for_each(shows_nothing);
    made.build().iter().for_each(|source| shows_nothing(source));
}
