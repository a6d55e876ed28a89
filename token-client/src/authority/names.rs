//! Names for people where Microsoft Entra ID wants ids.

use credential_core::Finding;
use credential_core::text::guid::is_guid;
use credential_core::text::{guid, nearest, printable, unreplaced};

use super::options::filled;
use super::{AuthorityKind, clouds, codes, tenant};
use crate::settings::{self, ApplicationOptions, Located};

/// The most characters of a name that are shown.
const MAX_SHOWN: usize = 100;

/// An application or tenant that is named in the place of its id. What is at fault in another way is said elsewhere.
pub(super) fn check(
    kind: AuthorityKind,
    host: &str,
    tenant: Option<&str>,
    options: &ApplicationOptions,
) -> Vec<Finding> {
    let entra = clouds::of(host).is_some() || clouds::of_regional(host).is_some();
    let mut found = Vec::new();
    if entra || kind == AuthorityKind::Ciam || host.ends_with(".b2clogin.com") {
        let named = filled(options.client_id.as_ref()).filter(|id| !is_id(&id.value));
        found.extend(named.map(client_id));
    }
    if !entra && let Some(place) = filled(options.instance.as_ref()) {
        found.extend(misspelt(host, place));
    }
    if entra && let Some(tenant) = filled(options.tenant_id.as_ref()) {
        let is_client = |id: &&Located<String>| is_guid(&id.value) && id.value.eq_ignore_ascii_case(&tenant.value);
        found.extend(filled(options.client_id.as_ref()).filter(is_client).map(|_| same_id(tenant)));
    }
    let is_name = |tenant: &str| !tenant::looks_like_one(tenant) && !is_id(tenant);
    if entra && tenant.is_some_and(is_name) {
        found.extend(filled(options.tenant_id.as_ref()).map(tenant_id));
    }
    found
}

/// Hosts of Microsoft's where nobody issues tokens.
const PORTALS: [&str; 4] = ["portal.azure.com", "entra.microsoft.com", "graph.microsoft.com", "management.azure.com"];

/// A host that is near to one of a cloud's, or one of the portal's.
fn misspelt(host: &str, place: &Located<String>) -> Option<Finding> {
    let known = clouds::CLOUDS.iter().flat_map(|cloud| cloud.hosts).copied();
    let meant = match PORTALS.contains(&host) {
        true => Some("login.microsoftonline.com"),
        false => nearest(host, known).filter(|_| host.ends_with(".com") || host.contains("microsoft")),
    }?;
    let message = format!("the host {host} is none of Microsoft Entra ID's");
    let finding = Finding::warning(codes::HOST_MISSPELT, message).at(&place.path, place.origin.clone());
    Some(finding.remedy(format!("write https://{meant}/, unless the authority has a name of its own")))
}

fn is_id(text: &str) -> bool {
    guid::normal(text.trim()).is_some() || unreplaced(text).is_some()
}

fn client_id(id: &Located<String>) -> Finding {
    let shown = printable(&id.value, MAX_SHOWN);
    let message = format!("ClientId is {shown:?}, not a GUID: Microsoft Entra ID knows applications by theirs");
    Finding::warning(codes::CLIENT_ID_NOT_A_GUID, message)
        .at(&id.path, id.origin.clone())
        .remedy("copy the Application (client) ID from the overview page of the app registration")
}

/// No tenant has the id of an application.
fn same_id(tenant: &Located<String>) -> Finding {
    Finding::warning(settings::codes::WRONG_VALUE, "TenantId is the same as ClientId")
        .at(&tenant.path, tenant.origin.clone())
        .remedy(
            "copy both from the overview page of the app registration: Directory (tenant) ID, Application (client) ID",
        )
}

fn tenant_id(id: &Located<String>) -> Finding {
    let shown = printable(&id.value, MAX_SHOWN);
    let message = format!("TenantId is {shown:?}, neither an id nor a domain name");
    let remedy = "copy the Directory (tenant) ID from the overview page of the app registration, or write a domain \
                  name such as contoso.onmicrosoft.com";
    Finding::warning(codes::TENANT_IS_A_NAME, message).at(&id.path, id.origin.clone()).remedy(remedy)
}
