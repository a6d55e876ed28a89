//! `KeyVaultUrl` as people paste it: the vault, and perhaps a certificate and its version.

use std::fmt;

use credential_core::SourceError;
use credential_core::world::{AddressFault, check_address, is_loopback, why_not_absolute};
use url::Url;

use super::clouds;

/// The longest name of a certificate, a key or a secret.
const MAX_OBJECT_NAME: usize = 127;

/// Where a vault is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VaultAddress {
    /// The host's name alone.
    host: String,
    /// Host and port, as in a URL.
    authority: String,
    /// `http`, on loopback alone.
    plain: bool,
    /// On this machine: an emulator or a test.
    loopback: bool,
}

impl VaultAddress {
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Host and port as they stand in an address.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The first part of the host: what `az --vault-name` wants.
    pub(crate) fn name(&self) -> &str {
        self.host.split('.').next().unwrap_or_default()
    }

    /// The address for the SDK, which sends tokens over `https` alone; the transport puts `http` back.
    pub(crate) fn sdk_url(&self) -> String {
        format!("https://{}", self.authority)
    }
}

impl fmt::Display for VaultAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.plain { "http" } else { "https" }, self.authority)
    }
}

/// What a `KeyVaultUrl` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pasted {
    pub(crate) vault: VaultAddress,
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
}

/// Reads a `KeyVaultUrl`.
pub(crate) fn read(text: &str) -> Result<Pasted, SourceError> {
    let text = text.trim();
    check_address(text).map_err(|fault| match fault {
        AddressFault::NotAbsolute => wrong(&format!("is not a valid URL: {}", why_not_absolute(text).0), EXAMPLE),
        _ => wrong(&fault.to_string(), fault.remedy()),
    })?;
    let url = Url::parse(text).map_err(|_| wrong(&AddressFault::NotAbsolute.to_string(), EXAMPLE))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a query or fragment", "cut it off from the first ? or #"));
    }
    let vault = address(&url)?;
    let (name, version) = object(&url)?;
    Ok(Pasted { vault, name, version })
}

const EXAMPLE: &str = "write https://NAME.vault.azure.net";

fn wrong(what: &str, remedy: &str) -> SourceError {
    SourceError::misconfigured("vault-url-invalid", format!("KeyVaultUrl {what}")).remedy(remedy)
}

fn address(url: &Url) -> Result<VaultAddress, SourceError> {
    let host = url.host_str().ok_or_else(|| wrong("has no host", EXAMPLE))?.to_owned();
    let loopback = is_loopback(url.as_str());
    if !loopback {
        known_host(&host)?;
    }
    let authority = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.clone(),
    };
    Ok(VaultAddress { host, authority, plain: url.scheme() == "http", loopback })
}

fn known_host(host: &str) -> Result<(), SourceError> {
    let is_named_under = |parent: &str| {
        host.strip_suffix(parent)
            .and_then(|front| front.strip_suffix('.'))
            .is_some_and(|name| !name.is_empty() && !name.contains('.'))
    };
    if clouds::vaults().any(is_named_under) {
        return Ok(());
    }
    if clouds::hsms().any(is_named_under) {
        return Err(SourceError::misconfigured(
            "vault-is-managed-hsm",
            format!("{host} is a managed HSM: it holds keys and no certificates"),
        )
        .remedy("name a vault (https://NAME.vault.azure.net); its keys can be protected by an HSM too"));
    }
    if host.contains(".privatelink.") {
        let name = host.split('.').next().unwrap_or_default();
        return Err(wrong(
            &format!("names the private link host {host}, which has no TLS certificate of its own"),
            &format!("write https://{name}.vault.azure.net; DNS leads to the private endpoint"),
        ));
    }
    let known = clouds::vaults().map(|parent| format!("NAME.{parent}")).collect::<Vec<_>>().join(", ");
    Err(wrong(
        &format!("names the host {host}, which is not a known vault host"),
        &format!("name a vault: they are at {known}"),
    ))
}

/// `/certificates/NAME[/VERSION]`, and the same under `secrets` and `keys`: each certificate has all three.
fn object(url: &Url) -> Result<(Option<String>, Option<String>), SourceError> {
    let mut parts = url.path_segments().into_iter().flatten().filter(|part| !part.is_empty());
    let Some(kind) = parts.next() else { return Ok((None, None)) };
    if !["certificates", "secrets", "keys"].contains(&kind.to_ascii_lowercase().as_str()) {
        return Err(wrong(
            &format!("has the path {}", url.path()),
            "after the host may stand /certificates/NAME or /certificates/NAME/VERSION",
        ));
    }
    let (name, version) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return Err(wrong(&format!("has the path {}", url.path()), "cut it off after the version"));
    }
    Ok((name.map(checked_name).transpose()?, version.map(checked_version).transpose()?))
}

/// The name of a certificate: letters, digits and hyphens
/// (<https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates>).
pub(crate) fn checked_name(text: &str) -> Result<String, SourceError> {
    let text = text.trim();
    checked(text).map_err(|found| {
        SourceError::misconfigured("certificate-name-invalid", format!("the certificate's name {found}"))
            .remedy("write 1 to 127 letters, digits and hyphens, as in: az keyvault certificate list")
    })
}

/// The version of a certificate.
pub(crate) fn checked_version(text: &str) -> Result<String, SourceError> {
    let text = text.trim();
    checked(text).map_err(|found| {
        SourceError::misconfigured("certificate-version-invalid", format!("the certificate's version {found}"))
            .remedy("copy it from: az keyvault certificate list-versions")
    })
}

fn checked(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.len() > MAX_OBJECT_NAME {
        return Err(format!("has {} characters; at most {MAX_OBJECT_NAME} are possible", text.len()));
    }
    match text.chars().find(|found| !found.is_ascii_alphanumeric() && *found != '-') {
        Some(found) => Err(format!("has the character {found:?} in it")),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn understands_what_people_paste() {
        for (text, vault, name, version) in [
            ("https://myvault.vault.azure.net", "https://myvault.vault.azure.net", None, None),
            ("https://myvault.vault.azure.net/", "https://myvault.vault.azure.net", None, None),
            (" HTTPS://MyVault.Vault.Azure.Net ", "https://myvault.vault.azure.net", None, None),
            ("https://myvault.vault.azure.net:443/", "https://myvault.vault.azure.net", None, None),
            ("https://v.vault.azure.cn/certificates/", "https://v.vault.azure.cn", None, None),
            ("https://v.vault.azure.net/certificates/web", "https://v.vault.azure.net", Some("web"), None),
            ("https://v.vault.azure.net/certificates/web/", "https://v.vault.azure.net", Some("web"), None),
            (
                "https://v.vault.azure.net//certificates//web//0a1b",
                "https://v.vault.azure.net",
                Some("web"),
                Some("0a1b"),
            ),
            (
                "https://v.vault.usgovcloudapi.net/secrets/web/0a1b",
                "https://v.vault.usgovcloudapi.net",
                Some("web"),
                Some("0a1b"),
            ),
            ("https://v.vault.azure.net/keys/web", "https://v.vault.azure.net", Some("web"), None),
            ("http://127.0.0.1:8443", "http://127.0.0.1:8443", None, None),
            ("https://localhost:8443/certificates/web", "https://localhost:8443", Some("web"), None),
            ("https://[::1]:8443", "https://[::1]:8443", None, None),
        ] {
            let read = read(text).unwrap();
            let found = (read.vault.to_string(), read.name.as_deref(), read.version.as_deref());
            assert_eq!(found, (vault.to_owned(), name, version), "{text}");
        }
    }

    #[test]
    fn anything_else_is_an_error_of_the_configuration() {
        for (text, code) in [
            ("", "vault-url-invalid"),
            ("myvault", "vault-url-invalid"),
            ("myvault.vault.azure.net", "vault-url-invalid"),
            ("ftp://myvault.vault.azure.net", "vault-url-invalid"),
            ("http://myvault.vault.azure.net", "vault-url-invalid"),
            ("https://vault.azure.net", "vault-url-invalid"),
            ("https://a.b.vault.azure.net", "vault-url-invalid"),
            ("https://myvault.vault.azure.net.evil.example", "vault-url-invalid"),
            ("https://myvault.vault.azure.net./", "vault-url-invalid"),
            ("https://evilvault.azure.net", "vault-url-invalid"),
            ("https://portal.azure.com/#resource/x", "vault-url-invalid"),
            ("https://user@myvault.vault.azure.net", "vault-url-invalid"),
            ("http://localhost:pw@myvault.vault.azure.net", "vault-url-invalid"),
            ("http://foo.localhost:8443", "vault-url-invalid"),
            ("https://foo.localhost:8443", "vault-url-invalid"),
            ("https://myvault.vault.azure.net?api-version=7.4", "vault-url-invalid"),
            ("https://myvault.vault.azure.net/foo", "vault-url-invalid"),
            ("https://myvault.vault.azure.net/certificates/a/b/c", "vault-url-invalid"),
            ("https://myvault.privatelink.vaultcore.azure.net", "vault-url-invalid"),
            ("https://myvault.vault.azure.net/certificates/a_b", "certificate-name-invalid"),
            ("https://myvault.vault.azure.net/certificates/a/b%20c", "certificate-version-invalid"),
            ("https://my.managedhsm.azure.net", "vault-is-managed-hsm"),
        ] {
            assert_eq!(read(text).map_err(|error| error.code()), Err(code), "{text}");
        }
    }
}
