//! The source type `KubernetesTokenRequest`: a token that the API server of the cluster issues
//! (<https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/>).

use std::path::Path;

use async_trait::async_trait;
use credential_core::source::Detected;
use credential_core::world::{HttpRequest, ServerTrust};
use credential_core::{
    BindContext, BindResult, CredentialDescription, CredentialSource, Secret, Setting, SettingKind, SourceError,
    SourceType, World,
};
use serde_json::json;
use url::Url;

use crate::audience::EXCHANGE_URL;
use crate::facts::describe;
use crate::platform::{Asking, Endpoint, Platform, Tokens, absent, ask};

const ACCOUNT: &str = "ServiceAccount";
const NAMESPACE: &str = "Namespace";
const LIFETIME: &str = "TokenLifetime";
const HOST: &str = "KUBERNETES_SERVICE_HOST";
const PORT: &str = "KUBERNETES_SERVICE_PORT";
const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// The most bytes of a file there; a bundle of certificate authorities is the largest.
const MAX_FILE: u64 = 256 * 1024;
/// What the API server gives at least.
const SHORTEST: u64 = 600;

/// A token of a Kubernetes service account for the authority, asked of the API server, as the assertion: for pods
/// that no webhook gives a token file.
///
/// ```json
/// { "SourceType": "KubernetesTokenRequest" }
/// ```
///
/// Without `ServiceAccount` it is the pod's own, which needs the right to `create` `serviceaccounts/token` for itself.
/// The cluster's issuer must be reachable for the authority. Where a token can be projected into the pod's files,
/// `SignedAssertionFilePath` needs no right at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct KubernetesTokenRequestSource;

impl KubernetesTokenRequestSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("KubernetesTokenRequest");
}

#[async_trait]
impl CredentialSource for KubernetesTokenRequestSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[
            Setting::new(
                ACCOUNT,
                SettingKind::Identifier,
                "The service account that the token is about; without it the pod's own.",
            )
            .mistaken(&["ServiceAccountName", "KubernetesServiceAccount"]),
            Setting::new(
                NAMESPACE,
                SettingKind::Identifier,
                "The namespace of the service account; without it the pod's own.",
            )
            .mistaken(&["KubernetesNamespace", "ServiceAccountNamespace"]),
            Setting::new(LIFETIME, SettingKind::Integer, "Seconds that the token lives, 600 at least.")
                .default("3600")
                .mistaken(&["ExpirationSeconds", "TokenLifetimeSeconds"]),
            EXCHANGE_URL,
        ];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let text = |name| entry.text(name).filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let lifetime = entry.integer(LIFETIME).unwrap_or(3600);
        if lifetime < SHORTEST {
            let error = SourceError::misconfigured("wrong-value", format!("{LIFETIME} is not valid: {lifetime} s"));
            return Err(cx.error(error.about(LIFETIME).remedy(format!("write {SHORTEST} or more"))));
        }
        let platform = Kubernetes { account: text(ACCOUNT), namespace: text(NAMESPACE), lifetime };
        Ok(Tokens::loader(entry, cx, platform))
    }

    async fn detect(&self, world: &World) -> Vec<Detected> {
        if world.environment.text(HOST).is_none() {
            return Vec::new();
        }
        let found = Detected::new("Kubernetes", format!("{HOST} is set"));
        let token = Path::new(FOLDER).join("token");
        vec![match world.read(&token, MAX_FILE).await {
            Ok(_) => found,
            Err(_) => found.lacks(format!("{} cannot be read: {MOUNT}", token.display())),
        }]
    }
}

const MOUNT: &str = "let the pod have its service account's token (automountServiceAccountToken: true)";

#[derive(Debug)]
struct Kubernetes {
    account: Option<String>,
    namespace: Option<String>,
    lifetime: u64,
}

#[async_trait]
impl Platform for Kubernetes {
    fn name(&self) -> String {
        "Kubernetes".to_owned()
    }

    async fn token(&self, asking: &Asking<'_>) -> Result<Secret, SourceError> {
        let (Some(host), Some(port)) = (asking.variable(HOST), asking.variable(PORT)) else {
            return Err(absent("Kubernetes", &format!("{HOST} is not set"), "run in a pod of a cluster"));
        };
        let bearer = Secret::new(file(asking, "token").await?);
        let authorities = file(asking, "ca.crt").await?;
        let (namespace, account) = self.account(asking, &bearer).await?;
        // An address of version 6 stands in brackets.
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let mut url = Url::parse(&format!("https://{host}:{port}/")).map_err(|_| {
            SourceError::invalid("token-service-address", format!("{HOST} and {PORT} are not valid"))
                .remedy("let the cluster set them")
                .settled_locally()
        })?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(["api", "v1", "namespaces", &namespace, "serviceaccounts", &account, "token"]);
        }
        let endpoint = Endpoint {
            name: "Kubernetes",
            named_by: HOST,
            field: Some("status.token"),
            refused: "let the pod's service account create serviceaccounts/token: a Role with resources: \
                      [serviceaccounts/token], verbs: [create], and its RoleBinding",
            unknown: "correct ServiceAccount and Namespace",
            secrets: std::slice::from_ref(&bearer),
        };
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [asking.audience], "expirationSeconds": self.lifetime},
        });
        let request = HttpRequest::post(url)
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .header("Authorization", format!("Bearer {}", bearer.expose()))
            .body(body.to_string())
            .trust(ServerTrust::authorities(authorities))
            .direct();
        ask(asking, &endpoint, request).await
    }
}

impl Kubernetes {
    /// Namespace and name of the service account: as the entry says, or the pod's own.
    async fn account(&self, asking: &Asking<'_>, bearer: &Secret) -> Result<(String, String), SourceError> {
        let subject = describe(bearer.expose()).ok().and_then(|facts| facts.subject).unwrap_or_default();
        let own = subject.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
        let account = self.account.clone().or_else(|| own.map(|(_, account)| account.to_owned())).ok_or_else(|| {
            SourceError::invalid("service-account-unknown", "the pod's token does not say its service account")
                .about(ACCOUNT)
                .remedy("set ServiceAccount")
                .settled_locally()
        })?;
        let namespace = match self.namespace.clone().or_else(|| own.map(|(namespace, _)| namespace.to_owned())) {
            Some(namespace) => namespace,
            None => file(asking, "namespace").await?,
        };
        Ok((namespace, account))
    }
}

/// A file of the pod's service account, which the cluster replaces now and then.
async fn file(asking: &Asking<'_>, name: &str) -> Result<String, SourceError> {
    let path = Path::new(FOLDER).join(name);
    let content = asking.world.read_file(&path, MAX_FILE).await.map_err(|error| error.remedy(MOUNT))?;
    let text = std::str::from_utf8(content.expose()).map(str::trim).unwrap_or_default();
    if text.is_empty() {
        let message = format!("{} is empty or not text", path.display());
        return Err(SourceError::invalid("file-unusable", message).remedy(MOUNT).settled_locally());
    }
    Ok(text.to_owned())
}
