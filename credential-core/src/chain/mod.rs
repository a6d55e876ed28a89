//! The list of credentials as one: order, fallback and memory.

mod attempt;
mod backoff;
mod candidate;
mod failback;
mod in_use;
mod lane;
mod memory;
mod policy;
mod present;
mod refusals;
mod search;
mod selection;
mod shared;
mod slot;
mod status;
mod turn;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::registry::Binding;
use crate::source::Application;
use crate::sync::{Mutex, lock};
use crate::world::Moment;
use crate::{Credential, CredentialDescription, CredentialLoader, Finding, SourceError, World};
use failback::Failback;
use selection::Selection;
use shared::Shared;
use slot::{Asking, Slot, WAITS};

pub use attempt::{Accepted, Attempt, ChainError, Outcome, SharedError};
pub use candidate::{Candidate, Verdict};
pub use in_use::InUse;
pub use policy::ChainPolicy;
pub use search::Search;
pub use status::EntryStatus;

/// An ordered list of credentials, tried until the authority accepts one. Cheap to clone; clones share
/// their memory. One chain serves all tenants, scopes and flows of an application.
///
/// The entry that was accepted last is tried first. The others follow by position, so that a better
/// one takes over when it heals: see [`first_accepted`](Self::first_accepted).
#[derive(Clone)]
pub struct CredentialChain {
    shared: Arc<Shared>,
    failback: Arc<Failback>,
}

impl CredentialChain {
    pub(crate) fn new(
        entries: Vec<(usize, Arc<dyn CredentialLoader>, CredentialDescription)>,
        skipped: Vec<(usize, CredentialDescription)>,
        findings: Vec<Finding>,
        binding: Binding<'_>,
    ) -> Self {
        let slots = entries.into_iter().map(|(index, loader, entry)| Arc::new(Slot::new(index, loader, entry)));
        let slots = slots.collect();
        let Binding { world, application, policy, .. } = binding;
        let in_use = Mutex::default();
        let shared = Shared { slots, world, application, policy, findings, skipped, in_use };
        Self { shared: Arc::new(shared), failback: Arc::default() }
    }

    /// The entry at that place alone, with a memory of its own; `None` when there is none or it is skipped.
    pub fn only(&self, index: usize) -> Option<Self> {
        let old = &self.shared;
        let slot = old.slots.iter().find(|slot| slot.index == index)?;
        let binding = Binding::new(old.world.clone()).application(old.application.clone()).policy(old.policy);
        let entries = vec![(index, Arc::clone(&slot.loader), slot.description.clone())];
        Some(Self::new(entries, old.skipped.clone(), old.findings.clone(), binding))
    }

    /// Loads one entry, for tools and for decryption: nothing is presented to anybody. What others load
    /// at the same time is shared.
    ///
    /// # Errors
    /// What the entry's loader says, with the setting's path and place; `Misconfigured` `no-such-entry` when
    /// there is no entry at that place, or it is skipped; `Transient` `deadline` when it takes longer.
    pub async fn load(&self, index: usize, deadline: Moment) -> Result<Credential, SourceError> {
        let shared = &self.shared;
        let Some(slot) = shared.slots.iter().find(|slot| slot.index == index) else {
            let message = format!("entry {index} not found, or it says Skip");
            return Err(SourceError::misconfigured("no-such-entry", message));
        };
        let asking = Asking {
            application: &shared.application,
            authority: &shared.application.authority,
            world: &shared.world,
            timeout: shared.policy.load_timeout,
            anew: true,
        };
        tokio::select! {
            biased;
            loaded = slot.load(asking) => loaded,
            () = shared.world.clock.sleep_until(deadline) => {
                let message = "no answer until the deadline; it is still being loaded";
                let error = SourceError::transient("deadline", message).remedy(WAITS);
                Err(error.placed(&slot.description))
            }
        }
    }

    /// As [`load`](Self::load), with what came of it as an attempt: loaded, failed or skipped. `None` when no
    /// entry stands at that place.
    pub async fn try_load(&self, index: usize, deadline: Moment) -> Option<Attempt> {
        let shared = &self.shared;
        if let Some((_, entry)) = shared.skipped.iter().find(|(place, _)| *place == index) {
            return Some(Attempt::of(index, entry, Outcome::Skipped, None, Duration::ZERO));
        }
        let slot = shared.slots.iter().find(|slot| slot.index == index)?;
        let start = shared.world.clock.moment();
        // Ends at the deadline, whatever the source does.
        let loaded = self.load(index, deadline).await;
        let took = shared.world.clock.moment().since(start);
        let (outcome, credential) = match loaded {
            Ok(credential) => (Outcome::Stopped, Some(credential)),
            Err(error) => (Outcome::Failed(error), None),
        };
        Some(Attempt::of(index, &slot.description, outcome, credential, took))
    }

    /// The loader of an entry, for tests of a single source.
    #[cfg(feature = "testing")]
    pub(crate) fn loader(&self, index: usize) -> Option<Arc<dyn CredentialLoader>> {
        self.shared.slots.iter().find(|slot| slot.index == index).map(|slot| Arc::clone(&slot.loader))
    }

    /// For whom its credentials are.
    pub fn application(&self) -> &Application {
        &self.shared.application
    }

    /// What was noteworthy when the list was bound: warnings and hints.
    pub fn findings(&self) -> &[Finding] {
        &self.shared.findings
    }

    /// The entries that are tried, with their places in the list.
    pub fn entries(&self) -> impl Iterator<Item = (usize, &CredentialDescription)> {
        self.shared.slots.iter().map(|slot| (slot.index, &slot.description))
    }

    /// The entries that say `Skip`.
    pub fn skipped(&self) -> impl Iterator<Item = (usize, &CredentialDescription)> {
        self.shared.skipped.iter().map(|(index, description)| (*index, description))
    }

    /// The outside world that the sources see.
    pub fn world(&self) -> &World {
        &self.shared.world
    }

    /// Which entry is in use; `None` until one was accepted.
    pub fn in_use(&self) -> Option<InUse> {
        lock(&self.shared.in_use).current().cloned()
    }

    /// What is known of each entry, by position. No I/O.
    pub fn status(&self) -> Vec<EntryStatus> {
        let (clock, in_use) = (&self.shared.world.clock, self.shared.in_use_index());
        let now = clock.moment();
        let until = |slot: &Slot| {
            let until = slot.memory().left_alone_until(now)?;
            clock.now().checked_add(until.since(now))
        };
        let slots = self.shared.slots.iter();
        slots
            .map(|slot| {
                let (refusal, refused_everywhere) = slot.last_refusal().unzip();
                EntryStatus {
                    index: slot.index,
                    source_type: slot.description.source_type().clone(),
                    credential: slot.newest(),
                    failure: slot.last_failure(),
                    refusal,
                    refused_everywhere: refused_everywhere.unwrap_or_default(),
                    left_alone_until: until(slot),
                    in_use: in_use == Some(slot.index),
                }
            })
            .collect()
    }

    /// Tries the credentials until `attempt` accepts one.
    ///
    /// The entry in use comes first, then the others by position whose back-off has ended. A source
    /// that is quiet lets the next one start loading beside it ([`ChainPolicy::patience`]); its place
    /// is kept for it until its [`ChainPolicy::grace`] is over. A refused credential is loaded again
    /// once; other material gets one more attempt before the next entry's turn. When an entry that is
    /// not the first was accepted, the better-placed ones are tried behind the caller's back.
    ///
    /// Cancel-safe: a dropped caller ends no load that others wait for.
    ///
    /// # Errors
    /// [`ChainError::Stopped`] when `attempt` says so; [`ChainError::Exhausted`] when every entry
    /// failed or was refused, or the deadline has come: at once, with the remembered errors, while all
    /// of them are in back-off, unless the search is for a credential [`anew`](Search::anew).
    pub async fn first_accepted<T, E, A, F>(&self, search: Search<'_>, attempt: A) -> Result<Accepted<T>, ChainError<E>>
    where
        T: Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
        A: Fn(Candidate) -> F + Send + Sync + 'static,
        F: Future<Output = Verdict<T, E>> + Send + 'static,
    {
        let attempt = Arc::new(attempt);
        let (result, lost) = Selection::new(&self.shared, search, &*attempt).run().await;
        if let Ok(accepted) = &result {
            self.failback.start(&self.shared, accepted.index, &lost, search.authority, attempt);
        }
        result
    }
}

impl fmt::Debug for CredentialChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.shared.slots.iter().map(|slot| slot.description.source_type()).collect();
        f.debug_struct("CredentialChain").field("sources", &names).field("in_use", &self.in_use()).finish()
    }
}
