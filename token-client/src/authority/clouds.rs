//! Which cloud of Microsoft Entra ID a host belongs to: nobody needs to be asked about those.

use credential_core::{CLOUDS, Cloud};

/// The cloud of a host; a port does not matter.
pub(crate) fn of(host: &str) -> Option<&'static Cloud> {
    Cloud::of_host(without_port(host))
}

/// The cloud of a regional host such as `westeurope.login.microsoft.com`.
pub(crate) fn of_regional(host: &str) -> Option<&'static Cloud> {
    let (region, rest) = without_port(host).split_once('.')?;
    CLOUDS.iter().find(|cloud| cloud.regional == rest && super::region::is_valid(region))
}

/// The host's name.
pub(crate) fn without_port(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, port)| {
        if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_belong_to_their_cloud() {
        let name = |host| of(host).map(|cloud| cloud.name);
        assert_eq!(name("login.windows.net"), Some("public"));
        assert_eq!(name("login.chinacloudapi.cn:8443"), Some("china"));
        assert_eq!(name("login.contoso.com"), None);
        assert_eq!(of_regional("westeurope.login.microsoft.com").map(|cloud| cloud.name), Some("public"));
        assert_eq!(of_regional("a.b.login.microsoft.com"), None);
    }
}
