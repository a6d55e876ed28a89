//! The codes of what can be wrong with an authority: stable, what programs compare.
//!
//! Findings about single values have the codes of [`settings::codes`](crate::settings::codes):
//! `wrong-value`, `white-space`, `placeholder`, `insecure-url`.

/// Error. Neither `Authority` nor `Instance` is set.
pub const MISSING_AUTHORITY: &str = "missing-authority";
/// Error. The authority has tenants, and none is named.
pub const MISSING_TENANT: &str = "missing-tenant";
/// Error. `Authority` says something else than `Instance`, `TenantId`, `Domain` or the policy.
pub const AUTHORITY_CONFLICT: &str = "authority-conflict";
/// Hint or warning where the path is understood or ignored; error where it cannot be.
pub const AUTHORITY_PATH: &str = "authority-path";
/// Hint. The query of `Authority` goes with every token request.
pub const AUTHORITY_QUERY: &str = "authority-query";
/// Error for an app token; warning for a configuration. `common` and `organizations` are no tenant.
pub const TENANT_NOT_CONCRETE: &str = "tenant-not-concrete";
/// Error. A tenant was named in a call to an authority without tenants.
pub const TENANT_NOT_SUPPORTED: &str = "tenant-not-supported";
/// Warning. `ClientId` is no GUID, and Microsoft Entra ID knows applications by theirs.
pub const CLIENT_ID_NOT_A_GUID: &str = "client-id-not-a-guid";
/// Warning. `TenantId` is neither an id nor a domain name, and Microsoft Entra ID knows tenants by theirs.
pub const TENANT_IS_A_NAME: &str = "tenant-is-a-name";
/// Hint. The tenant is taken from the host's name.
pub const TENANT_INFERRED: &str = "tenant-inferred";
/// Hint. The host is another name of its cloud's host, where requests go.
pub const HOST_ALIAS: &str = "host-alias";
/// Warning. The host is near to a cloud's, or one where nobody issues tokens.
pub const HOST_MISSPELT: &str = "host-misspelt";
/// Error. The region's name cannot be a part of a host's name.
pub const BAD_REGION: &str = "bad-region";
/// Error. No cloud knows the host (`invalid_instance`, AADSTS50049).
pub const UNKNOWN_INSTANCE: &str = "unknown-instance";
/// Error. The provider's metadata could not be had.
pub const METADATA_UNREACHABLE: &str = "metadata-unreachable";
/// Error. No OpenID configuration stands at the authority, or one whose endpoints are not protected.
pub const METADATA_INVALID: &str = "metadata-invalid";
/// Error. The metadata was issued by somebody else than the authority.
pub const ISSUER_MISMATCH: &str = "issuer-mismatch";
