//! App Service, Functions and Container Apps
//! (<https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>).

use async_trait::async_trait;
use credential_core::world::HttpRequest;
use credential_core::{Secret, SourceError};

use super::asking::{Asking, JSON, USUAL};
use super::host::{Answer, Host};

#[derive(Debug)]
pub(super) struct AppService {
    pub(super) endpoint: String,
    pub(super) header: Secret,
}

#[async_trait]
impl Host for AppService {
    fn name(&self) -> &'static str {
        "App Service"
    }

    async fn answer(&self, asking: &Asking<'_>) -> Result<Answer, SourceError> {
        let identity = asking.identity.parameter(["client_id", "object_id", "mi_res_id"]);
        let url = asking.url("IDENTITY_ENDPOINT", &self.endpoint, "2019-08-01", identity)?;
        let request = HttpRequest::get(url).header("Accept", JSON).header("X-IDENTITY-HEADER", self.header.clone());
        let response = asking.send(self.name(), request, &USUAL).await?;
        Ok(Answer { response, secret: Some(self.header.clone()) })
    }
}
