//! The source type `SignedAssertionFromManagedIdentity`: the token of a managed identity is the assertion.

use std::sync::Arc;

use async_trait::async_trait;
use credential_core::credential::{Assertion, AssertionProvider, AssertionRequest};
use credential_core::source::Detected;
use credential_core::text::{guid, printable};
use credential_core::tokens::TokenProvider;
use credential_core::{
    BindContext, BindResult, Credential, CredentialDescription, CredentialLoader, CredentialSource, LoadRequest,
    Setting, SourceError, SourceType, Unbound, World,
};

use super::answer::Token;
use super::identity::{Identity, SETTINGS as IDENTITIES};
use super::{ManagedIdentity, Wanted, host};
use crate::audience::{self, EXCHANGE_URL};
use crate::platform::facts;

const SETTINGS: &[Setting] = &{
    let [client_id, object_id, resource_id] = IDENTITIES;
    [client_id, object_id, resource_id, EXCHANGE_URL]
};

/// The token of the machine's managed identity as the assertion (Microsoft Entra, "managed identity as a federated
/// identity credential").
///
/// ```json
/// { "SourceType": "SignedAssertionFromManagedIdentity" }
/// { "SourceType": "SignedAssertionFromManagedIdentity", "ManagedIdentityClientId": "..." }
/// ```
///
/// It is asked for where the program runs: Service Fabric, App Service (Functions, Container Apps), Machine Learning,
/// Cloud Shell, Azure Arc, or the metadata service of virtual machines, in that order and by the variables that they
/// set. Without an id it is the machine's own identity; `ManagedIdentityClientId`, `ManagedIdentityObjectId` or
/// `ManagedIdentityResourceId` name a user-assigned one. The token is for `TokenExchangeUrl`, kept until five minutes
/// before its end, asked for once by however many callers, and looked at before it is sent: a JWT, for that audience,
/// that has not ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct ManagedIdentityAssertionSource;

#[async_trait]
impl CredentialSource for ManagedIdentityAssertionSource {
    fn source_type(&self) -> SourceType {
        SourceType::SIGNED_ASSERTION_FROM_MANAGED_IDENTITY
    }

    fn mistaken(&self) -> &[&'static str] {
        &["ManagedIdentity", "Msi", "SystemAssigned", "UserAssigned", "UserAssignedManagedIdentity"]
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let identity = Identity::read(entry, cx)?;
        let id = format!("assertion of {}", identity.shown());
        let resource = audience::of_entry(entry, cx.application()).to_owned();
        let provider = Arc::new(OfIdentity { tokens: ManagedIdentity::new(identity, EXCHANGE_URL.name), resource });
        let credential = Credential::assertions(id, Arc::clone(&provider) as _);
        Ok(Arc::new(Loader { provider, credential }))
    }

    async fn detect(&self, world: &World) -> Vec<Detected> {
        host::detect(world).await.into_iter().collect()
    }

    fn tokens(
        &self,
        entry: &CredentialDescription,
        cx: &mut BindContext<'_>,
    ) -> Result<Option<Arc<dyn TokenProvider>>, Unbound> {
        Ok(Some(Arc::new(ManagedIdentity::new(Identity::read(entry, cx)?, "Scopes"))))
    }
}

/// One entry. It asks when it is loaded, so that a machine without the identity lets the next entry have its turn
/// before anything is exchanged.
#[derive(Debug)]
struct Loader {
    provider: Arc<OfIdentity>,
    credential: Credential,
}

#[async_trait]
impl CredentialLoader for Loader {
    /// # Errors
    /// `NotApplicable` where there is no managed identity or none of that kind, `Denied` where it is not assigned
    /// or the token is refused, `Invalid` for an answer that cannot be used, `Transient` otherwise.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let wanted = Wanted {
            resource: &self.provider.resource,
            fresh: false,
            probe: false,
            with_claims: false,
            capabilities: &[],
            deadline: request.deadline,
            world: request.world,
        };
        self.provider.assertion_for(wanted).await.map(|_| self.credential.clone())
    }
}

#[derive(Debug)]
struct OfIdentity {
    tokens: ManagedIdentity,
    resource: String,
}

#[async_trait]
impl AssertionProvider for OfIdentity {
    /// Claims are not the host's business, but whoever sends them wants nothing that was issued before.
    async fn assertion(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        let wanted = Wanted {
            resource: &self.resource,
            fresh: request.fresh,
            probe: false,
            with_claims: request.claims.is_some(),
            capabilities: &[],
            deadline: request.deadline,
            world: request.world,
        };
        self.assertion_for(wanted).await
    }
}

impl OfIdentity {
    async fn assertion_for(&self, wanted: Wanted<'_>) -> Result<Assertion, SourceError> {
        // Its own: each request goes through `World::send`, and callers leave at the deadline.
        let token = self.tokens.token(wanted).await?;
        self.check(&token, wanted)?;
        Ok(Assertion::new(token.value, Some(token.expires_on)))
    }

    /// What the authority would refuse is said here, in words that name the cause.
    fn check(&self, token: &Token, wanted: Wanted<'_>) -> Result<(), SourceError> {
        let who = self.tokens.identity().shown();
        let given = format!("what the platform gave to {who}");
        let facts = facts(&token.value, &given, "look at what answers at the platform's identity endpoint")?;
        if facts.expires_on.unwrap_or(token.expires_on) <= wanted.world.clock.now() {
            let message = format!("the token that the platform gave to {who} has expired");
            return Err(SourceError::invalid("assertion-expired", message).remedy("look at this machine's clock"));
        }
        let same =
            |audience: &str| audience.trim_end_matches('/').eq_ignore_ascii_case(self.resource.trim_end_matches('/'));
        // An authority may write the application that the audience belongs to: its client id.
        let fits = |audience: &String| same(audience) || guid::is_guid(audience);
        if facts.audience.iter().any(fits) {
            return Ok(());
        }
        let found = facts.audience.first().map_or_else(|| "nobody".to_owned(), |found| printable(found, 200));
        let message = format!("the token of {who} is meant for {found}, not for {}", self.resource);
        Err(SourceError::invalid("assertion-audience", message)
            .remedy("correct TokenExchangeUrl, or look at what answers at the platform's identity endpoint"))
    }
}
