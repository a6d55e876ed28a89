//! Tokens of the machine's managed identities in place of the application's.
#![cfg(all(feature = "secret", feature = "federated"))]

use std::time::Duration;

use credential_core::Severity;
use credential_core::testing::FakeWorld;
use token_client::settings::DownstreamOptions;
use token_client::{
    DownstreamCall, DownstreamError, ManagedIdentityId, TokenClient, TokenErrorKind, TokenOrigin, TokenRequest,
};

const SCOPE: &str = "https://storage.azure.com/.default";
const HOST: &str = "http://127.0.0.1:41000/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com";
const APPLICATION: &str = r#""AzureAd": {
    "Instance": "https://login.microsoftonline.com/", "TenantId": "t.example", "ClientId": "1d6e9b1c-8f0a-4c57-a7f5-6f1f0b8d2c3a",
    "ClientCredentials": [{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}]}"#;

/// A machine of App Service's.
fn machine() -> FakeWorld {
    let world = FakeWorld::new();
    world.environment.set("IDENTITY_ENDPOINT", "http://127.0.0.1:41000/msi/token");
    world.environment.set("IDENTITY_HEADER", "hunter2-header");
    world
}

fn answer(world: &FakeWorld, token: &str, life: u32) {
    world.http.answer(200, format!(r#"{{"access_token": "{token}", "expires_in": "{life}", "token_type": "Bearer"}}"#));
}

fn request() -> TokenRequest {
    TokenRequest::app(SCOPE).managed_identity(ManagedIdentityId::SystemAssigned)
}

fn asked(world: &FakeWorld) -> Vec<String> {
    world.http.requests().into_iter().map(|request| request.url).collect()
}

/// A client of the file's.
async fn client(world: &FakeWorld, text: &str) -> Result<TokenClient, Vec<String>> {
    world.files.write("appsettings.json", text);
    let built = TokenClient::builder().world(world.world()).build().await;
    built.map_err(|error| {
        let errors = error.findings().iter().filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| format!("{} {}", finding.code, finding.path.as_deref().unwrap_or_default())).collect()
    })
}

#[tokio::test]
async fn a_token_is_cached_shared_and_renewed_at_its_half() {
    let world = machine();
    let client = TokenClient::builder().without_application().world(world.world()).build().await.unwrap();
    answer(&world, "first", 86_400);
    let (one, other) = (client.clone(), client.clone());
    let (own, same) = (request(), request());
    let (one, other) = tokio::join!(one.acquire(&own), other.acquire(&same));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.token.value().expose(), other.token.value().expose()), ("first", "first"));
    assert_eq!((one.token.tenant(), one.token.scopes()), (None, vec!["https://storage.azure.com"]));
    assert_eq!(client.acquire(&request()).await.unwrap().origin, TokenOrigin::Cache);
    assert_eq!(asked(&world), [HOST]);
    // Half of its life, and the spread over which renewals go.
    world.clock.advance(Duration::from_secs(43_200 + 301));
    answer(&world, "second", 86_400);
    assert_eq!(client.token(&request()).await.unwrap().value().expose(), "first");
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.token(&request()).await.unwrap().value().expose(), "second");
    assert_eq!(asked(&world).len(), 2);
}

#[tokio::test]
async fn identities_do_not_meet_each_others_tokens() {
    let world = machine();
    let client = client(&world, &format!("{{{APPLICATION}}}")).await.unwrap();
    let id = |text: &str| text.to_owned();
    for (identity, query) in [
        (ManagedIdentityId::SystemAssigned, ""),
        (ManagedIdentityId::ClientId(id("c")), "&client_id=c"),
        (ManagedIdentityId::ObjectId(id("o")), "&object_id=o"),
        (ManagedIdentityId::ResourceId(id("/r")), "&mi_res_id=%2Fr"),
    ] {
        let request = TokenRequest::app(SCOPE).managed_identity(identity);
        answer(&world, &format!("of {query}"), 3600);
        for _ in 0..2 {
            assert_eq!(client.token(&request).await.unwrap().value().expose(), format!("of {query}"));
        }
        assert_eq!(*asked(&world).last().unwrap(), format!("{HOST}{query}"));
    }
    // And the application has its own.
    world.http.answer(200, r#"{"access_token": "of-the-application", "expires_in": 3600}"#);
    assert_eq!(client.token(&TokenRequest::app(SCOPE)).await.unwrap().value().expose(), "of-the-application");
    assert_eq!(asked(&world).len(), 5);
}

#[tokio::test]
async fn force_and_claims_ask_anew_and_what_is_left_serves_while_the_host_is_unwell() {
    let world = machine();
    let client = TokenClient::builder().without_application().world(world.world()).build().await.unwrap();
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;
    for (nth, request) in [request(), request().force_refresh(), request().claims(claims)].into_iter().enumerate() {
        answer(&world, &format!("t{nth}"), 3600);
        assert_eq!(client.token(&request).await.unwrap().value().expose(), format!("t{nth}"));
    }
    // Within the margin of its end.
    world.clock.advance(Duration::from_secs(3400));
    world.http.answer(502, "{}");
    assert_eq!(client.token(&request()).await.unwrap().value().expose(), "t2");
}

#[tokio::test]
async fn what_the_host_says_is_what_a_program_can_decide_by() {
    for (status, body, kind, word) in [
        (
            400,
            r#"{"error":"invalid_request","error_description":"Identity not found"}"#,
            TokenErrorKind::Credential,
            "Identity not found",
        ),
        (
            400,
            r#"{"error":"invalid_resource","error_description":"no such resource"}"#,
            TokenErrorKind::Credential,
            "Scopes",
        ),
        (403, r#"{"message":"no"}"#, TokenErrorKind::Credential, "managed identity"),
        (502, "{}", TokenErrorKind::Unwell, "App Service"),
        (200, "{}", TokenErrorKind::Credential, "no token in it"),
    ] {
        let world = machine();
        let client = TokenClient::builder().without_application().world(world.world()).build().await.unwrap();
        world.http.answer(status, body);
        let error = client.token(&request()).await.unwrap_err();
        let finding = &error.findings()[0];
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(word) && finding.remedy.is_some(), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[tokio::test]
async fn a_section_says_it_and_needs_no_application_then() {
    let api = r#""Blobs": {"BaseUrl": "https://blobs.example/", "Scopes": ["https://storage.azure.com/.default"],
        "AcquireTokenOptions": {"ManagedIdentity": {"UserAssignedClientId": "mine"}}}"#;
    let system = api.replace(r#""mine""#, "null");
    for (text, query) in [
        (format!("{{{api}}}"), "&client_id=mine"),
        (format!("{{{system}}}"), ""),
        (
            format!(
                r#"{{"AzureAd": {{"ClientId": "app1", "Instance": "https://login.microsoftonline.com/"}}, {api}}}"#
            ),
            "&client_id=mine",
        ),
        (format!("{{{APPLICATION}, {api}}}"), "&client_id=mine"),
    ] {
        let world = machine();
        let client = client(&world, &text).await.unwrap();
        answer(&world, "of the identity", 3600);
        world.http.answer(200, "{}");
        let called = client.downstream("Blobs").unwrap().call(DownstreamCall::new().path("a")).await.unwrap();
        assert_eq!(called.status(), 200);
        let sent = world.http.requests();
        assert_eq!(sent[0].url, format!("{HOST}{query}"));
        let header = sent[1].headers.iter().find(|(name, _)| name == "authorization").unwrap();
        assert_eq!(header.1.expose(), "Bearer of the identity");
    }
    let world = machine();
    let of_api = client(&world, &format!("{{{api}}}")).await.unwrap();
    let error = of_api.token(&TokenRequest::app(SCOPE)).await.unwrap_err();
    assert_eq!((error.kind(), error.findings()[0].code), (TokenErrorKind::Request, "missing-authority"), "{error}");
    assert!(asked(&world).is_empty());
    let user = DownstreamCall::new().on_behalf_of("user");
    match of_api.downstream("Blobs").unwrap().call(user).await {
        Err(DownstreamError::Call(finding)) => assert_eq!(finding.code, "caller-conflict", "{finding}"),
        other => panic!("{other:?}"),
    }
    // Beside an API that the application calls, it is needed as ever.
    let both = format!(r#"{{{api}, "Other": {{"BaseUrl": "https://b/", "Scopes": ["api://x/.default"]}}}}"#);
    assert!(!client(&world, &both).await.unwrap_err().is_empty());
}

#[tokio::test]
async fn one_call_says_it_and_the_section_stays() {
    let id = |text: &str| ManagedIdentityId::ClientId(text.to_owned());
    let identity = r#", "AcquireTokenOptions": {"ManagedIdentity": {"UserAssignedClientId": "of-section"}}"#;
    for (members, call, query) in [
        ("", DownstreamCall::new().managed_identity(ManagedIdentityId::SystemAssigned), ""),
        ("", DownstreamCall::new().managed_identity(id("mine")).managed_identity(id("mine")), "&client_id=mine"),
        (r#", "RequestAppToken": true"#, DownstreamCall::new().managed_identity(id("mine")), "&client_id=mine"),
        (identity, DownstreamCall::new().managed_identity(id("mine")), "&client_id=mine"),
        (identity, DownstreamCall::new().managed_identity(ManagedIdentityId::SystemAssigned), ""),
        (identity, DownstreamCall::new().as_app(), "&client_id=of-section"),
        // What belongs to the application's token is the section's, and no part of the call.
        (
            r#", "AcquireTokenOptions": {"Tenant": "other.example"}"#,
            DownstreamCall::new().managed_identity(id("a")),
            "&client_id=a",
        ),
    ] {
        let world = machine();
        let api = format!(r#""Api": {{"BaseUrl": "https://blobs.example/", "Scopes": ["{SCOPE}"]{members}}}"#);
        let client = client(&world, &format!("{{{APPLICATION}, {api}}}")).await.unwrap();
        let api = client.downstream("Api").unwrap();
        answer(&world, "of the identity", 3600);
        world.http.answer(200, "{}");
        world.http.answer(200, "{}");
        assert_eq!(api.call(call.clone()).await.unwrap().status(), 200, "{members} {call:?}");
        assert_eq!(api.call(call.clone()).await.unwrap().status(), 200);
        let sent = world.http.requests();
        assert_eq!((sent[0].url.clone(), sent.len()), (format!("{HOST}{query}"), 3), "{members} {call:?}");
        let header = sent[2].headers.iter().find(|(name, _)| name == "authorization").unwrap();
        assert_eq!(header.1.expose(), "Bearer of the identity");
    }
}

#[tokio::test]
async fn a_call_that_contradicts_its_identity_is_not_made() {
    let own = || DownstreamCall::new().managed_identity(ManagedIdentityId::SystemAssigned);
    let identity = r#", "AcquireTokenOptions": {"ManagedIdentity": {"UserAssignedClientId": "of-section"}}"#;
    for (members, call, code, word) in [
        ("", own().as_app(), "caller-conflict", "with a managed identity and as the application"),
        ("", own().on_behalf_of("user"), "caller-conflict", "use managed_identity(..) or on_behalf_of(..), once"),
        ("", own().managed_identity(ManagedIdentityId::ClientId("a".to_owned())), "caller-conflict", "two different"),
        ("", own().anonymous(), "caller-conflict", "managed_identity(..)"),
        ("", own().tenant("t.example"), "without-effect", "tenant(..)"),
        ("", own().fmi_path("a/b"), "without-effect", "fmi_path(..)"),
        (identity, DownstreamCall::new().tenant("t.example"), "without-effect", "tenant(..)"),
        ("", own().scopes(["api://x/read"]), "delegated-scope-for-app-token", ".default"),
        (r#", "RequestAppToken": false"#, own(), "caller-conflict", "instead of managed_identity(..)"),
    ] {
        let world = machine();
        let api = format!(r#""Api": {{"BaseUrl": "https://blobs.example/", "Scopes": ["{SCOPE}"]{members}}}"#);
        let client = client(&world, &format!("{{{APPLICATION}, {api}}}")).await.unwrap();
        let shown = format!("{members} {call:?}");
        let error = client.downstream("Api").unwrap().call(call).await.unwrap_err();
        assert!(matches!(error, DownstreamError::Call(_)), "{shown}: {error}");
        assert_eq!(error.findings()[0].code, code, "{shown}: {error}");
        assert!(
            error.to_string().contains(word) && error.to_string().contains("GET https://blobs.example/"),
            "{error}"
        );
        assert!(asked(&world).is_empty(), "{shown}");
    }
    // An id that can be none: said by whoever knows identities, and nobody is asked.
    let world = machine();
    let api = format!(r#""Api": {{"BaseUrl": "https://blobs.example/", "Scopes": ["{SCOPE}"]}}"#);
    let client = client(&world, &format!("{{{APPLICATION}, {api}}}")).await.unwrap();
    for bad in
        [ManagedIdentityId::ResourceId("mine".to_owned()), ManagedIdentityId::ClientId("/subscriptions/1".to_owned())]
    {
        let call = DownstreamCall::new().managed_identity(bad);
        let error = client.downstream("Api").unwrap().call(call).await.unwrap_err();
        assert!(error.token_error().is_some() && error.findings()[0].remedy.is_some(), "{error}");
        assert!(asked(&world).is_empty(), "{error}");
    }
}

#[tokio::test]
async fn code_says_it_as_a_file_does() {
    let world = machine();
    for (identity, query) in
        [(ManagedIdentityId::SystemAssigned, ""), (ManagedIdentityId::ObjectId("o".to_owned()), "&object_id=o")]
    {
        let api = DownstreamOptions::builder().base_url("https://blobs.example/").scopes([SCOPE]);
        let builder = TokenClient::builder().without_application().downstream("Blobs", api.managed_identity(identity));
        let client = builder.world(world.world()).build().await.unwrap();
        assert!(client.configuration().findings.is_empty(), "{:?}", client.configuration().findings);
        answer(&world, "t", 3600);
        world.http.answer(200, "{}");
        let before = asked(&world).len();
        client.downstream("blobs").unwrap().call(DownstreamCall::new()).await.unwrap();
        assert_eq!(asked(&world)[before], format!("{HOST}{query}"));
    }
}

#[tokio::test]
async fn what_contradicts_itself_is_found_at_its_place() {
    let base = r#""BaseUrl": "https://b/", "Scopes": ["https://storage.azure.com/.default"]"#;
    let with = |identity: &str| format!(r#"{base}, "AcquireTokenOptions": {{"ManagedIdentity": {identity}}}"#);
    for (members, expected) in [
        (
            with(r#"{"UserAssignedClientId": "/subscriptions/1"}"#),
            "wrong-value Api:AcquireTokenOptions:ManagedIdentity:UserAssignedClientId",
        ),
        (
            with(r#"{"UserAssignedResourceId": "mine"}"#),
            "wrong-value Api:AcquireTokenOptions:ManagedIdentity:UserAssignedResourceId",
        ),
        (
            with(r#"{"UserAssignedClientId": "a", "UserAssignedObjectId": "b"}"#),
            "wrong-value Api:AcquireTokenOptions:ManagedIdentity:UserAssignedObjectId",
        ),
        (with(r#"{"PrincipalId": "a"}"#), "misspelt-setting Api:AcquireTokenOptions:ManagedIdentity:PrincipalId"),
        (
            format!(r#"{}, "RequestAppToken": false"#, with(r#"{"UserAssignedClientId": "a"}"#)),
            "caller-conflict Api:RequestAppToken",
        ),
        (
            with(r#"{"UserAssignedClientId": "a"}"#).replace("/.default", "/user_impersonation"),
            "delegated-scope-for-app-token Api:Scopes",
        ),
    ] {
        let errors = client(&machine(), &format!(r#"{{{APPLICATION}, "Api": {{{members}}}}}"#)).await.unwrap_err();
        assert_eq!(errors, [expected], "{members}");
    }
    let beside = format!(
        r#"{{{APPLICATION}, "Api": {{{base}, "AcquireTokenOptions": {{"Tenant": "t.example", "ManagedIdentity": {{"UserAssignedClientId": "a"}}}}}}}}"#
    );
    let client = client(&machine(), &beside).await.unwrap();
    let configuration = client.configuration();
    let said: Vec<&str> = configuration.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(said, ["without-effect"]);
}

#[tokio::test]
async fn a_user_is_none_of_an_identitys_business() {
    let client = TokenClient::builder().without_application().world(machine().world()).build().await.unwrap();
    let request = TokenRequest::on_behalf_of("user", [SCOPE]).managed_identity(ManagedIdentityId::SystemAssigned);
    let error = client.token(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.findings()[0].code), (TokenErrorKind::Request, "managed-identity-for-user"));
}

#[tokio::test]
async fn a_host_that_gives_no_token_leads_to_the_setting_that_names_the_identity() {
    let api = |identity: &str| {
        format!(
            r#"{{"Files": {{"BaseUrl": "https://files.example/", "Scopes": ["{SCOPE}"],
                "AcquireTokenOptions": {{"ManagedIdentity": {{{identity}}}}}}}}}"#
        )
    };
    let (own, named) = (r#""UserAssignedClientId": null"#, r#""UserAssignedObjectId": "one""#);
    let place = "Files:AcquireTokenOptions:ManagedIdentity";
    for (identity, body, path, remedy) in [
        (own, "{}", place.to_owned(), "give this machine an identity"),
        (named, "{}", format!("{place}:UserAssignedObjectId"), "correct its id"),
        (
            named,
            r#"{"error": "invalid_resource"}"#,
            "Files:Scopes".to_owned(),
            "correct Scopes: the tenant does not know \"https://storage.azure.com\"",
        ),
    ] {
        let world = machine();
        let client = client(&world, &api(identity)).await.unwrap();
        world.http.answer(400, body);
        let error = client.downstream("Files").unwrap().call(DownstreamCall::new()).await.unwrap_err();
        let found = &error.findings()[0];
        assert_eq!(found.path.as_deref(), Some(&*path), "{found}");
        assert!(found.origin.is_some() && found.remedy.as_deref().unwrap().contains(remedy), "{found}");
    }
}
