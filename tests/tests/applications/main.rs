//! Several applications of one configuration: a section's token as another's assertion, a client for each
//! section, and a configuration that is read again.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod nested;
mod reload;
mod sections;

use credential_core::testing::{FakeReply, FakeWorld};
use credential_core::world::{HttpRequest, HttpResponse};
use token_client::{TokenClient, TokenClientBuilder};

const FILE: &str = "conf/appsettings.json";
const SCOPE: &str = "https://graph.microsoft.com/.default";

/// A section with that client id and that list of credentials.
fn section(client_id: &str, credentials: &str) -> String {
    format!(
        r#"{{"Instance": "https://login.microsoftonline.com/", "TenantId": "t.example", "ClientId": "{client_id}",
             "ClientCredentials": [{credentials}]}}"#
    )
}

/// An entry whose assertion is the token of that section's application.
fn of(section: &str) -> String {
    format!(r#"{{"SourceType": "SignedAssertionFromApplication", "ConfigurationSection": "{section}"}}"#)
}

const SECRET: &str = r#"{"SourceType": "ClientSecret", "ClientSecret": "idp-s3cret"}"#;

fn file(world: &FakeWorld, sections: &[(&str, String)]) {
    let sections: Vec<String> = sections.iter().map(|(name, section)| format!(r#""{name}": {section}"#)).collect();
    world.files.write(FILE, format!("{{{}}}", sections.join(",\n")));
}

/// Where `login.microsoftonline.com` gives every application a token that names it.
fn world() -> FakeWorld {
    world_that(|request| {
        let token = format!("token-of-{}", field(request, "client_id"));
        (200, format!(r#"{{"access_token": "{token}", "expires_in": 3600, "token_type": "Bearer"}}"#))
    })
}

/// A world whose authority answers so.
fn world_that(answers: impl Fn(&HttpRequest) -> (u16, String) + Send + Sync + 'static) -> FakeWorld {
    let world = FakeWorld::new();
    let reply = FakeReply::by(move |request| {
        let (status, body) = answers(request);
        HttpResponse::new(status, Vec::new(), body)
    });
    world.http.on("POST", "https://login.microsoftonline.com/", reply);
    world
}

fn builder(world: &FakeWorld) -> TokenClientBuilder {
    TokenClient::builder().file(FILE).world(world.world())
}

/// The value of a field of a request's form.
fn field(request: &HttpRequest, name: &str) -> String {
    let body = String::from_utf8(request.body.expose().to_vec()).unwrap();
    url::form_urlencoded::parse(body.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// What each request so far presented: the client, and its secret or assertion.
fn presented(world: &FakeWorld) -> Vec<(String, String)> {
    let requests = world.http.requests();
    let shown = requests.iter().map(|one| {
        (field(one, "client_id"), format!("{}{}", field(one, "client_secret"), field(one, "client_assertion")))
    });
    shown.collect()
}
