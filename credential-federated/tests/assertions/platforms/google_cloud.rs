//! The source `GoogleCloud`: its metadata server is there, or is known not to be in little time.

use credential_core::SourceErrorKind::NotApplicable;
use credential_core::world::{Clock, HttpErrorKind};

use super::*;
use crate::common::{in_time, load};

#[tokio::test]
async fn a_machine_without_the_server_is_known_in_a_second() {
    let strange = FakeReply::Answer(HttpResponse::new(200, Vec::new(), "<html>"));
    let cases = [
        (FakeReply::Hang, "no token of Google Cloud: the metadata server at metadata.google.internal timed out"),
        (
            FakeReply::Fail(HttpErrorKind::UnknownHost),
            "no token of Google Cloud: the metadata server at metadata.google.internal not found",
        ),
        (strange, "no token of Google Cloud: what answers at metadata.google.internal is not its metadata server"),
    ];
    for (reply, message) in cases {
        let world = FakeWorld::new();
        world.http.on("GET", METADATA, reply);
        let start = world.clock.moment();
        let error = in_time(&world, load(&GOOGLE_CLOUD.bound(), &world, None)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code(), error.to_string()),
            (NotApplicable, "platform-absent", message.to_owned())
        );
        let took = world.clock.moment().since(start);
        assert!(took <= Duration::from_secs(2), "{message}: {took:?}");
        assert_eq!(world.http.requests().len(), 1, "{message}");
    }
}

/// What answers without saying that it is the metadata server is somebody else, also once the server was there.
#[tokio::test]
async fn somebody_elses_token_is_not_taken() {
    let world = GOOGLE_CLOUD.world();
    let answer = HttpResponse::new(200, Vec::new(), token("a", AUDIENCE, 3600));
    GOOGLE_CLOUD.replies(&world, FakeReply::Answer(answer));
    let error = load(&GOOGLE_CLOUD.bound(), &world, None).await.unwrap_err();
    assert_eq!(error.code(), "platform-absent");
}

#[tokio::test]
async fn the_host_and_the_account_can_be_named() {
    let world = FakeWorld::new();
    world.environment.set("GCE_METADATA_HOST", "127.0.0.1:4000");
    world.http.on("GET", "http://127.0.0.1:4000/", GOOGLE_CLOUD.answered(200, token("a", AUDIENCE, 3600)));
    let entry = (GOOGLE_CLOUD.entry)().with("ServiceAccount", "app@p.iam.gserviceaccount.com");
    load(&bound(GoogleCloudSource, &entry), &world, None).await.unwrap();
    let path =
        "http://127.0.0.1:4000/computeMetadata/v1/instance/service-accounts/app@p.iam.gserviceaccount.com/identity?";
    let requests = world.http.requests();
    assert!(requests[1].url.starts_with(path), "{}", requests[1].url);
    world.environment.set("GCE_METADATA_HOST", "not a host");
    let error = load(&bound(GoogleCloudSource, &entry), &world, None).await.unwrap_err();
    assert_eq!(error.to_string(), "GCE_METADATA_HOST is not valid");
}
