//! What the emulator gives to whoever runs on its machine, and to nobody else: tokens of users.

use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::origin::is_forwarded;
use super::record::RecordedRequest;
use super::reply::Reply;
use super::state::State;
use super::user::UserToken;
use credential_core::world::is_loopback;

/// Where a user's token is asked for.
pub(crate) const USER_TOKEN: &str = "/emulator/user-token";

/// A question for a user's token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    name: String,
    tenant: Option<String>,
    audience: Option<String>,
    scopes: Option<String>,
}

/// The answer to `POST /emulator/user-token` with a JSON body: `{"access_token": ...}`.
///
/// A web page cannot ask: browsers ask first whether they may send JSON elsewhere, and are not answered; what
/// a page sends has an `Origin` anyhow.
pub(crate) fn user_token(state: &State, request: &RecordedRequest, origin: &str) -> Answer {
    let refuse = |status: u16, why: &str| {
        Answer::new(Reply::json(status, &json!({"error": why})), "local request refused").because(why)
    };
    let has = |name: &str| request.header(name).is_some();
    if !is_loopback(origin) || is_forwarded(has) || has("origin") {
        return refuse(403, "users' tokens are given on this machine alone, and neither by a proxy nor to a web page");
    }
    let media_type = request.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
    if request.method != "POST" || !media_type.trim().eq_ignore_ascii_case("application/json") {
        return refuse(405, "a user's token is asked for by POST, in application/json");
    }
    let question: Question = match serde_json::from_slice(request.body()) {
        Ok(question) => question,
        Err(error) => return refuse(400, &format!("the question cannot be read: {error}")),
    };
    let only_app = state.apps.first().map(|app| app.client_id.clone());
    let Some(audience) = question.audience.or(only_app) else {
        return refuse(400, "the emulator has no app: name an audience");
    };
    let tenant = match &question.tenant {
        None => state.first_tenant(),
        Some(name) => match state.tenant(name) {
            Some(tenant) => tenant,
            None => return refuse(404, &format!("the emulator has no tenant '{name}'")),
        },
    };
    let scopes = question.scopes.as_deref().unwrap_or("access_as_user");
    let token = UserToken { name: &question.name, audience: &audience, scopes, tenant };
    match state.key.sign(&token.claims(state, origin)) {
        Ok(signed) => Answer::new(Reply::json(200, &json!({"access_token": signed})), "user token")
            .because(format!("{} for {audience}", question.name)),
        Err(_) => refuse(500, "the token cannot be signed"),
    }
}
