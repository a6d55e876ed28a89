//! Azure Cloud Shell: the identity of whoever is signed in.

use async_trait::async_trait;
use credential_core::SourceError;
use credential_core::world::HttpRequest;
use url::form_urlencoded::Serializer;

use super::asking::{Asking, JSON, USUAL};
use super::host::{Answer, Host};
use super::identity::Identity;

#[derive(Debug)]
pub(super) struct CloudShell {
    pub(super) endpoint: String,
}

#[async_trait]
impl Host for CloudShell {
    fn name(&self) -> &'static str {
        "Cloud Shell"
    }

    async fn answer(&self, asking: &Asking<'_>) -> Result<Answer, SourceError> {
        if *asking.identity != Identity::System {
            return Err(asking.system_only(self.name()));
        }
        let body = Serializer::new(String::new()).append_pair("resource", asking.resource).finish();
        let request = HttpRequest::post(asking.endpoint("MSI_ENDPOINT", &self.endpoint)?)
            .header("Accept", JSON)
            .header("Metadata", "true")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body);
        asking.send(self.name(), request, &USUAL).await.map(Answer::new)
    }
}
