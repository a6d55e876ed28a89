//! A token request as it is sent: the form, in the reference's order, with the credential in it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use credential_core::chain::Candidate;
use credential_core::credential::{AssertionRequest, CertificateCredential, SecretCredential};
use credential_core::source::ClientAuthenticationMethod;
use credential_core::world::HttpResponse;
use credential_core::{Credential, Secret, SourceError, World};
use zeroize::Zeroizing;

use super::client_assertion::{self, AssertionFor};
use super::form::{Form, encoded};
use super::{Exchange, echo, fitness};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ON_BEHALF_OF: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// What is sent to the authority.
pub(super) struct Message {
    pub(super) form: Zeroizing<Vec<u8>>,
    /// The `Authorization` header, where the client's secret goes there.
    pub(super) authorization: Option<Secret>,
    assertion: Option<Secret>,
    /// What of it is shown nowhere.
    secrets: Vec<Secret>,
}

impl Message {
    /// The request with the candidate's credential.
    ///
    /// # Errors
    /// When its signer or provider fails, and when its entry wants it presented in a way that it cannot be.
    pub(super) async fn of(exchange: &Exchange, candidate: &Candidate, world: &World) -> Result<Self, SourceError> {
        fitness::check(&candidate.credential, candidate.presentation, exchange.kind)?;
        let secrets = exchange.user_assertion.iter().cloned().collect();
        let mut draft = Draft { form: Form::default(), authorization: None, assertion: None, secrets };
        if !in_header(candidate) {
            draft.form.add("client_id", &exchange.client_id);
        }
        draft.present(exchange, candidate, world).await?;
        Ok(draft.finish(exchange))
    }

    /// The client assertion, where the credential is presented as one.
    pub(super) fn assertion(&self) -> Option<&Secret> {
        self.assertion.as_ref()
    }

    /// The answer without what it repeats of the secrets: its words go into errors and logs.
    pub(super) fn not_repeated(&self, answer: HttpResponse) -> HttpResponse {
        let body = echo::without(String::from_utf8_lossy(answer.body.expose()).into_owned(), &self.secrets);
        HttpResponse::new(answer.status, answer.headers, body)
    }
}

/// A request under construction.
struct Draft {
    form: Form,
    authorization: Option<Secret>,
    assertion: Option<Secret>,
    secrets: Vec<Secret>,
}

impl Draft {
    async fn present(&mut self, exchange: &Exchange, candidate: &Candidate, world: &World) -> Result<(), SourceError> {
        match &candidate.credential {
            Credential::Secret(secret) => self.secret(exchange, candidate, secret),
            Credential::Certificate(certificate) => {
                let assertion = signed(exchange, candidate, certificate, world).await?;
                self.assertion(assertion);
            }
            Credential::Assertion(provided) => {
                let mut request =
                    AssertionRequest::new(&exchange.client_id, &exchange.token_endpoint, candidate.deadline, world);
                request.tenant = exchange.tenant.as_deref();
                request.claims = exchange.asked_claims.as_deref();
                request.fmi_path = exchange.assertion_fmi_path.as_deref().or(exchange.fmi_path.as_deref());
                request.fresh = candidate.fresh;
                request.capabilities = &exchange.capabilities;
                self.assertion(provided.ask(&request).await?.token);
            }
            _ => {
                return Err(SourceError::invalid("unknown-credential", "this build cannot present such a credential"));
            }
        }
        Ok(())
    }

    fn secret(&mut self, exchange: &Exchange, candidate: &Candidate, secret: &SecretCredential) {
        self.secrets.push(secret.value().clone());
        if in_header(candidate) {
            let basic = basic(&exchange.client_id, secret.value());
            self.secrets.push(basic.clone());
            self.authorization = Some(Secret::new(format!("Basic {}", basic.expose())));
        } else {
            self.form.add("client_secret", secret.value().expose());
        }
    }

    fn assertion(&mut self, assertion: Secret) {
        self.form.add("client_assertion_type", JWT_BEARER);
        self.form.add("client_assertion", assertion.expose());
        self.secrets.push(assertion.clone());
        self.assertion = Some(assertion);
    }

    fn finish(self, exchange: &Exchange) -> Message {
        let Self { mut form, authorization, assertion, secrets } = self;
        form.add("scope", &exchange.scope);
        if let Some(claims) = &exchange.claims {
            form.add("claims", claims);
        }
        match &exchange.user_assertion {
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
        if let Some(path) = &exchange.fmi_path {
            form.add("fmi_path", path);
        }
        Message { form: form.into_bytes(), authorization, assertion, secrets }
    }
}

async fn signed(
    exchange: &Exchange,
    candidate: &Candidate,
    certificate: &CertificateCredential,
    world: &World,
) -> Result<Secret, SourceError> {
    let wanted = AssertionFor {
        client_id: &exchange.client_id,
        audience: &exchange.assertion_audience,
        kind: exchange.kind,
        algorithm: candidate.presentation.algorithm,
        send_x5c: exchange.send_x5c,
    };
    client_assertion::sign(certificate, wanted, candidate.deadline, world).await
}

fn in_header(candidate: &Candidate) -> bool {
    candidate.presentation.client_authentication == Some(ClientAuthenticationMethod::SecretBasic)
}

/// Name and secret as the header has them (RFC 6749 §2.3.1): each form-encoded, then base64.
fn basic(client_id: &str, secret: &Secret) -> Secret {
    let (name, secret) = (encoded(client_id), encoded(secret.expose()));
    let mut pair = Zeroizing::new(Vec::with_capacity(name.len() + secret.len() + 1));
    pair.extend_from_slice(&name);
    pair.push(b':');
    pair.extend_from_slice(&secret);
    Secret::new(BASE64_STANDARD.encode(&*pair))
}
