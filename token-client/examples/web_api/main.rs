//! A web API that calls another one on behalf of its callers.
//!
//! It does NOT validate the tokens that come in: this version of the library cannot yet. Validate them before the
//! handler runs (a gateway, a middleware with a JWT library), and believe nothing that stands in one until then. What
//! is safe without: the authority checks a token before it exchanges it, so a forged one calls nobody.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example")]

use std::error::Error;

use axum::extract::State;
use axum::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use token_client::{DownstreamApi, DownstreamCall, DownstreamError, TokenClient, TokenErrorKind, TraceContext};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = TokenClient::from_file("appsettings.json").await?;
    let router = Router::new().route("/stock", get(stock)).with_state(client.downstream("Inventory")?);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}/stock", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

/// What the API says to the user.
async fn stock(State(inventory): State<DownstreamApi>, headers: HeaderMap) -> Result<Json<serde_json::Value>, Refused> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let user = bearer.ok_or(Refused::NoToken)?;
    let call = DownstreamCall::new().path("hello").on_behalf_of(user);
    // One trace: the caller's goes on to the authority and to the other API.
    let call = call.trace_context(TraceContext::of_headers(&headers));
    let answer = inventory.call(call).await?;
    Ok(Json(answer.error_for_status()?.json()?))
}

/// Why the caller gets nothing.
enum Refused {
    NoToken,
    Downstream(DownstreamError),
}

impl From<DownstreamError> for Refused {
    fn from(error: DownstreamError) -> Self {
        Self::Downstream(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let error = match self {
            Self::NoToken => return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response(),
            // For the log; it names the setting and what to do, and shows no secret.
            Self::Downstream(error) => {
                eprintln!("{error}");
                error
            }
        };
        let DownstreamError::Token(error) = error else { return StatusCode::BAD_GATEWAY.into_response() };
        match (error.kind(), error.challenge()) {
            // Consent, another factor: the caller signs in again with the claims in it.
            (_, Some(challenge)) => (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response(),
            (TokenErrorKind::Unwell | TokenErrorKind::Timeout, _) => {
                let wait = error.retry_after().map_or(1, |wait| wait.as_secs().max(1));
                (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, wait.to_string())]).into_response()
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
