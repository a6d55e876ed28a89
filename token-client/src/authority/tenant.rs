//! Tenants: which texts can be one, and which one a token request goes to.

use credential_core::Finding;
use credential_core::text::guid::{self, is_guid};
use credential_core::text::{printable, shown_address, unreplaced};

use super::codes;
use super::error::AuthorityError;
use super::{Authority, AuthorityKind};
use crate::settings;

/// The most characters of a text that are shown.
const MAX_SHOWN: usize = 100;

/// Whether it names one directory, and not any.
pub(crate) fn is_concrete(tenant: &str) -> bool {
    !["common", "organizations"].iter().any(|any| any.eq_ignore_ascii_case(tenant))
}

/// Whether it looks like a tenant: an id, a domain name, or one of the names for any.
pub(crate) fn looks_like_one(text: &str) -> bool {
    is_guid(text) || text.contains('.') || text.eq_ignore_ascii_case("consumers") || !is_concrete(text)
}

/// The tenant in lower case.
///
/// # Errors
/// A finding without a place when the text cannot be one part of a path.
pub(crate) fn check(text: &str, name: &str) -> Result<String, Box<Finding>> {
    if let Some(what) = unreplaced(text) {
        return Err(Box::new(
            Finding::error(settings::codes::PLACEHOLDER, format!("{name} is {what}"))
                .remedy("put the real value in its place"),
        ));
    }
    if text.trim() != text {
        return Err(Box::new(
            Finding::error(settings::codes::WHITE_SPACE, format!("{name} has white space around its value"))
                .remedy("remove the white space"),
        ));
    }
    let breaks = |letter: char| {
        letter.is_control() || letter.is_whitespace() || ['/', '\\', '?', '#', '%', '@', ':'].contains(&letter)
    };
    if text.is_empty() || text.len() > 255 || text == "." || text == ".." || text.contains(breaks) {
        let shown = printable(&shown_address(text), MAX_SHOWN);
        let message = format!("{name} is {shown:?}, neither a tenant id nor a domain name");
        return Err(Box::new(
            Finding::error(settings::codes::WRONG_VALUE, message)
                .remedy("write the id or a domain name of the tenant, and nothing else"),
        ));
    }
    if let Some(id) = guid::normal(text).filter(|_| text.starts_with(['{', '('])) {
        let message = format!("{name} has brackets around the tenant's id");
        return Err(Box::new(Finding::error(settings::codes::WRONG_VALUE, message).remedy(format!("write \"{id}\""))));
    }
    Ok(text.to_lowercase())
}

impl Authority {
    /// The tenant that a token request goes to, from the one that the call names and those that are
    /// configured; `None` for authorities without tenants. `for_app` says that an app token is asked
    /// for, and not one on behalf of a user.
    ///
    /// # Errors
    /// `missing-tenant` when there is none; `tenant-not-concrete` when an app token would go to
    /// `common` or `organizations`; `tenant-not-supported` when a call names one for a provider that
    /// has none; `wrong-value` and `white-space` for text that is no tenant. Azure AD B2C, External ID
    /// and ADFS stay with what is configured whatever the call says.
    pub(crate) fn tenant_for(&self, call: Option<&str>, for_app: bool) -> Result<Option<String>, AuthorityError> {
        let call = call.filter(|tenant| !tenant.is_empty());
        if self.kind == AuthorityKind::Oidc {
            return match call {
                None => Ok(None),
                Some(_) => Err(AuthorityError::wrong(
                    Finding::error(
                        codes::TENANT_NOT_SUPPORTED,
                        format!("a tenant was named, and {} has none", self.address.host),
                    )
                    .remedy("leave the tenant out"),
                )),
            };
        }
        if !self.kind.takes_call_tenant() {
            return Ok(self.tenant.clone());
        }
        if let Some(named) = call {
            let named = check(named, "the tenant of the call").map_err(|finding| AuthorityError::wrong(*finding))?;
            if is_concrete(&named) {
                return Ok(Some(named));
            }
            if for_app {
                return Err(not_concrete(&named));
            }
        }
        match (&self.tenant, &self.home_tenant) {
            (Some(tenant), _) if !for_app || is_concrete(tenant) => Ok(Some(tenant.clone())),
            (_, Some(home)) if for_app && is_concrete(home) => Ok(Some(home.clone())),
            (Some(tenant), _) => Err(not_concrete(tenant)),
            (None, _) => Err(AuthorityError::wrong(missing())),
        }
    }
}

fn not_concrete(tenant: &str) -> AuthorityError {
    AuthorityError::wrong(
        Finding::error(
            codes::TENANT_NOT_CONCRETE,
            format!("{tenant:?} is not a tenant that an app token can come from"),
        )
        .remedy("name the tenant: in TenantId, in AppHomeTenantId, or in the call"),
    )
}

/// No tenant at all.
pub(crate) fn missing() -> Finding {
    Finding::error(codes::MISSING_TENANT, "TenantId is missing: the address would have no tenant in it")
        .remedy("set TenantId to the id or a domain name of the tenant")
}
