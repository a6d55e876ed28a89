//! Whether a credential can be presented as its entry says, and to such an authority.

use credential_core::source::Presentation;
use credential_core::{Credential, SourceError};

use super::client_assertion;
use crate::authority::AuthorityKind;

/// What the entry says of presenting is for the kind of credential that it gives, and a certificate's key can
/// sign what such an authority takes.
///
/// # Errors
/// `Misconfigured`, naming the setting that is for another kind of credential or names an algorithm that cannot
/// be; `Invalid` for a key that the authority does not take.
pub(crate) fn check(
    credential: &Credential,
    presentation: Presentation,
    kind: AuthorityKind,
) -> Result<(), SourceError> {
    let algorithm = presentation.algorithm.is_some() && !matches!(credential, Credential::Certificate(_));
    let method = presentation.client_authentication.is_some() && !matches!(credential, Credential::Secret(_));
    let (setting, of) = match (algorithm, method, credential) {
        (true, _, _) => ("Algorithm", "a certificate"),
        (_, true, _) => ("ClientAuthenticationMethod", "a client secret"),
        (_, _, Credential::Certificate(certificate)) => {
            return client_assertion::algorithm(certificate, kind, presentation.algorithm).map(drop);
        }
        _ => return Ok(()),
    };
    let message = format!("{setting} is for {of}, and this entry gives another kind of credential");
    let error = SourceError::misconfigured("setting-does-not-apply", message).about(setting);
    Err(error.remedy(format!("remove {setting}")))
}
