//! A prepared call on its way: the request, once more with the claims that a 401 asks for, after a wait, where a
//! redirect leads.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use credential_core::World;
use credential_core::world::{
    BodyStream, HttpError, HttpRequest, HttpResponse, HttpStreamRequest, HttpStreamResponse, retry_after,
};

use super::prepared::Prepared;
use super::redirect::Hop;
use super::{DownstreamError, challenge};
use crate::settings::json::is_object;
use crate::{AccessToken, TokenClient};

/// What an API answers: read to its end, or as it comes.
pub(super) enum Received {
    Whole(HttpResponse),
    Pieces(HttpStreamResponse),
}

/// What came of a call.
pub(super) struct Exchanged {
    pub(super) received: Received,
    pub(super) token: Option<AccessToken>,
    /// The API asks for further claims, and the body cannot be sent again.
    pub(super) unanswered: bool,
}

/// What there is left to do about an answer.
enum Next {
    Claims(String),
    Wait(Duration),
    Follow(Hop),
}

/// How often each may still be done.
struct Left {
    claims: u8,
    waits: u8,
    redirects: u8,
}

/// Sends what was prepared, with its token, until the answer is the last one.
pub(super) async fn exchange(
    client: &TokenClient,
    prepared: &Prepared,
    mut token: Option<AccessToken>,
    in_pieces: bool,
) -> Result<Exchanged, DownstreamError> {
    let inner = client.inner();
    let world = inner.world();
    let waits = prepared.retries;
    let ends = (waits > 0).then(|| world.clock.moment().after(prepared.patience()));
    let mut hop = prepared.hop();
    let mut left = Left { claims: 1, waits, redirects: prepared.redirects };
    loop {
        let request = prepared.request(&hop, token.as_ref(), in_pieces)?;
        let stream = prepared.stream(&hop)?;
        let received =
            send_once(world, request, stream, in_pieces).await.map_err(|error| unanswered(prepared, error))?;
        let now = || world.clock.now();
        let next = next(&received, prepared, &hop, token.is_some(), &left, now);
        let repeats = !matches!(&next, Some(Next::Follow(next)) if !next.with_body);
        let stays = repeats && hop.with_body && !prepared.can_be_sent_again();
        match next {
            Some(Next::Claims(_)) if stays => return Ok(Exchanged { received, token, unanswered: true }),
            Some(_) if stays => return Ok(Exchanged { received, token, unanswered: false }),
            Some(Next::Claims(claims)) => {
                left.claims -= 1;
                drop(received);
                token = with_claims(client, prepared, token.as_ref(), claims).await?;
            }
            Some(Next::Wait(wait)) => {
                let moment = world.clock.moment().after(wait);
                if ends.is_none_or(|ends| moment >= ends) {
                    return Ok(Exchanged { received, token, unanswered: false });
                }
                left.waits -= 1;
                drop(received);
                world.clock.sleep_until(moment).await;
            }
            Some(Next::Follow(next)) => {
                left.redirects -= 1;
                hop = next;
            }
            None => return Ok(Exchanged { received, token, unanswered: false }),
        }
    }
}

async fn with_claims(
    client: &TokenClient,
    prepared: &Prepared,
    refused: Option<&AccessToken>,
    claims: String,
) -> Result<Option<AccessToken>, DownstreamError> {
    let Some(request) = &prepared.token_request else { return Ok(None) };
    let request = (**request).clone().claims(claims);
    client.other_than(refused, request).await.map(Some).map_err(DownstreamError::Token)
}

fn next(
    received: &Received,
    prepared: &Prepared,
    hop: &Hop,
    with_token: bool,
    left: &Left,
    now: impl FnOnce() -> SystemTime,
) -> Option<Next> {
    let status = received.status();
    match status {
        401 if left.claims > 0 && with_token && hop.is_home && prepared.token_request.is_some() => {
            let challenged = received.all("www-authenticate");
            // Nobody can ask for claims that are none: the caller gets the API's own words.
            challenge::claims(challenged).filter(|claims| is_object(claims)).map(Next::Claims)
        }
        429 | 503 if left.waits > 0 && is_idempotent(&hop.method) => {
            retry_after(|name| received.all(name).next(), now()).map(Next::Wait)
        }
        300..=399 if left.redirects > 0 => {
            hop.next(&prepared.base, status, received.all("location").next()).map(Next::Follow)
        }
        _ => None,
    }
}

/// Whether the same request twice does what it does once (RFC 9110 §9.2.2).
fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE")
}

async fn send_once(
    world: &World,
    request: HttpRequest,
    stream: Option<Box<dyn BodyStream>>,
    in_pieces: bool,
) -> Result<Received, HttpError> {
    if !in_pieces && stream.is_none() {
        return world.send(request).await.map(Received::Whole);
    }
    let mut request = HttpStreamRequest::new(request);
    request.body = stream;
    if in_pieces {
        request = request.unbounded();
    }
    world.send_stream(request).await.map(Received::Pieces)
}

/// There was no answer.
pub(super) fn unanswered(prepared: &Prepared, error: HttpError) -> DownstreamError {
    let finding = Box::new(prepared.called.unanswered(&error));
    DownstreamError::Http { error, finding }
}

impl Received {
    fn status(&self) -> u16 {
        match self {
            Self::Whole(answer) => answer.status,
            Self::Pieces(answer) => answer.status,
        }
    }

    /// The values of every header of that name, in lower case.
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let headers = match self {
            Self::Whole(answer) => &answer.headers,
            Self::Pieces(answer) => &answer.headers,
        };
        headers.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The answer as it comes; one that is there already comes at once.
    pub(super) fn pieces(self) -> HttpStreamResponse {
        match self {
            Self::Pieces(answer) => answer,
            Self::Whole(answer) => {
                let body = VecDeque::from([answer.body.expose().to_vec()]);
                HttpStreamResponse::new(answer.status, answer.headers, body)
            }
        }
    }

    /// The answer, read to its end.
    pub(super) async fn whole(self) -> Result<HttpResponse, HttpError> {
        let mut answer = match self {
            Self::Whole(answer) => return Ok(answer),
            Self::Pieces(answer) => answer,
        };
        let mut body = Vec::new();
        while let Some(piece) = answer.body.next().await {
            body.extend(piece?);
        }
        Ok(HttpResponse::new(answer.status, answer.headers, body))
    }
}
