//! The metadata service of virtual machines and scale sets, at a link-local address
//! (<https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>).

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::SourceError;
use credential_core::world::{HttpError, HttpErrorKind, HttpRequest};

use super::asking::{Asking, JSON, PATIENCE, Retries, Sent};
use super::host::{Answer, Host};

/// Where it is unless `AZURE_POD_IDENTITY_AUTHORITY_HOST` says otherwise.
const ADDRESS: &str = "http://169.254.169.254";
/// How long it may take to show that it is there. It answers in milliseconds; elsewhere the address leads nowhere.
const PROBE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Imds {
    address: String,
}

impl Imds {
    pub(super) fn of(address: Option<String>) -> Self {
        Self { address: address.unwrap_or_else(|| ADDRESS.to_owned()) }
    }

    /// Whoever has never been heard of has little time: when the first request stays quiet, one without its header
    /// goes beside it, which a service that is there refuses at once, however long its tokens take.
    async fn first(&self, asking: &Asking<'_>, request: &HttpRequest) -> Result<Sent, SourceError> {
        let mut sent = pin!(asking.once(request.clone(), PATIENCE));
        let quiet = asking.world.clock.sleep_until(asking.world.clock.moment().after(PROBE));
        tokio::select! {
            biased;
            sent = &mut sent => return self.there(asking, sent),
            () = quiet => {}
        }
        let mut probe = request.clone();
        probe.headers.retain(|(name, _)| name != "Metadata");
        tokio::select! {
            biased;
            sent = &mut sent => self.there(asking, sent),
            probed = asking.once(probe, PROBE) => {
                // Whatever it said.
                let _ = self.there(asking, probed)?;
                Ok(sent.await)
            }
        }
    }

    /// Whether it is there: any answer will do, and one that broke off.
    fn there(&self, asking: &Asking<'_>, sent: Sent) -> Result<Sent, SourceError> {
        match sent {
            Err(error) if error.kind() != HttpErrorKind::Broken => Err(self.absent(error)),
            sent => {
                asking.metadata_seen.store(true, Ordering::Relaxed);
                Ok(sent)
            }
        }
    }

    fn absent(&self, error: HttpError) -> SourceError {
        let (address, silent) = (&self.address, error.kind() == HttpErrorKind::Timeout);
        let message = match silent {
            true => format!("no managed identity: the metadata service at {address} timed out"),
            false => format!("no managed identity: metadata service not found at {address}"),
        };
        let remedy = match silent {
            true => "run on an Azure machine with an identity, or let its network reach the metadata service",
            false => "run on an Azure machine with an identity, or correct AZURE_POD_IDENTITY_AUTHORITY_HOST",
        };
        SourceError::not_applicable("managed-identity-absent", message).remedy(remedy).caused_by(error)
    }
}

#[async_trait]
impl Host for Imds {
    fn name(&self) -> &'static str {
        "the metadata service"
    }

    async fn answer(&self, asking: &Asking<'_>) -> Result<Answer, SourceError> {
        let endpoint = format!("{}/metadata/identity/oauth2/token", self.address.trim_end_matches('/'));
        let identity = asking.identity.parameter(["client_id", "object_id", "msi_res_id"]);
        let url = asking.url("AZURE_POD_IDENTITY_AUTHORITY_HOST", &endpoint, "2018-02-01", identity)?;
        let request = HttpRequest::get(url)
            .header("Accept", JSON)
            .header("Metadata", "true")
            .header("x-ms-client-request-id", asking.world.uuid());
        let first = match asking.metadata_seen.load(Ordering::Relaxed) {
            true => None,
            false => Some(self.first(asking, &request).await?),
        };
        asking.send_after(first, self.name(), request, Retries::Metadata).await.map(Answer::new)
    }
}
