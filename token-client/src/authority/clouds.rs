//! The clouds of Microsoft Entra ID, built in: nobody needs to be asked about their hosts.

/// One cloud.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cloud {
    /// Its name for sources of credentials.
    pub(crate) name: &'static str,
    /// Its hosts; requests go to the first.
    pub(crate) hosts: &'static [&'static str],
    /// What a region's name is put before.
    pub(crate) regional: &'static str,
}

/// From the built-in list of MSAL (`KnownMetadataProvider`). `usnat` and `ussec`, which are apart from every other
/// network so that nobody could be asked about them, are from that of Azure Data Explorer's clients
/// (`WellKnownKustoEndpoints.json`).
pub(crate) const CLOUDS: &[Cloud] = &[
    Cloud {
        name: "public",
        hosts: &["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
        regional: "login.microsoft.com",
    },
    Cloud {
        name: "china",
        hosts: &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
        regional: "login.partner.microsoftonline.cn",
    },
    Cloud {
        name: "usgov",
        hosts: &["login.microsoftonline.us", "login.usgovcloudapi.net"],
        regional: "login.microsoftonline.us",
    },
    Cloud { name: "usgov-legacy", hosts: &["login-us.microsoftonline.com"], regional: "login-us.microsoftonline.com" },
    Cloud { name: "germany", hosts: &["login.microsoftonline.de"], regional: "login.microsoftonline.de" },
    Cloud {
        name: "ppe",
        hosts: &["login.windows-ppe.net", "sts.windows-ppe.net", "login.microsoft-ppe.com"],
        regional: "login.windows-ppe.net",
    },
    Cloud {
        name: "usnat",
        hosts: &["login.microsoftonline.eaglex.ic.gov"],
        regional: "login.microsoftonline.eaglex.ic.gov",
    },
    Cloud {
        name: "ussec",
        hosts: &["login.microsoftonline.microsoft.scloud"],
        regional: "login.microsoftonline.microsoft.scloud",
    },
    Cloud { name: "bleu", hosts: &["login.sovcloud-identity.fr"], regional: "login.sovcloud-identity.fr" },
    Cloud { name: "delos", hosts: &["login.sovcloud-identity.de"], regional: "login.sovcloud-identity.de" },
    Cloud { name: "govsg", hosts: &["login.sovcloud-identity.sg"], regional: "login.sovcloud-identity.sg" },
];

impl Cloud {
    /// The host that requests go to.
    pub(crate) fn preferred(&self) -> &'static str {
        self.hosts.first().copied().unwrap_or(self.regional)
    }
}

/// The cloud of a host; a port does not matter.
pub(crate) fn of(host: &str) -> Option<&'static Cloud> {
    let name = without_port(host);
    CLOUDS.iter().find(|cloud| cloud.hosts.contains(&name))
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
        assert_eq!(name("login.microsoftonline.eaglex.ic.gov"), Some("usnat"));
        assert_eq!(name("login.microsoftonline.microsoft.scloud"), Some("ussec"));
        assert_eq!(name("login.contoso.com"), None);
        assert_eq!(of_regional("westeurope.login.microsoft.com").map(|cloud| cloud.name), Some("public"));
        assert_eq!(of_regional("a.b.login.microsoft.com"), None);
    }
}
