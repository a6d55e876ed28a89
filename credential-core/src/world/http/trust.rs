//! Which server a request may reach over TLS.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::{SourceError, World};

/// Which server a request may reach over TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerTrust {
    /// One whose certificate stems from an authority that the client trusts by itself.
    #[default]
    Platform,
    /// The same, or from one of these authorities: certificates in PEM (one or several) or one in DER. As the
    /// `ca.crt` of Kubernetes' API server
    /// (<https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/>).
    Authorities(Arc<[u8]>),
    /// The one with this certificate, whoever issued it: name, issuer and validity are not looked at. As Service
    /// Fabric's managed identity endpoint
    /// (<https://learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code>).
    Pinned(Thumbprint),
}

/// The most bytes of a file with authorities.
const MAX_AUTHORITIES: u64 = 1024 * 1024;

impl ServerTrust {
    /// Further certificate authorities: PEM or DER.
    pub fn authorities(certificates: impl Into<Vec<u8>>) -> Self {
        Self::Authorities(certificates.into().into())
    }

    /// Those in the file that a variable names, read anew; where it names none, whom the client trusts by itself.
    ///
    /// # Errors
    /// As [`World::read_file`].
    pub async fn of_variable(name: &str, world: &World) -> Result<Self, SourceError> {
        let Some(path) = world.environment.text(name) else { return Ok(Self::Platform) };
        Ok(Self::authorities(world.read_file(Path::new(&path), MAX_AUTHORITIES).await?.expose()))
    }
}

/// The hash of a certificate's DER. `Display` is upper-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Thumbprint {
    /// SHA-1: 20 bytes.
    Sha1([u8; 20]),
    /// SHA-256: 32 bytes.
    Sha256([u8; 32]),
}

impl Thumbprint {
    /// Reads 40 or 64 hexadecimal digits in any case, as variables and portals have them; `None` for anything
    /// else.
    ///
    /// ```
    /// use credential_core::world::Thumbprint;
    ///
    /// let thumbprint = Thumbprint::parse("0117e83d74aeca52bf47b0d7439870e20b0b868e").unwrap();
    /// assert!(matches!(thumbprint, Thumbprint::Sha1([0x01, 0x17, ..])));
    /// assert_eq!(thumbprint.to_string(), "0117E83D74AECA52BF47B0D7439870E20B0B868E");
    /// assert_eq!(Thumbprint::parse("0117"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect::<Option<_>>()?;
        let (pairs, []) = digits.as_chunks::<2>() else { return None };
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        let sha1 = bytes.as_slice().try_into().map(Self::Sha1);
        sha1.or_else(|_| bytes.as_slice().try_into().map(Self::Sha256)).ok()
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: &[u8] = match self {
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        };
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
