//! The variables that all Azure SDKs know.

use credential_core::world::Environment;

pub(super) const CLIENT: &str = "AZURE_CLIENT_ID";
pub(super) const TENANT: &str = "AZURE_TENANT_ID";
pub(super) const SECRET: &str = "AZURE_CLIENT_SECRET";
pub(super) const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
pub(super) const PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
pub(super) const SEND_CHAIN: &str = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN";
pub(super) const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";

/// A variable that is set to something.
pub(crate) fn variable(environment: &dyn Environment, name: &str) -> Option<String> {
    environment.var(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}
