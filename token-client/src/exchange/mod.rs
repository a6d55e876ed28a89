//! One credential, one token endpoint, one answer (RFC 6749 §4.4, RFC 7523, Microsoft's on-behalf-of).

pub(crate) mod chain_gap;
pub(crate) mod claims;
pub(crate) mod client_assertion;
pub(crate) mod echo;
mod error;
mod form;
mod issued;
mod refusal;
pub mod rejection;

use std::time::Duration;

use credential_core::{
    AssertionRequest, Candidate, Credential, HttpError, HttpErrorKind, HttpRequest, HttpResponse, Moment, Secret,
    SourceError, Verdict, World,
};
use zeroize::Zeroizing;

use crate::authority::AuthorityKind;
use client_assertion::AssertionFor;
use form::Form;
use rejection::{Meaning, meaning};

pub use error::ExchangeError;
pub(crate) use issued::{BEARER, Issued};
pub use refusal::AuthorityRefusal;

/// How long the authority is left alone before a request that met a fault is sent once more.
const PAUSE: Duration = Duration::from_secs(1);
/// One request to the authority takes no longer.
const TIMEOUT: Duration = Duration::from_secs(30);

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ON_BEHALF_OF: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

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
    pub(crate) fmi_path: Option<String>,
    /// For assertion providers, where the request has one for them.
    pub(crate) assertion_fmi_path: Option<String>,
    /// Checked: no header of our own, nothing that no header may carry.
    pub(crate) extra_headers: Vec<(String, String)>,
    pub(crate) deadline: Moment,
}

impl Exchange {
    /// Presents the credential and says what the answer means for the list of credentials.
    pub(crate) async fn attempt(&self, candidate: &Candidate, world: &World) -> Verdict<Issued, ExchangeError> {
        let message = match self.message(candidate, world).await {
            Ok(message) => message,
            Err(error) => return Verdict::Unusable(error),
        };
        // What is tried behind the callers' back has time of its own.
        let deadline = if candidate.background { candidate.deadline } else { self.deadline };
        match self.send(&message, deadline, world).await {
            Ok(issued) => Verdict::Accept(issued),
            Err(ExchangeError::Authority(error)) => match meaning(&error) {
                Meaning::Credential { in_doubt: true } => Verdict::NextInDoubt(ExchangeError::Authority(error)),
                Meaning::Credential { in_doubt: false } => Verdict::Next(ExchangeError::Authority(error)),
                Meaning::InvalidCredential => Verdict::Invalid(ExchangeError::Authority(error)),
                Meaning::Request | Meaning::Unwell => Verdict::Stop(ExchangeError::Authority(error)),
            },
            Err(error) => Verdict::Stop(error),
        }
    }

    /// The form, in the reference's order.
    async fn message(&self, candidate: &Candidate, world: &World) -> Result<Message, SourceError> {
        let (credential, deadline) = (&candidate.credential, candidate.deadline);
        let mut form = Form::default();
        let mut secrets: Vec<Secret> = self.user_assertion.iter().cloned().collect();
        form.add("client_id", &self.client_id);
        match credential {
            Credential::Secret(secret) => {
                form.add("client_secret", secret.value().expose());
                secrets.push(secret.value().clone());
            }
            Credential::Certificate(certificate) => {
                let wanted = AssertionFor {
                    client_id: &self.client_id,
                    audience: &self.assertion_audience,
                    kind: self.kind,
                    send_x5c: self.send_x5c,
                };
                let assertion = client_assertion::sign(certificate, wanted, deadline, world).await?;
                form.add("client_assertion_type", JWT_BEARER);
                form.add("client_assertion", assertion.expose());
                secrets.push(assertion);
            }
            Credential::Assertion(provided) => {
                let mut request = AssertionRequest::new(&self.client_id, &self.token_endpoint, deadline, world);
                request.tenant = self.tenant.as_deref();
                request.claims = self.asked_claims.as_deref();
                request.fmi_path = self.assertion_fmi_path.as_deref().or(self.fmi_path.as_deref());
                request.fresh = candidate.fresh;
                request.capabilities = &self.capabilities;
                let assertion = provided.ask(&request).await?;
                form.add("client_assertion_type", JWT_BEARER);
                form.add("client_assertion", assertion.token.expose());
                secrets.push(assertion.token);
            }
            _ => {
                return Err(SourceError::invalid("unknown-credential", "this build cannot present such a credential"));
            }
        }
        form.add("scope", &self.scope);
        if let Some(claims) = &self.claims {
            form.add("claims", claims);
        }
        match &self.user_assertion {
            None => {
                form.add("grant_type", "client_credentials");
                form.add("client_info", "2");
            }
            Some(assertion) => {
                form.add("client_info", "1");
                form.add("grant_type", ON_BEHALF_OF);
                form.add("assertion", assertion.expose());
                form.add("requested_token_use", "on_behalf_of");
            }
        }
        if let Some(path) = &self.fmi_path {
            form.add("fmi_path", path);
        }
        Ok(Message { form: form.into_bytes(), secrets })
    }

    /// Sends the form; once more after a pause when the authority is unwell and names no time of its own.
    async fn send(&self, message: &Message, deadline: Moment, world: &World) -> Result<Issued, ExchangeError> {
        let mut again = true;
        loop {
            let error = match self.send_once(message, deadline, world).await {
                Ok(issued) => return Ok(issued),
                Err(error) => error,
            };
            let resume = world.clock.moment().after(PAUSE);
            if !std::mem::take(&mut again) || !may_pass(&error) || resume >= deadline {
                return Err(error);
            }
            world.clock.sleep_until(resume).await;
        }
    }

    async fn send_once(&self, message: &Message, deadline: Moment, world: &World) -> Result<Issued, ExchangeError> {
        let timeout = deadline.since(world.clock.moment()).min(TIMEOUT);
        if timeout.is_zero() {
            let message = "the time for this token was over before the request was sent";
            return Err(ExchangeError::Http(HttpError::new(HttpErrorKind::Timeout, message)));
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
        for (name, value) in &self.extra_headers {
            request.headers.retain(|(ours, _)| !ours.eq_ignore_ascii_case(name));
            request = request.header(name, value.as_str());
        }
        let response = world.send(request).await.map_err(ExchangeError::Http)?;
        match response.status {
            200 => Issued::read(&response, world.clock.now()).map_err(ExchangeError::Authority),
            _ => Err(ExchangeError::Authority(Box::new(AuthorityRefusal::read(&message.not_repeated(response))))),
        }
    }
}

/// What is sent to the authority.
struct Message {
    form: Zeroizing<Vec<u8>>,
    /// What of it is shown nowhere.
    secrets: Vec<Secret>,
}

impl Message {
    /// The answer without what it repeats of the secrets: its words go into errors and logs.
    fn not_repeated(&self, answer: HttpResponse) -> HttpResponse {
        let body = echo::without(String::from_utf8_lossy(answer.body.expose()).into_owned(), &self.secrets);
        HttpResponse::new(answer.status, answer.headers, body)
    }
}

/// Whether sending the same request again may help, right now.
fn may_pass(error: &ExchangeError) -> bool {
    match error {
        ExchangeError::Authority(error) => error.status >= 500 && error.retry_after.is_none(),
        ExchangeError::Http(error) => matches!(error.kind(), HttpErrorKind::Connect | HttpErrorKind::Broken),
        ExchangeError::Endpoints(_) | ExchangeError::Request(_) => false,
    }
}
