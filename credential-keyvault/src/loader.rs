//! One entry, bound: when it looks at its vault, and how long that may take.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::source::LoadReason;
use credential_core::{Credential, CredentialLoader, LoadRequest, SourceError};

use crate::load::load;
use crate::session::{Context, Session};
use crate::watch::Watch;

/// How long a look for a newer version may take while the credential there still stands; doubled each
/// time in a row that it was too short. Less than the chain's grace: the list's next entry is not
/// preferred for a slow vault's sake.
const LOOK: Duration = Duration::from_millis(1500);

#[derive(Debug)]
pub(crate) struct VaultLoader {
    pub(crate) context: Context,
    /// Whether the vault signs even where the key may leave it.
    pub(crate) in_vault: bool,
}

#[async_trait]
impl CredentialLoader for VaultLoader {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let (watch, clock) = (&self.context.watch, &request.world.clock);
        let standing = request
            .previous
            .filter(|_| request.reason == LoadReason::Refresh)
            .filter(|previous| previous.expires_on().is_none_or(|end| end > clock.now()));
        if let Some(previous) = standing
            && watch.loaded().is_some_and(|loaded| loaded.next_look > clock.moment())
        {
            return Ok(previous.clone());
        }
        let deadline = match standing {
            Some(_) => request.deadline.min(clock.moment().after(look(watch))),
            None => request.deadline,
        };
        let application = Arc::new(request.application.clone());
        let session = Session::new(&self.context, &application, request.world, deadline, standing.is_none());
        let work = load(&session, self.in_vault, request.reason, request.previous);
        let result = session.until_deadline(work).await;
        if standing.is_some() && session.remaining().is_zero() {
            watch.note_slow();
        }
        result
    }
}

fn look(watch: &Watch) -> Duration {
    LOOK.saturating_mul(1u32.checked_shl(watch.slow()).unwrap_or(u32::MAX))
}
