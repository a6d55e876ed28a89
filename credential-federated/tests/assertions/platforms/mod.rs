//! Platforms that give a token: what is asked of each, and what is kept of all of them alike.

mod requests;
mod scenarios;
mod variables;

use std::fmt;
use std::time::Duration;

use credential_core::source::Application;
use credential_core::testing::{Bound, FakeReply, FakeWorld, application};
use credential_core::world::{HttpRequest, HttpResponse};
use credential_core::{Credential, CredentialDescription, CredentialSource};

use crate::common::{bound, jwt};

const AUDIENCE: &str = "api://AzureADTokenExchange";
/// The fake clock's start, 2026-01-01, in seconds.
const NOW: i64 = 1_767_225_600;

/// A token of a workload with an end so many seconds from now.
fn token(id: &str, audience: &str, ends_in: i64) -> String {
    let exp = NOW + ends_in;
    jwt(&format!(r#"{{"iss":"https://issuer.example","sub":"it's:main","aud":"{audience}","jti":"{id}","exp":{exp}}}"#))
}

/// A platform that is asked over HTTP, in a world of fakes.
struct Asked {
    source: fn() -> Box<dyn CredentialSource>,
    entry: fn() -> CredentialDescription,
    /// Makes a world of that platform.
    here: fn(&FakeWorld),
    method: &'static str,
    /// Where it is asked.
    address: &'static str,
    /// Its answer with a token.
    answer: fn(&str) -> String,
    /// What it is asked with, which nobody may see.
    secret: &'static str,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str((self.entry)().source_type().as_str())
    }
}

impl Asked {
    fn bound(&self) -> Bound {
        bound((self.source)(), &(self.entry)())
    }

    fn world(&self) -> FakeWorld {
        let world = FakeWorld::new();
        (self.here)(&world);
        world
    }

    fn replies(&self, world: &FakeWorld, reply: FakeReply) {
        world.http.on(self.method, self.address, reply);
    }

    fn gives(&self, world: &FakeWorld, token: &str) {
        self.replies(world, FakeReply::Answer(HttpResponse::new(200, Vec::new(), (self.answer)(token))));
    }
}

/// Every platform that is asked over HTTP.
const ASKED: &[Asked] = &[GIT_HUB];

const GIT_HUB: Asked = Asked {
    source: || Box::new(credential_federated::GitHubActionsSource),
    entry: || CredentialDescription::new("GitHubActions"),
    here: |world| {
        world.environment.set("GITHUB_ACTIONS", "true");
        world.environment.set("ACTIONS_ID_TOKEN_REQUEST_URL", "https://run.example/idtoken?api-version=2.0");
        world.environment.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2-bearer");
    },
    method: "GET",
    address: "https://run.example/idtoken?",
    answer: |token| format!(r#"{{"count":1,"value":"{token}"}}"#),
    secret: "hunter2-bearer",
};

fn text(credential: &Credential) -> String {
    let Credential::Assertion(assertion) = credential else { panic!("no assertion: {credential:?}") };
    assertion.token().unwrap().expose().to_owned()
}

fn sent(request: &HttpRequest) -> String {
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{name}: {}", value.expose())).collect();
    let body = String::from_utf8_lossy(request.body.expose()).into_owned();
    format!("{} {} [{}] {body}", request.method, request.url, headers.join(", ")).trim().to_owned()
}
