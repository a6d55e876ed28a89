//! Scopes for one of Microsoft's APIs at the address of another.

use credential_core::Finding;
use url::Url;

use super::codes;
use super::scopes::resources;

/// An API whose tokens have audiences that are known: its hosts (with a dot, whatever ends so), and its resources.
struct Api {
    name: &'static str,
    hosts: &'static [&'static str],
    resources: &'static [&'static str],
}

/// Addresses and audiences of the public cloud's APIs, as each one's documentation has them.
const APIS: &[Api] = &[
    Api {
        name: "Microsoft Graph",
        hosts: &["graph.microsoft.com"],
        resources: &["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"],
    },
    Api {
        name: "Azure Key Vault",
        hosts: &[".vault.azure.net"],
        resources: &["https://vault.azure.net", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"],
    },
    Api {
        name: "Azure Resource Manager",
        hosts: &["management.azure.com"],
        resources: &[
            "https://management.azure.com",
            "https://management.core.windows.net",
            "797f4846-ba00-4fd7-ba43-dac1f8f63013",
        ],
    },
    Api {
        name: "Azure Storage",
        hosts: &[
            ".blob.core.windows.net",
            ".queue.core.windows.net",
            ".table.core.windows.net",
            ".file.core.windows.net",
            ".dfs.core.windows.net",
        ],
        resources: &["https://storage.azure.com", "e406a681-f3d4-42a8-90b6-c2b029497af1"],
    },
];

/// What to say where the token would be for another API than the one that it is sent to; nothing where that is not
/// certain.
pub(super) fn check(base_url: &str, scopes: &[String]) -> Option<Finding> {
    let url = Url::parse(base_url.trim()).ok()?;
    let host = url.host_str()?;
    let of_host = APIS.iter().find(|api| api.hosts.iter().any(|known| is_host(host, known)));
    let words: Vec<String> = scopes.iter().flat_map(|scope| scope.split_whitespace()).map(str::to_owned).collect();
    let all = resources(&words);
    let wanted = all.first().filter(|_| all.len() == 1)?;
    let of_scope = APIS.iter().find(|api| {
        let own = api.hosts.iter().any(|known| known.starts_with('.') && is_resource_at(wanted, known));
        own || api.resources.iter().any(|known| same(known, wanted))
    });
    let (at, meant) = match (of_host, of_scope) {
        (Some(at), Some(meant)) if at.name == meant.name => return None,
        (Some(at), Some(meant)) => (at.name, meant.name.to_owned()),
        (Some(at), None) if wanted.starts_with("api://") => (at.name, format!("{wanted:?}")),
        _ => return None,
    };
    let right = of_host.and_then(|api| api.resources.first()).copied().unwrap_or_default();
    let message = format!("the scopes are for {meant}, and BaseUrl is an address of {at}, which takes no such token");
    let remedy = format!("write \"{right}/.default\" in Scopes, or correct BaseUrl");
    Some(Finding::warning(codes::SCOPE_OF_ANOTHER_API, message).remedy(remedy))
}

fn is_host(host: &str, known: &str) -> bool {
    if known.starts_with('.') { host.to_ascii_lowercase().ends_with(known) } else { host.eq_ignore_ascii_case(known) }
}

/// Whether a resource is the address of one account, as some APIs take it.
fn is_resource_at(resource: &str, known: &str) -> bool {
    Url::parse(resource).ok().and_then(|url| Some(is_host(url.host_str()?, known))).unwrap_or(false)
}

fn same(known: &str, resource: &str) -> bool {
    let bare = |text: &str| text.trim_end_matches('/').to_ascii_lowercase();
    bare(known) == bare(resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_for_another_api_is_said_where_it_is_certain() {
        for (base, scope, said) in [
            ("https://graph.microsoft.com/v1.0", "https://vault.azure.net/.default", true),
            ("https://graph.microsoft.com/v1.0", "api://orders/.default", true),
            ("https://orders.vault.azure.net/", "https://graph.microsoft.com/.default", true),
            ("https://orders.vault.azure.net/", "User.Read", true),
            ("https://graph.microsoft.com/v1.0", "User.Read", false),
            ("https://graph.microsoft.com/v1.0", "https://graph.microsoft.com//.default", false),
            ("https://graph.microsoft.com/v1.0", "00000003-0000-0000-c000-000000000000/.default", false),
            ("https://a.blob.core.windows.net/", "https://a.blob.core.windows.net/.default", false),
            ("https://a.blob.core.windows.net/", "https://storage.azure.com/.default", false),
            ("https://graph.microsoft.com/v1.0", "0f8fad5b-d9cb-469f-a165-70867728950e/.default", false),
            ("https://orders.contoso.com/", "https://graph.microsoft.com/.default", false),
            ("no address", "https://graph.microsoft.com/.default", false),
        ] {
            assert_eq!(check(base, &[scope.to_owned()]).is_some(), said, "{base} {scope}");
        }
    }
}
