//! The generic sources `HttpGet` and `HttpPost`.

use credential_core::SourceErrorKind::NotApplicable;
use credential_core::SourceRegistry;

use super::*;
use crate::common::load;

/// Fly.io: everything that comes back over the socket is the token.
#[tokio::test]
async fn a_unix_socket_is_asked_where_it_is() {
    let entry = CredentialDescription::new("HttpPost")
        .with("Url", "http://localhost/v1/tokens/oidc")
        .with("UnixSocket", "/.fly/api")
        .with("AudienceParameter", "aud");
    let world = FakeWorld::new();
    let answer = HttpResponse::new(200, Vec::new(), format!("{}\n", token("a", AUDIENCE, 600)));
    world.http.on("POST", "http://localhost/v1/tokens/oidc", FakeReply::Answer(answer));
    let error = load(&bound(HttpSource::Post, &entry), &world, None).await.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (NotApplicable, "/.fly/api: socket not found"));
    assert_eq!((error.setting(), world.http.requests().len()), (Some("UnixSocket"), 0));
    world.files.write("/.fly/api", "");
    let loaded = load(&bound(HttpSource::Post, &entry), &world, None).await.unwrap();
    assert_eq!(text(&loaded), token("a", AUDIENCE, 600));
    let request = &world.http.requests()[0];
    assert_eq!(request.unix_socket.as_deref(), Some("/.fly/api".as_ref()));
    assert_eq!(request.body.expose(), br#"{"aud":"api://AzureADTokenExchange"}"#);
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_named() {
    let world = GET.world();
    world.environment.unset("JOB");
    let error = load(&GET.bound(), &world, None).await.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (NotApplicable, "JOB is not set"));
}

/// A variable's value cannot lead to another place than the settings name.
#[tokio::test]
async fn a_variable_stays_within_its_part_of_the_address() {
    for (value, url) in [
        ("7/../../x?y#z", Some("https://tokens.example/7%2F..%2F..%2Fx%3Fy%23z/issue?v=1&aud=")),
        ("@evil.example", Some("https://tokens.example/%40evil.example/issue?v=1&aud=")),
        ("..", None),
    ] {
        let world = GET.world();
        world.environment.set("JOB", value);
        let answer = GET.answered(200, (GET.answer)(&token("a", AUDIENCE, 600)));
        world.http.on("GET", "https://", answer);
        let loaded = load(&GET.bound(), &world, None).await;
        match url {
            Some(url) => assert!(world.http.requests()[0].url.starts_with(url), "{loaded:?}"),
            None => assert_eq!(loaded.unwrap_err().code(), "token-request-invalid"),
        }
    }
}

#[test]
fn an_address_that_no_secret_may_go_to_is_refused_when_it_is_bound() {
    let registry = SourceRegistry::new().with(HttpSource::Get);
    for (url, code) in [
        ("http://tokens.example/", "insecure-url"),
        ("https://$HOST/", "wrong-value"),
        ("https://a$B:1/x", "wrong-value"),
        ("tokens.example", "wrong-type"),
    ] {
        let entry = CredentialDescription::new("HttpGet").with("Url", url);
        let error = registry.bind(vec![entry], FakeWorld::new().world()).unwrap_err();
        assert_eq!(error.findings()[0].code, code, "{url}: {error}");
    }
}
