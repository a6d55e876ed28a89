//! Platforms that give a workload a token, over real sockets: from the question to the authority's token.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod absent;
mod exchange;
mod refused;

use std::sync::Arc;

use credential_core::World;
use credential_core::testing::{FakeEnvironment, FakeFiles};
use token_client::emulator::{EmulatedApp, Emulator};
use token_client::{ReqwestHttp, TokenClient};

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// An authority that takes assertions about `pod`.
async fn emulator() -> Emulator {
    emulator_of(&["contoso.example"]).await
}

async fn emulator_of(tenants: &[impl AsRef<str>]) -> Emulator {
    let app = EmulatedApp::new("app1").secret("s3cret").federated(ISSUER, "pod", AUDIENCE);
    let builder = Emulator::builder().app(app).api_audience("api://demo");
    tenants.iter().fold(builder, |builder, tenant| builder.tenant(tenant.as_ref())).start().await.unwrap()
}

/// A client with these entries and variables and no other, and the real network.
async fn client(emulator: &Emulator, entries: &str, variables: &[(&str, &str)]) -> TokenClient {
    let (files, environment) = (FakeFiles::default(), FakeEnvironment::default());
    variables.iter().for_each(|(name, value)| environment.set(*name, *value));
    let settings = format!(
        r#"{{"AzureAd": {{"Instance": "{}", "TenantId": "contoso.example", "ClientId": "app1",
            "ClientCredentials": [{entries}]}}}}"#,
        emulator.instance()
    );
    files.write("appsettings.json", settings);
    let world = World::new(Arc::new(ReqwestHttp::new().unwrap()))
        .with_environment(Arc::new(environment))
        .with_files(Arc::new(files));
    TokenClient::builder().file("appsettings.json").world(world).build().await.unwrap()
}
