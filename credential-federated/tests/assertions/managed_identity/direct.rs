//! Tokens of an identity for any resource, without an exchange.

use credential_core::tokens::{ProvidedToken, TokenFor, TokenProvider};

use super::*;

const GRAPH: &str = "https://graph.microsoft.com/.default";

/// The tokens of an entry's identity, as whoever binds asks a registry for them.
fn tokens(entry: &CredentialDescription, world: &FakeWorld) -> Arc<dyn TokenProvider> {
    let registry = SourceRegistry::new().with(ManagedIdentityAssertionSource);
    registry.tokens(entry, world.world()).unwrap_or_else(|error| panic!("{error}"))
}

async fn asked_for(
    tokens: &dyn TokenProvider,
    world: &FakeWorld,
    change: impl for<'a> Fn(TokenFor<'a>) -> TokenFor<'a>,
) -> Result<ProvidedToken, SourceError> {
    let real = world.world();
    let wanted = change(TokenFor::new(GRAPH, real.clock.moment().after(Duration::from_secs(30)), &real));
    in_time(world, tokens.token(&wanted)).await
}

fn urls(world: &FakeWorld) -> Vec<String> {
    world.http.requests().into_iter().map(|request| request.url).collect()
}

#[tokio::test]
async fn the_resource_is_the_scopes_and_a_token_may_be_opaque() {
    let world = world(&APP_SERVICE);
    world.http.on("GET", MSI, FakeReply::Answer(answer("opaque", 3600)));
    let tokens = tokens(&entry().with("ManagedIdentityObjectId", "o"), &world);
    for _ in 0..2 {
        assert_eq!(asked_for(&*tokens, &world, |wanted| wanted).await.unwrap().token.expose(), "opaque");
    }
    let url = format!("{MSI}?api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com&object_id=o");
    assert_eq!(urls(&world), [url.as_str()]);
    asked_for(&*tokens, &world, |wanted| wanted.fresh(true)).await.unwrap();
    assert_eq!(urls(&world).len(), 2);
}

#[tokio::test]
async fn service_fabric_is_told_what_the_caller_can_do_and_which_token_was_refused() {
    let world = world(&[
        ("IDENTITY_ENDPOINT", "https://127.0.0.1:2377/sf"),
        ("IDENTITY_HEADER", "h"),
        ("IDENTITY_SERVER_THUMBPRINT", "7C1D5A0E93B24F68A1D7E2C35B906F84D3A7E519"),
    ]);
    world.http.on("GET", "https://127.0.0.1:2377/sf", FakeReply::Answer(answer("abc", 3600)));
    let tokens = tokens(&entry(), &world);
    let capabilities = ["cp1".to_owned(), "cp2".to_owned()];
    let real = world.world();
    let wanted = || TokenFor::new(GRAPH, real.clock.moment().after(Duration::from_secs(30)), &real);
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;
    for wanted in [
        wanted().claims(Some(claims)).capabilities(&capabilities),
        wanted().claims(Some(claims)).capabilities(&capabilities),
        wanted().fresh(true).capabilities(&capabilities),
        wanted(),
    ] {
        in_time(&world, tokens.token(&wanted)).await.unwrap();
    }
    let base = "https://127.0.0.1:2377/sf?api-version=2020-05-01&resource=https%3A%2F%2Fgraph.microsoft.com";
    // SHA-256 of `abc`, as FIPS 180-4 has it.
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(
        urls(&world),
        [
            format!("{base}&xms_cc=cp1%2Ccp2"),
            format!("{base}&xms_cc=cp1%2Ccp2&token_sha256_to_refresh={hash}"),
            format!("{base}&xms_cc=cp1%2Ccp2"),
            base.to_owned(),
        ]
    );
}

#[tokio::test]
async fn whoever_probes_knows_within_a_second_that_nobody_is_there() {
    let refusal = |status| FakeReply::Answer(HttpResponse::new(status, Vec::new(), "{}"));
    for reply in [FakeReply::Hang, FakeReply::Fail(HttpErrorKind::Connect), refusal(403), refusal(404)] {
        let world = world(&[]);
        world.http.on("GET", IMDS, reply.clone());
        let tokens = tokens(&entry(), &world);
        let start = world.clock.moment();
        let error = asked_for(&*tokens, &world, |wanted| wanted.probe(true)).await.unwrap_err();
        let found = (error.kind(), error.code());
        assert_eq!(found, (SourceErrorKind::NotApplicable, "managed-identity-absent"), "{reply:?}: {error}");
        assert!(world.clock.moment().since(start) <= Duration::from_millis(1500), "{reply:?}");
        assert!(world.http.requests().iter().all(|request| request.headers.iter().all(|(name, _)| name != "Metadata")));
    }
    let world = world(&[]);
    world.http.on(
        "GET",
        IMDS,
        FakeReply::by(|request| match request.headers.iter().any(|(name, _)| name == "Metadata") {
            true => answer("opaque", 3600),
            false => HttpResponse::new(400, Vec::new(), r#"{"error":"invalid_request"}"#),
        }),
    );
    let tokens = tokens(&entry(), &world);
    for _ in 0..2 {
        asked_for(&*tokens, &world, |wanted| wanted.probe(true).fresh(true)).await.unwrap();
    }
    assert_eq!(urls(&world).len(), 3, "it is probed once");
}

#[tokio::test]
async fn what_is_wrong_with_a_resource_names_the_scopes() {
    let world = world(&APP_SERVICE);
    let body = r#"{"error":"invalid_resource","error_description":"AADSTS500011"}"#;
    world.http.on("GET", MSI, FakeReply::Answer(HttpResponse::new(400, Vec::new(), body)));
    let error = asked_for(&*tokens(&entry(), &world), &world, |wanted| wanted).await.unwrap_err();
    assert_eq!(error.remedy_text(), Some("correct Scopes: the tenant does not know \"https://graph.microsoft.com\""));
}

#[test]
fn entries_that_are_exchanged_give_no_tokens() {
    let registry = SourceRegistry::new().with(credential_federated::SignedAssertionFileSource);
    let entry = CredentialDescription::new("SignedAssertionFilePath");
    let error = registry.tokens(&entry, FakeWorld::new().world()).unwrap_err();
    assert!(error.to_string().contains("without an exchange"), "{error}");
}
