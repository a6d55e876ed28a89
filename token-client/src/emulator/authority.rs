//! The authority's addresses: discovery, configuration, keys and the token endpoint.

use serde_json::{Value, json};

use super::answer::Answer;
use super::guid;
use super::issuer::{Door, issuer};
use super::local;
use super::page;
use super::record::RecordedRequest;
use super::refusal::Refusal;
use super::reply::Reply;
use super::state::State;
use super::token;
use credential_core::text::guid::is_guid;

/// Tenants that stand for no one in particular.
pub(crate) const SHARED_TENANTS: [&str; 3] = ["common", "organizations", "consumers"];

/// The answer of the authority. `origin` is the address under which it was asked.
pub(crate) fn answer(state: &State, request: &RecordedRequest, origin: &str) -> Answer {
    if request.path == local::USER_TOKEN {
        return local::user_token(state, request, origin);
    }
    let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let correlation_id = correlation_id(request);
    let found = match path.as_slice() {
        ["common", "discovery", "instance"] => only_get(request).and_then(|()| instance_discovery(request, origin)),
        // The second is a generic provider's, the third that of AD FS, whose tenant is "adfs".
        [tenant, "oauth2", "v2.0", "token"] | [tenant, "connect", "token"] | [tenant, "oauth2", "token"] => {
            let door = if path.contains(&"v2.0") { Door::Entra } else { Door::Generic };
            return finish(
                state,
                request,
                origin,
                &correlation_id,
                token::answer(state, request, tenant, origin, door),
            );
        }
        [tenant, "v2.0", ".well-known", "openid-configuration"] => {
            known(state, request, tenant).map(|tenant| configuration(state, origin, tenant, Door::Entra))
        }
        // The same tenant as a generic OpenID Connect provider, with another token endpoint.
        [tenant, ".well-known", "openid-configuration"] => {
            known(state, request, tenant).map(|tenant| configuration(state, origin, tenant, Door::Generic))
        }
        [tenant, "discovery", "v2.0", "keys"] => known(state, request, tenant).map(|_| state.key.key_set()),
        [tenant, "oauth2", "v2.0", "authorize"] => {
            let found = known(state, request, tenant).map(|_| Answer::new(page::sign_in(), "page"));
            return finish(state, request, origin, &correlation_id, found);
        }
        ["error"] => return Answer::new(page::error(request), "page"),
        _ => return Answer::new(Reply::new(404, Vec::new()), "unknown path"),
    };
    let answer = found.map(|body| Answer::new(Reply::json(200, &body), "discovery"));
    finish(state, request, origin, &correlation_id, answer)
}

/// The correlation id of a request: its own, if it has the form of one.
pub(crate) fn correlation_id(request: &RecordedRequest) -> String {
    let given = request.header("client-request-id").filter(|id| is_guid(id));
    given.map_or_else(guid::random, str::to_owned)
}

fn finish(
    state: &State,
    request: &RecordedRequest,
    origin: &str,
    correlation_id: &str,
    result: Result<Answer, Refusal>,
) -> Answer {
    let mut answer = result.unwrap_or_else(|refusal| {
        let reply = refusal.reply(correlation_id, state.now(), origin);
        Answer::new(reply, format!("AADSTS{}", refusal.code())).because(refusal.message())
    });
    let mut reply = answer.reply.header("cache-control", "no-store");
    // RFC 6749 §5.2: a client that used the header is told which scheme is taken.
    if reply.status == 401 && request.header("authorization").is_some() {
        reply = reply.header("www-authenticate", "Basic realm=\"token endpoint\"");
    }
    let wants_id = request.header("return-client-request-id").is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
    answer.reply = if wants_id { reply.header("client-request-id", correlation_id) } else { reply };
    answer
}

fn only_get(request: &RecordedRequest) -> Result<(), Refusal> {
    match request.method.as_str() {
        "GET" | "HEAD" => Ok(()),
        other => {
            Err(Refusal::new(900_561, format!("The endpoint only accepts GET requests. Received a {other} request.")))
        }
    }
}

fn known<'a>(state: &'a State, request: &RecordedRequest, tenant: &'a str) -> Result<&'a str, Refusal> {
    only_get(request)?;
    let shared = SHARED_TENANTS.into_iter().find(|name| name.eq_ignore_ascii_case(tenant));
    shared.or_else(|| state.tenant(tenant)).ok_or_else(|| unknown_tenant(tenant))
}

pub(crate) fn unknown_tenant(tenant: &str) -> Refusal {
    let advice = "Check to make sure you have the correct tenant ID and are signing into the correct cloud.";
    Refusal::new(90_002, format!("Tenant '{tenant}' not found. {advice}"))
}

fn instance_discovery(request: &RecordedRequest, origin: &str) -> Result<Value, Refusal> {
    let endpoint = request.query("authorization_endpoint").ok_or_else(|| Refusal::missing("authorization_endpoint"))?;
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    let asked = url::Url::parse(endpoint).ok();
    let asked_host = asked.as_ref().map(|url| match (url.host_str(), url.port()) {
        (Some(name), Some(port)) => format!("{name}:{port}"),
        (name, _) => name.unwrap_or_default().to_owned(),
    });
    if asked_host.as_deref() != Some(host) {
        return Err(Refusal::new(50_049, "Unknown or invalid instance."));
    }
    Ok(json!({
        "tenant_discovery_endpoint": format!("{origin}/common/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }))
}

/// The metadata of a tenant (OpenID Connect Discovery §3). Entra's has the tenant's id, whatever it was asked by.
fn configuration(state: &State, origin: &str, tenant: &str, door: Door) -> Value {
    let (base, token_path) = match door {
        Door::Entra if SHARED_TENANTS.contains(&tenant) => (format!("{origin}/{tenant}"), "oauth2/v2.0/token"),
        Door::Entra => (format!("{origin}/{}", state.tenant_id(tenant)), "oauth2/v2.0/token"),
        Door::Generic => (format!("{origin}/{tenant}"), "connect/token"),
    };
    json!({
        "issuer": issuer(state, origin, door, tenant),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/{token_path}"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "token_endpoint_auth_signing_alg_values_supported": ["PS256", "RS256"],
        "grant_types_supported": ["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
    })
}
