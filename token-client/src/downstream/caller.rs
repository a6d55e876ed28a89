//! Whom a call is made for: the call and the section say it together, and nothing is guessed.

use credential_core::{Finding, Secret};

use super::DownstreamCall;
use crate::ManagedIdentityId;
use crate::settings::scopes::{self, is_default};
use crate::settings::{DownstreamOptions, Located, ManagedIdentityOptions, codes};

/// Whom a call is made for. There is no default: the call says it, or its section.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caller {
    /// The application itself, with its own rights.
    Application,
    /// The user whose token came in, with that user's rights.
    User(Secret),
    /// A managed identity of the machine, with its own rights, in place of the application.
    ManagedIdentity(ManagedIdentityId),
}

/// Whom a call is made for, by what the call and its section say; `None` for an API that is called without
/// a token.
///
/// # Errors
/// When both say something and it is not the same, and when neither says it.
pub(crate) fn resolve(options: &DownstreamOptions, said: &[Caller]) -> Result<Option<Caller>, Box<Finding>> {
    let caller = match said {
        [] if options.is_anonymous() => return Ok(None),
        _ if options.is_anonymous() => return Err(for_nobody(options)),
        [] => None,
        [one] => Some(one),
        _ => return Err(several(said)),
    };
    let identity = options.managed_identity();
    if let (Some(identity), Some(Caller::User(_))) = (identity, caller) {
        return Err(identity_and_user(options, identity));
    }
    let as_application = options.request_app_token.as_ref().map(|flag| flag.value).or(identity.map(|_| true));
    match (caller, as_application) {
        (Some(Caller::User(_)), Some(true)) => Err(user_given(options)),
        (Some(Caller::User(user)), _) => Ok(Some(Caller::User(user.clone()))),
        (Some(one), Some(false)) => Err(application_ruled_out(one, options)),
        (Some(_), _) | (None, Some(true)) => match scopes::check_app_token(options.scope_list()) {
            Ok(()) => Ok(Some(caller.cloned().unwrap_or(Caller::Application))),
            Err(finding) => Err(at(*finding, options.scopes.as_ref(), options)),
        },
        (None, Some(false)) => {
            Err(needs_user("\"RequestAppToken\" is false", options.request_app_token.as_ref(), options))
        }
        (None, None) if has_delegated_scopes(options) => {
            Err(needs_user("its scopes are delegated", options.scopes.as_ref(), options))
        }
        (None, None) => Err(app_or_user(options)),
    }
}

/// Whether a scope is there that only a user can grant.
fn has_delegated_scopes(options: &DownstreamOptions) -> bool {
    options.scope_list().iter().flat_map(|scope| scope.split_whitespace()).any(|scope| !is_default(scope))
}

/// How a call is made, and what says so.
fn words(caller: &Caller) -> (&'static str, &'static str) {
    match caller {
        Caller::Application => ("as the application", "as_app()"),
        Caller::User(_) => ("on behalf of a user", "on_behalf_of(..)"),
        Caller::ManagedIdentity(_) => ("with a managed identity", "managed_identity(..)"),
    }
}

fn several(said: &[Caller]) -> Box<Finding> {
    let mut ways: Vec<(&str, &str)> = said.iter().map(words).collect();
    ways.dedup();
    let message = match ways.as_slice() {
        [_] if matches!(said, [Caller::User(_), ..]) => "the call is made on behalf of two different users".to_owned(),
        [_] => "the call is made with two different managed identities".to_owned(),
        _ => {
            let how: Vec<&str> = ways.iter().map(|(how, _)| *how).collect();
            format!("the call is made {} at the same time", how.join(" and "))
        }
    };
    let methods: Vec<&str> = ways.iter().map(|(_, method)| *method).collect();
    Box::new(Finding::error(codes::CALLER_CONFLICT, message).remedy(format!("use {}, once", methods.join(" or "))))
}

/// What says how the application's token is asked for means nothing beside a managed identity.
pub(crate) fn check_identity(call: &DownstreamCall) -> Result<(), Box<Finding>> {
    let said = [("tenant(..)", call.tenant.is_some()), ("fmi_path(..)", call.asked.fmi_path.is_some())];
    let Some((method, _)) = said.into_iter().find(|(_, is_said)| *is_said) else { return Ok(()) };
    let message = format!("{method} has no effect with a managed identity: the machine's host gives the token");
    Err(Box::new(Finding::error(codes::WITHOUT_EFFECT, message).remedy("leave it out, or call as the application")))
}

fn for_nobody(options: &DownstreamOptions) -> Box<Finding> {
    let message = format!("{} is called without a token, and the call says whom the token is for", options.name);
    let remedy = "remove \"Anonymous\": true and add Scopes, or leave out as_app(), on_behalf_of(..) and \
                  managed_identity(..)";
    at(Finding::error(codes::CALLER_CONFLICT, message).remedy(remedy), options.anonymous.as_ref(), options)
}

fn user_given(options: &DownstreamOptions) -> Box<Finding> {
    let message = format!(
        "{} is called as the application (\"RequestAppToken\": true), and the call brings a user's token",
        options.name
    );
    let remedy = "remove RequestAppToken to call on behalf of the user, or leave out on_behalf_of(..) to \
                  call as the application";
    at(Finding::error(codes::CALLER_CONFLICT, message).remedy(remedy), options.request_app_token.as_ref(), options)
}

fn identity_and_user(options: &DownstreamOptions, identity: &ManagedIdentityOptions) -> Box<Finding> {
    let message = format!("{} is called with a managed identity, and the call brings a user's token", options.name);
    let remedy = "remove ManagedIdentity to call on behalf of the user, or leave out on_behalf_of(..) \
                  (--user-assertion) to call with the identity";
    let finding = Finding::error(codes::CALLER_CONFLICT, message).remedy(remedy);
    Box::new(finding.at(&identity.path, options.origin.clone()))
}

fn application_ruled_out(caller: &Caller, options: &DownstreamOptions) -> Box<Finding> {
    let (how, method) = words(caller);
    let message = format!(
        "{} is called on behalf of users (\"RequestAppToken\": false), and the call is made {how}",
        options.name
    );
    let remedy = format!(
        "write \"RequestAppToken\": true or remove it to call {how}, or use on_behalf_of(..) instead of {method}"
    );
    at(Finding::error(codes::CALLER_CONFLICT, message).remedy(remedy), options.request_app_token.as_ref(), options)
}

fn needs_user<T>(why: &str, setting: Option<&Located<T>>, options: &DownstreamOptions) -> Box<Finding> {
    let message = format!("{} is called on behalf of a user ({why}), and no user's token came in", options.name);
    let remedy = "use on_behalf_of(..); for the application, write \
                  \"Scopes\": [\"RESOURCE/.default\"] and \"RequestAppToken\": true";
    at(Finding::error(codes::NEEDS_USER, message).remedy(remedy), setting, options)
}

fn app_or_user(options: &DownstreamOptions) -> Box<Finding> {
    let message =
        format!("nothing says whom {} is called for: .default is for the application and for users", options.name);
    let remedy = "add \"RequestAppToken\": true or use as_app() for the application, or use \
                  on_behalf_of(..) for a user";
    at(Finding::error(codes::APP_OR_USER, message).remedy(remedy), None::<&Located<bool>>, options)
}

/// At a setting of the section, or at the section where the setting is missing.
fn at<T>(finding: Finding, setting: Option<&Located<T>>, options: &DownstreamOptions) -> Box<Finding> {
    Box::new(match setting {
        Some(located) => finding.at(&located.path, located.origin.clone()),
        None => finding.at(&options.path, options.origin.clone()),
    })
}
