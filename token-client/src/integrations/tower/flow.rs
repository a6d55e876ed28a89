//! A call from its token to its answer.

use std::future::poll_fn;

use http::header::AUTHORIZATION;
use tower_service::Service;

use super::BoxError;
use super::message::{Answer, Outgoing};
use crate::integrations::api_token::{asked_for, header};
use crate::integrations::{ApiToken, CallError};

/// What the service below says.
pub(super) fn of_service(error: impl Into<BoxError>) -> CallError {
    CallError::Service(error.into())
}

/// Sends the request with its token by a service that is ready; once more, as `again`, with the claims that a 401
/// asks for.
pub(super) async fn call<S, Q>(
    mut ready: S,
    token: ApiToken,
    mut request: Q,
    again: Option<Q>,
) -> Result<S::Response, CallError>
where
    S: Service<Q, Response: Answer, Error: Into<BoxError>>,
    Q: Outgoing,
{
    let Some(source) = token.source_for(request.target(), request.headers(), request.own_token())? else {
        return ready.call(request).await.map_err(of_service);
    };
    let first = source.token().await.map_err(CallError::Token)?;
    request.headers_mut().insert(AUTHORIZATION, header(&first)?);
    let answer = ready.call(request).await.map_err(of_service)?;

    let Some(claims) = asked_for(answer.status(), answer.headers()) else { return Ok(answer) };
    let Some(second) = source.challenged(&claims) else { return Ok(answer) };
    let Some(mut request) = again else {
        // The next call has the new token; why there is none is the next call's to say.
        drop(second.await);
        return Ok(answer);
    };
    drop(answer);
    request.headers_mut().insert(AUTHORIZATION, header(&second.await.map_err(CallError::Token)?)?);
    poll_fn(|context| ready.poll_ready(context)).await.map_err(of_service)?;
    ready.call(request).await.map_err(of_service)
}
