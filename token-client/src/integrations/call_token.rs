//! A token for one call alone.

use std::fmt;
use std::sync::Arc;

use crate::TokenSource;

/// Whose token one request is sent with, in the place of the stack's own: put it into the request's extensions. For
/// calls on behalf of users, and for tenants of many.
///
/// ```
/// # fn example(client: token_client::TokenClient, incoming: &str) -> Result<(), Box<dyn std::error::Error>> {
/// use token_client::TokenRequest;
/// use token_client::integrations::CallToken;
///
/// let token = client.token_source(TokenRequest::on_behalf_of(incoming, ["api://orders/read"]));
/// let request = http::Request::get("https://orders.contoso.com/mine").extension(CallToken::of(token)).body(())?;
/// # let _ = request; Ok(()) }
/// ```
#[derive(Clone)]
pub struct CallToken(Arc<dyn TokenSource>);

impl CallToken {
    /// The tokens of that source.
    pub fn of(source: impl TokenSource + 'static) -> Self {
        Self(Arc::new(source))
    }

    pub(super) fn source(&self) -> &Arc<dyn TokenSource> {
        &self.0
    }
}

/// That there is one.
impl fmt::Debug for CallToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallToken").finish_non_exhaustive()
    }
}
