//! What a loader is told when it loads.

use std::time::Duration;

use crate::source::Application;
use crate::world::Moment;
use crate::{Credential, World};

/// Why a credential is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoadReason {
    /// There is none yet.
    Initial,
    /// There is one; is it still the one to use?
    Refresh,
    /// The authority refused the one there is: look for another.
    Rejected,
}

impl LoadReason {
    /// The reason's name in traces: `initial`, `refresh`, `rejected`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Refresh => "refresh",
            Self::Rejected => "rejected",
        }
    }
}

/// Everything that a loader is told when it loads. Loads are shared by all tenants of an application, so
/// it knows of none. Grows without breaking anybody.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadRequest<'a> {
    /// For whom.
    pub application: &'a Application,
    /// Why.
    pub reason: LoadReason,
    /// What this loader gave last time, if it did.
    pub previous: Option<&'a Credential>,
    /// When nobody waits any longer.
    pub deadline: Moment,
    /// The outside world.
    pub world: &'a World,
}

impl<'a> LoadRequest<'a> {
    /// The first load of an entry.
    pub fn new(application: &'a Application, deadline: Moment, world: &'a World) -> Self {
        Self { application, reason: LoadReason::Initial, previous: None, deadline, world }
    }

    /// A further load, for a reason, of what was given before.
    #[must_use]
    pub fn again(mut self, reason: LoadReason, previous: &'a Credential) -> Self {
        self.reason = reason;
        self.previous = Some(previous);
        self
    }

    /// How long there is until the deadline.
    pub fn remaining(&self) -> Duration {
        self.deadline.since(self.world.clock.moment())
    }

    /// The previous credential where this one is the same in everything: material, end and findings.
    pub fn unchanged(&self, loaded: Credential) -> Credential {
        let same = |previous: &&Credential| {
            previous.same_material(&loaded)
                && previous.expires_on() == loaded.expires_on()
                && previous.findings() == loaded.findings()
        };
        self.previous.filter(same).cloned().unwrap_or(loaded)
    }
}
