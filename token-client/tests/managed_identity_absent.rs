//! A build without the feature `federated` says so where a managed identity is wanted.
#![cfg(not(feature = "federated"))]

use credential_core::testing::FakeWorld;
use token_client::{ManagedIdentityId, TokenClient, TokenRequest};

#[tokio::test]
async fn a_build_without_managed_identities_names_the_feature() {
    let world = FakeWorld::new();
    let client = TokenClient::builder().without_application().world(world.world()).build().await.unwrap();
    let request = TokenRequest::app("api://x/.default").managed_identity(ManagedIdentityId::SystemAssigned);
    let error = client.token(&request).await.unwrap_err();
    assert!(error.to_string().contains("not in this build") && error.to_string().contains("\"federated\""), "{error}");
    world.files.write(
        "appsettings.json",
        r#"{"Api": {"BaseUrl": "https://b/", "Scopes": ["api://x/.default"],
            "AcquireTokenOptions": {"ManagedIdentity": {"UserAssignedClientId": "a"}}}}"#,
    );
    let error = TokenClient::builder().world(world.world()).build().await.unwrap_err();
    let finding = &error.findings()[0];
    assert_eq!(finding.path.as_deref(), Some("Api:AcquireTokenOptions:ManagedIdentity"), "{error}");
    assert!(finding.remedy.as_ref().unwrap().contains("\"federated\""), "{error}");
}
