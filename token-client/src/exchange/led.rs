//! Which settings led to what an authority said: each with its value, where it stands, and what it goes over.

use std::sync::Arc;

use credential_core::chain::Candidate;
use credential_core::credential::{CertificateCredential, SigningAlgorithm};
use credential_core::source::{COMMON_SETTINGS, ClientAuthenticationMethod, Origin};
use credential_core::text::printable;
use credential_core::{Credential, CredentialDescription, Finding, Secret};

use super::client_assertion;
use crate::authority::AuthorityKind;
use crate::jwt::Claims;
use crate::settings::{ApplicationOptions, Configuration, DownstreamOptions, Located};

/// The most characters of a value that are shown.
const MAX_VALUE: usize = 200;

/// What a refusal can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    ClientId,
    Tenant,
    Instance,
    Region,
    Scopes,
    /// The entry of the credential, and what was presented of it.
    Credential,
    /// The user's token that came in.
    User,
}

/// A setting that led to it, or what the caller gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Led {
    place: Option<(String, Origin)>,
    /// Nothing where the place says it all.
    said: Option<String>,
}

impl Led {
    fn given(said: String) -> Self {
        Self { place: None, said: Some(said) }
    }
}

/// The finding at the first of the settings, with all of them as its causes.
pub(crate) fn placed(mut finding: Finding, all: &[Led]) -> Finding {
    if let Some((path, origin)) = all.first().and_then(|led| led.place.clone()) {
        finding = finding.at(path, origin);
    }
    finding.cause.extend(all.iter().filter_map(|led| led.said.clone()));
    finding
}

/// What a token request was made from.
#[derive(Clone, Debug)]
pub(crate) struct MadeFrom {
    pub(crate) configuration: Arc<Configuration>,
    /// The section of the API that the token is for, if one is.
    pub(crate) api: Option<Arc<DownstreamOptions>>,
    pub(crate) scopes: Vec<String>,
    /// The tenant that the call or the API's section names.
    pub(crate) tenant: Option<String>,
    pub(crate) user_assertion: Option<Secret>,
}

impl MadeFrom {
    /// The settings that all of it is about; of the credential what was presented.
    pub(crate) fn led(&self, about: &[About], presented: Option<Presented<'_>>) -> Vec<Led> {
        let options = &self.configuration.application;
        let one = |about: &About| match about {
            About::ClientId => self.text(options.client_id.as_ref()),
            About::Tenant => self.tenant(),
            About::Instance => self.text(filled(options.authority.as_ref()).or(filled(options.instance.as_ref()))),
            About::Region => self.text(options.azure_region.as_ref()),
            About::Scopes => self.scopes(),
            About::Credential => presented.map_or_else(Vec::new, |presented| self.credential(presented)),
            About::User => self.user_assertion.as_ref().map_or_else(Vec::new, user),
        };
        about.iter().flat_map(one).collect()
    }

    fn text(&self, setting: Option<&Located<String>>) -> Vec<Led> {
        setting.map(|setting| self.setting(setting, &format!("{:?}", setting.value))).into_iter().collect()
    }

    /// `ClientId is "..." (appsettings.Production.json:3:17, over appsettings.json:4:17)`.
    fn setting<T>(&self, setting: &Located<T>, value: &str) -> Led {
        let name = setting.path.rsplit(':').next().unwrap_or_default();
        let over = self.configuration.tree.overridden(&setting.path);
        let over = over.iter().map(|origin| format!(", over {origin}")).collect::<String>();
        let value = printable(value, MAX_VALUE);
        let said = format!("{name} is {value} ({}{over})", setting.origin);
        Led { place: Some((setting.path.clone(), setting.origin.clone())), said: Some(said) }
    }

    fn tenant(&self) -> Vec<Led> {
        let options = &self.configuration.application;
        let of_api = self.api.as_ref().and_then(|api| filled(api.acquire_token_options.tenant.as_ref()));
        match (&self.tenant, of_api) {
            (Some(asked), Some(setting)) if *asked == setting.value => self.text(Some(setting)),
            (Some(asked), _) => {
                vec![Led::given(format!("the call names the tenant {:?}", printable(asked, MAX_VALUE)))]
            }
            (None, _) => self.text(tenant_setting(options)),
        }
    }

    fn scopes(&self) -> Vec<Led> {
        let shown = format!("{:?}", self.scopes);
        match self.api.as_ref().and_then(|api| api.scopes.as_ref()) {
            Some(setting) => vec![self.setting(setting, &shown)],
            None => vec![Led::given(format!("the call asks for {}", printable(&shown, MAX_VALUE)))],
        }
    }

    /// The setting that says where the credential is, and what was presented.
    fn credential(&self, presented: Presented<'_>) -> Vec<Led> {
        let entry = self.configuration.application.credentials.get(presented.candidate.index);
        let said = presented.said();
        let place = entry.map(place_of);
        if place.is_none() && said.is_none() { Vec::new() } else { vec![Led { place, said }] }
    }
}

/// Where the tenant is read from.
fn tenant_setting(options: &ApplicationOptions) -> Option<&Located<String>> {
    let candidates = [&options.tenant_id, &options.domain, &options.app_home_tenant_id];
    candidates.into_iter().find_map(|setting| filled(setting.as_ref())).or(filled(options.authority.as_ref()))
}

fn filled(setting: Option<&Located<String>>) -> Option<&Located<String>> {
    setting.filter(|setting| !setting.value.trim().is_empty())
}

/// The first setting of its own that the entry has, or the entry.
fn place_of(entry: &CredentialDescription) -> (String, Origin) {
    let is_own = |name: &str| {
        !name.eq_ignore_ascii_case("SourceType") && !COMMON_SETTINGS.iter().any(|common| common.is_named(name))
    };
    match entry.settings().iter().find(|setting| is_own(&setting.name)) {
        Some(setting) => (entry.setting_path(&setting.name), entry.setting_origin(&setting.name)),
        None => (entry.path().to_owned(), entry.origin().clone()),
    }
}

/// A credential, and how it went to an authority.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    pub(crate) candidate: &'a Candidate,
    /// Where it was one.
    pub(crate) assertion: Option<&'a Secret>,
    pub(crate) kind: AuthorityKind,
}

impl Presented<'_> {
    /// What the authority compares with what is registered there.
    fn said(&self) -> Option<String> {
        match &self.candidate.credential {
            Credential::Secret(_) => self.is_registered_with_method().then(|| {
                let method = self.candidate.presentation.client_authentication;
                let method = method.unwrap_or(ClientAuthenticationMethod::SecretPost);
                format!("the secret is sent by {} (ClientAuthenticationMethod)", method.as_str())
            }),
            Credential::Certificate(certificate) => {
                let facts = certificate.facts();
                let (subject, thumbprint) = (&facts.subject, facts.thumbprint());
                let signs = self.algorithm(certificate).map(|name| format!("; it signs with {name} (Algorithm)"));
                let signs = signs.unwrap_or_default();
                Some(format!("the certificate has the subject {subject:?} and the thumbprint {thumbprint}{signs}"))
            }
            Credential::Assertion(_) => {
                let claims = Claims::read(self.assertion?)?;
                let text = |name: &str| claims.text(name).unwrap_or_else(|| "none".to_owned());
                Some(format!(
                    "the assertion has the issuer {}, the subject {} and the audience {}",
                    text("iss"),
                    text("sub"),
                    text("aud")
                ))
            }
            _ => None,
        }
    }

    /// Other providers than Microsoft's register a client with one way to authenticate.
    fn is_registered_with_method(&self) -> bool {
        self.kind == AuthorityKind::Oidc
    }

    fn algorithm(&self, certificate: &CertificateCredential) -> Option<SigningAlgorithm> {
        let wanted = self.candidate.presentation.algorithm;
        let algorithm = client_assertion::algorithm(certificate, self.kind, wanted).ok();
        algorithm.filter(|_| self.is_registered_with_method())
    }
}

fn user(assertion: &Secret) -> Vec<Led> {
    let audience = Claims::read(assertion).and_then(|claims| claims.text("aud"));
    let audience = audience.map(|audience| format!(" for the audience {audience}")).unwrap_or_default();
    vec![Led::given(format!("the user's token came in with the call{audience}"))]
}
