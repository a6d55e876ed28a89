//! Requests to the vault, and what its answers mean.

use std::time::Duration;

use credential_core::retry::Retries;
use credential_core::text::printable;
use credential_core::world::{HttpError, HttpErrorKind, HttpRequest, HttpResponse, Login, Moment, ServerTrust};
use credential_core::{Secret, SourceError, SourceErrorKind, World};
use serde_json::Value;

use super::plan::{ADDRESS, Address, Plan};
use crate::session::PAUSES;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The most bytes of an answer.
const MAX_ANSWER: u64 = 512 * 1024;
/// After what it is asked again. Not when it is sealed (503): that takes a person.
const RETRIES: Retries = Retries::new(
    |status| if matches!(status, 408 | 429 | 500 | 502 | 504) { PAUSES } else { &[] },
    |failure| if matches!(failure, HttpErrorKind::Connect | HttpErrorKind::Broken) { PAUSES } else { &[] },
)
.spread();
/// The most characters of the vault's own words.
const MAX_WORDS: usize = 300;

/// The vault of one entry, for one piece of work.
#[derive(Debug)]
pub(super) struct Server<'a> {
    pub(super) plan: &'a Plan,
    pub(super) world: &'a World,
    deadline: Moment,
}

/// What is asked of it, for messages: `the key orders`, and what to do where it is not there.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub(super) what: &'a str,
    /// What a policy must allow.
    pub(super) policy: &'a str,
    pub(super) setting: &'static str,
}

impl<'a> Server<'a> {
    pub(super) fn new(plan: &'a Plan, world: &'a World, deadline: Moment) -> Self {
        Self { plan, world, deadline }
    }

    /// Its address, for people.
    pub(super) fn shown(&self) -> String {
        match self.address() {
            Ok(Address::Http(address)) => address,
            Ok(Address::Socket(path)) => format!("unix://{path}"),
            Err(_) => "the vault".to_owned(),
        }
    }

    fn address(&self) -> Result<Address, SourceError> {
        if let Some(address) = &self.plan.address {
            return Ok(address.clone());
        }
        let text = self.world.environment.text("VAULT_ADDR").ok_or_else(|| {
            SourceError::not_applicable("vault-address-missing", "no vault: neither VaultAddress nor VAULT_ADDR is set")
                .remedy("set VaultAddress to https://HOST:8200")
                .about(ADDRESS)
                .settled_locally()
        })?;
        Address::read(&text, "VAULT_ADDR").map_err(SourceError::settled_locally)
    }

    /// The token that the vault is asked with: the entry's, or that of a login.
    async fn token(&self) -> Result<Secret, SourceError> {
        match &self.plan.token {
            Some(token) => Ok(token.clone()),
            None => Login::VAULT.token(self.plan.token_file.as_deref(), self.world).await,
        }
    }

    /// `data` of the answer to a `GET`, or with a body to a `POST`.
    pub(super) async fn ask(&self, path: &str, body: Option<&Value>, about: About<'_>) -> Result<Value, SourceError> {
        // A file at the most, which is read within the bounds of `World`.
        let (address, token) = (self.address()?, self.token().await?);
        let (base, socket) = match &address {
            Address::Http(base) => (base.as_str(), None),
            Address::Socket(path) => ("http://localhost", Some(path)),
        };
        let url = format!("{base}/v1/{path}");
        let request = match body {
            Some(body) => HttpRequest::post(url).header("Content-Type", "application/json").body(body.to_string()),
            None => HttpRequest::get(url),
        };
        let namespace = self.plan.namespace.clone();
        let namespace = namespace.or_else(|| self.world.environment.text("VAULT_NAMESPACE"));
        let request = request.header("X-Vault-Token", token.clone()).header("X-Vault-Request", "true");
        let request = namespace.into_iter().fold(request, |request, name| request.header("X-Vault-Namespace", name));
        let request = socket.into_iter().fold(request, HttpRequest::unix_socket);
        let request = match base.starts_with("https:") {
            true => request.trust(ServerTrust::of_variable("VAULT_CACERT", self.world).await?),
            false => request,
        };
        let request = request.timeout(PATIENCE).max_response(MAX_ANSWER);
        let answer = self.world.send_patiently(request, &RETRIES, self.deadline).await;
        let answer = answer.map_err(|error| self.unreachable(error))?;
        let json: Value = serde_json::from_slice(answer.body.expose()).unwrap_or_default();
        match (answer.status, json.get("data").filter(|data| data.is_object())) {
            (200, Some(data)) => Ok(data.clone()),
            (200, None) => Err(self.unreadable("there is no data in it")),
            _ => Err(self.refused(&answer, &json, about, &token)),
        }
    }

    pub(super) fn unreadable(&self, why: &str) -> SourceError {
        SourceError::invalid("vault-answer-unreadable", format!("what {} answered is not valid: {why}", self.shown()))
            .remedy("look at what answers there")
            .about(ADDRESS)
    }

    fn unreachable(&self, error: HttpError) -> SourceError {
        let shown = self.shown();
        let failed = match error.kind() {
            HttpErrorKind::Timeout => SourceError::transient("vault-timeout", format!("{shown} timed out"))
                .remedy("check the way to the vault; it is asked again"),
            HttpErrorKind::TooLarge => {
                let message = format!("the answer of {shown} has more than {MAX_ANSWER} bytes");
                SourceError::invalid("vault-answer-too-large", message).remedy("look at what answers there")
            }
            HttpErrorKind::Tls => {
                SourceError::denied("vault-tls-failed", format!("{shown} has a certificate that is not trusted"))
                    .remedy("add its certificate authority to those of this machine (SSL_CERT_FILE)")
            }
            HttpErrorKind::Request | HttpErrorKind::Unsupported => {
                SourceError::invalid("vault-request-invalid", format!("{shown} cannot be asked: {error}"))
                    .remedy("correct VaultAddress")
            }
            _ => SourceError::transient("vault-unreachable", format!("{shown} is unreachable: {error}"))
                .remedy("check VaultAddress, and the way to the vault; it is asked again"),
        };
        failed.about(ADDRESS).caused_by(error)
    }

    fn refused(&self, answer: &HttpResponse, json: &Value, about: About<'_>, token: &Secret) -> SourceError {
        let (shown, status, About { what, policy, setting }) = (self.shown(), answer.status, about);
        let said: Vec<&str> =
            json.get("errors").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let said = printable(&said.join("; ").replace(token.expose(), "***"), MAX_WORDS);
        let said = if said.is_empty() { "it gives no reason".to_owned() } else { said };
        let (kind, code, remedy) = match status {
            401 | 403 => (
                SourceErrorKind::Denied,
                "vault-forbidden",
                format!("renew the token, or allow it in a policy: {policy}"),
            ),
            404 => (SourceErrorKind::Denied, "vault-not-found", format!("correct {setting}, or create {what}")),
            503 => (SourceErrorKind::Transient, "vault-sealed", "unseal the vault: it is asked again".to_owned()),
            408 | 429 | 472 | 473 | 500.. => {
                (SourceErrorKind::Transient, "vault-unwell", "wait: it is asked again".to_owned())
            }
            300..=399 => {
                (SourceErrorKind::Denied, "vault-redirected", "name the active node in VaultAddress".to_owned())
            }
            _ => (SourceErrorKind::Invalid, "vault-request-refused", format!("correct {setting}")),
        };
        let message = match status {
            404 => format!("{what} was not found in {shown}: {said} (404)"),
            _ => format!("{shown} refused {what}: {said} ({status})"),
        };
        let wait = answer.retry_after(self.world.clock.now());
        SourceError::new(kind, code, message).remedy(remedy).about(setting).retry_after(wait)
    }
}
