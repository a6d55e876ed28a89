//! The order in which tokens end, by the minute: what has ended leaves by a little work at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::slot::Slot;
use super::time::Tick;

/// Ticks in a minute.
const MINUTE: u32 = 600;

/// Places in the cache by the minute in which what they hold ends. A place may stand at a minute that is no longer
/// its own: [`Slot::filed`] says which one counts.
#[derive(Debug, Default)]
pub(super) struct Ends(BTreeMap<u32, Vec<Arc<Slot>>>);

/// Minutes are counted from 1.
fn minute_of(end: Tick) -> u32 {
    end.0 / MINUTE + 1
}

impl Ends {
    /// The place is looked at when the minute of that end is over, and not before unless it is already.
    pub(super) fn file(&mut self, slot: &Arc<Slot>, end: Tick) {
        let (minute, filed) = (minute_of(end), slot.filed.load(Ordering::Relaxed));
        if filed == 0 || minute < filed {
            slot.filed.store(minute, Ordering::Relaxed);
            self.0.entry(minute).or_default().push(Arc::clone(slot));
        }
    }

    /// A place whose minute is over.
    pub(super) fn overdue(&mut self, now: Tick) -> Option<Arc<Slot>> {
        if now < self.next() {
            return None;
        }
        self.first().map(|(_, slot)| slot)
    }

    /// The place whose minute comes first, and when that is over.
    pub(super) fn first(&mut self) -> Option<(Tick, Arc<Slot>)> {
        while let Some(mut minute) = self.0.first_entry() {
            let number = *minute.key();
            match minute.get_mut().pop() {
                None => drop(minute.remove()),
                Some(slot) if slot.filed.load(Ordering::Relaxed) != number => {}
                Some(slot) => {
                    slot.filed.store(0, Ordering::Relaxed);
                    return Some((Tick(number.saturating_mul(MINUTE)), slot));
                }
            }
        }
        None
    }

    /// When the first minute is over.
    pub(super) fn next(&self) -> Tick {
        self.0.first_key_value().map_or(Tick::NEVER, |(minute, _)| Tick(minute.saturating_mul(MINUTE)))
    }
}
