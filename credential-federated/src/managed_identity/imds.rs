//! The metadata service of virtual machines and scale sets, at a link-local address
//! (<https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>).

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::SourceError;
use credential_core::world::{HttpError, HttpErrorKind, HttpRequest};

use super::asking::{Asking, JSON, OF_METADATA, PATIENCE, Sent};
use super::host::{Answer, Host, unpaired};

const ABSENT: &str = "managed-identity-absent";
/// Where it is unless `AZURE_POD_IDENTITY_AUTHORITY_HOST` says otherwise.
const ADDRESS: &str = "http://169.254.169.254";
/// How long it may take to show that it is there. It answers in milliseconds; elsewhere the address leads nowhere.
const PROBE: Duration = Duration::from_secs(1);
/// After how long a request for a token has been quiet enough for a look whether anybody is there.
const QUIET: Duration = Duration::from_millis(500);

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
        let quiet = asking.world.clock.sleep_until(asking.world.clock.moment().after(QUIET));
        tokio::select! {
            biased;
            sent = &mut sent => return self.there(asking, sent),
            () = quiet => {}
        }
        tokio::select! {
            biased;
            sent = &mut sent => self.there(asking, sent),
            probed = asking.once(without_header(request), PROBE) => {
                // Whatever it said.
                let _ = self.there(asking, probed)?;
                Ok(sent.await)
            }
        }
    }

    /// Asks without the header first, where a list goes on to somebody else: a service that is there refuses that at
    /// once.
    async fn probed(&self, asking: &Asking<'_>, request: &HttpRequest) -> Result<(), SourceError> {
        match self.there(asking, asking.once(without_header(request), PROBE).await)? {
            // Whoever answers so has no identities, or stands before the service.
            Ok(response) if matches!(response.status, 403 | 404) => {
                asking.metadata_seen.store(false, Ordering::Relaxed);
                let message = format!("no managed identity: {} has no metadata service", self.address);
                let error = SourceError::not_applicable(ABSENT, message);
                Err(error.remedy("run on an Azure machine with an identity"))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is there: any answer will do, and one that broke off.
    fn there(&self, asking: &Asking<'_>, sent: Sent) -> Result<Sent, SourceError> {
        match sent {
            Err(error) if error.kind() != HttpErrorKind::Broken => Err(self.absent(asking, error)),
            sent => {
                asking.metadata_seen.store(true, Ordering::Relaxed);
                Ok(sent)
            }
        }
    }

    fn absent(&self, asking: &Asking<'_>, error: HttpError) -> SourceError {
        let (address, silent) = (&self.address, error.kind() == HttpErrorKind::Timeout);
        let message = match silent {
            true => format!("no managed identity: the metadata service at {address} timed out"),
            false => format!("no managed identity: metadata service not found at {address}"),
        };
        if let Some(unpaired) = unpaired(&*asking.world.environment) {
            let absent = SourceError::not_applicable(ABSENT, format!("{message}; {unpaired}"));
            return absent.remedy("set both variables as the platform does, or none of them").caused_by(error);
        }
        let remedy = match silent {
            true => "run on an Azure machine with an identity, or let its network reach the metadata service",
            false => "run on an Azure machine with an identity, or correct AZURE_POD_IDENTITY_AUTHORITY_HOST",
        };
        SourceError::not_applicable(ABSENT, message).remedy(remedy).caused_by(error)
    }
}

/// The request without the header that tells it from one that somebody else has forwarded.
fn without_header(request: &HttpRequest) -> HttpRequest {
    let mut probe = request.clone();
    probe.headers.retain(|(name, _)| name != "Metadata");
    probe
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
            false if asking.probe => {
                self.probed(asking, &request).await?;
                None
            }
            false => Some(self.first(asking, &request).await?),
        };
        asking.send_after(first, self.name(), request, &OF_METADATA).await.map(Answer::new)
    }
}
