//! What tokens are for: the resources that the emulator knows, and the scopes that name them.

use super::refusal::Refusal;

/// Scopes of OpenID Connect, which name no resource.
const OIDC_SCOPES: [&str; 4] = ["openid", "profile", "offline_access", "email"];
/// The resource of scopes without one.
pub(crate) const GRAPH: &str = "https://graph.microsoft.com";

/// An API that tokens can be asked for.
#[derive(Clone, Debug)]
pub struct EmulatedResource {
    pub(crate) identifier: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) roles: Vec<String>,
}

impl EmulatedResource {
    /// A resource by its identifier (`api://orders`): the `aud` of its tokens.
    pub fn new(identifier: impl Into<String>) -> Self {
        Self { identifier: identifier.into(), scopes: Vec::new(), roles: Vec::new() }
    }

    /// Adds a delegated permission that users and apps have consented to.
    #[must_use]
    pub fn scope(mut self, name: impl Into<String>) -> Self {
        self.scopes.push(name.into());
        self
    }

    /// Adds an application permission: every app token has it among its `roles`.
    #[must_use]
    pub fn role(mut self, name: impl Into<String>) -> Self {
        self.roles.push(name.into());
        self
    }

    /// What is there without being said: Microsoft Graph and the emulator's own API.
    pub(crate) fn defaults(api_audience: &str) -> Vec<Self> {
        vec![
            Self::new(GRAPH).scope("User.Read").scope("Mail.Read").role("User.Read.All"),
            Self::new(api_audience).scope("access_as_user").role("access_as_application"),
        ]
    }

    /// Whether that names this resource: in any case, with or without a slash at the end.
    pub(crate) fn is(&self, identifier: &str) -> bool {
        self.identifier.trim_end_matches('/').eq_ignore_ascii_case(identifier.trim_end_matches('/'))
    }
}

/// What a `scope` parameter asks for.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) resource: &'a EmulatedResource,
    /// The permissions by their short names; empty for `.default`.
    pub(crate) scopes: Vec<&'a str>,
    /// The OpenID Connect scopes beside them.
    pub(crate) oidc: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    /// Reads a `scope` parameter.
    ///
    /// # Errors
    /// 28000 for several resources, 500011 for an unknown one, 70011 for a scope that it does not
    /// have, for `.default` beside others, and for none.
    pub(crate) fn read(scope: &'a str, resources: &'a [EmulatedResource], tenant: &str) -> Result<Self, Refusal> {
        let (oidc, named): (Vec<&str>, Vec<&str>) =
            scope.split_ascii_whitespace().partition(|one| OIDC_SCOPES.contains(&one.to_ascii_lowercase().as_str()));
        let mut resource: Option<&EmulatedResource> = None;
        let (mut scopes, mut whole) = (Vec::new(), false);
        for one in &named {
            let (identifier, name) = one.rsplit_once('/').unwrap_or((GRAPH, one));
            let found = resources.iter().find(|known| known.is(identifier));
            let found = found.ok_or_else(|| Refusal::unknown_resource(identifier, tenant))?;
            if resource.is_some_and(|other| other.identifier != found.identifier) {
                return Err(Refusal::several_resources(scope));
            }
            resource = Some(found);
            if name.eq_ignore_ascii_case(".default") {
                whole = true;
            } else {
                let known = found.scopes.iter().find(|known| known.eq_ignore_ascii_case(name));
                scopes.push(known.ok_or_else(|| Refusal::bad_scope(one))?.as_str());
            }
        }
        match resource {
            Some(resource) if !whole || scopes.is_empty() => Ok(Self { resource, scopes, oidc }),
            _ => Err(Refusal::bad_scope(scope)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_one_resource_and_what_it_has() {
        let resources = EmulatedResource::defaults("api://demo");
        let read = |scope| {
            Asked::read(scope, &resources, "contoso.example")
                .map(|asked| (asked.resource.identifier.clone(), asked.scopes.join(" ")))
        };
        let graph = GRAPH.to_owned();
        assert_eq!(read("https://graph.microsoft.com/.default").unwrap(), (graph.clone(), String::new()));
        assert_eq!(read("user.read openid mail.read").unwrap(), (graph, "User.Read Mail.Read".to_owned()));
        assert_eq!(read("API://demo//.default").unwrap(), ("api://demo".to_owned(), String::new()));
        for (scope, code) in [
            ("https://graph.microsoft.com/.default api://demo/.default", 28000),
            ("api://nobody/.default", 500_011),
            ("api://demo/nothing", 70011),
            ("user.read https://graph.microsoft.com/.default", 70011),
            ("openid", 70011),
            ("", 70011),
        ] {
            assert_eq!(read(scope).unwrap_err().code(), code, "{scope}");
        }
    }
}
