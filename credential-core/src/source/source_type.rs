//! The open set of names that `SourceType` can have in a configuration.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The name that selects a credential source: the value of `SourceType` in an entry.
///
/// Any text is a source type; names are compared ignoring ASCII case. The constants are the names
/// that Microsoft.Identity.Web knows (`CredentialSource` in Microsoft.Identity.Abstractions); a source
/// of your own picks a name of its own and needs no change here.
#[derive(Clone, Debug)]
pub struct SourceType(Cow<'static, str>);

impl SourceType {
    /// A certificate handed over by the program.
    pub const CERTIFICATE: Self = Self::known("Certificate");
    /// A certificate in Azure Key Vault.
    pub const KEY_VAULT: Self = Self::known("KeyVault");
    /// A certificate written into the configuration in base64.
    pub const BASE64_ENCODED: Self = Self::known("Base64Encoded");
    /// A certificate file.
    pub const PATH: Self = Self::known("Path");
    /// A certificate in a store, by thumbprint.
    pub const STORE_WITH_THUMBPRINT: Self = Self::known("StoreWithThumbprint");
    /// A certificate in a store, by distinguished name.
    pub const STORE_WITH_DISTINGUISHED_NAME: Self = Self::known("StoreWithDistinguishedName");
    /// A certificate in a store, by a part of its subject.
    pub const STORE_WITH_SUBJECT_NAME: Self = Self::known("StoreWithSubjectName");
    /// A client secret.
    pub const CLIENT_SECRET: Self = Self::known("ClientSecret");
    /// An assertion signed for a managed identity.
    pub const SIGNED_ASSERTION_FROM_MANAGED_IDENTITY: Self = Self::known("SignedAssertionFromManagedIdentity");
    /// An assertion in a file, as Kubernetes projects it.
    pub const SIGNED_ASSERTION_FILE_PATH: Self = Self::known("SignedAssertionFilePath");
    /// A client assertion that a vault key signs.
    pub const SIGNED_ASSERTION_FROM_VAULT: Self = Self::known("SignedAssertionFromVault");
    /// An assertion from a provider that the program registered by name.
    pub const CUSTOM_SIGNED_ASSERTION: Self = Self::known("CustomSignedAssertion");
    /// Keys for decrypting tokens; no client credential.
    pub const AUTO_DECRYPT_KEYS: Self = Self::known("AutoDecryptKeys");
    /// A certificate that Microsoft's own platform manages.
    pub const MANAGED_CERTIFICATE: Self = Self::known("ManagedCertificate");

    /// A name known when the program is compiled.
    pub const fn known(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// A name known at run time, as it stands in a configuration.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Cow::Owned(name.into()))
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for SourceType {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for SourceType {}

impl Hash for SourceType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

impl fmt::Display for SourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for SourceType {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_ignore_ascii_case_alone() {
        assert_eq!(SourceType::new("clientsecret"), SourceType::CLIENT_SECRET);
        assert_ne!(SourceType::new("Straße"), SourceType::new("STRASSE"));
        let set = HashSet::from([SourceType::PATH]);
        assert!(set.contains(&SourceType::new("pAtH")));
    }
}
