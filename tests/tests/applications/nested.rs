//! The tokens of an entry that stands in another one.

use std::time::Duration;

use credential_core::CredentialDescription;
use credential_core::registry::Binding;
use credential_core::source::Application;
use credential_core::tokens::{TokenFor, TokenProviders};
use token_client::{Engine, sources};

use super::{SCOPE, presented, world};

#[tokio::test]
async fn what_is_asked_for_with_claims_is_served_to_nobody_later() {
    let fake = world();
    let application = Application::new("app1", "https://login.microsoftonline.com/t.example").tenant("t.example");
    let binding = Binding::new(fake.world()).application(application);
    let entry = CredentialDescription::new("ClientSecret").with("ClientSecret", "s3cret");
    let tokens = Engine.provider(sources::registry().bind(vec![entry], binding).unwrap());
    let world = fake.world();
    let wanted = || TokenFor::new(SCOPE, world.clock.moment().after(Duration::from_secs(30)), &world);
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1-of-ada"}}}"#;
    for (claims, requests) in [(Some(claims), 1), (Some(claims), 2), (None, 3), (None, 3)] {
        tokens.token(&wanted().claims(claims)).await.unwrap();
        assert_eq!(presented(&fake).len(), requests, "{claims:?}");
    }
    assert!(!format!("{tokens:?}").contains("ada"));
}
