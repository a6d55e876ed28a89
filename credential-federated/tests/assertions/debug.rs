//! `Debug` of what this crate gives shows no assertion and no data of a provider.

use std::fmt::Debug;

use async_trait::async_trait;
use credential_core::credential::{Assertion, AssertionProvider, AssertionRequest};
use credential_core::source::{Entry, Origin};
use credential_core::testing::FakeWorld;
use credential_core::{CredentialDescription, SourceError};
use credential_federated::{CustomSignedAssertionSource, ProviderData, SignedAssertionFileSource, describe, sources};

use crate::common::{bound, jwt, load};

/// Keeps what it should not show, and does not.
struct Mine;

impl Debug for Mine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mine")
    }
}

#[async_trait]
impl AssertionProvider for Mine {
    async fn assertion(&self, _: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        Ok(Assertion::new("hunter2", None))
    }
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let token = jwt("{\"iss\":\"i\"}");
    let world = FakeWorld::new();
    world.files.write("token", token.clone());
    let source = SignedAssertionFileSource;
    let in_file = CredentialDescription::new("SignedAssertionFilePath").with("SignedAssertionFileDiskPath", "token");
    let loaded = load(&bound(source, &in_file), &world, None).await;
    assert!(loaded.is_ok(), "{loaded:?}");
    let data = ProviderData::new([Entry::text("Key", "hunter2", Origin::Code)]);
    let custom = CustomSignedAssertionSource::new().with_provider("mine", Mine);
    let with_data = CredentialDescription::new("CustomSignedAssertion")
        .with("CustomSignedAssertionProviderName", "mine")
        .with_entry(Entry::map("CustomSignedAssertionProviderData", data.entries().to_vec(), Origin::Code));
    let bound_custom = bound(custom.clone(), &with_data);
    let given = load(&bound_custom, &world, None).await;
    assert!(given.is_ok(), "{given:?}");
    let values: [&dyn Debug; 10] = [
        &loaded,
        &given,
        &bound_custom,
        &data,
        &custom,
        &with_data,
        &source,
        &sources(),
        &describe(&token),
        &describe("hunter2.hunter2.hunter2"),
    ];
    for text in values.iter().flat_map(|value| [format!("{value:?}"), format!("{value:#?}")]) {
        assert!(!text.contains("hunter2") && !text.contains(&token), "{text}");
    }
}
