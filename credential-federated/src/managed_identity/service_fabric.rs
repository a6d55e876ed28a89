//! Service Fabric
//! (<https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code>).

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use credential_core::world::{HttpRequest, ServerTrust, Thumbprint};
use credential_core::{Secret, SourceError};

use super::asking::{Asking, USUAL};
use super::host::{Answer, Host};
use super::identity::Identity;

#[derive(Debug)]
pub(super) struct ServiceFabric {
    pub(super) endpoint: String,
    pub(super) header: Secret,
    /// Of the certificate that the endpoint has, which no authority issued.
    pub(super) thumbprint: String,
}

impl ServiceFabric {
    fn trust(&self) -> Result<ServerTrust, SourceError> {
        let digits = self.thumbprint.replace([':', ' '], "");
        Thumbprint::parse(&digits).map(ServerTrust::Pinned).ok_or_else(|| {
            let message = "IDENTITY_SERVER_THUMBPRINT is not valid: it must have 40 hexadecimal digits";
            SourceError::invalid("managed-identity-thumbprint", message)
                .remedy("let Service Fabric set it: it is the endpoint's certificate")
                .settled_locally()
        })
    }
}

/// The token that a cache must give no more, in lower-case hex, as the host is told.
fn sha256(token: &Secret) -> String {
    let hash = digest(&SHA256, token.expose().as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[async_trait]
impl Host for ServiceFabric {
    fn name(&self) -> &'static str {
        "Service Fabric"
    }

    async fn answer(&self, asking: &Asking<'_>) -> Result<Answer, SourceError> {
        let identity = match asking.identity {
            Identity::System => None,
            Identity::ObjectId(id) => Some(("principalId", id.as_str())),
            _ => {
                let what = "takes object ids alone: which identity it is stands in the application's manifest";
                return Err(asking.unsupported(self.name(), what, "remove it from the entry"));
            }
        };
        let mut url = asking.url("IDENTITY_ENDPOINT", &self.endpoint, "2020-05-01", identity)?;
        if !asking.capabilities.is_empty() {
            url.query_pairs_mut().append_pair("xms_cc", &asking.capabilities.join(","));
        }
        if let Some(refused) = asking.refused {
            url.query_pairs_mut().append_pair("token_sha256_to_refresh", &sha256(refused));
        }
        if url.scheme() != "https" {
            let error = SourceError::invalid(
                "managed-identity-endpoint",
                "IDENTITY_ENDPOINT must use https: its header is a secret, and its certificate is pinned",
            );
            return Err(error.remedy("let Service Fabric set IDENTITY_ENDPOINT").settled_locally());
        }
        let request = HttpRequest::get(url).header("secret", self.header.clone()).trust(self.trust()?);
        let response = asking.send(self.name(), request, &USUAL).await?;
        Ok(Answer { response, secret: Some(self.header.clone()) })
    }
}
