//! A call from its token to its answer, whichever stack sends it.

use std::future::Future;

use http::header::AUTHORIZATION;

use super::api_token::{asked_for, header};
use super::message::{Answer, Outgoing};
use super::{ApiToken, CallError, CallToken};

/// The service or the middleware below, which sends requests.
pub(super) trait Below<Q> {
    type Answer: Answer;
    type Error;

    fn send(&mut self, request: Q) -> impl Future<Output = Result<Self::Answer, Self::Error>> + Send;

    /// An error of ours among theirs.
    fn error(error: CallError) -> Self::Error;
}

/// Sends the request with its token, which is `own` where it brings one; once more, as `again` has it, with the claims
/// that a 401 asks for.
pub(super) async fn walk<Q: Outgoing, B: Below<Q>>(
    mut below: B,
    token: &ApiToken,
    own: Option<CallToken>,
    mut request: Q,
    again: impl FnOnce(&Q) -> Option<Q>,
) -> Result<B::Answer, B::Error> {
    let source = token.source_for(request.target(), request.headers(), own.as_ref()).map_err(B::error)?;
    let Some(source) = source else { return below.send(request).await };
    let again = again(&request);
    let first = source.token().await.map_err(|error| B::error(CallError::Token(error)))?;
    request.headers_mut().insert(AUTHORIZATION, header(&first).map_err(B::error)?);
    let answer = below.send(request).await?;

    let Some(claims) = asked_for(answer.status(), answer.headers()) else { return Ok(answer) };
    let Some(second) = source.challenged(&claims) else { return Ok(answer) };
    let Some(mut request) = again else {
        // The next call has the new token; why there is none is the next call's to say.
        drop(second.await);
        return Ok(answer);
    };
    drop(answer);
    let second = second.await.map_err(|error| B::error(CallError::Token(error)))?;
    request.headers_mut().insert(AUTHORIZATION, header(&second).map_err(B::error)?);
    below.send(request).await
}
