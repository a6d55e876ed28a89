//! What is kept, for how long, and looked at before it is sent.

use super::*;

#[tokio::test]
async fn conforms() {
    Conformance::new(
        ManagedIdentityAssertionSource,
        entry().with("ManagedIdentityClientId", "00000000-0000-0000-0000-000000000002"),
    )
    .works_when(|world| {
        APP_SERVICE.iter().for_each(|(name, value)| world.environment.set(*name, *value));
        world.http.on("GET", MSI, FakeReply::Answer(good()));
    })
    .fails_when(|world| world.http.on("GET", MSI, FakeReply::Answer(HttpResponse::new(400, Vec::new(), "{}"))))
    .refuses("ManagedIdentityClientId", "/subscriptions/1/resourceGroups/a")
    .refuses("ManagedIdentityResourceId", "00000000-0000-0000-0000-000000000001")
    .never_shows([token("first", AUDIENCE, 86_400), "hunter2-header".to_owned()])
    .check()
    .await
    .unwrap();
}

#[tokio::test]
async fn what_is_no_assertion_for_the_authority_is_not_sent() {
    let cases: [(String, Option<&str>); 7] = [
        (token("a", AUDIENCE, 3600), None),
        (token("a", "API://azureadtokenexchange/", 3600), None),
        // What Microsoft Entra writes for it in tokens of version 2.0.
        (token("a", "fb60f99c-7a34-4190-8149-302f77469936", 3600), None),
        (token("a", "https://vault.azure.net", 3600), Some("assertion-audience")),
        (token("a", AUDIENCE, -1), Some("assertion-expired")),
        ("opaque-hunter2".to_owned(), Some("not-an-assertion")),
        (token("a", AUDIENCE, IN_MILLISECONDS), Some("not-an-assertion")),
    ];
    for (given, code) in cases {
        let world = world(&APP_SERVICE);
        world.http.on("GET", MSI, FakeReply::Answer(answer(&given, 3600)));
        let loaded = load(&of(&entry()), &world, None).await;
        assert_eq!(loaded.as_ref().err().map(SourceError::code), code, "{loaded:?}");
        assert!(!format!("{loaded:?}").contains("hunter2"), "{loaded:?}");
    }
}

/// A host whose tokens are numbered.
fn numbered(world: &FakeWorld, ends_in: i64) {
    let http = Arc::clone(&world.http);
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let reply = FakeReply::by(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        answer(&token(&format!("n{number}"), AUDIENCE, ends_in), ends_in)
    });
    http.on("GET", MSI, reply);
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_kept_until_its_end_is_near_or_it_is_refused() {
    let world = world(&APP_SERVICE);
    numbered(&world, 3600);
    let bound = Arc::new(of(&entry()));
    let mut crowd = JoinSet::new();
    for _ in 0..50 {
        let (bound, world) = (Arc::clone(&bound), world.clone());
        crowd.spawn(async move { load(&bound, &world, None).await.unwrap() });
    }
    let credentials = crowd.join_all().await;
    let asked = || world.http.requests().len();
    assert_eq!(asked(), 1, "one exchange for all");
    let credential = &credentials[0];
    assert!(credentials.iter().all(|other| other.same_material(credential)));
    assert_eq!(presented(credential, &world, false, None).await, token("n0", AUDIENCE, 3600));
    assert_eq!(asked(), 1);
    // What was refused is not given again, and claims want what was not issued before.
    assert_eq!(presented(credential, &world, true, None).await, token("n1", AUDIENCE, 3600));
    assert_eq!(presented(credential, &world, false, Some("{}")).await, token("n2", AUDIENCE, 3600));
    assert_eq!(presented(credential, &world, false, None).await, token("n2", AUDIENCE, 3600));
    world.clock.advance(Duration::from_secs(3299));
    load(&bound, &world, Some((LoadReason::Refresh, credential))).await.unwrap();
    assert_eq!(asked(), 3);
    world.clock.advance(Duration::from_secs(2));
    load(&bound, &world, Some((LoadReason::Refresh, credential))).await.unwrap();
    assert_eq!(asked(), 4, "within five minutes of its end");
}

#[tokio::test]
async fn a_host_that_is_away_takes_nothing_from_a_token_that_has_not_ended() {
    let world = world(&APP_SERVICE);
    numbered(&world, 3600);
    let bound = of(&entry());
    let credential = load(&bound, &world, None).await.unwrap();
    world.clock.advance(Duration::from_secs(3400));
    world.http.on("GET", MSI, FakeReply::Fail(HttpErrorKind::Connect));
    assert_eq!(presented(&credential, &world, false, None).await, token("n0", AUDIENCE, 3600));
    world.clock.advance(Duration::from_secs(200));
    let error = load(&bound, &world, Some((LoadReason::Refresh, &credential))).await.unwrap_err();
    assert_eq!(error.code(), "managed-identity-unreachable");
}

#[tokio::test]
async fn the_audience_is_that_of_the_entry_or_of_the_cloud() {
    for (written, asked) in [
        (None, AUDIENCE),
        (Some("api://AzureADTokenExchangeUSGov"), "api://AzureADTokenExchangeUSGov"),
        // [mi-token-exchange-url-default-suffix]
        (Some("api://AzureADTokenExchange/.default"), AUDIENCE),
    ] {
        let world = world(&APP_SERVICE);
        world.http.on("GET", MSI, FakeReply::Answer(answer(&token("a", asked, 3600), 3600)));
        let entry = written.into_iter().fold(entry(), |entry, url| entry.with("TokenExchangeUrl", url));
        load(&of(&entry), &world, None).await.unwrap();
        let url = world.http.requests()[0].url.clone();
        assert!(url.ends_with(&format!("resource={}", asked.replace(':', "%3A").replace('/', "%2F"))), "{url}");
    }
}
