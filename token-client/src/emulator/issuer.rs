//! Who a token says issued it, and what the versions of tokens call the same things.

use serde_json::{Map, Value, json};

use super::authority::SHARED_TENANTS;
use super::state::State;

/// Which of Entra's two forms access tokens have: there it is a setting of the API that they are for
/// (`requestedAccessTokenVersion`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenVersion {
    /// `"ver": "1.0"`, issued by `https://sts.windows.net/TENANT/`, with `appid`, `upn` and `unique_name`.
    /// For APIs that insist on it, Azure Storage and what plays it among them.
    V1,
    /// `"ver": "2.0"`, issued by the emulator's own address, with `azp` and `preferred_username`.
    #[default]
    V2,
}

/// Which metadata led to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// `/TENANT/v2.0/.well-known/openid-configuration`.
    Entra,
    /// `/TENANT/.well-known/openid-configuration`: any OpenID provider's.
    Generic,
}

/// The issuer in the metadata of a door, and in the tokens that are asked for behind it. A generic provider's
/// is the address that the metadata was asked by (OpenID Connect Discovery §4.3), Entra's has the tenant's id.
pub(crate) fn issuer(state: &State, origin: &str, door: Door, tenant: &str) -> String {
    let id = if SHARED_TENANTS.contains(&tenant) { "{tenantid}".to_owned() } else { state.tenant_id(tenant) };
    match (state.token_version, door) {
        (TokenVersion::V1, _) => format!("https://sts.windows.net/{id}/"),
        (TokenVersion::V2, Door::Entra) => format!("{origin}/{id}/v2.0"),
        (TokenVersion::V2, Door::Generic) if SHARED_TENANTS.contains(&tenant) => format!("{origin}/{id}"),
        (TokenVersion::V2, Door::Generic) => format!("{origin}/{tenant}"),
    }
}

impl TokenVersion {
    /// The value of `ver`.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }

    /// What a token says of the client that it was issued to; `method` is 1 for a secret, 2 for a certificate
    /// or another assertion.
    pub(crate) fn client(self, client_id: &str, method: &str) -> Map<String, Value> {
        let [id, how] = match self {
            Self::V1 => ["appid", "appidacr"],
            Self::V2 => ["azp", "azpacr"],
        };
        Map::from_iter([(id.to_owned(), json!(client_id)), (how.to_owned(), json!(method))])
    }

    /// What a token calls its user by.
    pub(crate) fn user_name(self, name: &str) -> Map<String, Value> {
        let names: &[&str] = match self {
            Self::V1 => &["upn", "unique_name"],
            Self::V2 => &["preferred_username"],
        };
        names.iter().map(|key| ((*key).to_owned(), json!(name))).collect()
    }
}

/// The client in a token of either version.
pub(crate) fn client_of(token: &Map<String, Value>) -> Option<&Value> {
    token.get("azp").or_else(|| token.get("appid"))
}

/// The user's name in a token of either version.
pub(crate) fn user_of(token: &Map<String, Value>) -> Option<&Value> {
    token.get("preferred_username").or_else(|| token.get("upn"))
}
