//! What the tests of both sources need.

use std::pin::pin;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credential_core::source::LoadReason;
use credential_core::testing::{Bound, FakeWorld, application};
use credential_core::{Credential, CredentialDescription, CredentialSource, LoadRequest, SourceError};

/// A JWT with a signature that nobody verifies here.
pub(crate) fn jwt(claims: &str) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", encode(r#"{"alg":"RS256","typ":"JWT"}"#), encode(claims), encode("hunter2-signature"))
}

/// So many seconds after the fake clock's start (2026-01-01) a token ends whose end is that time in milliseconds.
pub(crate) const IN_MILLISECONDS: i64 = 999 * 1_767_225_600;

pub(crate) fn bound(source: impl CredentialSource + 'static, description: &CredentialDescription) -> Bound {
    Bound::new(source, description.clone()).unwrap()
}

pub(crate) async fn load(
    bound: &Bound,
    world: &FakeWorld,
    again: Option<(LoadReason, &Credential)>,
) -> Result<Credential, SourceError> {
    let (application, world) = (application(), world.world());
    let deadline = world.clock.moment().after(Duration::from_secs(10));
    let mut request = LoadRequest::new(&application, deadline, &world);
    if let Some((reason, previous)) = again {
        request = request.again(reason, previous);
    }
    bound.load(&request).await
}

/// The work, while the fake clock goes on.
#[expect(clippy::disallowed_methods, reason = "lets other tasks run before time goes on")]
pub(crate) async fn in_time<T>(world: &FakeWorld, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(Duration::from_millis(3)) => world.clock.advance(Duration::from_millis(250)),
        }
    }
}
