//! The variables of other tools, and what they mean.

use credential_core::world::Environment;
use serde_json::json;

use super::draft::Draft;

/// The variables of one tool for one application: their names, no values.
#[derive(Debug)]
pub(super) struct Family {
    tenant: &'static str,
    client: &'static str,
    /// The authority's address.
    authority: Option<&'static str>,
    /// The cloud by its name.
    cloud: Option<&'static str>,
    pub(super) secret: &'static str,
    certificate: Option<&'static str>,
    certificate_password: Option<&'static str>,
    pub(super) token_file: &'static str,
}

/// The first one's values stand where another's differ.
pub(super) const FAMILIES: &[Family] = &[
    // azure_identity and the Azure SDKs of every language (`EnvironmentCredential`, `WorkloadIdentityCredential`).
    Family {
        tenant: "AZURE_TENANT_ID",
        client: "AZURE_CLIENT_ID",
        authority: Some("AZURE_AUTHORITY_HOST"),
        cloud: None,
        secret: "AZURE_CLIENT_SECRET",
        certificate: Some("AZURE_CLIENT_CERTIFICATE_PATH"),
        certificate_password: Some("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
        token_file: "AZURE_FEDERATED_TOKEN_FILE",
    },
    // Terraform and what follows it.
    Family {
        tenant: "ARM_TENANT_ID",
        client: "ARM_CLIENT_ID",
        authority: None,
        cloud: Some("ARM_ENVIRONMENT"),
        secret: "ARM_CLIENT_SECRET",
        certificate: Some("ARM_CLIENT_CERTIFICATE_PATH"),
        certificate_password: Some("ARM_CLIENT_CERTIFICATE_PASSWORD"),
        token_file: "ARM_OIDC_TOKEN_FILE_PATH",
    },
    // object_store.
    Family {
        tenant: "AZURE_STORAGE_TENANT_ID",
        client: "AZURE_STORAGE_CLIENT_ID",
        authority: Some("AZURE_STORAGE_AUTHORITY_HOST"),
        cloud: None,
        secret: "AZURE_STORAGE_CLIENT_SECRET",
        certificate: None,
        certificate_password: None,
        token_file: "AZURE_STORAGE_FEDERATED_TOKEN_FILE",
    },
];

/// The variables of these names that are taken over nowhere, and what to do instead.
const LEFT_OUT: &[(&str, &str)] = &[
    ("AZURE_USERNAME", "no password of a user is sent anywhere: let the user sign in, and call on behalf of the user"),
    ("AZURE_ADDITIONALLY_ALLOWED_TENANTS", "a tenant is named by each request that is for another one"),
    ("AZURE_TOKEN_CREDENTIALS", "the order of ClientCredentials says what is tried"),
    ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "pod identity has been replaced by workload identity"),
    ("IDENTITY_ENDPOINT", MANAGED_IDENTITY),
    ("MSI_ENDPOINT", MANAGED_IDENTITY),
];

const MANAGED_IDENTITY: &str = "an application that trusts the managed identity has the entry \
                                { \"SourceType\": \"SignedAssertionFromManagedIdentity\" }";

impl Family {
    pub(super) fn read(&self, environment: &dyn Environment, draft: &mut Draft) {
        let found = |name: Option<&'static str>| name.and_then(|name| Some((name, environment.text(name)?)));
        if let Some((name, host)) = found(self.authority) {
            draft.set("Instance", address(&host), name);
        }
        if let Some((name, cloud)) = found(self.cloud) {
            match instance_of(&cloud) {
                Some(instance) => draft.set("Instance", instance, name),
                None => draft.notes.push(format!("{name} is left out: the cloud is not known; write its Instance")),
            }
        }
        if let Some((name, tenant)) = found(Some(self.tenant)) {
            draft.set("TenantId", tenant, name);
        }
        if let Some((name, client)) = found(Some(self.client)) {
            draft.set("ClientId", client, name);
        }
        if let Some((name, _)) = found(Some(self.secret)) {
            draft.entry("ClientSecret", name, vec![("ClientSecretEnvironmentVariable", json!(name))]);
        }
        if let Some((name, path)) = found(self.certificate) {
            if let Some((password, _)) = found(self.certificate_password) {
                let index = draft.entries.len();
                draft.notes.push(format!(
                    "{password} is left out: let AzureAd__ClientCredentials__{index}__CertificatePassword have its value"
                ));
            }
            draft.entry("Path", name, vec![("CertificateDiskPath", json!(path))]);
        }
        if let Some((name, path)) = found(Some(self.token_file)) {
            // The first family's variable is the one that the source reads by itself.
            let own = name == "AZURE_FEDERATED_TOKEN_FILE";
            let more = if own { vec![] } else { vec![("SignedAssertionFileDiskPath", json!(path))] };
            draft.entry("SignedAssertionFilePath", name, more);
        }
    }
}

/// Settings that belong to no tool's application.
pub(super) fn regions(environment: &dyn Environment, draft: &mut Draft) {
    for name in ["AZURE_REGIONAL_AUTHORITY_NAME", "MSAL_FORCE_REGION"] {
        if let Some(region) = environment.text(name) {
            let region = if region.eq_ignore_ascii_case("RegionalAuthority.AutoDiscoverRegion") {
                "TryAutoDetect".to_owned()
            } else {
                region
            };
            draft.set("AzureRegion", region, name);
        }
    }
    let chain = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN";
    if environment.var(chain).is_some_and(|flag| flag == "1" || flag.eq_ignore_ascii_case("true")) {
        draft.set("SendX5C", true, chain);
    }
}

pub(super) fn left_out(environment: &dyn Environment, draft: &mut Draft) {
    for (name, why) in LEFT_OUT {
        if environment.text(name).is_some() {
            draft.notes.push(format!("{name} is left out: {why}"));
        }
    }
}

/// With a scheme and a slash at its end.
fn address(host: &str) -> String {
    let host = host.trim().trim_end_matches('/');
    if host.contains("://") { format!("{host}/") } else { format!("https://{host}/") }
}

/// By the names of Terraform's provider for Azure.
fn instance_of(cloud: &str) -> Option<&'static str> {
    match cloud.trim().to_ascii_lowercase().as_str() {
        "public" => Some("https://login.microsoftonline.com/"),
        "usgovernment" => Some("https://login.microsoftonline.us/"),
        "china" => Some("https://login.partner.microsoftonline.cn/"),
        _ => None,
    }
}
