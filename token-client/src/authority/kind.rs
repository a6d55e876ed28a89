//! The kinds of authorities, and what follows from each.

use std::fmt;

use credential_core::credential::SigningAlgorithm;

/// What kind of authority it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthorityKind {
    /// Microsoft Entra ID: `https://login.microsoftonline.com/TENANT`.
    Entra,
    /// Azure AD B2C: `https://NAME.b2clogin.com/tfp/TENANT/POLICY`.
    B2c,
    /// Microsoft Entra External ID: `https://NAME.ciamlogin.com/TENANT`.
    Ciam,
    /// Active Directory Federation Services: `https://HOST/adfs`.
    Adfs,
    /// dSTS: `https://HOST/dstsv2/TENANT`.
    Dsts,
    /// Any other OpenID provider, by its metadata.
    Oidc,
}

impl AuthorityKind {
    /// How a client assertion for it is signed, which also says how the certificate is named in it:
    /// PS256 with `x5t#S256`, RS256 with `x5t`.
    pub fn assertion_algorithm(self) -> SigningAlgorithm {
        match self {
            Self::Entra | Self::B2c | Self::Ciam => SigningAlgorithm::Ps256,
            Self::Adfs | Self::Dsts | Self::Oidc => SigningAlgorithm::Rs256,
        }
    }

    /// Whether a call may name another tenant than the configured one.
    pub(crate) fn takes_call_tenant(self) -> bool {
        matches!(self, Self::Entra | Self::Dsts)
    }
}

impl fmt::Display for AuthorityKind {
    /// The name that its documentation uses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Entra => "Microsoft Entra ID",
            Self::B2c => "Azure AD B2C",
            Self::Ciam => "Microsoft Entra External ID",
            Self::Adfs => "AD FS",
            Self::Dsts => "dSTS",
            Self::Oidc => "this OpenID provider",
        })
    }
}
