//! The addresses of an authority.

use std::fmt;

use credential_core::World;
use credential_core::credential::SigningAlgorithm;
use credential_core::text::shown_address;
use credential_core::world::Environment;
use url::Url;

use super::error::AuthorityError;
use super::region::{self, Known, Region};
use super::{Authority, AuthorityKind, clouds, discovery, metadata};

/// The addresses of an authority, for one tenant.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct Endpoints {
    /// The authority with its tenant: `https://login.microsoftonline.com/contoso.com`.
    pub authority: String,
    /// Where tokens are asked for.
    pub token: String,
    /// Where users sign in, where it is known.
    pub authorize: Option<String>,
    /// The `aud` of a client assertion (RFC 7523 §3): the token endpoint, without extra parameters.
    pub assertion_audience: String,
    /// How a client assertion is signed.
    pub assertion_algorithm: SigningAlgorithm,
    /// The tenant, where the authority has tenants.
    pub tenant: Option<String>,
}

/// What is known of the addresses without asking anybody.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfflineEndpoints {
    /// The authority with its tenant.
    pub authority: String,
    /// Where app tokens are asked for, or tokens on behalf of a user when no tenant is concrete; `None`
    /// when the first call has to ask.
    pub token: Option<String>,
    /// Where users sign in.
    pub authorize: Option<String>,
    /// The `aud` of a client assertion.
    pub assertion_audience: Option<String>,
    /// Whether a cloud is asked about the host first.
    pub instance_discovery: bool,
    /// The region whose endpoint gives app tokens.
    pub region: Option<String>,
    /// The token endpoint where no region is found: the machine is asked for its region at the first call,
    /// which decides over [`token`](Self::token).
    pub token_without_region: Option<String>,
    /// Where the provider's metadata is looked for at the first call, which decides over the rest.
    pub metadata: Vec<String>,
}

impl fmt::Debug for Endpoints {
    /// Addresses without the values of their queries, which `Authority` may have brought.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoints")
            .field("authority", &shown_address(&self.authority))
            .field("token", &shown_address(&self.token))
            .field("authorize", &self.authorize.as_deref().map(shown_address))
            .field("assertion_algorithm", &self.assertion_algorithm)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OfflineEndpoints {
    /// As for `Endpoints`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfflineEndpoints")
            .field("authority", &shown_address(&self.authority))
            .field("token", &self.token.as_deref().map(shown_address))
            .field("authorize", &self.authorize.as_deref().map(shown_address))
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// What is known of the addresses without asking anybody, for the configured tenant; of the region
    /// what the settings alone say.
    pub fn endpoints(&self) -> OfflineEndpoints {
        let region = match &self.region {
            Region::Named(name) => Known::Named(name.clone()),
            _ => Known::None,
        };
        self.offline(region)
    }

    /// The same with the region that the environment's variables name (`MSAL_FORCE_REGION`,
    /// `MSAL_DISABLE_REGION`, `REGION_NAME`), as a call has it.
    pub fn endpoints_in(&self, environment: &dyn Environment) -> OfflineEndpoints {
        self.offline(self.region.known(environment))
    }

    fn offline(&self, region: Known) -> OfflineEndpoints {
        let tenant = self.tenant_for(None, true).ok().flatten().or_else(|| self.tenant.clone());
        let mut known = OfflineEndpoints {
            authority: self.base(&self.address.host, None),
            token: None,
            authorize: None,
            assertion_audience: None,
            instance_discovery: self.needs_discovery(),
            region: None,
            token_without_region: None,
            metadata: Vec::new(),
        };
        if self.kind == AuthorityKind::Oidc {
            known.metadata = metadata::addresses(&self.address);
            return known;
        }
        let region = if self.has_regions() { region } else { Known::None };
        let named = match &region {
            Known::Named(name) => Some(name.as_str()),
            _ => None,
        };
        let found = self.build(&self.known_host(), named, tenant);
        (known.authority, known.authorize) = (found.authority, found.authorize);
        known.region = named.map(str::to_owned);
        if region == Known::AskedFor {
            known.token_without_region = Some(found.token);
        } else {
            (known.token, known.assertion_audience) = (Some(found.token), Some(found.assertion_audience));
        }
        known
    }

    /// The addresses for a token request. `tenant` is the call's own, over the configured one;
    /// `for_app` says that an app token is asked for, which alone goes to a regional endpoint.
    ///
    /// Nobody is asked about a host that is built in. A host that is not is looked up once a day at
    /// the public cloud, a provider's metadata is read once a day, a region is detected once: callers
    /// at the same time share one request, and an old answer serves on when a new one fails.
    ///
    /// # Errors
    /// As [`tenant_for`](Self::tenant_for); `unknown-instance` when the cloud says so (no other failure
    /// of that look-up is one); for other OpenID providers `metadata-unreachable`, `metadata-invalid`
    /// and `issuer-mismatch`. Those of the look-ups name the setting with the address.
    pub(crate) async fn resolve(
        &self,
        tenant: Option<&str>,
        for_app: bool,
        world: &World,
    ) -> Result<Endpoints, AuthorityError> {
        if let Some(why) = &self.absent {
            return Err(AuthorityError::wrong((**why).clone()));
        }
        // What a call names stands in no setting.
        let place = self.tenant_place.as_ref().filter(|_| tenant.is_none());
        let tenant = self.tenant_for(tenant, for_app).map_err(|error| error.at(place))?;
        self.found(tenant, for_app, world).await.map_err(|error| error.at(self.place.as_ref()))
    }

    async fn found(&self, tenant: Option<String>, for_app: bool, world: &World) -> Result<Endpoints, AuthorityError> {
        if self.kind == AuthorityKind::Oidc {
            return self.resolve_oidc(world).await;
        }
        let host = if self.needs_discovery() {
            let asked = || {
                let tenant = tenant.clone().unwrap_or_else(|| "common".to_owned());
                discovery::preferred_host(self.address.host.clone(), tenant, world.clone())
            };
            self.preferred.get("instance discovery", world, asked).await?.as_str().to_owned()
        } else {
            self.known_host()
        };
        let region = if for_app && self.has_regions() { self.region.name(&self.detected, world).await } else { None };
        Ok(self.build(&host, region.as_deref(), tenant))
    }

    async fn resolve_oidc(&self, world: &World) -> Result<Endpoints, AuthorityError> {
        let fetch = || metadata::fetch(self.address.clone(), world.clone());
        let found = self.metadata.get("openid configuration", world, fetch).await?;
        Ok(Endpoints {
            authority: self.base(&self.address.host, None),
            token: self.with_own_query(&found.token_endpoint),
            authorize: found.authorization_endpoint.clone(),
            assertion_audience: found.token_endpoint.clone(),
            assertion_algorithm: self.kind.assertion_algorithm(),
            tenant: None,
        })
    }

    fn has_regions(&self) -> bool {
        self.kind == AuthorityKind::Entra && !self.address.loopback
    }

    /// Whether the cloud is asked about the host: it is neither built in, nor regional, nor on this
    /// machine, nor of a kind that has no clouds.
    fn needs_discovery(&self) -> bool {
        let host = &self.address.host;
        self.kind == AuthorityKind::Entra
            && !self.address.loopback
            && clouds::of(host).is_none()
            && clouds::of_regional(host).is_none()
            && !host.ends_with(".b2clogin.com")
    }

    /// The host that requests go to, as far as it is built in. A port stays.
    fn known_host(&self) -> String {
        let host = &self.address.host;
        match clouds::of(host) {
            Some(cloud) if self.kind == AuthorityKind::Entra && clouds::without_port(host) == host => {
                cloud.preferred().to_owned()
            }
            _ => host.clone(),
        }
    }

    fn build(&self, host: &str, region: Option<&str>, tenant: Option<String>) -> Endpoints {
        let token_host = region.map_or_else(|| host.to_owned(), |region| region::host(region, host));
        let path = if self.kind == AuthorityKind::Adfs { "oauth2" } else { "oauth2/v2.0" };
        let audience = normal(&format!("{}/{path}/token", self.base(&token_host, tenant.as_deref())));
        Endpoints {
            authority: normal(&self.base(host, tenant.as_deref())),
            token: self.with_own_query(&audience),
            authorize: Some(normal(&format!("{}/{path}/authorize", self.base(host, tenant.as_deref())))),
            assertion_audience: audience,
            assertion_algorithm: self.kind.assertion_algorithm(),
            tenant,
        }
    }

    /// The authority's own address on a host.
    fn base(&self, host: &str, tenant: Option<&str>) -> String {
        let origin = format!("{}://{host}", self.address.scheme);
        let tenant = tenant.unwrap_or_default();
        match self.kind {
            AuthorityKind::Entra | AuthorityKind::Ciam => format!("{origin}/{tenant}"),
            AuthorityKind::B2c => format!("{origin}/tfp/{tenant}/{}", self.policy.as_deref().unwrap_or_default()),
            AuthorityKind::Adfs => format!("{origin}/adfs"),
            AuthorityKind::Dsts => format!("{origin}/dstsv2/{tenant}"),
            AuthorityKind::Oidc => self.address.text(),
        }
    }

    /// The address with the query that `Authority` has.
    fn with_own_query(&self, url: &str) -> String {
        match &self.address.query {
            None => url.to_owned(),
            Some(query) => format!("{url}{}{query}", if url.contains('?') { '&' } else { '?' }),
        }
    }
}

/// The address with letters outside ASCII encoded.
fn normal(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), String::from)
}

/// The parameters of a request: those of the call, then the rest of the configured ones; names are
/// compared ignoring case.
pub(crate) fn merge_query(call: &[(String, String)], configured: &[(String, String)]) -> Vec<(String, String)> {
    let rest = configured.iter().filter(|(name, _)| !call.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
    call.iter().chain(rest).cloned().collect()
}

/// The address with further parameters, escaped.
pub(crate) fn with_query(url: &str, parameters: &[(String, String)]) -> String {
    if parameters.is_empty() {
        return url.to_owned();
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{url}{}{query}", if url.contains('?') { '&' } else { '?' })
}
