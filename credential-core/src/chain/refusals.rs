//! Which credentials of an entry were refused, by whom, and until when they are left alone.

use std::collections::HashMap;
use std::time::Duration;

use super::backoff;
use crate::chain::SharedError;
use crate::credential::Presented;
use crate::world::Moment;

/// The most authorities whose refusals one entry remembers.
const MAX_AUTHORITIES: usize = 10_000;
/// While no entry of the list works, a refused credential is left alone no longer than this.
pub(crate) const WHILE_NOTHING_WORKS: Duration = Duration::from_secs(30);

/// A refused credential.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) presented: Presented,
    pub(crate) error: SharedError,
    pub(crate) until: Moment,
    /// Whether other material was looked for since.
    pub(crate) looked: bool,
    /// It is about nothing but the credential, and holds for every authority.
    pub(crate) everywhere: bool,
    streak: u32,
}

/// What was refused: the last refusal of each authority, and the last that holds for all of them.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    everywhere: Option<Refusal>,
    by_authority: HashMap<String, Refusal>,
}

impl Refusals {
    /// The refusal that holds for the credential at this authority.
    pub(crate) fn of(&self, presented: &Presented, authority: &str) -> Option<&Refusal> {
        let said = [self.everywhere.as_ref(), self.by_authority.get(authority)];
        said.into_iter().flatten().find(|refusal| presented.judged_with(&refusal.presented))
    }

    /// The last refusal, for reports: one that holds everywhere first.
    pub(crate) fn last(&self) -> Option<&Refusal> {
        self.everywhere.as_ref().or_else(|| self.by_authority.values().max_by_key(|refusal| refusal.until))
    }

    /// Remembers a refusal by the authority, or one that holds for all.
    pub(crate) fn note(
        &mut self,
        refused: &Presented,
        error: &SharedError,
        by: Option<&str>,
        now: Moment,
        jitter: f64,
    ) {
        let last = match by {
            None => self.everywhere.as_ref(),
            Some(authority) => self.by_authority.get(authority),
        };
        let streak = match last {
            Some(last) if refused.judged_with(&last.presented) => last.streak.saturating_add(1),
            // The same provider, asked afresh in the same exchange: no further refusal of its own.
            Some(last) if last.presented.judged_with(refused) => last.streak,
            _ => 1,
        };
        let until = backoff::after_rejection(streak, now, jitter);
        let (presented, error, everywhere) = (refused.clone(), error.clone(), by.is_none());
        let refusal = Refusal { presented, error, until, looked: false, everywhere, streak };
        match by {
            None => self.everywhere = Some(refusal),
            Some(authority) => {
                self.make_room(authority, now);
                self.by_authority.insert(authority.to_owned(), refusal);
            }
        }
    }

    /// The authority accepted the credential: whatever was said against it before is over.
    pub(crate) fn forget(&mut self, accepted: &Presented, authority: &str) {
        let over = |refusal: &Refusal| refusal.presented.judged_with(accepted);
        self.everywhere.take_if(|refusal| over(refusal));
        if self.by_authority.get(authority).is_some_and(over) {
            self.by_authority.remove(authority);
        }
    }

    /// Other material was looked for after the refusals that stand.
    pub(crate) fn note_look(&mut self) {
        self.everywhere.iter_mut().chain(self.by_authority.values_mut()).for_each(|refusal| refusal.looked = true);
    }

    /// No entry works: what this authority refused is tried again soon. Gives when, if anything is refused.
    pub(crate) fn shorten(&mut self, authority: &str, now: Moment) -> Option<Moment> {
        let latest = now.after(WHILE_NOTHING_WORKS);
        let said = [self.everywhere.as_mut(), self.by_authority.get_mut(authority)];
        let standing = said.into_iter().flatten().filter(|refusal| refusal.until > now);
        standing
            .map(|refusal| {
                refusal.until = refusal.until.min(latest);
                refusal.until
            })
            .max()
    }

    /// Drops what has ended when there are too many, else what ends first.
    fn make_room(&mut self, authority: &str, now: Moment) {
        if self.by_authority.len() < MAX_AUTHORITIES || self.by_authority.contains_key(authority) {
            return;
        }
        self.by_authority.retain(|_, refusal| refusal.until > now);
        if self.by_authority.len() >= MAX_AUTHORITIES {
            let first = self.by_authority.iter().min_by_key(|(_, refusal)| refusal.until).map(|(name, _)| name.clone());
            first.and_then(|name| self.by_authority.remove(&name));
        }
    }
}
