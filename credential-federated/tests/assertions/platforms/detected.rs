//! What each source says of the machine it is on, for whoever looks for one.

use std::collections::BTreeMap;

use credential_federated::sources;

use super::*;

async fn found(world: &FakeWorld) -> BTreeMap<String, (String, bool)> {
    let mut all = BTreeMap::new();
    for source in sources() {
        for detected in source.detect(&world.world()).await {
            assert!(!detected.because.is_empty(), "{detected:?}");
            let name = source.source_type().as_str().to_owned();
            all.insert(name, (detected.platform.into_owned(), detected.lacks.is_none()));
        }
    }
    all
}

#[tokio::test]
async fn each_platform_is_known_by_what_it_sets_and_nobody_is_asked() {
    type Here = fn(&FakeWorld);
    /// Source type, platform, whether nothing is lacking.
    type Found = (&'static str, &'static str, bool);
    let cases: [(Here, &[Found]); 20] = [
        (|_| {}, &[]),
        (GIT_HUB.here, &[("GitHubActions", "GitHub Actions", true)]),
        (|world| world.environment.set("GITHUB_ACTIONS", "true"), &[("GitHubActions", "GitHub Actions", false)]),
        (AZURE_PIPELINES.here, &[("AzurePipelines", "Azure Pipelines", true)]),
        (
            |world| world.environment.set("SYSTEM_OIDCREQUESTURI", "https://x"),
            &[("AzurePipelines", "Azure Pipelines", false)],
        ),
        (|world| world.environment.set("GITLAB_CI", "true"), &[("GitLab", "GitLab", false)]),
        (
            |world| {
                world.environment.set("GITLAB_CI", "true");
                world.environment.set("GITLAB_OIDC_TOKEN", "x");
            },
            &[("GitLab", "GitLab", true)],
        ),
        (
            |world| world.environment.set("BITBUCKET_STEP_OIDC_TOKEN", "x"),
            &[("EnvironmentVariable", "Bitbucket Pipelines", true)],
        ),
        (|world| world.environment.set("GCE_METADATA_HOST", "x"), &[("GoogleCloud", "Google Cloud", true)]),
        (
            |world| world.files.write("/sys/class/dmi/id/product_name", "Google Compute Engine\n"),
            &[("GoogleCloud", "Google Cloud", true)],
        ),
        (KUBERNETES.here, &[("KubernetesTokenRequest", "Kubernetes", true)]),
        (
            |world| world.environment.set("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
            &[("KubernetesTokenRequest", "Kubernetes", false)],
        ),
        (|world| world.environment.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "x"), &[("Aws", "AWS", true)]),
        (|world| world.files.write("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n"), &[("Aws", "AWS", true)]),
        (|world| world.environment.set("SPIFFE_ENDPOINT_SOCKET", "unix:///x"), &[("Spiffe", "SPIFFE", true)]),
        (VAULT.here, &[("HashiCorpVault", "HashiCorp Vault", true)]),
        (
            |world| world.environment.set("AZURE_FEDERATED_TOKEN_FILE", "none"),
            &[("SignedAssertionFilePath", "workload identity", false)],
        ),
        (
            |world| {
                world.environment.set("IDENTITY_ENDPOINT", "http://127.0.0.1:1");
                world.environment.set("IDENTITY_HEADER", "x");
            },
            &[("SignedAssertionFromManagedIdentity", "managed identity (App Service)", true)],
        ),
        (
            |world| world.environment.set("IDENTITY_ENDPOINT", "http://127.0.0.1:1"),
            &[("SignedAssertionFromManagedIdentity", "managed identity (the metadata service)", false)],
        ),
        (
            |world| world.files.write("/sys/class/dmi/id/chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n"),
            &[("SignedAssertionFromManagedIdentity", "managed identity (the metadata service)", true)],
        ),
    ];
    for (here, expected) in cases {
        let world = FakeWorld::new();
        here(&world);
        let expected =
            expected.iter().map(|(source, name, whole)| ((*source).to_owned(), ((*name).to_owned(), *whole)));
        assert_eq!(found(&world).await, expected.collect());
        assert_eq!(world.http.requests().len(), 0);
    }
}
