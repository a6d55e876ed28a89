//! What a credential is looked for with.

use crate::world::Moment;

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
