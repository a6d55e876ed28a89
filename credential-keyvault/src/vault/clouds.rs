//! The hosts of Microsoft's clouds: where vaults are, and who gives tokens for them.

/// One cloud. What nobody has published of it is `None`.
#[derive(Debug)]
pub(crate) struct Cloud {
    /// Hosts that give tokens.
    pub(crate) authorities: &'static [&'static str],
    /// What a vault's name is put before; the resource of its tokens, too.
    pub(crate) vaults: Option<&'static str>,
    /// What the name of a managed HSM is put before, which holds keys and no certificates.
    pub(crate) hsms: Option<&'static str>,
}

/// The public cloud, and the sovereign ones. Vaults and HSMs as Microsoft.Data.SqlClient
/// (`AzureKeyVaultPublicDomainNames`) and the Azure CLI (the ids of keys that it takes) know them; authorities as
/// MSAL (`KnownMetadataProvider`) and the clients of Azure Data Explorer (`WellKnownKustoEndpoints.json`) do.
pub(crate) const CLOUDS: &[Cloud] = &[
    Cloud {
        authorities: &["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
        vaults: Some("vault.azure.net"),
        hsms: Some("managedhsm.azure.net"),
    },
    // China, by 21Vianet.
    Cloud {
        authorities: &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
        vaults: Some("vault.azure.cn"),
        hsms: Some("managedhsm.azure.cn"),
    },
    // The government of the United States.
    Cloud {
        authorities: &["login.microsoftonline.us", "login.usgovcloudapi.net", "login-us.microsoftonline.com"],
        vaults: Some("vault.usgovcloudapi.net"),
        hsms: Some("managedhsm.usgovcloudapi.net"),
    },
    // The same, apart from every other network: USNat and USSec.
    Cloud {
        authorities: &["login.microsoftonline.eaglex.ic.gov"],
        vaults: Some("vault.cloudapi.eaglex.ic.gov"),
        hsms: None,
    },
    Cloud {
        authorities: &["login.microsoftonline.microsoft.scloud"],
        vaults: Some("vault.cloudapi.microsoft.scloud"),
        hsms: None,
    },
    // Germany, of old.
    Cloud {
        authorities: &["login.microsoftonline.de"],
        vaults: Some("vault.microsoftazure.de"),
        hsms: Some("managedhsm.microsoftazure.de"),
    },
    // Bleu, in France.
    Cloud {
        authorities: &["login.sovcloud-identity.fr"],
        vaults: Some("vault.sovcloud-api.fr"),
        hsms: Some("managedhsm.sovcloud-api.fr"),
    },
    // Delos, in Germany.
    Cloud {
        authorities: &["login.sovcloud-identity.de"],
        vaults: Some("vault.sovcloud-api.de"),
        hsms: Some("managedhsm.sovcloud-api.de"),
    },
    // GovSG, in Singapore.
    Cloud { authorities: &["login.sovcloud-identity.sg"], vaults: None, hsms: None },
];

/// Whether the host gives tokens in one of the clouds.
pub(crate) fn is_authority(host: &str) -> bool {
    CLOUDS.iter().any(|cloud| cloud.authorities.contains(&host))
}

/// What the names of vaults are put before.
pub(crate) fn vaults() -> impl Iterator<Item = &'static str> {
    CLOUDS.iter().filter_map(|cloud| cloud.vaults)
}

/// What the names of managed HSMs are put before.
pub(crate) fn hsms() -> impl Iterator<Item = &'static str> {
    CLOUDS.iter().filter_map(|cloud| cloud.hsms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::challenge::Challenge;
    use crate::vault::address;

    fn code(url: &str) -> Option<&'static str> {
        address::read(url).err().map(|error| error.code())
    }

    #[test]
    fn a_vault_is_one_name_before_its_clouds_host() {
        for parent in vaults() {
            let good = format!("https://v.{parent}/certificates/web");
            assert_eq!(code(&good), None, "{good}");
            for bad in [
                format!("https://{parent}"),
                format!("https://a.b.{parent}"),
                format!("https://v{parent}"),
                format!("https://v.{parent}.evil.example"),
                format!("http://v.{parent}"),
            ] {
                assert_eq!(code(&bad), Some("vault-url-invalid"), "{bad}");
            }
        }
        for parent in hsms() {
            assert_eq!(code(&format!("https://h.{parent}")), Some("vault-is-managed-hsm"), "{parent}");
        }
    }

    #[test]
    fn a_vault_may_name_its_clouds_authorities_and_no_other_clouds_resource() {
        for cloud in CLOUDS {
            let Some(parent) = cloud.vaults else { continue };
            let vault = address::read(&format!("https://v.{parent}")).unwrap().vault;
            for authority in cloud.authorities {
                for resource in vaults() {
                    let header =
                        format!(r#"Bearer authorization="https://{authority}/t1", resource="https://{resource}""#);
                    let read = Challenge::read(&header, &vault, &[]);
                    assert_eq!(read.is_ok(), resource == parent, "{header} of {vault}: {read:?}");
                }
            }
        }
    }

    #[test]
    fn each_host_belongs_to_one_cloud_and_is_written_as_it_is_compared() {
        let mut hosts: Vec<&str> = CLOUDS.iter().flat_map(|cloud| cloud.authorities).copied().collect();
        hosts.extend(vaults().chain(hsms()));
        for host in &hosts {
            let address = format!("https://{host}/");
            assert_eq!(url::Url::parse(&address).unwrap().as_str(), address);
        }
        let count = hosts.len();
        hosts.sort_unstable();
        hosts.dedup();
        assert_eq!(hosts.len(), count);
    }
}
