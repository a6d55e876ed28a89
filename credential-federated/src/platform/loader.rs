//! One entry of a platform's source: its token is the assertion.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::credential::Assertion;
use credential_core::source::LoadReason;
use credential_core::{
    BindContext, Credential, CredentialDescription, CredentialLoader, Finding, LoadRequest, SourceError,
};

use super::{Asking, Checked, Platform, Words, check};
use crate::audience;

/// A token that ends sooner is asked for anew: it must live until the authority has read it. Those of some platforms
/// live for 5 minutes.
const MARGIN: Duration = Duration::from_secs(60);

/// One entry: asks its platform when it is loaded, keeps the token until its `exp` is near, and looks at it before
/// it is sent. The chain shares one load among however many callers, and bounds and guards it; after a refusal the
/// platform is asked once more, and the same token again is not sent again.
pub(crate) struct Tokens<P> {
    platform: P,
    /// Whom the token must be meant for.
    audience: String,
    kept: Mutex<Option<Checked>>,
}

impl<P: Platform + 'static> Tokens<P> {
    /// The loader of an entry, for the audience that the entry or the application's cloud has.
    pub(crate) fn loader(
        entry: &CredentialDescription,
        cx: &BindContext<'_>,
        platform: P,
    ) -> Arc<dyn CredentialLoader> {
        let audience = audience::of_entry(entry, cx.application()).to_owned();
        Arc::new(Self { platform, audience, kept: Mutex::default() })
    }

    /// What is kept, where it has not ended within that time.
    fn kept(&self, now: SystemTime, margin: Duration) -> Option<Checked> {
        let soon = now.checked_add(margin)?;
        self.lock().clone().filter(|kept| kept.facts.expires_on.is_some_and(|end| end > soon))
    }

    async fn ask(&self, request: &LoadRequest<'_>) -> Result<Checked, SourceError> {
        let asking = Asking { audience: &self.audience, deadline: request.deadline, world: request.world };
        // A part of the load, which the chain bounds and guards.
        let token = self.platform.token(&asking).await?;
        let words = Words::of_platform(format!("the token of {}", self.platform.name()));
        let checked = check(token, &words, request.world.clock.now())?;
        checked.is_for(&self.audience, &words, request.application, || self.platform.other_audience(&self.audience))?;
        if self.platform.is_kept() {
            *self.lock() = Some(checked.clone());
        }
        Ok(checked)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Checked>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn credential(&self, checked: Checked) -> Credential {
        let name = self.platform.name();
        let ends = checked.facts.expires_on;
        let findings = ends.is_none().then(|| {
            Finding::warning("assertion-without-expiry", format!("the token of {name} does not say when it ends"))
                .remedy("let its issuer put an exp claim into it; Microsoft Entra refuses it without one")
        });
        let assertion = Assertion::new(checked.token, ends);
        Credential::assertion(format!("token of {name}"), assertion).with_findings(findings.into_iter().collect())
    }
}

#[async_trait]
impl<P: Platform + 'static> CredentialLoader for Tokens<P> {
    /// # Errors
    /// As [`Platform::token`]; `Invalid` for what is no JWT, has ended, or is meant for somebody else.
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let now = || request.world.clock.now();
        let refused = request.reason == LoadReason::Rejected;
        let kept = |margin| if refused { None } else { self.kept(now(), margin) };
        let checked = match kept(MARGIN) {
            Some(kept) => kept,
            None => match self.ask(request).await {
                Ok(checked) => checked,
                Err(error) => {
                    let Some(kept) = kept(Duration::ZERO) else { return Err(error) };
                    let platform = self.platform.name();
                    tracing::warn!(platform, error = %error, "a token could not be renewed; it has not ended yet");
                    kept
                }
            },
        };
        Ok(request.unchanged(self.credential(checked)))
    }
}

impl<P: fmt::Debug> fmt::Debug for Tokens<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("platform", &self.platform)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}
