//! How an entry wants its credential presented.

use crate::CredentialDescription;
use crate::credential::SigningAlgorithm;

/// The setting that chooses how a certificate signs.
pub(crate) const ALGORITHM: &str = "Algorithm";
/// The setting that chooses where a client secret goes.
pub(crate) const CLIENT_AUTHENTICATION: &str = "ClientAuthenticationMethod";

pub(crate) const ALGORITHMS: &[&str] = &["PS256", "RS256", "ES256", "ES384", "ES512"];
pub(crate) const METHODS: &[&str] =
    &[ClientAuthenticationMethod::SecretPost.as_str(), ClientAuthenticationMethod::SecretBasic.as_str()];

/// How an entry wants its credential presented, whatever its source: for whoever makes the exchange, who has it
/// with the [`Candidate`](crate::chain::Candidate).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Presentation {
    /// `Algorithm`: what the certificate signs client assertions with; what its authority usually takes without
    /// it.
    pub algorithm: Option<SigningAlgorithm>,
    /// `ClientAuthenticationMethod`: where a client secret goes; in the form without it.
    pub client_authentication: Option<ClientAuthenticationMethod>,
}

/// Where a client secret goes (OpenID Connect Core 1.0 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientAuthenticationMethod {
    /// `client_secret_post`: a field of the form.
    SecretPost,
    /// `client_secret_basic`: the `Authorization` header, name and secret form-encoded (RFC 6749 §2.3.1).
    SecretBasic,
}

impl ClientAuthenticationMethod {
    /// The method's name: `client_secret_post`, `client_secret_basic`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecretPost => "client_secret_post",
            Self::SecretBasic => "client_secret_basic",
        }
    }
}

impl Presentation {
    /// What an entry says. Values that nobody knows were refused when it was bound.
    pub fn of(entry: &CredentialDescription) -> Self {
        let text = |name: &str| entry.text(name).map(str::trim).unwrap_or_default();
        let methods = [ClientAuthenticationMethod::SecretPost, ClientAuthenticationMethod::SecretBasic];
        let said = text(CLIENT_AUTHENTICATION);
        let method = methods.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(said));
        Self { algorithm: SigningAlgorithm::named(text(ALGORITHM)), client_authentication: method }
    }
}
