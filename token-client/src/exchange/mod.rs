//! One credential, one token endpoint, one answer (RFC 6749 §4.4, RFC 7523, Microsoft's on-behalf-of).

pub(crate) mod chain_gap;
pub(crate) mod claims;
pub(crate) mod client_assertion;
pub(crate) mod echo;
mod error;
pub(crate) mod fitness;
mod form;
mod issued;
pub(crate) mod led;
mod message;
mod refusal;
pub(crate) mod rejection;
mod rejection_table;

use std::time::Duration;

use credential_core::chain::{Candidate, Verdict};
use credential_core::world::{HttpError, HttpErrorKind, HttpRequest, Moment};
use credential_core::{Secret, World};

use crate::TraceContext;
use crate::authority::AuthorityKind;
use crate::token::gate::Gate;
use led::{About, Led, MadeFrom, Presented};
use message::Message;
use rejection::{Meaning, meaning};

pub(crate) use error::ExchangeError;
pub(crate) use issued::{BEARER, Issued};
pub use refusal::AuthorityRefusal;

/// How long the authority is left alone before a request that met a fault is sent once more.
const PAUSE: Duration = Duration::from_secs(1);
/// One request to the authority takes no longer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What is exchanged, whatever the credential.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) client_id: String,
    pub(crate) tenant: Option<String>,
    pub(crate) token_endpoint: String,
    pub(crate) assertion_audience: String,
    pub(crate) kind: AuthorityKind,
    pub(crate) send_x5c: bool,
    pub(crate) scope: String,
    /// Merged with the client's capabilities.
    pub(crate) claims: Option<String>,
    /// The caller's own claims, for assertion providers.
    pub(crate) asked_claims: Option<String>,
    /// What the client can do, for assertion providers.
    pub(crate) capabilities: Vec<String>,
    pub(crate) user_assertion: Option<Secret>,
    pub(crate) correlation_id: String,
    /// In the place of the running span's.
    pub(crate) trace_context: Option<TraceContext>,
    pub(crate) fmi_path: Option<String>,
    /// For assertion providers, where the request has one for them.
    pub(crate) assertion_fmi_path: Option<String>,
    /// Checked: no header of our own, nothing that no header may carry.
    pub(crate) extra_headers: Vec<(String, String)>,
    pub(crate) deadline: Moment,
    /// The settings behind it, where they are known.
    pub(crate) made_from: Option<MadeFrom>,
    /// The way to the authority.
    pub(crate) gate: Gate,
}

impl Exchange {
    /// Presents the credential and says what the answer means for the list of credentials.
    pub(crate) async fn attempt(&self, candidate: &Candidate, world: &World) -> Verdict<Issued, ExchangeError> {
        let message = match Message::of(self, candidate, world).await {
            Ok(message) => message,
            Err(error) => return Verdict::Unusable(error),
        };
        // What is tried behind the callers' back has time of its own.
        let deadline = if candidate.background { candidate.deadline } else { self.deadline };
        match self.send(&message, deadline, world).await {
            Ok(issued) => Verdict::Accept(issued),
            Err(ExchangeError::Authority(mut error)) => {
                let presented = Presented { candidate, assertion: message.assertion(), kind: self.kind };
                error.led = self.led(rejection::about(&error), Some(presented));
                match meaning(&error) {
                    Meaning::Credential { in_doubt: true } => Verdict::NextInDoubt(ExchangeError::Authority(error)),
                    Meaning::Credential { in_doubt: false } => Verdict::Next(ExchangeError::Authority(error)),
                    Meaning::InvalidCredential => Verdict::Invalid(ExchangeError::Authority(error)),
                    Meaning::Request | Meaning::Unwell => Verdict::Stop(ExchangeError::Authority(error)),
                }
            }
            Err(error) => Verdict::Stop(error),
        }
    }

    fn led(&self, about: &[About], presented: Option<Presented<'_>>) -> Vec<Led> {
        self.made_from.as_ref().map_or_else(Vec::new, |made_from| made_from.led(about, presented))
    }

    /// Sends the form; once more after a pause when the authority is unwell and names no time of its own.
    async fn send(&self, message: &Message, deadline: Moment, world: &World) -> Result<Issued, ExchangeError> {
        let first = self.take_turn(message, deadline, world).await;
        let Err(error) = &first else { return first };
        let resume = world.clock.moment().after(PAUSE);
        if !may_pass(error) || resume >= deadline {
            return first;
        }
        world.clock.sleep_until(resume).await;
        match self.take_turn(message, deadline, world).await {
            // Found unwell meanwhile: what it was found with says no more than what it said to us.
            Err(ExchangeError::LeftAlone(_, wait)) => {
                first.map_err(|error| ExchangeError::LeftAlone(Box::new(error), wait))
            }
            second => second,
        }
    }

    /// Sends the form when it is this request's turn.
    async fn take_turn(&self, message: &Message, deadline: Moment, world: &World) -> Result<Issued, ExchangeError> {
        let passage = self.gate.pass(deadline, world).await?;
        let sent = self.send_once(message, deadline, world).await;
        passage.ended(&sent, world);
        sent
    }

    async fn send_once(&self, message: &Message, deadline: Moment, world: &World) -> Result<Issued, ExchangeError> {
        let timeout = deadline.since(world.clock.moment()).min(TIMEOUT);
        if timeout.is_zero() {
            let message = "the time for this token was over before the request was sent";
            return Err(ExchangeError::Http(HttpError::new(HttpErrorKind::Timeout, message), Vec::new()));
        }
        let mut request = HttpRequest::post(&self.token_endpoint)
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("client-request-id", self.correlation_id.as_str())
            .header("return-client-request-id", "true")
            .header("x-client-sku", "token-client.rs")
            .header("x-client-ver", env!("CARGO_PKG_VERSION"))
            .header("x-client-os", std::env::consts::OS)
            .header("x-ms-lib-capability", "retry-after, h429")
            .timeout(timeout)
            .body(message.form.as_slice());
        if let Some(authorization) = &message.authorization {
            request = request.header("authorization", authorization.clone());
        }
        if let Some(trace) = &self.trace_context {
            request.headers.extend(trace.headers());
        }
        for (name, value) in &self.extra_headers {
            request.headers.retain(|(ours, _)| !ours.eq_ignore_ascii_case(name));
            request = request.header(name, value.as_str());
        }
        let response = world.send(request).await;
        let response = response.map_err(|error| ExchangeError::Http(error, self.led(&[About::Instance], None)))?;
        match response.status {
            200 => Issued::read(&response, world.clock.now()).map_err(ExchangeError::Authority),
            _ => {
                let answer = message.not_repeated(response);
                let refusal = AuthorityRefusal::read(&answer, world.clock.now());
                Err(ExchangeError::Authority(Box::new(refusal)))
            }
        }
    }
}

/// Whether sending the same request again may help, right now.
fn may_pass(error: &ExchangeError) -> bool {
    match error {
        ExchangeError::Authority(error) => error.status >= 500 && error.retry_after.is_none(),
        ExchangeError::Http(error, _) => matches!(error.kind(), HttpErrorKind::Connect | HttpErrorKind::Broken),
        ExchangeError::Endpoints(_)
        | ExchangeError::Request(_)
        | ExchangeError::Elsewhere(..)
        | ExchangeError::Identity(_)
        | ExchangeError::LeftAlone(..) => false,
    }
}
