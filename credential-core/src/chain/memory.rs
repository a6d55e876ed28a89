//! What is known of one entry of a chain: what it gave, what was accepted, what failed.

use std::time::Duration;

use super::backoff;
use super::refusals::{Refusal, Refusals};
use super::slot::{Asking, LoadFlight, LoadResult};
use crate::chain::SharedError;
use crate::credential::Presented;
use crate::world::Moment;
use crate::{Credential, SourceError, World};

/// Longest that an accepted credential's refusal counts as surprising.
const SURPRISE: Duration = Duration::from_secs(60);
/// The most exchanges at once that present a credential which nobody has spoken on yet: whoever comes
/// behind a wrong one waits for the verdict instead of repeating it.
const MAX_PROBES: usize = 2;

#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// What the source gave last.
    pub(crate) newest: Option<Credential>,
    /// What the authority accepted last; kept until it accepts a newer one.
    accepted: Option<AcceptedCredential>,
    /// What an authority has spoken on last, for or against.
    judged: Option<Presented>,
    probes: usize,
    /// Why there was nothing to present.
    failure: Option<Failure>,
    /// Why what there was could not be presented; cleared by an acceptance.
    unpresentable: Option<Failure>,
    pub(crate) refusals: Refusals,
    pub(crate) flight: Option<LoadFlight>,
}

#[derive(Debug)]
struct AcceptedCredential {
    credential: Credential,
    authority: String,
    at: Moment,
}

#[derive(Debug, Clone)]
struct Failure {
    error: SourceError,
    streak: u32,
    until: Moment,
}

impl Failure {
    fn after(last: Option<&Self>, error: SourceError, world: &World) -> Self {
        let streak = last.map_or(1, |failure| failure.streak.saturating_add(1));
        let until = backoff::after_failure(&error, streak, world.clock.moment(), world.jitter());
        Self { error, streak, until }
    }
}

/// What a loaded credential is worth.
#[derive(Debug)]
pub(crate) enum Worth {
    /// Try it; the error says why it is not a newer one.
    Try(Presented, Option<SourceError>),
    /// It was refused, and a look for other material found none.
    Refused(Refusal),
    /// Another exchange had it refused while this one loaded it: look for other material.
    Outdated(Refusal),
}

impl Memory {
    pub(crate) fn fail(&mut self, error: SourceError, world: &World) {
        self.failure = Some(Failure::after(self.failure.as_ref(), error, world));
    }

    /// What was loaded could not be presented.
    pub(crate) fn fail_presenting(&mut self, error: SourceError, world: &World) {
        self.unpresentable = Some(Failure::after(self.unpresentable.as_ref(), error, world));
    }

    /// What a load gave.
    pub(crate) fn loaded(&mut self, credential: &Credential) {
        self.failure = None;
        if self.newest.as_ref().is_some_and(|old| !old.same_material(credential)) {
            self.unpresentable = None;
        }
        self.newest = Some(credential.clone());
    }

    /// Why the entry failed last, for reports.
    pub(crate) fn last_failure(&self) -> Option<SourceError> {
        let failure = self.failure.as_ref().or(self.unpresentable.as_ref());
        failure.map(|failure| failure.error.clone())
    }

    /// Why the entry is left alone now, if it is.
    pub(crate) fn back_off(&self, world: &World) -> Option<SourceError> {
        let now = world.clock.moment();
        let standing = |failure: &&Failure| failure.until > now;
        let load = || self.failure.as_ref().filter(|_| self.usable(world).is_none());
        let failure = self.unpresentable.as_ref().filter(standing).or_else(|| load().filter(standing));
        failure.map(|failure| failure.error.clone())
    }

    /// Until when the entry is left alone, for whatever reason, at whichever authority that is last.
    pub(crate) fn left_alone_until(&self, now: Moment) -> Option<Moment> {
        let failed = [self.failure.as_ref(), self.unpresentable.as_ref()];
        let failed = failed.into_iter().flatten().map(|failure| failure.until);
        failed.chain(self.refusals.last().map(|refusal| refusal.until)).filter(|until| *until > now).max()
    }

    /// When the entry is tried again at this authority, if it is left alone; no entry of the list works now, so a
    /// refused credential is tried soon.
    pub(crate) fn next_try(&mut self, authority: &str, now: Moment) -> Option<Moment> {
        let refused = self.refusals.shorten(authority, now);
        let failed = [self.failure.as_ref(), self.unpresentable.as_ref()];
        let failed = failed.into_iter().flatten().map(|failure| failure.until).filter(|until| *until > now);
        failed.chain(refused).max()
    }

    /// What the authority accepted before and has not ended since.
    pub(crate) fn usable(&self, world: &World) -> Option<&Credential> {
        let accepted = &self.accepted.as_ref()?.credential;
        accepted.expires_on().is_none_or(|end| end > world.clock.now()).then_some(accepted)
    }

    /// The failed load that is not repeated yet.
    pub(crate) fn still_failing(&self, world: &World) -> Option<SourceError> {
        let failure = self.failure.as_ref().filter(|failure| failure.until > world.clock.moment())?;
        Some(failure.error.clone())
    }

    /// What the result of a load is worth: a credential that worked before stands in for one that
    /// cannot be had now or was refused.
    pub(crate) fn worth(&self, loaded: LoadResult, asking: Asking<'_>) -> Result<Worth, SourceError> {
        let (world, authority) = (asking.world, asking.authority);
        let credential = match loaded {
            Ok(credential) => credential,
            Err(error) => {
                return match self.usable(world) {
                    Some(old) => Ok(Worth::Try(Presented::loaded(old.clone()), Some(error))),
                    None => Err(error),
                };
            }
        };
        let loaded = Presented::loaded(credential.clone());
        let refusal = self.standing_refusal(&loaded, authority, world).filter(|_| !asking.anew);
        let Some(refusal) = refusal else { return Ok(Worth::Try(loaded, None)) };
        // What its provider has in its cache was refused: what is fresh was not yet.
        if let Some(fresh) = loaded.fresher().filter(|fresh| self.standing_refusal(fresh, authority, world).is_none()) {
            return Ok(Worth::Try(fresh, None));
        }
        let other = |old: &&Credential| !old.same_material(&credential) && !self.is_refused(old, authority, world);
        Ok(match self.usable(world).filter(other) {
            Some(old) => Worth::Try(Presented::loaded(old.clone()), None),
            None if !refusal.looked || self.has_newer(&credential) => Worth::Outdated(refusal.clone()),
            None => Worth::Refused(refusal.clone()),
        })
    }

    fn standing_refusal(&self, presented: &Presented, authority: &str, world: &World) -> Option<&Refusal> {
        self.refusals.of(presented, authority).filter(|refusal| refusal.until > world.clock.moment())
    }

    pub(crate) fn is_refused(&self, credential: &Credential, authority: &str, world: &World) -> bool {
        self.standing_refusal(&Presented::loaded(credential.clone()), authority, world).is_some()
    }

    fn has_newer(&self, than: &Credential) -> bool {
        self.newest.as_ref().is_some_and(|newest| !newest.same_material(than))
    }

    pub(crate) fn note_accepted(&mut self, presented: &Presented, authority: &str, now: Moment) {
        self.judged = Some(presented.clone());
        self.unpresentable = None;
        self.refusals.forget(presented, authority);
        self.accepted = Some(AcceptedCredential {
            credential: presented.credential.clone(),
            authority: authority.to_owned(),
            at: now,
        });
    }

    /// Remembers a refusal, which is this authority's, or holds `everywhere`; gives how long ago the
    /// same authority had accepted the same credential, if not long ago.
    pub(crate) fn note_refused(
        &mut self,
        presented: &Presented,
        error: &SharedError,
        everywhere: bool,
        authority: &str,
        world: &World,
    ) -> Option<Duration> {
        let now = world.clock.moment();
        self.judged = Some(presented.clone());
        self.refusals.note(presented, error, (!everywhere).then_some(authority), now, world.jitter());
        // One authority's word does not take from the others what works for them.
        let before = self.accepted.take_if(|accepted| {
            accepted.credential.same_material(&presented.credential) && (everywhere || accepted.authority == authority)
        })?;
        let ago = now.since(before.at);
        (before.authority == authority && ago <= SURPRISE).then_some(ago)
    }

    /// Whether the credential may be presented now; counts who presents one that nobody has spoken on.
    pub(crate) fn admit(&mut self, presented: &Presented) -> Admission {
        let accepted = self.accepted.as_ref().map(|accepted| &accepted.credential);
        let judged = self.judged.as_ref().map(|judged| &judged.credential);
        if accepted.into_iter().chain(judged).any(|known| known.same_material(&presented.credential)) {
            return Admission::Known;
        }
        if self.probes >= MAX_PROBES {
            return Admission::Wait;
        }
        self.probes += 1;
        Admission::Probe
    }

    pub(crate) fn end_probe(&mut self) {
        self.probes = self.probes.saturating_sub(1);
    }
}

/// Whether a credential may be presented now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// An authority has spoken on it.
    Known,
    /// Nobody has spoken on it: this exchange finds out.
    Probe,
    /// Others are finding out.
    Wait,
}
