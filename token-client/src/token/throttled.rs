//! Requests that the authority wants to be left alone with.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use credential_core::world::Moment;

use super::cache::CacheKey;
use crate::TokenError;

/// The most remembered "come back later" answers.
const MAX_THROTTLED: usize = 10_000;

type Answers = HashMap<CacheKey, (Moment, TokenError)>;

/// The "come back later" answers, each for what was asked.
#[derive(Debug, Default)]
pub(crate) struct Throttled(Mutex<Answers>);

impl Throttled {
    /// The authority asked to be left alone with this request until then.
    pub(crate) fn note(&self, key: CacheKey, until: Moment, error: TokenError, now: Moment) {
        let mut answers = self.lock();
        if answers.len() >= MAX_THROTTLED {
            make_room(&mut answers, now);
        }
        answers.insert(key, (until, error));
    }

    /// The answer to give while the authority wants to be left alone with this request.
    pub(crate) fn answer(&self, key: &CacheKey, now: Moment) -> Option<TokenError> {
        let mut answers = self.lock();
        match answers.get(key) {
            Some((until, error)) if *until > now => Some(error.clone().too_early_by(until.since(now))),
            Some(_) => {
                answers.remove(key);
                None
            }
            None => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what has ended; if that is not enough, the tenth that ends first.
fn make_room(answers: &mut Answers, now: Moment) {
    answers.retain(|_, (until, _)| *until > now);
    if answers.len() < MAX_THROTTLED {
        return;
    }
    let mut ends: Vec<Moment> = answers.values().map(|(until, _)| *until).collect();
    ends.sort_unstable();
    if let Some(limit) = ends.get(ends.len() / 10).copied() {
        answers.retain(|_, (until, _)| *until > limit);
    }
}

#[cfg(test)]
mod tests {
    use super::super::cache::CacheKeyRef;
    use super::*;
    use crate::TokenRequest;
    use std::time::Duration;

    #[test]
    fn further_answers_are_remembered_when_there_are_many() {
        let (throttled, now) = (Throttled::default(), Moment::default());
        let key = |nth: usize| CacheKeyRef::of(&TokenRequest::app(format!("api://{nth}/.default")), None).to_owned();
        for nth in 0..=MAX_THROTTLED {
            let until = now.after(Duration::from_secs(60 + nth as u64));
            throttled.note(key(nth), until, TokenError::panicked(), now);
        }
        assert!(throttled.answer(&key(MAX_THROTTLED), now).is_some(), "the newest");
        assert!(throttled.answer(&key(0), now).is_none(), "the one that ends first");
        assert!(throttled.lock().len() <= MAX_THROTTLED);
    }
}
