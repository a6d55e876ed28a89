//! What a vault says to a request without a token: who gives tokens for it, and for which resource.

use std::fmt;

use credential_core::SourceError;
use url::Url;

use crate::vault::address::VaultAddress;
use crate::vault::clouds;

/// The longest `WWW-Authenticate` header that is read.
const MAX_CHALLENGE: usize = 4096;

/// A checked challenge.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The header as it came, to be shown to the SDK again.
    pub(crate) header: String,
    /// The authority without its tenant: `https://login.microsoftonline.com`.
    pub(crate) authority: String,
    /// The tenant that the vault trusts.
    pub(crate) tenant: String,
    /// What tokens are asked for: `https://vault.azure.net/.default`.
    pub(crate) scope: String,
}

impl fmt::Debug for Challenge {
    /// What was checked of it; the header is whatever the other side wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("authority", &self.authority)
            .field("tenant", &self.tenant)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl Challenge {
    /// Reads and checks a `WWW-Authenticate` header (RFC 6750 §3, with the parameters of Key Vault:
    /// <https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses>).
    ///
    /// `trusted` are further hosts that may give tokens.
    pub(crate) fn read(header: &str, vault: &VaultAddress, trusted: &[String]) -> Result<Self, SourceError> {
        if header.len() > MAX_CHALLENGE {
            return Err(refused(vault, &format!("its challenge has more than {MAX_CHALLENGE} bytes")));
        }
        let challenges = credential_core::world::Challenge::read_all(header);
        let bearer = challenges.iter().find(|one| one.is("Bearer")).ok_or_else(|| not_a_vault(vault))?;
        let value = |names: &[&str]| names.iter().find_map(|name| bearer.parameter(name));
        let scope = match (value(&["scope"]), value(&["resource"])) {
            (Some(scope), _) => scope.to_owned(),
            (None, Some(resource)) => format!("{}/.default", resource.trim_end_matches('/')),
            (None, None) => return Err(not_a_vault(vault)),
        };
        let authority = value(&["authorization", "authorization_uri"]).ok_or_else(|| not_a_vault(vault))?;
        check_resource(&scope, vault)?;
        let (authority, tenant) = check_authority(authority, vault, trusted)?;
        Ok(Self { header: header.to_owned(), authority, tenant, scope })
    }
}

/// The vault's host must be the resource's or lie under it.
fn check_resource(scope: &str, vault: &VaultAddress) -> Result<(), SourceError> {
    let resource = Url::parse(scope).ok();
    let host = resource.as_ref().filter(|url| secure(url, vault)).and_then(Url::host_str).unwrap_or_default();
    let under = host.contains('.') && vault.host().strip_suffix(host).is_some_and(|front| front.ends_with('.'));
    if under || (!host.is_empty() && vault.host() == host) {
        return Ok(());
    }
    Err(SourceError::denied(
        "vault-challenge-resource",
        format!(
            "{vault} asks for a token for {scope:?}, which is not the resource that a host of that name belongs to"
        ),
    )
    .remedy("check KeyVaultUrl and the DNS entry of the vault: a token for it would be good elsewhere too"))
}

/// The authority must be a cloud's, the application's own or one that the configuration names: a credential
/// goes to no host that a server made up.
fn check_authority(text: &str, vault: &VaultAddress, trusted: &[String]) -> Result<(String, String), SourceError> {
    let untrusted = || {
        SourceError::denied(
            "vault-challenge-authority",
            format!("{vault} sends its callers to the authority {text:?}, which is not a known one"),
        )
        .remedy("name its address in the variable AZURE_AUTHORITY_HOST, if it is the right one")
    };
    let url = Url::parse(text).map_err(|_| untrusted())?;
    let host = url.host_str().unwrap_or_default();
    let known = clouds::is_authority(host)
        || trusted.iter().any(|one| one == host)
        || (vault.is_loopback() && host == vault.host());
    if !known || !secure(&url, vault) || !url.username().is_empty() || url.password().is_some() {
        return Err(untrusted());
    }
    let tenant = url.path_segments().and_then(|mut parts| parts.find(|part| !part.is_empty())).unwrap_or_default();
    if !is_tenant(tenant) {
        return Err(refused(vault, &format!("its challenge names the tenant {tenant:?}, which none can be")));
    }
    Ok((url.origin().ascii_serialization(), tenant.to_owned()))
}

/// Whether it is a tenant's id or domain name: labels of letters, digits and hyphens that begin and end
/// with a letter or digit. It becomes a part of addresses and an argument of the Azure CLI, which no
/// option may be.
fn is_tenant(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            let ends = [label.bytes().next(), label.bytes().next_back()];
            label.len() <= 63
                && ends.iter().all(|end| end.is_some_and(|end| end.is_ascii_alphanumeric()))
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// `https`; `http` where the vault itself is an `http` one on loopback.
fn secure(url: &Url, vault: &VaultAddress) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && vault.is_plain() && url.host_str() == Some(vault.host()))
}

fn refused(vault: &VaultAddress, why: &str) -> SourceError {
    SourceError::denied("vault-challenge-invalid", format!("{vault} cannot be trusted: {why}"))
        .remedy("check KeyVaultUrl and what answers under that name")
}

/// What answers does not behave as a vault does.
pub(crate) fn not_a_vault(vault: &VaultAddress) -> SourceError {
    SourceError::invalid("not-a-vault", format!("{vault} answers, and not as a vault does: it asks for no vault token"))
        .remedy("check KeyVaultUrl, and proxies or gateways that answer in the vault's place")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::address;

    fn vault(url: &str) -> VaultAddress {
        address::read(url).unwrap().vault
    }

    fn read(header: &str) -> Result<Challenge, &'static str> {
        let vault = vault("https://myvault.vault.azure.net");
        Challenge::read(header, &vault, &["login.contoso.example".to_owned()]).map_err(|error| error.code())
    }

    #[test]
    fn debug_shows_nothing_that_was_not_checked() {
        let header = r#"Bearer authorization="https://login.microsoftonline.com/t1", resource="https://vault.azure.net", x="s3cret""#;
        let shown = format!("{:?}", read(header).unwrap());
        assert!(!shown.contains("s3cret") && shown.contains("https://vault.azure.net/.default"), "{shown}");
    }

    #[test]
    fn reads_both_forms_of_the_service() {
        for header in [
            r#"Bearer authorization="https://login.microsoftonline.com/t1", resource="https://vault.azure.net""#,
            r#"Bearer authorization="https://login.microsoftonline.com/t1", scope="https://vault.azure.net/.default""#,
            r#"bearer resource="https://vault.azure.net" authorization_uri="https://login.microsoftonline.com/t1""#,
            r#"Bearer Authorization=https://login.microsoftonline.com/t1, resource=https://vault.azure.net"#,
            r#"Bearer authorization="https://login.microsoftonline.com/t1/", resource="https://vault.azure.net/", PoP nonce="x""#,
        ] {
            let challenge = read(header).unwrap();
            assert_eq!(challenge.authority, "https://login.microsoftonline.com", "{header}");
            assert_eq!(
                (challenge.tenant.as_str(), challenge.scope.as_str()),
                ("t1", "https://vault.azure.net/.default")
            );
        }
    }

    #[test]
    fn a_resource_of_somebody_else_is_refused() {
        for resource in [
            "https://evil.example",
            "https://ault.azure.net",
            "https://net",
            "http://vault.azure.net",
            "https://vault.azure.cn",
            "https://other.vault.azure.net",
            "not an address",
        ] {
            let header =
                format!(r#"Bearer authorization="https://login.microsoftonline.com/t1", resource="{resource}""#);
            assert_eq!(read(&header), Err("vault-challenge-resource"), "{resource}");
        }
    }

    #[test]
    fn an_authority_that_nobody_knows_is_refused() {
        for (authority, known) in [
            ("https://login.microsoftonline.us/t1", true),
            ("https://login-us.microsoftonline.com/t1", true),
            ("https://login.microsoftonline.de/t1", true),
            ("https://login.sovcloud-identity.fr/t1", true),
            ("https://login.sovcloud-identity.de/t1", true),
            ("https://login.sovcloud-identity.sg/t1", true),
            ("https://login.microsoftonline.eaglex.ic.gov/t1", true),
            ("https://login.microsoftonline.microsoft.scloud/t1", true),
            ("https://login.microsoftonline.scloud/t1", false),
            ("https://sovcloud-identity.fr/t1", false),
            ("https://x.login.sovcloud-identity.fr/t1", false),
            ("https://login.contoso.example/t1", true),
            ("https://login.evil.example/t1", false),
            ("https://login.microsoftonline.com.evil.example/t1", false),
            ("http://login.microsoftonline.com/t1", false),
            ("https://user:pass@login.microsoftonline.com/t1", false),
            ("https://login.microsoftonline.com/", false),
            ("https://login.microsoftonline.com/a%2Fb", false),
        ] {
            let header = format!(r#"Bearer authorization="{authority}", resource="https://vault.azure.net""#);
            assert_eq!(read(&header).is_ok(), known, "{authority}");
        }
    }

    #[test]
    fn a_tenant_is_an_id_or_a_domain_name_and_no_option() {
        for (tenant, good) in [
            ("11111111-2222-3333-4444-555555555555", true),
            ("contoso.onmicrosoft.com", true),
            ("t1", true),
            ("--help", false),
            ("-o", false),
            ("a-", false),
            (".contoso.com", false),
            ("contoso..com", false),
            ("contoso.-x", false),
            ("a%2Fb", false),
            (&"a".repeat(64), false),
        ] {
            let header = format!(
                r#"Bearer authorization="https://login.microsoftonline.com/{tenant}", resource="https://vault.azure.net""#
            );
            assert_eq!(
                read(&header).map(|_| ()),
                if good { Ok(()) } else { Err("vault-challenge-invalid") },
                "{tenant}"
            );
        }
    }

    #[test]
    fn what_is_no_challenge_is_no_vault() {
        for header in ["", "Basic realm=\"x\"", "Bearer", "Bearer realm=\"x\"", "Bearer authorization=\"https://x/y"] {
            assert_eq!(read(header), Err("not-a-vault"), "{header}");
        }
        assert_eq!(read(&"x".repeat(5000)), Err("vault-challenge-invalid"));
    }

    #[test]
    fn a_loopback_vault_may_be_its_own_resource_and_authority() {
        let header = r#"Bearer authorization="http://127.0.0.1:81/t1", resource="http://127.0.0.1:81""#;
        let challenge = Challenge::read(header, &vault("http://127.0.0.1:81"), &[]).unwrap();
        assert_eq!(challenge.authority, "http://127.0.0.1:81");
        assert_eq!(read(header), Err("vault-challenge-resource"));
    }
}
