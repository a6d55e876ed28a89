//! Azure Machine Learning: the identity of a compute, asked for by its client id.

use async_trait::async_trait;
use credential_core::world::HttpRequest;
use credential_core::{Secret, SourceError};

use super::asking::{Asking, JSON, USUAL};
use super::host::{Answer, Host};
use super::identity::Identity;

#[derive(Debug)]
pub(super) struct MachineLearning {
    pub(super) endpoint: String,
    pub(super) secret: Secret,
    /// What `DEFAULT_IDENTITY_CLIENT_ID` says: who the compute is without a word from the entry.
    pub(super) default_client_id: Option<String>,
}

impl MachineLearning {
    fn client_id<'a>(&'a self, asking: &Asking<'a>) -> Result<&'a str, SourceError> {
        match (asking.identity, &self.default_client_id) {
            (Identity::ClientId(id), _) | (Identity::System, Some(id)) => Ok(id),
            (Identity::System, None) => Err(SourceError::not_applicable(
                "managed-identity-not-assigned",
                "Machine Learning names no managed identity: DEFAULT_IDENTITY_CLIENT_ID is not set",
            )
            .remedy("assign an identity to the compute, or name one by its client id")
            .settled_locally()),
            _ => Err(asking.unsupported(self.name(), "takes client ids alone", "name it by its client id")),
        }
    }
}

#[async_trait]
impl Host for MachineLearning {
    fn name(&self) -> &'static str {
        "Machine Learning"
    }

    async fn answer(&self, asking: &Asking<'_>) -> Result<Answer, SourceError> {
        let identity = Some(("clientid", self.client_id(asking)?));
        let url = asking.url("MSI_ENDPOINT", &self.endpoint, "2017-09-01", identity)?;
        let request = HttpRequest::get(url)
            .header("Accept", JSON)
            .header("Metadata", "true")
            .header("secret", self.secret.clone());
        let response = asking.send(self.name(), request, &USUAL).await?;
        Ok(Answer { response, secret: Some(self.secret.clone()) })
    }
}
