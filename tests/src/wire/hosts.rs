//! The hosts of managed identities alone, for clients that no one here wrote.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::calendar::Calendar;
use super::cloud::Cloud;

/// Service Fabric, App Service, Machine Learning, Cloud Shell, Azure Arc and the metadata service, as the recorded cases
/// are replayed against them, each at its path of one address; they end when dropped.
pub struct Hosts(Cloud);

impl Hosts {
    /// Starts them on this machine; `identities` is what a recorded scenario has under `managed_identity`.
    pub async fn start(identities: &Value) -> Self {
        Self(Cloud::start(&json!({"managed_identity": identities}), Arc::new(Calendar::of_today())).await)
    }

    /// Where they are.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }
}
