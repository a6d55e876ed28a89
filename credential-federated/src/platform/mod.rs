//! Platforms that give a workload a token about itself: what one is, and what is done for each of them alike.

mod answer;
mod ask;
mod check;
mod loader;
mod registration;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use credential_core::world::Moment;
use credential_core::{Secret, SourceError, World};

pub(crate) use answer::{TOKEN_FIELD, field};
pub(crate) use ask::{Endpoint, answer, ask, ask_nearby, may_carry_secrets, send, unreachable};
pub(crate) use check::{Checked, Words, check, facts};
pub(crate) use loader::Tokens;
pub use registration::registration;

/// Gives tokens to the workload that asks. A source is one of these, read from an entry, in [`Tokens`].
#[async_trait]
pub(crate) trait Platform: fmt::Debug + Send + Sync {
    /// For messages, after "the token of": `GitHub Actions`.
    fn name(&self) -> String;

    /// Whether a token is kept until its end is near. Not where looking costs nothing, and what is found may have
    /// been replaced.
    fn is_kept(&self) -> bool {
        true
    }

    /// What to do about a token that is meant for somebody else, beginning with a verb; `asked` is the audience that it should have.
    fn other_audience(&self, asked: &str) -> String {
        format!("let {} issue it for {asked}", self.name())
    }

    /// A token, now. Whether it is one, and for whom, is looked at by whoever asks.
    ///
    /// # Errors
    /// `NotApplicable` off the platform, `Denied` where it gives this workload no token, `Invalid` for an answer
    /// that cannot be used, `Transient` where it may be given the next time.
    async fn token(&self, asking: &Asking<'_>) -> Result<Secret, SourceError>;
}

/// What a token is asked for with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    /// Whom it must be meant for.
    pub(crate) audience: &'a str,
    /// When nobody waits any longer.
    pub(crate) deadline: Moment,
    pub(crate) world: &'a World,
}

impl Asking<'_> {
    /// What a variable says, if anything.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.world.environment.text(name)
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.since(self.world.clock.moment())
    }
}

/// This machine is not of that platform, as its variables or files tell.
pub(crate) fn absent(platform: &str, why: &str, remedy: impl Into<String>) -> SourceError {
    SourceError::not_applicable("platform-absent", format!("no token of {platform}: {why}"))
        .remedy(remedy)
        .settled_locally()
}
