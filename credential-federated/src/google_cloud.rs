//! The source type `GoogleCloud`: the token of a service account, from the metadata server
//! (<https://cloud.google.com/compute/docs/instances/verifying-instance-identity>).

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::source::Detected;
use credential_core::text::printable;
use credential_core::world::{HttpErrorKind, HttpRequest, HttpResponse};
use credential_core::{
    BindContext, BindResult, CredentialDescription, CredentialSource, Secret, Setting, SettingKind, SourceError,
    SourceType, World,
};
use url::Url;

use crate::audience::EXCHANGE_URL;
use crate::platform::{Asking, Endpoint, Platform, Tokens, answer, field};

const ACCOUNT: &str = "ServiceAccount";
const HOST_VARIABLE: &str = "GCE_METADATA_HOST";
const HOST: &str = "metadata.google.internal";
/// Which the server says of itself in every answer.
const FLAVOR: (&str, &str) = ("Metadata-Flavor", "Google");
/// How long it may take to show that it is there. It answers in milliseconds; elsewhere its name has no address.
const PROBE: Duration = Duration::from_secs(1);
const PRODUCT: &str = "/sys/class/dmi/id/product_name";

/// The token of a Google Cloud service account as the assertion: virtual machines, GKE, Cloud Run, Cloud Functions.
///
/// ```json
/// { "SourceType": "GoogleCloud" }
/// ```
///
/// Without `ServiceAccount` it is the machine's own. The issuer is `https://accounts.google.com`, the subject the
/// numeric id of the service account. No proxy is used.
#[derive(Clone, Copy, Debug, Default)]
pub struct GoogleCloudSource;

impl GoogleCloudSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("GoogleCloud");
}

#[async_trait]
impl CredentialSource for GoogleCloudSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[
            Setting::new(
                ACCOUNT,
                SettingKind::Identifier,
                "The service account of the machine, by its e-mail address.",
            )
            .default("default")
            .mistaken(&["ServiceAccountEmail", "ServiceAccountName"]),
            EXCHANGE_URL,
        ];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let account = entry.text(ACCOUNT).filter(|account| !account.trim().is_empty()).unwrap_or("default").to_owned();
        Ok(Tokens::loader(entry, cx, GoogleCloud { account, seen: AtomicBool::default() }))
    }

    async fn detect(&self, world: &World) -> Vec<Detected> {
        if world.environment.text(HOST_VARIABLE).is_some() {
            return vec![Detected::new("Google Cloud", format!("{HOST_VARIABLE} is set"))];
        }
        let product = world.read(Path::new(PRODUCT), 256).await.ok();
        let product =
            product.and_then(|text| std::str::from_utf8(text.expose()).map(|text| text.trim().to_owned()).ok());
        match product.as_deref() {
            Some("Google" | "Google Compute Engine") => {
                vec![Detected::new("Google Cloud", format!("{PRODUCT} says so"))]
            }
            _ => Vec::new(),
        }
    }
}

#[derive(Debug)]
struct GoogleCloud {
    account: String,
    /// Whether the server has ever answered.
    seen: AtomicBool,
}

#[async_trait]
impl Platform for GoogleCloud {
    fn name(&self) -> String {
        "Google Cloud".to_owned()
    }

    async fn token(&self, asking: &Asking<'_>) -> Result<Secret, SourceError> {
        let host = asking.variable(HOST_VARIABLE).unwrap_or_else(|| HOST.to_owned());
        let mut url = Url::parse(&format!("http://{host}/")).map_err(|_| {
            SourceError::invalid("token-service-address", format!("{HOST_VARIABLE} is not valid"))
                .remedy(format!("write a host, perhaps with a port, into {HOST_VARIABLE}"))
                .settled_locally()
        })?;
        if !self.seen.load(Ordering::Relaxed) {
            self.look(asking, &url).await?;
            self.seen.store(true, Ordering::Relaxed);
        }
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(["computeMetadata", "v1", "instance", "service-accounts", &self.account, "identity"]);
        }
        url.query_pairs_mut().append_pair("audience", asking.audience).append_pair("format", "full");
        let endpoint = Endpoint {
            name: "Google Cloud",
            named_by: HOST_VARIABLE,
            field: None,
            refused: "let the workload use the service account (on GKE, Workload Identity)",
            unknown: "attach a service account to this machine, or correct ServiceAccount",
            secrets: &[],
        };
        let request = HttpRequest::get(url).header(FLAVOR.0, FLAVOR.1).direct();
        let response = answer(asking, &endpoint, request).await?;
        if !is_google(&response) {
            return Err(somebody_else(&host));
        }
        field(response.body.expose(), endpoint.field, endpoint.name)
    }
}

impl GoogleCloud {
    /// Whether the server is there, in little time.
    ///
    /// # Errors
    /// `NotApplicable` where it is not.
    async fn look(&self, asking: &Asking<'_>, url: &Url) -> Result<(), SourceError> {
        let host = printable(url.authority(), 200);
        let request = HttpRequest::get(url.as_str()).header(FLAVOR.0, FLAVOR.1).timeout(PROBE).direct();
        match asking.world.send(request).await {
            Ok(response) if is_google(&response) => Ok(()),
            Ok(_) => Err(somebody_else(&host)),
            Err(error) => {
                let how = if error.kind() == HttpErrorKind::Timeout { "timed out" } else { "not found" };
                let message = format!("no token of Google Cloud: the metadata server at {host} {how}");
                Err(SourceError::not_applicable("platform-absent", message)
                    .remedy(format!("run on Google Cloud, or correct {HOST_VARIABLE}"))
                    .caused_by(error))
            }
        }
    }
}

fn is_google(response: &HttpResponse) -> bool {
    response.header(FLAVOR.0) == Some(FLAVOR.1)
}

fn somebody_else(host: &str) -> SourceError {
    let message = format!("no token of Google Cloud: what answers at {host} is not its metadata server");
    SourceError::not_applicable("platform-absent", message)
        .remedy(format!("run on Google Cloud, or correct {HOST_VARIABLE}"))
}
