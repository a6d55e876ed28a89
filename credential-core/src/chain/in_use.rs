//! Which entry is in use: by the application, and by the authorities that go another way.

use std::collections::HashMap;
use std::time::SystemTime;

/// The most authorities that are remembered to go another way; further ones find theirs anew.
const MAX_AUTHORITIES: usize = 10_000;

/// Which entry is in use, since when and why.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InUse {
    /// The entry's place in the list, from 0.
    pub index: usize,
    /// Since when.
    pub since: SystemTime,
    /// Why it took over, for people.
    pub why: String,
}

/// An entry that an authority accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acceptance<'a> {
    pub(crate) index: usize,
    pub(crate) authority: &'a str,
    /// The entry that was in use failed in the same exchange, and not by this authority's word alone.
    pub(crate) instead: bool,
    pub(crate) why: &'a str,
}

/// The entry in use. One tenant that refuses it goes another way and takes it from nobody else.
#[derive(Debug, Default)]
pub(crate) struct InUseTable {
    current: Option<InUse>,
    /// Who accepted the current entry last.
    by: String,
    elsewhere: HashMap<String, usize>,
}

impl InUseTable {
    /// The application's entry in use.
    pub(crate) fn current(&self) -> Option<&InUse> {
        self.current.as_ref()
    }

    /// The entry that an exchange with the authority begins with.
    pub(crate) fn first_for(&self, authority: &str) -> Option<usize> {
        self.elsewhere.get(authority).copied().or_else(|| self.current.as_ref().map(|current| current.index))
    }

    /// Takes the acceptance in; true when the application's entry in use is another one now. It is when
    /// there was none, or a worse-placed one, or one that failed for everybody or for the authority that
    /// had accepted it last.
    pub(crate) fn accept(&mut self, accepted: Acceptance<'_>, now: SystemTime) -> bool {
        let Acceptance { index, authority, instead, why } = accepted;
        let before = self.current.as_ref().map(|current| current.index);
        if before == Some(index) {
            authority.clone_into(&mut self.by);
            self.elsewhere.remove(authority);
            return false;
        }
        if before.is_none_or(|before| index < before || instead || self.by == authority) {
            self.current = Some(InUse { index, since: now, why: why.to_owned() });
            authority.clone_into(&mut self.by);
            self.elsewhere.clear();
            return true;
        }
        if self.elsewhere.len() < MAX_AUTHORITIES {
            self.elsewhere.insert(authority.to_owned(), index);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_authority_goes_another_way_and_the_rest_stay() {
        let mut table = InUseTable::default();
        let mut accept = |index, authority, instead| {
            let changed = table.accept(Acceptance { index, authority, instead, why: "" }, SystemTime::UNIX_EPOCH);
            (changed, table.first_for("a"), table.first_for("b"))
        };
        assert_eq!(accept(0, "a", false), (true, Some(0), Some(0)));
        assert_eq!(accept(1, "b", false), (false, Some(0), Some(1)), "b alone refuses the first");
        assert_eq!(accept(0, "a", false), (false, Some(0), Some(1)));
        assert_eq!(accept(1, "a", false), (true, Some(1), Some(1)), "who used the first goes on with the second");
        assert_eq!(accept(0, "b", false), (true, Some(0), Some(0)), "a better one is for all");
        assert_eq!(accept(1, "c", true), (true, Some(1), Some(1)), "the first failed for everybody");
    }
}
