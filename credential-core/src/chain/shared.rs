//! What the clones of a chain, its exchanges and its searches behind the callers' back share.

use std::sync::Arc;

use super::in_use::{Acceptance, InUseTable};
use super::slot::Slot;
use crate::chain::ChainPolicy;
use crate::source::Application;
use crate::sync::{Mutex, lock};
use crate::{CredentialDescription, Finding, World};

/// The entries of a list, for whom they are, and which of them is in use.
pub(crate) struct Shared {
    pub(crate) slots: Vec<Arc<Slot>>,
    pub(crate) world: World,
    pub(crate) application: Application,
    pub(crate) policy: ChainPolicy,
    pub(crate) findings: Vec<Finding>,
    pub(crate) skipped: Vec<(usize, CredentialDescription)>,
    pub(crate) in_use: Mutex<InUseTable>,
}

impl Shared {
    /// Slots in the order of trying: the one in use at the authority, then by position.
    pub(crate) fn order(&self, authority: &str) -> Vec<Arc<Slot>> {
        let first = lock(&self.in_use).first_for(authority);
        let mut order: Vec<_> = self.slots.iter().map(Arc::clone).collect();
        order.sort_by_key(|slot| (Some(slot.index) != first, slot.index));
        order
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
