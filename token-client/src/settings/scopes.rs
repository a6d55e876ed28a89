//! What a list of scopes asks for, and whether one token can be that.

use credential_core::Finding;

use super::codes;

/// The resource that a scope without one belongs to.
const GRAPH: &str = "https://graph.microsoft.com";

/// Scopes of OpenID Connect, which belong to no resource.
const OPEN_ID: [&str; 5] = ["openid", "profile", "email", "offline_access", "address"];

/// Whether the scope asks for what the application was granted, `RESOURCE/.default`.
pub(crate) fn is_default(scope: &str) -> bool {
    let start = scope.len().saturating_sub("/.default".len());
    scope.get(start..).is_some_and(|end| end.eq_ignore_ascii_case("/.default"))
}

/// The resource of a scope: what stands before its last `/`. `None` for the scopes of OpenID Connect.
pub(crate) fn resource(scope: &str) -> Option<&str> {
    if OPEN_ID.iter().any(|known| known.eq_ignore_ascii_case(scope)) {
        return None;
    }
    match scope.rsplit_once('/') {
        Some((resource, _)) if !resource.ends_with(":/") && !resource.is_empty() => Some(resource),
        _ if scope.contains("://") => Some(scope),
        _ => Some(GRAPH),
    }
}

/// The different resources of the scopes, in order; a slash at the end makes none different.
pub(crate) fn resources(scopes: &[String]) -> Vec<&str> {
    let mut list: Vec<&str> = Vec::new();
    for found in scopes.iter().filter_map(|scope| resource(scope)) {
        let found = found.trim_end_matches('/');
        if !list.iter().any(|known| known.eq_ignore_ascii_case(found)) {
            list.push(found);
        }
    }
    list
}

/// The one scope of an app token.
///
/// # Errors
/// A finding without a place: no scope; a delegated scope; several resources. Never for text before
/// `/.default` that the authority may refuse.
pub(crate) fn app_scope(scopes: &[String]) -> Result<&str, Box<Finding>> {
    check_app_token(scopes)?;
    let first = scopes.iter().map(|scope| scope.trim()).find(|scope| !scope.is_empty());
    first.ok_or_else(|| no_scope("an app token"))
}

fn no_scope(what: &str) -> Box<Finding> {
    Box::new(
        Finding::error(codes::NO_SCOPES, format!("Scopes is missing: {what} has nothing to be asked for"))
            .remedy("name one: https://graph.microsoft.com/.default"),
    )
}

/// Checks the scopes of an app token.
///
/// # Errors
/// A finding without a place, as [`app_scope`] gives it.
pub(crate) fn check_app_token(scopes: &[String]) -> Result<(), Box<Finding>> {
    if scopes.iter().all(|scope| scope.trim().is_empty()) {
        return Err(no_scope("an app token"));
    }
    let words: Vec<String> = scopes.iter().flat_map(|scope| scope.split_whitespace()).map(str::to_owned).collect();
    if let Some(delegated) = words.iter().find(|scope| !is_default(scope)) {
        let resource = resource(delegated).unwrap_or(GRAPH);
        return Err(Box::new(
            Finding::error(
                codes::DELEGATED_SCOPE_FOR_APP_TOKEN,
                format!(
                    "{delegated:?} is a delegated scope: an app token is asked for with a scope that ends in /.default"
                ),
            )
            .remedy(format!("write \"{resource}/.default\", or ask on behalf of a user (without RequestAppToken)")),
        ));
    }
    one_resource(&words)
}

/// Checks the scopes of a token on behalf of a user.
///
/// # Errors
/// A finding without a place: no scope; several resources; `.default` beside other scopes.
pub(crate) fn check_user_token(scopes: &[String]) -> Result<(), Box<Finding>> {
    let words: Vec<String> = scopes.iter().flat_map(|scope| scope.split_whitespace()).map(str::to_owned).collect();
    if words.is_empty() {
        return Err(no_scope("a token"));
    }
    one_resource(&words)?;
    let (default, others): (Vec<&String>, Vec<&String>) =
        words.iter().filter(|scope| resource(scope).is_some()).partition(|scope| is_default(scope));
    match (default.first(), others.first()) {
        (Some(default), Some(other)) => Err(Box::new(
            Finding::error(
                codes::DEFAULT_WITH_OTHER_SCOPES,
                format!("{default:?} stands beside {other:?}: the authority takes one or the other"),
            )
            .remedy("keep .default alone, or the delegated scopes alone"),
        )),
        _ => Ok(()),
    }
}

/// The scopes of a token on behalf of a user as they are sent: with those that bring a refresh token
/// and an id token, sorted, each once.
pub(crate) fn user_scopes(scopes: &[String]) -> Vec<String> {
    let given = scopes.iter().flat_map(|scope| scope.split_whitespace());
    let mut list: Vec<String> = given.chain(["openid", "profile", "offline_access"]).map(str::to_owned).collect();
    list.sort_by_cached_key(|scope| (scope.to_lowercase(), scope.clone()));
    list.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
    list
}

fn one_resource(scopes: &[String]) -> Result<(), Box<Finding>> {
    let resources = resources(scopes);
    if let Some(resource) = resources.iter().find(|resource| is_default(resource)) {
        let finding =
            Finding::error(codes::WRONG_VALUE, format!("\"{resource}/...\": .default stands in the resource"));
        return Err(Box::new(finding.remedy(format!("write \"{resource}\""))));
    }
    if resources.len() < 2 {
        return Ok(());
    }
    Err(Box::new(
        Finding::error(
            codes::SEVERAL_RESOURCES,
            format!("the scopes are for several resources ({}): a token is for one", resources.join(", ")),
        )
        .remedy("write one section, or ask for one token, for each"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(scopes: &[&str]) -> Vec<String> {
        scopes.iter().map(|scope| (*scope).to_owned()).collect()
    }

    #[test]
    fn an_app_token_is_for_the_default_scope_of_one_resource() {
        for (scopes, code) in [
            (&["https://graph.microsoft.com/.default"][..], None),
            (&["api://app/.DEFAULT"], None),
            (&["11111111-2222-3333-4444-555555555555/.default"], None),
            (&["https://a//.default", "https://a/.default"], None),
            (&[], Some(codes::NO_SCOPES)),
            (&["", " "], Some(codes::NO_SCOPES)),
            (&["https://a/.default/.default"], Some(codes::WRONG_VALUE)),
            (&["User.Read"], Some(codes::DELEGATED_SCOPE_FOR_APP_TOKEN)),
            (&["https://a/.default", "https://b/User.Read"], Some(codes::DELEGATED_SCOPE_FOR_APP_TOKEN)),
            (&["https://a/.default https://b/.default"], Some(codes::SEVERAL_RESOURCES)),
            (&["https://a/.default", "https://b/.default"], Some(codes::SEVERAL_RESOURCES)),
        ] {
            assert_eq!(app_scope(&owned(scopes)).err().map(|finding| finding.code), code, "{scopes:?}");
        }
    }

    #[test]
    fn a_user_token_is_for_one_resource() {
        for (scopes, code) in [
            (&["User.Read", "https://graph.microsoft.com/Mail.Read", "openid"][..], None),
            (&["https://graph.microsoft.com/.default", "offline_access"], None),
            (&["https://graph.microsoft.com/.default", "User.Read"], Some(codes::DEFAULT_WITH_OTHER_SCOPES)),
            (&["User.Read", "api://x/read"], Some(codes::SEVERAL_RESOURCES)),
            (&[], Some(codes::NO_SCOPES)),
        ] {
            assert_eq!(check_user_token(&owned(scopes)).err().map(|finding| finding.code), code, "{scopes:?}");
        }
    }

    #[test]
    fn a_delegated_scope_for_an_app_token_is_told_what_to_write() {
        let said = app_scope(&owned(&["api://x/access_as_user"])).unwrap_err().to_string();
        assert!(said.contains("api://x/.default") && said.contains("RequestAppToken"), "{said}");
    }
}
