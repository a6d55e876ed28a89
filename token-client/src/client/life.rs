//! A client's beginning and end: tokens before the first call, and an end that lets finish what is under way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tracing::Span;

use super::token_client::{Inner, OVERRUN};
use crate::spans::Parent;
use crate::{TokenClient, TokenError, TokenRequest};

/// Whether a client has ended, and how many exchanges are under way.
#[derive(Debug, Default)]
pub(crate) struct Life {
    ended: AtomicBool,
    under_way: watch::Sender<usize>,
}

/// An exchange under way.
pub(crate) struct UnderWay<'a>(&'a Life);

impl Life {
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn begin(&self) -> UnderWay<'_> {
        self.under_way.send_modify(|count| *count = count.saturating_add(1));
        UnderWay(self)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl TokenClient {
    /// Gets a token for each of the requests, side by side, before anybody asks: credentials are loaded, and
    /// connections are there. What fails is tried again by whoever needs it. Ends within the client's
    /// [`patience`](crate::TokenClientBuilder::patience), however many they are.
    ///
    /// # Errors
    /// The first failure, in the order of the requests; the others are asked for all the same.
    pub async fn warm_up(&self, requests: &[TokenRequest]) -> Result<(), TokenError> {
        let inner = self.inner();
        let (clock, patience) = (&inner.world().clock, inner.recipe.patience);
        let end = clock.moment().after(patience).after(OVERRUN);
        requests.iter().filter(|request| self.cached(request).is_none()).for_each(|request| {
            Inner::start(&inner, inner.asked(request).to_key(), request, &Parent::Caller(Span::current()));
        });
        let mut result = Ok(());
        for request in requests {
            let token = tokio::select! {
                biased;
                token = self.token(request) => token,
                () = clock.sleep_until(end) => return result.and(Err(TokenError::late(patience))),
            };
            result = result.and(token.map(drop));
        }
        result
    }

    /// Ends this client and all its clones: no exchange begins any more, those under way may end within that time,
    /// and then nothing is cached. A call that needs a token is an error from now on
    /// ([`Aborted`](crate::TokenErrorKind::Aborted)). Gives whether everything ended in time.
    pub async fn shutdown(&self, within: Duration) -> bool {
        let inner = self.inner();
        let (clock, life) = (&inner.world().clock, &inner.life);
        let end = clock.moment().after(within);
        life.ended.store(true, Ordering::Release);
        inner.cache.clear();
        let mut under_way = life.under_way.subscribe();
        let ended = tokio::select! {
            biased;
            ended = under_way.wait_for(|count| *count == 0) => ended.is_ok(),
            () = clock.sleep_until(end) => false,
        };
        // The one that a reload made meanwhile has their tokens.
        for inner in [inner, self.inner()] {
            inner.cache.close();
            inner.throttled.clear();
        }
        ended
    }
}
