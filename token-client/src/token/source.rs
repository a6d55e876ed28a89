//! Whoever gives a token, for libraries that need one and not a client.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::cache::TokenCache;
use super::slot::Slot;
use crate::client::Inner;
use crate::client::current::Current;
use crate::{AccessToken, TokenClient, TokenError, TokenRequest};

/// Gives an access token: what a library takes that calls an API.
///
/// A [`TokenClient`] gives one by [`token_source`](TokenClient::token_source), tests have
/// `StaticToken` (feature `testing`), and a program may have its own:
///
/// ```
/// use token_client::{TokenError, TokenSource};
///
/// # async fn example(source: impl TokenSource) -> Result<(), TokenError> {
/// let token = source.token().await?;
/// # let _ = token.authorization_header(); Ok(()) }
/// ```
pub trait TokenSource: Send + Sync {
    /// A token that lasts for a call that is made now. Ready at once, without an allocation, where it is at hand.
    ///
    /// The future is ready or ends in time, whatever it waits for; dropping it ends nobody else's wait.
    fn token(&self) -> TokenFuture<'_>;

    /// A token with the claims that an API asked for, as JSON text, after it refused the one from
    /// [`token`](Self::token); later tokens have them too, as far as the source can. `None` where the source cannot
    /// ask for claims: the API's refusal is handed on then.
    fn challenged<'a>(&'a self, claims: &'a str) -> Option<TokenFuture<'a>> {
        let _ = claims;
        None
    }
}

impl<S: TokenSource + ?Sized> TokenSource for &S {
    fn token(&self) -> TokenFuture<'_> {
        (**self).token()
    }

    fn challenged<'a>(&'a self, claims: &'a str) -> Option<TokenFuture<'a>> {
        (**self).challenged(claims)
    }
}

impl<S: TokenSource + ?Sized> TokenSource for Arc<S> {
    fn token(&self) -> TokenFuture<'_> {
        (**self).token()
    }

    fn challenged<'a>(&'a self, claims: &'a str) -> Option<TokenFuture<'a>> {
        (**self).challenged(claims)
    }
}

impl<S: TokenSource + ?Sized> TokenSource for Box<S> {
    fn token(&self) -> TokenFuture<'_> {
        (**self).token()
    }

    fn challenged<'a>(&'a self, claims: &'a str) -> Option<TokenFuture<'a>> {
        (**self).challenged(claims)
    }
}

type Given = Result<AccessToken, TokenError>;
type Waiting<'a> = Pin<Box<dyn Future<Output = Given> + Send + 'a>>;

/// A token that is at hand, or that is waited for. Once it has given its token it gives nothing more, as any future.
#[must_use]
pub struct TokenFuture<'a>(State<'a>);

/// Whatever is at hand stands in a variant of its own, so that it is moved word by word.
enum State<'a> {
    Ready(Option<AccessToken>),
    Failed(Option<TokenError>),
    Waiting(Waiting<'a>),
}

impl<'a> TokenFuture<'a> {
    /// What is at hand.
    #[inline]
    pub fn ready(given: Result<AccessToken, TokenError>) -> Self {
        Self(match given {
            Ok(token) => State::Ready(Some(token)),
            Err(error) => State::Failed(Some(error)),
        })
    }

    /// What is waited for.
    pub fn waiting(future: impl Future<Output = Result<AccessToken, TokenError>> + Send + 'a) -> Self {
        Self(State::Waiting(Box::pin(future)))
    }
}

impl Future for TokenFuture<'_> {
    type Output = Given;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Given> {
        match &mut self.get_mut().0 {
            State::Ready(token) => token.take().map_or(Poll::Pending, |token| Poll::Ready(Ok(token))),
            State::Failed(error) => error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error))),
            State::Waiting(future) => future.as_mut().poll(context),
        }
    }
}

impl fmt::Debug for TokenFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFuture").field("ready", &!matches!(self.0, State::Waiting(_))).finish()
    }
}

/// A request that a client answers again and again: the [`TokenSource`] of [`TokenClient::token_source`]. Cheap to
/// clone.
///
/// It knows where its token is: a token at hand costs no look-up and no allocation, and nothing that goes to and fro
/// between processor cores. It is renewed as any other token is, and shared with whoever asks the client for the same.
#[derive(Clone, Debug)]
pub struct PreparedToken(Arc<Prepared>);

#[derive(Debug)]
struct Prepared {
    client: TokenClient,
    request: TokenRequest,
    place: Current<Place>,
}

/// A place in the cache.
#[derive(Debug)]
struct Place {
    cache: Arc<TokenCache>,
    slot: Arc<Slot>,
}

impl Place {
    fn of(inner: &Inner, request: &TokenRequest) -> Self {
        let cache = Arc::clone(&inner.cache);
        Self { slot: cache.place(&inner.asked(request).to_key()), cache }
    }

    /// The token, where nothing is to be done about it.
    fn at_hand(&self) -> Option<AccessToken> {
        let now = self.cache.time.now();
        let hit = self.slot.hit(now)?;
        (!hit.due && !self.cache.is_overdue(now)).then_some(hit.token)
    }
}

impl TokenClient {
    /// Tokens for that request, for whoever takes a [`TokenSource`].
    ///
    /// ```no_run
    /// # fn connect(source: impl token_client::TokenSource) {}
    /// # fn example(client: token_client::TokenClient) {
    /// use token_client::TokenRequest;
    ///
    /// connect(client.token_source(TokenRequest::app("api://inventory/.default")));
    /// # }
    /// ```
    pub fn token_source(&self, request: TokenRequest) -> PreparedToken {
        let place = Current::new(Place::of(&self.inner(), &request));
        PreparedToken(Arc::new(Prepared { client: self.clone(), request, place }))
    }
}

impl PreparedToken {
    /// What is asked for.
    pub fn request(&self) -> &TokenRequest {
        &self.0.request
    }
}

impl Prepared {
    /// The token, where nothing is to be done about it. Given in two registers: the wider future around it is built
    /// where it is awaited, and not written to memory and read again.
    fn at_hand(&self) -> Option<AccessToken> {
        self.place.load().at_hand().filter(|_| !self.request.force_refresh)
    }

    /// The token that the client has, which sees to what is to be done about it.
    #[cold]
    fn ask(&self) -> Option<AccessToken> {
        let inner = self.client.inner();
        if !Arc::ptr_eq(&self.place.load().cache, &inner.cache) {
            self.place.replace(Arc::new(Place::of(&inner, &self.request)));
        }
        self.client.cached(&self.request)
    }

    #[cold]
    fn exchange(&self) -> Waiting<'_> {
        Box::pin(self.client.exchange(&self.request))
    }
}

impl TokenSource for PreparedToken {
    #[inline]
    fn token(&self) -> TokenFuture<'_> {
        let prepared = &*self.0;
        match prepared.at_hand().or_else(|| prepared.ask()) {
            Some(token) => TokenFuture::ready(Ok(token)),
            None => TokenFuture(State::Waiting(prepared.exchange())),
        }
    }

    fn challenged<'a>(&'a self, claims: &'a str) -> Option<TokenFuture<'a>> {
        let Prepared { client, request, .. } = &*self.0;
        let refused = client.cached(request);
        let request = request.clone().claims(claims);
        Some(TokenFuture::waiting(async move { client.other_than(refused.as_ref(), request).await }))
    }
}
