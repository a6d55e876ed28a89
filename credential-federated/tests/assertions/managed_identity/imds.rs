//! The metadata service: there, slow, away or not at all.

use super::*;

#[tokio::test]
async fn a_metadata_service_that_is_not_there_is_known_within_two_seconds() {
    for (reply, longest, words) in [
        (FakeReply::Hang, Duration::from_millis(2000), "timed out"),
        (FakeReply::Fail(HttpErrorKind::Connect), Duration::ZERO, "not found"),
    ] {
        let world = world(&[]);
        world.http.on("GET", IMDS, reply);
        let error = fails(&entry(), &world).await;
        assert_eq!((error.code(), error.kind()), ("managed-identity-absent", SourceErrorKind::NotApplicable));
        assert!(error.to_string().contains(words), "{error}");
        let waited = world.clock.moment().since(Default::default());
        assert!(waited <= longest, "{waited:?}");
    }
}

#[tokio::test]
async fn a_variable_that_names_no_host_alone_is_said_where_nobody_is_there() {
    let alone = [("IDENTITY_ENDPOINT", "http://127.0.0.1:41000/msi/token")];
    let world = world(&alone);
    world.http.on("GET", IMDS, FakeReply::Fail(HttpErrorKind::Connect));
    let error = fails(&entry(), &world).await;
    assert_eq!(error.code(), "managed-identity-absent");
    assert!(error.to_string().contains("; IDENTITY_ENDPOINT is set without IDENTITY_HEADER"), "{error}");
    assert!(error.remedy_text().is_some_and(|remedy| remedy.starts_with("set both variables")), "{error:?}");
}

#[tokio::test]
async fn a_metadata_service_whose_answer_broke_off_is_asked_again() {
    let world = world(&[]);
    world.http.reply(Err(HttpError::new(HttpErrorKind::Broken, "the connection broke")));
    world.http.answer(500, "{}");
    world.http.reply(Ok(good()));
    in_time(&world, load(&of(&entry()), &world, None)).await.unwrap();
    let waited = world.clock.moment().since(Default::default());
    assert!((3..=4).contains(&waited.as_secs()), "1 s and 2 s: {waited:?}");
}

#[tokio::test]
async fn whoever_leaves_while_it_is_upgraded_is_told_what_it_said() {
    let world = world(&[]);
    let upgraded = r#"{"error":"gone","error_description":"being updated"}"#;
    world.http.answer(410, upgraded);
    world.http.answer(410, upgraded);
    world.http.reply(Ok(good()));
    let bound = of(&entry());
    let error = in_time(&world, load(&bound, &world, None)).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("managed-identity-unwell", SourceErrorKind::Transient));
    assert!(error.to_string().contains("gone: being updated (410)"), "{error}");
    assert!(error.remedy_text().is_some_and(|remedy| remedy.contains("70 s")), "{error:?}");
    // It is asked again meanwhile, and what it said then counts no longer.
    in_time(&world, async { while load(&bound, &world, None).await.is_err() {} }).await;
    assert_eq!(world.http.requests().len(), 3);
    world.clock.advance(Duration::from_secs(86_400));
    world.http.on("GET", IMDS, FakeReply::Hang);
    let error = in_time(&world, load(&bound, &world, None)).await.unwrap_err();
    assert_eq!(error.code(), "managed-identity-timeout", "{error}");
}

/// A metadata service whose tokens take 8 s, and which refuses at once what lacks its header.
#[derive(Debug)]
struct Slow(FakeWorld);

#[async_trait]
impl HttpClient for Slow {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.0.http.send(request.clone()).await?;
        if request.headers.iter().any(|(name, _)| name == "Metadata") {
            self.0.clock.sleep_until(self.0.clock.moment().after(Duration::from_secs(8))).await;
            return Ok(good());
        }
        Ok(HttpResponse::new(400, Vec::new(), "{}"))
    }
}

#[tokio::test]
async fn a_metadata_service_that_is_there_has_all_the_time_that_it_needs() {
    let fake = world(&[]);
    fake.http.on("GET", IMDS, FakeReply::Answer(good()));
    let (bound, world) = (of(&entry()), fake.world().with_http(Arc::new(Slow(fake.clone()))));
    let application = application();
    let request = LoadRequest::new(&application, world.clock.moment().after(Duration::from_secs(60)), &world);
    let credential = in_time(&fake, bound.load(&request)).await.unwrap();
    let probes = || {
        let requests = fake.http.requests();
        (requests.len(), requests.iter().filter(|one| one.headers.iter().all(|(name, _)| name != "Metadata")).count())
    };
    assert_eq!(probes(), (2, 1));
    // Once it has answered nobody probes it any more.
    fake.clock.advance(Duration::from_secs(86_400));
    let request = LoadRequest::new(&application, world.clock.moment().after(Duration::from_secs(60)), &world);
    let error = in_time(&fake, bound.load(&request.again(LoadReason::Refresh, &credential))).await.unwrap_err();
    assert_eq!((error.code(), probes()), ("assertion-expired", (3, 1)));
}
