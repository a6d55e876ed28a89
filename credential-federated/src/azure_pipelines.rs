//! The source type `AzurePipelines`: the token of a service connection
//! (<https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create>).

use async_trait::async_trait;
use credential_core::source::Detected;
use credential_core::world::HttpRequest;
use credential_core::{
    BindContext, BindResult, CredentialDescription, CredentialSource, Secret, Setting, SettingKind, SourceError,
    SourceType, World,
};
use url::Url;

use crate::audience::EXCHANGE_URL;
use crate::platform::{Asking, Endpoint, Platform, Tokens, absent, ask};

const CONNECTION: &str = "ServiceConnectionId";
/// Set by the tasks that run with a service connection.
const CONNECTION_VARIABLE: &str = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";
const URL: &str = "SYSTEM_OIDCREQUESTURI";
const TOKEN: &str = "SYSTEM_ACCESSTOKEN";
const MAP_TOKEN: &str = "map it into the step: env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)";

/// The token of an Azure Pipelines service connection as the assertion.
///
/// ```json
/// { "SourceType": "AzurePipelines", "ServiceConnectionId": "..." }
/// ```
///
/// The step needs `SYSTEM_ACCESSTOKEN` in its environment. The service connection is of the kind "workload identity
/// federation", and its token's audience is always `api://AzureADTokenExchange`.
#[derive(Clone, Copy, Debug, Default)]
pub struct AzurePipelinesSource;

impl AzurePipelinesSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("AzurePipelines");
}

#[async_trait]
impl CredentialSource for AzurePipelinesSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[
            Setting::new(
                CONNECTION,
                SettingKind::Identifier,
                "The id of the service connection; without it, the one in AZURESUBSCRIPTION_SERVICE_CONNECTION_ID.",
            )
            .mistaken(&["ServiceConnection", "AzureServiceConnectionId", "ServiceConnectionName"]),
            EXCHANGE_URL,
        ];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let connection = entry.text(CONNECTION).filter(|id| !id.trim().is_empty()).map(str::to_owned);
        Ok(Tokens::loader(entry, cx, AzurePipelines { connection }))
    }

    async fn detect(&self, world: &World) -> Vec<Detected> {
        let has = |name| world.environment.text(name).is_some();
        if !has(URL) {
            return Vec::new();
        }
        let found = Detected::new("Azure Pipelines", format!("{URL} is set"));
        vec![if has(TOKEN) { found } else { found.lacks(format!("{TOKEN} is not set: {MAP_TOKEN}")) }]
    }
}

#[derive(Debug)]
struct AzurePipelines {
    connection: Option<String>,
}

#[async_trait]
impl Platform for AzurePipelines {
    fn name(&self) -> String {
        "Azure Pipelines".to_owned()
    }

    fn other_audience(&self, _asked: &str) -> String {
        "remove TokenExchangeUrl: the audience of service connections cannot be chosen".to_owned()
    }

    async fn token(&self, asking: &Asking<'_>) -> Result<Secret, SourceError> {
        let Some(address) = asking.variable(URL) else {
            let remedy = "run in a job of Azure Pipelines";
            return Err(absent("Azure Pipelines", &format!("{URL} is not set"), remedy));
        };
        let not_granted = |message: String| SourceError::denied("token-not-granted", message).settled_locally();
        let Some(bearer) = asking.variable(TOKEN).map(Secret::new) else {
            let message = format!("Azure Pipelines gives this step no token: {TOKEN} is not set");
            return Err(not_granted(message).remedy(MAP_TOKEN));
        };
        let Some(connection) = self.connection.clone().or_else(|| asking.variable(CONNECTION_VARIABLE)) else {
            let message = "Azure Pipelines gives no token without a service connection";
            let error = not_granted(message.to_owned()).about(CONNECTION);
            return Err(error.remedy("set ServiceConnectionId, or run in a task that has a service connection"));
        };
        let endpoint = Endpoint {
            name: "Azure Pipelines",
            named_by: URL,
            field: Some("oidcToken"),
            refused: "let the pipeline use the service connection, and map the job's own SYSTEM_ACCESSTOKEN",
            unknown: "correct ServiceConnectionId, and let the pipeline use that service connection",
            secrets: std::slice::from_ref(&bearer),
        };
        let url = Url::parse(&address).map_or(address, |mut url| {
            let mut query = url.query_pairs_mut();
            query.append_pair("api-version", "7.1").append_pair("serviceConnectionId", &connection);
            drop(query);
            url.into()
        });
        let request = HttpRequest::post(url)
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .header("Authorization", format!("Bearer {}", bearer.expose()))
            // Otherwise a refusal is a redirect to a page for people.
            .header("X-TFS-FedAuthRedirect", "Suppress");
        ask(asking, &endpoint, request).await
    }
}
