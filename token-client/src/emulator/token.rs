//! The token endpoint (RFC 6749 §3.2).

use serde_json::{Value, json};

use super::answer::Answer;
use super::app::EmulatedApp;
use super::assertion::authenticate;
use super::authority::{SHARED_TENANTS, unknown_tenant};
use super::claims;
use super::guid;
use super::issuer::{Door, issuer};
use super::on_behalf_of;
use super::presented::Presented;
use super::record::RecordedRequest;
use super::refusal::Refusal;
use super::reply::Reply;
use super::resource::Asked;
use super::state::State;

pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// One request for a token, as far as it is understood.
pub(crate) struct TokenCall<'a> {
    pub(crate) state: &'a State,
    request: &'a RecordedRequest,
    /// The tenant as registered, or a shared one.
    pub(crate) tenant: &'a str,
    /// The address that was posted to, as the client sees it.
    pub(crate) endpoint: String,
    origin: &'a str,
    door: Door,
    pub(crate) presented: Presented,
    pub(crate) now: i64,
}

impl<'a> TokenCall<'a> {
    /// A parameter that is there and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.request.form(name).filter(|value| !value.is_empty())
    }

    /// # Errors
    /// 900144 when it is missing or empty.
    pub(crate) fn need(&self, name: &str) -> Result<&'a str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::missing(name))
    }

    pub(crate) fn has_shared_tenant(&self) -> bool {
        SHARED_TENANTS.contains(&self.tenant)
    }

    /// The claims that every token to this client has, for a tenant as it is registered.
    pub(crate) fn base_claims(&self, app: &EmulatedApp, audience: &str, tenant: &str) -> Value {
        let version = self.state.token_version;
        let mut token = json!({
            "aud": audience,
            "iss": issuer(self.state, self.origin, self.door, tenant),
            "iat": self.now,
            "nbf": self.now,
            "exp": self.now.saturating_add(self.state.lifetimes.expires_in),
            "tid": self.state.tenant_id(tenant),
            "uti": guid::random(),
            "ver": version.text(),
        });
        let method = if self.presented.secret.is_some() { "1" } else { "2" };
        claims::add(&mut token, version.client(&app.client_id, method));
        token
    }

    pub(crate) fn sign(&self, claims: &Value) -> Result<String, Refusal> {
        self.state.key.sign(claims).map_err(|_| Refusal::new(90_033, "A transient error has occurred."))
    }

    /// The members of every answer with a token (RFC 6749 §5.1).
    pub(crate) fn granted(&self, claims: &Value) -> Result<Value, Refusal> {
        let lifetimes = self.state.lifetimes;
        let mut body = json!({
            "token_type": "Bearer",
            "expires_in": lifetimes.expires_in,
            "ext_expires_in": lifetimes.ext_expires_in,
            "access_token": self.sign(claims)?,
        });
        if let (Some(refresh_in), Some(body)) = (lifetimes.refresh_in, body.as_object_mut()) {
            body.insert("refresh_in".to_owned(), refresh_in.into());
        }
        Ok(body)
    }
}

/// The answer to a request that came by this door.
pub(crate) fn answer(
    state: &State,
    request: &RecordedRequest,
    tenant: &str,
    origin: &str,
    door: Door,
) -> Result<Answer, Refusal> {
    if request.method != "POST" {
        let message = format!("The endpoint only accepts POST requests. Received a {} request.", request.method);
        return Err(Refusal::new(900_561, message));
    }
    let shared = SHARED_TENANTS.into_iter().find(|name| name.eq_ignore_ascii_case(tenant));
    let tenant = shared.or_else(|| state.tenant(tenant)).ok_or_else(|| unknown_tenant(tenant))?;
    let endpoint = format!("{origin}{}", request.path);
    single_valued(request)?;
    let presented = Presented::read(request)?;
    let call = TokenCall { state, request, tenant, endpoint, origin, door, presented, now: state.now() };
    let grant = call.need("grant_type")?;
    let client_id = call.presented.client_id.as_deref().ok_or_else(|| Refusal::missing("client_id"))?;
    let app = state.app(client_id).ok_or_else(|| {
        let message = format!("Application with identifier '{client_id}' was not found in the directory '{tenant}'.");
        Refusal::new(700_016, message)
    })?;
    let verdict = authenticate(&call, app)?;
    let (body, why) = match grant {
        "client_credentials" => client_credentials(&call, app)?,
        JWT_BEARER => on_behalf_of::exchange(&call, app)?,
        other => return Err(Refusal::new(70_003, format!("The app requested an unsupported grant type '{other}'."))),
    };
    Ok(Answer::new(Reply::json(200, &body).header("pragma", "no-cache"), verdict).because(why))
}

/// # Errors
/// 9002313 when a parameter is there twice (RFC 6749 §3.2).
fn single_valued(request: &RecordedRequest) -> Result<(), Refusal> {
    let mut names = request.form_names();
    names.sort_unstable();
    match names.iter().zip(names.iter().skip(1)).find(|(one, next)| one == next) {
        Some((name, _)) => Err(Refusal::malformed(&format!("the parameter '{name}' is there more than once."))),
        None => Ok(()),
    }
}

/// RFC 6749 §4.4: a token for the app itself. The body, and what was granted in a few words.
fn client_credentials(call: &TokenCall<'_>, app: &EmulatedApp) -> Result<(Value, String), Refusal> {
    if call.has_shared_tenant() {
        let message = "No tenant-identifying information found in either the request or implied by any provided \
                       credentials.";
        return Err(Refusal::new(50_059, message));
    }
    let scope = call.need("scope")?;
    let asked = Asked::read(scope, &call.state.resources, call.tenant)?;
    if !asked.scopes.is_empty() || !asked.oidc.is_empty() {
        return Err(Refusal::bad_scope(scope));
    }
    let mut claims = call.base_claims(app, &asked.resource.identifier, call.tenant);
    let principal = guid::of(&format!("service principal {}", app.client_id));
    let own = json!({"idtyp": "app", "oid": principal, "sub": principal, "roles": asked.resource.roles});
    claims::add(&mut claims, own.as_object().cloned().unwrap_or_default());
    claims::add(&mut claims, claims::requested(call.get("claims"))?);
    let why = format!("{} for {}", app.client_id, asked.resource.identifier);
    Ok((call.granted(&claims)?, why))
}
