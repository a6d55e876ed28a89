//! From an application's settings to its authority, offline, with everything that is wrong at once.

use credential_core::Finding;
use credential_core::source::Origin;

use super::address::Address;
use super::region::Region;
use super::{Authority, AuthorityKind, clouds, codes, names, tenant};
use crate::settings::{self, ApplicationOptions, Located, any_error};
use credential_core::text::guid::is_guid;

/// The authority as it comes together.
struct Draft {
    kind: AuthorityKind,
    address: Address,
    tenant: Option<String>,
    policy: Option<String>,
}

/// Reads the settings of an authority.
struct Reader<'a> {
    options: &'a ApplicationOptions,
    said: Vec<Finding>,
}

impl Authority {
    /// The authority of an application. Nobody is asked.
    ///
    /// # Errors
    /// Everything that is wrong: see [`codes`]. Warnings and hints alone are no error;
    /// they are among [`findings`](Self::findings). `common` and `organizations` are no error here,
    /// since users may sign in with them; app tokens refuse them when they are asked for.
    pub(crate) fn from_options(options: &ApplicationOptions) -> Result<Self, Vec<Finding>> {
        let mut reader = Reader { options, said: Vec::new() };
        let draft = reader.draft();
        let region = reader.region();
        let home_tenant = reader.checked_tenant(options.app_home_tenant_id.as_ref(), "AppHomeTenantId");
        if let Some(draft) = &draft {
            reader.check_tenant(draft, home_tenant.is_some());
        }
        if let Some(draft) = &draft {
            let found = names::check(draft.kind, &draft.address.host, draft.tenant.as_deref(), options);
            reader.said.extend(found);
        }
        let failed = any_error(&reader.said);
        match draft {
            Some(draft) if !failed => Ok(Self {
                kind: draft.kind,
                address: draft.address,
                tenant: draft.tenant,
                policy: draft.policy,
                home_tenant,
                region,
                place: reader.place(),
                tenant_place: reader.tenant_place(),
                findings: reader.said,
                ..Self::empty()
            }),
            _ => Err(reader.said),
        }
    }
}

/// An option that says something.
pub(super) fn filled(option: Option<&Located<String>>) -> Option<&Located<String>> {
    option.filter(|located| !located.value.trim().is_empty())
}

/// Addresses below an authority that people copy.
const KNOWN_ENDS: [&[&str]; 7] = [
    &["v2.0"],
    &["oauth2", "v2.0", "token"],
    &["oauth2", "v2.0", "authorize"],
    &["oauth2", "token"],
    &["oauth2", "authorize"],
    &["v2.0", ".well-known", "openid-configuration"],
    &[".well-known", "openid-configuration"],
];

/// The segments without an end that says nothing about the authority.
fn without_end(segments: &[String]) -> &[String] {
    let ends_with = |end: &&&[&str]| {
        let start = segments.len().checked_sub(end.len());
        start
            .and_then(|start| segments.get(start..))
            .is_some_and(|tail| tail.iter().zip(end.iter()).all(|(segment, known)| segment.eq_ignore_ascii_case(known)))
    };
    let cut = KNOWN_ENDS.iter().filter(ends_with).map(|end| end.len()).max().unwrap_or(0);
    segments.get(..segments.len() - cut).unwrap_or_default()
}

impl Reader<'_> {
    fn say(&mut self, place: &Located<String>, finding: Finding) {
        self.said.push(finding.at(&place.path, place.origin.clone()));
    }

    /// The setting with the address.
    fn place(&self) -> Option<(String, Origin)> {
        let place = filled(self.options.authority.as_ref()).or(filled(self.options.instance.as_ref()))?;
        Some((place.path.clone(), place.origin.clone()))
    }

    /// The setting with the tenant, and where it stands.
    fn tenant_place(&self) -> Option<(String, Origin)> {
        let place = filled(self.options.tenant_id.as_ref()).or(filled(self.options.authority.as_ref()))?;
        Some((place.path.clone(), place.origin.clone()))
    }

    fn conflict(&mut self, place: &Located<String>, message: String) {
        let finding = Finding::error(codes::AUTHORITY_CONFLICT, message);
        self.say(place, finding.remedy("keep Authority, or Instance and TenantId, not both"));
    }

    fn parse(&mut self, option: Option<&Located<String>>, name: &'static str) -> Option<Address> {
        Address::parse(option?, name).map_err(|finding| self.said.push(*finding)).ok()
    }

    fn checked_tenant(&mut self, option: Option<&Located<String>>, name: &str) -> Option<String> {
        let option = option.filter(|located| !located.value.is_empty())?;
        tenant::check(&option.value, name).map_err(|finding| self.say(option, *finding)).ok()
    }

    fn draft(&mut self) -> Option<Draft> {
        let options = self.options;
        // White space alone is no address, and says so.
        let given = |option: Option<&'_ Located<String>>| option.is_some_and(|located| !located.value.is_empty());
        if !given(options.authority.as_ref()) && !given(options.instance.as_ref()) {
            let mut finding = Finding::error(codes::MISSING_AUTHORITY, "neither Instance nor Authority is set");
            finding.path = Some(options.path.clone());
            finding.origin.clone_from(&options.origin);
            self.said
                .push(finding.remedy("set Instance (https://login.microsoftonline.com/) and TenantId, or Authority"));
            return None;
        }
        let present = |option: &'_ Option<Located<String>>| option.clone().filter(|located| !located.value.is_empty());
        let (authority, instance) = (present(&options.authority), present(&options.instance));
        let authority_address = self.parse(authority.as_ref(), "Authority");
        let instance_address = self.parse(instance.as_ref(), "Instance");
        let tenant_id = self.checked_tenant(options.tenant_id.as_ref(), "TenantId");
        match (authority, authority_address, instance, instance_address) {
            (Some(place), Some(address), None, _) => self.read_address(&place, address, tenant_id, true),
            (Some(place), Some(address), Some(instance), Some(other)) => {
                let draft = self.read_address(&place, address, tenant_id, true)?;
                self.agree(&draft, &instance, &other);
                Some(draft)
            }
            (None, _, Some(place), Some(address)) => self.read_address(&place, address, tenant_id, false),
            _ => None,
        }
    }

    fn read_address(
        &mut self,
        place: &Located<String>,
        address: Address,
        tenant_id: Option<String>,
        whole: bool,
    ) -> Option<Draft> {
        self.check_query(place, &address, whole);
        let first = address.first();
        let is_adfs = first == "adfs" || (first.is_empty() && tenant_id.as_deref() == Some("adfs"));
        if is_adfs {
            if let (Some(id), Some(tenant)) = (self.options.tenant_id.clone(), tenant_id)
                && tenant != "adfs"
            {
                self.conflict(&id, "TenantId is set, and ADFS has no tenants".to_owned());
            }
            return Some(Draft { kind: AuthorityKind::Adfs, address, tenant: None, policy: None });
        }
        let has_policy = filled(self.options.sign_up_sign_in_policy_id.as_ref()).is_some();
        let rest = without_end(&address.segments);
        let is_b2c = address.host.ends_with(".b2clogin.com");
        if has_policy || first == "tfp" || (is_b2c && rest.len() > 1) {
            return self.b2c(place, address, tenant_id);
        }
        let (kind, tenants) = self.kind_of(&address, whole, tenant_id.is_some());
        if kind == AuthorityKind::Oidc {
            return Some(self.oidc(address, &tenants, tenant_id.as_deref()));
        }
        let tenant = self.path_tenant(place, &tenants, tenant_id, whole);
        let tenant = match (kind, tenant) {
            (AuthorityKind::Ciam, None) => Some(self.infer_tenant(place, &address)),
            (_, tenant) => tenant,
        };
        self.note_alias(place, &address.host);
        Some(Draft { kind, address, tenant, policy: None })
    }

    /// A provider that its metadata tells about. `TenantId` is none of its settings, unless it says once
    /// more what the address says.
    fn oidc(&mut self, mut address: Address, path: &[String], tenant_id: Option<&str>) -> Draft {
        let agrees = |tenant: &str| matches!(path, [one] if same_tenant(one, tenant));
        if let Some(id) = self.options.tenant_id.clone().filter(|_| tenant_id.is_some_and(|tenant| !agrees(tenant))) {
            self.conflict(&id, format!("TenantId is set, and {} has no tenants", address.host));
        }
        // The metadata's own address is one that people copy.
        let end = [".well-known", "openid-configuration"];
        if let Some(start) = address.segments.len().checked_sub(end.len())
            && address.segments.get(start..).is_some_and(|tail| tail == end)
        {
            address.segments.truncate(start);
        }
        Draft { kind: AuthorityKind::Oidc, address, tenant: None, policy: None }
    }

    fn check_query(&mut self, place: &Located<String>, address: &Address, whole: bool) {
        if address.query.is_none() {
            return;
        }
        let finding = if whole {
            Finding::hint(codes::AUTHORITY_QUERY, "the query of Authority goes with every token request")
                .remedy("write it as ExtraQueryParameters")
        } else {
            Finding::error(settings::codes::WRONG_VALUE, "Instance has a query")
                .remedy("write it as ExtraQueryParameters")
        };
        self.say(place, finding);
    }

    /// The kind by host and path, with the segments that name a tenant.
    fn kind_of(&self, address: &Address, whole: bool, has_tenant_id: bool) -> (AuthorityKind, Vec<String>) {
        let rest = without_end(&address.segments).to_vec();
        if address.first() == "dstsv2" {
            return (AuthorityKind::Dsts, rest.into_iter().skip(1).collect());
        }
        if address.host.ends_with(".ciamlogin.com") {
            return (AuthorityKind::Ciam, rest);
        }
        let known = clouds::of(&address.host).is_some()
            || clouds::of_regional(&address.host).is_some()
            || address.host.ends_with(".b2clogin.com");
        // Beside `Authority`, `Instance` says that it is Entra ID, if there is a tenant to go with it.
        let given = self.options.instance.as_ref().is_some_and(|instance| !instance.value.is_empty());
        let by_instance = given
            && match rest.as_slice() {
                [] => has_tenant_id,
                [one] => has_tenant_id || tenant::looks_like_one(one),
                _ => false,
            };
        let kind = if known || !whole || by_instance { AuthorityKind::Entra } else { AuthorityKind::Oidc };
        (kind, rest)
    }

    /// The tenant from a path and from `TenantId`, which have to agree.
    fn path_tenant(
        &mut self,
        place: &Located<String>,
        segments: &[String],
        tenant_id: Option<String>,
        whole: bool,
    ) -> Option<String> {
        let Some(first) = segments.first() else { return tenant_id };
        let in_path = first.to_lowercase();
        let name = if whole { "Authority" } else { "Instance" };
        if segments.len() > 1 {
            let finding = if whole {
                Finding::warning(
                    codes::AUTHORITY_PATH,
                    "Authority has more in its path than a tenant, which is ignored",
                )
            } else {
                Finding::error(codes::AUTHORITY_PATH, "Instance has a path")
            };
            self.say(place, finding.remedy("write https://HOST/TENANT"));
        } else if !whole && tenant_id.is_none() {
            let finding = Finding::hint(codes::AUTHORITY_PATH, "the tenant in the path of Instance is understood");
            self.say(place, finding.remedy("write it as TenantId"));
        }
        match (tenant_id, self.options.tenant_id.clone()) {
            (Some(tenant), Some(id)) if !same_tenant(&tenant, &in_path) => {
                let said = format!("{name} names the tenant {in_path}, and TenantId {tenant}");
                if whole {
                    self.conflict(&id, said);
                } else {
                    let finding = Finding::error(codes::AUTHORITY_PATH, said);
                    self.say(place, finding.remedy("remove the path from Instance"));
                }
                Some(tenant)
            }
            (Some(tenant), _) => Some(tenant),
            (None, _) => Some(in_path),
        }
    }

    fn b2c(&mut self, place: &Located<String>, address: Address, tenant_id: Option<String>) -> Option<Draft> {
        let options = self.options;
        let segments = without_end(&address.segments);
        let segments = if address.first() == "tfp" { segments.get(1..).unwrap_or_default() } else { segments };
        let (path_tenant, path_policy) = (segments.first().cloned(), segments.get(1).cloned());
        if segments.len() > 2 {
            let finding = Finding::error(codes::AUTHORITY_PATH, "the path has more in it than a tenant and a policy");
            self.say(place, finding.remedy("write https://HOST/tfp/TENANT/POLICY"));
        }
        let domain = self.checked_tenant(options.domain.as_ref(), "Domain");
        let configured = domain.clone().or(tenant_id);
        let differs = match (&path_tenant, &configured) {
            // An id and a domain name can be the same tenant.
            (Some(path), Some(other)) => !same_tenant(path, other) && is_guid(path) == is_guid(other),
            _ => false,
        };
        let policy = filled(options.sign_up_sign_in_policy_id.as_ref());
        if differs && let Some(path) = &path_tenant {
            self.conflict(place, format!("the path names the tenant {path}, and the settings another"));
        }
        if let (Some(path), Some(policy)) = (&path_policy, policy)
            && !path.eq_ignore_ascii_case(&policy.value)
        {
            self.conflict(policy, format!("the path names the policy {path}, and SignUpSignInPolicyId another"));
        }
        let policy = policy.map(|policy| policy.value.clone()).or(path_policy);
        let Some(policy) = policy.filter(|policy| !policy.contains(['/', '\\', '?', '#', '%', ' '])) else {
            let finding = Finding::error(codes::AUTHORITY_PATH, "an Azure AD B2C authority needs a policy");
            self.say(place, finding.remedy("set SignUpSignInPolicyId, or write https://HOST/tfp/TENANT/POLICY"));
            return None;
        };
        let tenant = domain.or(path_tenant).or(configured);
        let tenant = tenant.unwrap_or_else(|| self.infer_tenant(place, &address));
        Some(Draft { kind: AuthorityKind::B2c, address, tenant: Some(tenant), policy: Some(policy) })
    }

    /// `Instance` beside `Authority`: the same host, or one of the same cloud.
    fn agree(&mut self, draft: &Draft, instance: &Located<String>, other: &Address) {
        let cloud = |host: &str| clouds::of(host).map(|cloud| cloud.name);
        let same_host = draft.address.host == other.host && draft.address.scheme == other.scheme;
        let same_cloud = cloud(&draft.address.host).is_some() && cloud(&draft.address.host) == cloud(&other.host);
        if !same_host && !same_cloud {
            self.conflict(instance, format!("Authority is at {}, and Instance at {}", draft.address.host, other.host));
            return;
        }
        let own = without_end(&draft.address.segments);
        let path = without_end(&other.segments);
        if !path.iter().zip(own).all(|(one, other)| one.eq_ignore_ascii_case(other)) || path.len() > own.len() {
            self.conflict(instance, "Authority and Instance have different paths".to_owned());
        }
    }

    /// A host that is built in under another name; with a port it is left alone.
    fn note_alias(&mut self, place: &Located<String>, host: &str) {
        let Some(cloud) = clouds::of(host).filter(|_| clouds::without_port(host) == host) else { return };
        let preferred = cloud.preferred();
        if host != preferred {
            let said = format!("{host} is another name: requests go to {preferred}");
            let finding = Finding::hint(codes::HOST_ALIAS, said);
            self.say(place, finding.remedy(format!("write https://{preferred}/")));
        }
    }

    /// `NAME.onmicrosoft.com` for the host `NAME.ciamlogin.com`.
    fn infer_tenant(&mut self, place: &Located<String>, address: &Address) -> String {
        let tenant = format!("{}.onmicrosoft.com", address.host.split('.').next().unwrap_or_default());
        let finding =
            Finding::hint(codes::TENANT_INFERRED, format!("the tenant is taken to be {tenant}, from the host"));
        self.say(place, finding.remedy("set TenantId, or Domain for Azure AD B2C"));
        tenant
    }

    fn region(&mut self) -> Region {
        let Some(place) = self.options.azure_region.as_ref() else { return Region::Unset };
        Region::parse(&place.value).unwrap_or_else(|| {
            let finding =
                Finding::error(codes::BAD_REGION, "AzureRegion is not a valid region: it has letters and digits alone");
            self.say(place, finding.remedy("write it as in westeurope, or TryAutoDetect"));
            Region::Unset
        })
    }

    fn check_tenant(&mut self, draft: &Draft, has_home: bool) {
        let place = self.options.tenant_id.clone().or_else(|| self.options.authority.clone());
        match &draft.tenant {
            // What is wrong with a TenantId that is there has been said.
            None if self.options.tenant_id.as_ref().is_some_and(|id| !id.value.is_empty()) => {}
            None if matches!(draft.kind, AuthorityKind::Entra | AuthorityKind::Dsts) && !has_home => {
                let mut finding = tenant::missing();
                finding.path = Some(format!("{}:TenantId", self.options.path));
                finding.origin = place.map(|place| place.origin).or_else(|| self.options.origin.clone());
                self.said.push(finding);
            }
            Some(tenant) if !tenant::is_concrete(tenant) && !has_home => {
                let finding = Finding::warning(
                    codes::TENANT_NOT_CONCRETE,
                    format!("{tenant:?} is not a tenant that an app token can come from; users can sign in"),
                )
                .remedy("name the tenant for app tokens: in TenantId, in AppHomeTenantId, or in the call");
                if let Some(place) = place {
                    self.say(&place, finding);
                }
            }
            _ => {}
        }
    }
}

fn same_tenant(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
