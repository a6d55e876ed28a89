//! The clouds of Microsoft Entra ID, by the hosts of their authorities. Said once, for everybody who has to
//! know where a credential may go.

/// One cloud.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cloud {
    /// Its name for sources of credentials: see [`Application::cloud`](crate::Application::cloud).
    pub name: &'static str,
    /// The hosts of its authority; requests go to the first.
    pub hosts: &'static [&'static str],
    /// What a region's name is put before.
    pub regional: &'static str,
}

/// From the built-in list of MSAL (`KnownMetadataProvider`).
pub const CLOUDS: &[Cloud] = &[
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
    Cloud { name: "bleu", hosts: &["login.sovcloud-identity.fr"], regional: "login.sovcloud-identity.fr" },
    Cloud { name: "delos", hosts: &["login.sovcloud-identity.de"], regional: "login.sovcloud-identity.de" },
    Cloud { name: "govsg", hosts: &["login.sovcloud-identity.sg"], regional: "login.sovcloud-identity.sg" },
];

impl Cloud {
    /// The cloud whose authority has that host; a port is no part of it.
    pub fn of_host(host: &str) -> Option<&'static Self> {
        CLOUDS.iter().find(|cloud| cloud.hosts.contains(&host))
    }

    /// The host that requests go to.
    pub fn preferred(&self) -> &'static str {
        self.hosts.first().copied().unwrap_or(self.regional)
    }
}
