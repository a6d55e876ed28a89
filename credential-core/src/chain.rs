//! The list of credentials as one: order, fallback and memory.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::attempt::{Attempt, Outcome};
use crate::failback::Failback;
use crate::in_use::{Acceptance, InUse, InUseTable};
use crate::selection::Selection;
use crate::slot::{Asking, Slot};
use crate::sync::{Mutex, lock};
use crate::{
    Accepted, Application, Binding, ChainError, Credential, CredentialDescription, CredentialLoader, Finding, Moment,
    SharedError, SourceError, SourceType, World,
};

/// What the authority said of one credential.
#[derive(Debug)]
pub enum Verdict<T, E> {
    /// It was accepted; this came of it.
    Accept(T),
    /// This authority refused the credential: look for other material, then go on with the next entry.
    Next(E),
    /// The credential itself is wrong or has ended, whoever is asked: as [`Next`](Self::Next), and it
    /// is presented to no other authority either.
    Invalid(E),
    /// Refused in a way that may pass (an authority of many nodes learns of a credential node by
    /// node): as [`Next`](Self::Next), and when no entry works this one gets a last attempt.
    NextInDoubt(E),
    /// The credential could not be presented: its provider or signer failed. Counts as a failed load.
    Unusable(SourceError),
    /// The answer is not about the credential: end the search, blame no entry.
    Stop(E),
}

/// A credential whose turn it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// The entry's place in the list, from 0.
    pub index: usize,
    /// The credential.
    pub credential: Credential,
    /// What was presented of it was refused: its provider is to be asked for an assertion that is not
    /// from its cache ([`AssertionRequest::fresh`](crate::AssertionRequest::fresh)).
    pub fresh: bool,
    /// When its turn ends: signing, or asking its provider, takes no longer, so that the next entry has time
    /// of its own. What the authority does with it may take until the exchange's deadline.
    pub deadline: Moment,
    /// Nobody waits for this: a better-placed entry is tried behind the callers' back.
    pub background: bool,
}

/// How patient a chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChainPolicy {
    /// A source that has been quiet for this long lets the next one start loading beside it.
    pub patience: Duration,
    /// A source that has been quiet for this long is no longer preferred to a later one that is ready.
    pub grace: Duration,
    /// A load that takes longer has failed.
    pub load_timeout: Duration,
    /// Presenting a credential takes no longer than this while there are others to try; see
    /// [`Candidate::deadline`].
    pub present_timeout: Duration,
}

impl Default for ChainPolicy {
    fn default() -> Self {
        Self {
            patience: Duration::from_millis(300),
            grace: Duration::from_secs(2),
            load_timeout: Duration::from_secs(60),
            present_timeout: Duration::from_secs(10),
        }
    }
}

/// What a credential is looked for with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Search<'a> {
    /// The authority that is asked, with its tenant: what it refuses is refused there.
    pub authority: &'a str,
    /// When the caller stops waiting.
    pub deadline: Moment,
    /// When no entry works, those that are left alone for what happened before are tried all the same.
    pub anew: bool,
}

impl<'a> Search<'a> {
    /// At an authority, until the deadline; what failed a moment ago is left alone.
    pub fn new(authority: &'a str, deadline: Moment) -> Self {
        Self { authority, deadline, anew: false }
    }

    /// Tries what is left alone, too, when nothing else works.
    #[must_use]
    pub fn anew(mut self, anew: bool) -> Self {
        self.anew = anew;
        self
    }
}

/// What is known of one entry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EntryStatus {
    /// The entry's place in the list, from 0.
    pub index: usize,
    /// Its source.
    pub source_type: SourceType,
    /// What its source gave last.
    pub credential: Option<Credential>,
    /// Why its source failed last; cleared when it succeeds.
    pub failure: Option<SourceError>,
    /// Why an authority refused its credential last; cleared when it accepts it.
    pub refusal: Option<SharedError>,
    /// Until when it is left alone for its failure or refusal (of several authorities' the last); `None` when
    /// it is tried at the next exchange.
    pub left_alone_until: Option<SystemTime>,
    /// Whether it is the application's entry in use; see [`CredentialChain::in_use`].
    pub in_use: bool,
}

/// An ordered list of credentials, tried until the authority accepts one. Cheap to clone; clones share
/// their memory. One chain serves all tenants, scopes and flows of an application.
///
/// The entry that was accepted last is tried first. The others follow by position, so that a better
/// one takes over when it heals: see [`first_accepted`](Self::first_accepted).
#[derive(Clone)]
pub struct CredentialChain {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) slots: Vec<Arc<Slot>>,
    pub(crate) world: World,
    pub(crate) application: Application,
    pub(crate) policy: ChainPolicy,
    pub(crate) failback: Failback,
    findings: Vec<Finding>,
    skipped: Vec<(usize, CredentialDescription)>,
    in_use: Mutex<InUseTable>,
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
        let (failback, in_use) = (Failback::default(), Mutex::default());
        let inner = Inner { slots, world, application, policy, failback, findings, skipped, in_use };
        Self { inner: Arc::new(inner) }
    }

    /// The entry at that place alone, with a memory of its own; `None` when there is none or it is skipped.
    pub fn only(&self, index: usize) -> Option<Self> {
        let old = &self.inner;
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
        let inner = &self.inner;
        let Some(slot) = inner.slots.iter().find(|slot| slot.index == index) else {
            let message = format!("there is no entry {index} to load: none stands there, or it says Skip");
            return Err(SourceError::misconfigured("no-such-entry", message));
        };
        let asking = Asking {
            application: &inner.application,
            authority: &inner.application.authority,
            world: &inner.world,
            timeout: inner.policy.load_timeout,
            anew: true,
        };
        tokio::select! {
            biased;
            loaded = slot.load(asking) => loaded,
            () = inner.world.clock.sleep_until(deadline) => {
                let message = "no answer until the deadline; it is still being loaded";
                Err(SourceError::transient("deadline", message).placed(&slot.description))
            }
        }
    }

    /// As [`load`](Self::load), with what came of it as an attempt: loaded, failed or skipped. `None` when no
    /// entry stands at that place.
    pub async fn try_load(&self, index: usize, deadline: Moment) -> Option<Attempt> {
        let inner = &self.inner;
        if let Some((_, entry)) = inner.skipped.iter().find(|(place, _)| *place == index) {
            return Some(Attempt::of(index, entry, Outcome::Skipped, None, Duration::ZERO));
        }
        let slot = inner.slots.iter().find(|slot| slot.index == index)?;
        let start = inner.world.clock.moment();
        let loaded = self.load(index, deadline).await;
        let took = inner.world.clock.moment().since(start);
        let (outcome, credential) = match loaded {
            Ok(credential) => (Outcome::Stopped, Some(credential)),
            Err(error) => (Outcome::Failed(error), None),
        };
        Some(Attempt::of(index, &slot.description, outcome, credential, took))
    }

    /// The loader of an entry, for tests of a single source.
    #[cfg(feature = "testing")]
    pub(crate) fn loader(&self, index: usize) -> Option<Arc<dyn CredentialLoader>> {
        self.inner.slots.iter().find(|slot| slot.index == index).map(|slot| Arc::clone(&slot.loader))
    }

    /// For whom its credentials are.
    pub fn application(&self) -> &Application {
        &self.inner.application
    }

    /// What was noteworthy when the list was bound: warnings and hints.
    pub fn findings(&self) -> &[Finding] {
        &self.inner.findings
    }

    /// The entries that are tried, with their places in the list.
    pub fn entries(&self) -> impl Iterator<Item = (usize, &CredentialDescription)> {
        self.inner.slots.iter().map(|slot| (slot.index, &slot.description))
    }

    /// The entries that say `Skip`.
    pub fn skipped(&self) -> impl Iterator<Item = (usize, &CredentialDescription)> {
        self.inner.skipped.iter().map(|(index, description)| (*index, description))
    }

    /// The outside world that the sources see.
    pub fn world(&self) -> &World {
        &self.inner.world
    }

    /// Which entry is in use; `None` until one was accepted.
    pub fn in_use(&self) -> Option<InUse> {
        lock(&self.inner.in_use).current().cloned()
    }

    /// What is known of each entry, by position. No I/O.
    pub fn status(&self) -> Vec<EntryStatus> {
        let (clock, in_use) = (&self.inner.world.clock, self.inner.in_use_index());
        let now = clock.moment();
        let until = |slot: &Slot| {
            let until = slot.memory().left_alone_until(now)?;
            clock.now().checked_add(until.since(now))
        };
        let slots = self.inner.slots.iter();
        slots
            .map(|slot| EntryStatus {
                index: slot.index,
                source_type: slot.description.source_type().clone(),
                credential: slot.newest(),
                failure: slot.last_failure(),
                refusal: slot.last_refusal(),
                left_alone_until: until(slot),
                in_use: in_use == Some(slot.index),
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
        let (result, lost) = Selection::new(&self.inner, search, &*attempt).run().await;
        if let Ok(accepted) = &result {
            self.inner.failback.start(&self.inner, accepted.index, &lost, search.authority, attempt);
        }
        result
    }
}

impl Inner {
    /// Slots in the order of trying: the one in use at the authority, then by position.
    pub(crate) fn order(&self, authority: &str) -> Vec<Arc<Slot>> {
        let first = lock(&self.in_use).first_for(authority);
        let mut order: Vec<_> = self.slots.iter().map(Arc::clone).collect();
        order.sort_by_key(|slot| (Some(slot.index) != first, slot.index));
        order
    }

    pub(crate) fn skipped(&self) -> &[(usize, CredentialDescription)] {
        &self.skipped
    }

    /// The entry that was accepted is in use from now on; a change is an event.
    pub(crate) fn accept(&self, slot: &Slot, accepted: Acceptance<'_>) {
        let mut in_use = lock(&self.in_use);
        let from = in_use.current().map(|before| before.index);
        let changed = in_use.accept(accepted, self.world.clock.now());
        drop(in_use);
        if changed {
            let (source, why) = (slot.description.source_type(), accepted.why);
            tracing::info!(from, to = slot.index, source = source.as_str(), why, "credential in use changed");
        }
    }

    /// Who is in use now, if anybody.
    pub(crate) fn in_use_index(&self) -> Option<usize> {
        lock(&self.in_use).current().map(|in_use| in_use.index)
    }
}

impl fmt::Debug for CredentialChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.inner.slots.iter().map(|slot| slot.description.source_type()).collect();
        f.debug_struct("CredentialChain").field("sources", &names).field("in_use", &self.in_use()).finish()
    }
}
