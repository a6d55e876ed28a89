//! Where a machine's tokens come from: its host, found by the variables that it sets.

use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use credential_core::source::Detected;
use credential_core::world::{Environment, HttpResponse};
use credential_core::{Secret, SourceError, World};

use super::app_service::AppService;
use super::asking::Asking;
use super::azure_arc::AzureArc;
use super::cloud_shell::CloudShell;
use super::imds::Imds;
use super::machine_learning::MachineLearning;
use super::service_fabric::ServiceFabric;

/// Gives tokens of the machine's identities.
#[async_trait]
pub(super) trait Host: fmt::Debug + Send + Sync {
    /// For messages.
    fn name(&self) -> &'static str;

    /// What it answers, whatever the status.
    ///
    /// # Errors
    /// When it does not answer, or has no such identity by its nature.
    async fn answer(&self, asking: &Asking<'_>) -> Result<Answer, SourceError>;
}

/// What a host answers, and the secret that it was asked with.
pub(super) struct Answer {
    pub(super) response: HttpResponse,
    pub(super) secret: Option<Secret>,
}

impl Answer {
    pub(super) fn new(response: HttpResponse) -> Self {
        Self { response, secret: None }
    }
}

/// The host of this machine, in the order in which the reference looks (MSAL.NET, `ManagedIdentityClient`).
pub(super) async fn of_machine(world: &World) -> Box<dyn Host> {
    let variables = &*world.environment;
    let identity = variables.text("IDENTITY_ENDPOINT");
    let msi = variables.text("MSI_ENDPOINT");
    if let (Some(endpoint), Some(header)) = (&identity, variables.text("IDENTITY_HEADER")) {
        let (endpoint, header) = (endpoint.clone(), Secret::new(header));
        return match variables.text("IDENTITY_SERVER_THUMBPRINT") {
            Some(thumbprint) => Box::new(ServiceFabric { endpoint, header, thumbprint }),
            None => Box::new(AppService { endpoint, header }),
        };
    }
    match (msi, variables.text("MSI_SECRET")) {
        (Some(endpoint), Some(secret)) => {
            let default_client_id = variables.text("DEFAULT_IDENTITY_CLIENT_ID");
            return Box::new(MachineLearning { endpoint, secret: Secret::new(secret), default_client_id });
        }
        (Some(endpoint), None) => return Box::new(CloudShell { endpoint }),
        (None, _) => {}
    }
    match (identity, variables.text("IMDS_ENDPOINT")) {
        (Some(endpoint), Some(_)) => Box::new(AzureArc { endpoint }),
        _ if AzureArc::is_installed(world).await => Box::new(AzureArc::default()),
        _ => Box::new(Imds::of(variables.text("AZURE_POD_IDENTITY_AUTHORITY_HOST"))),
    }
}

/// What is set and names no host by itself.
pub(super) fn unpaired(variables: &dyn Environment) -> Option<&'static str> {
    let is_set = |name| variables.text(name).is_some();
    let others = ["IDENTITY_HEADER", "IMDS_ENDPOINT", "MSI_ENDPOINT"];
    (is_set("IDENTITY_ENDPOINT") && !others.into_iter().any(is_set)).then_some(
        "IDENTITY_ENDPOINT is set without IDENTITY_HEADER (App Service) or IMDS_ENDPOINT (Azure Arc), and is not asked",
    )
}

/// What every virtual machine of Azure has on its chassis
/// (<https://learn.microsoft.com/azure/virtual-machines/linux/provisioning>).
const CHASSIS: &str = "7783-7084-3265-9085-8269-3286-77";
const CHASSIS_FILE: &str = "/sys/class/dmi/id/chassis_asset_tag";

/// The host of this machine, without asking it: the metadata service is there where the machine is one of Azure's.
pub(super) async fn detect(world: &World) -> Option<Detected> {
    let variables = &*world.environment;
    let set = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"];
    let because = match set.into_iter().find(|name| variables.text(name).is_some()) {
        Some(name) => format!("{name} is set"),
        None if AzureArc::is_installed(world).await => "the agent of Azure Arc is installed".to_owned(),
        None => {
            let tag = world.read(Path::new(CHASSIS_FILE), 256).await.ok()?;
            (std::str::from_utf8(tag.expose()).ok()?.trim() == CHASSIS)
                .then(|| format!("{CHASSIS_FILE} is that of a virtual machine of Azure"))?
        }
    };
    let found = Detected::new(format!("managed identity ({})", of_machine(world).await.name()), because);
    Some(match unpaired(variables) {
        Some(unpaired) => found.lacks(unpaired),
        None => found,
    })
}
