//! Many tenants of one application: a refusal counts where it was said, unless it can be about nothing
//! but the credential.

use std::sync::Arc;
use std::time::{Duration, Instant};

use token_client::{TokenClient, TokenRequest};

use crate::authority::{Authority, GOOD, ONE_SECRET, SCOPE, TWO_SECRETS, body, builder, section};

fn refusal(code: u64) -> (u16, String) {
    (401, format!(r#"{{"error":"invalid_client","error_description":"AADSTS{code}: no.","error_codes":[{code}]}}"#))
}

async fn client(authority: &Arc<Authority>, credentials: &str) -> TokenClient {
    builder(authority, &section(credentials)).build().await.unwrap()
}

fn of_tenant(nth: usize) -> TokenRequest {
    TokenRequest::app(SCOPE).tenant(format!("tenant{nth}.example"))
}

/// Everybody at once; gives how many got a token, and how long it took.
async fn at_once(client: &TokenClient, tenants: usize) -> (usize, Duration) {
    let start = Instant::now();
    let callers: Vec<_> = (0..tenants)
        .map(|nth| {
            let client = client.clone();
            tokio::spawn(async move { client.token(&of_tenant(nth)).await.is_ok() })
        })
        .collect();
    let mut good = 0;
    for caller in callers {
        good += usize::from(caller.await.unwrap());
    }
    (good, start.elapsed())
}

/// AADSTS7000229: the tenant has no service principal of the application.
#[tokio::test]
async fn one_tenant_that_refuses_fails_no_other() {
    let authority = Arc::new(Authority::new(|request| match request.url.contains("bad.example") {
        true => refusal(7000229),
        false => (200, GOOD.to_owned()),
    }));
    let client = client(&authority, ONE_SECRET).await;
    for nth in 0..50 {
        client.token(&TokenRequest::app(SCOPE).tenant("bad.example")).await.unwrap_err();
        client.token(&of_tenant(nth)).await.unwrap();
    }
    assert_eq!(authority.seen().iter().filter(|request| request.url.contains("bad.example")).count(), 1);
}

/// AADSTS7000274 is about the credential, and may be about this tenant alone.
#[tokio::test]
async fn one_tenant_that_refuses_the_credential_leaves_it_to_all_others() {
    let authority = Arc::new(Authority::new(|request| match request.url.contains("bad.example") {
        true => refusal(7000274),
        false => (200, GOOD.to_owned()),
    }));
    let client = client(&authority, ONE_SECRET).await;
    for nth in 0..20 {
        client.token(&TokenRequest::app(SCOPE).tenant("bad.example")).await.unwrap_err();
        client.token(&of_tenant(nth)).await.unwrap();
    }
    assert!(authority.seen().iter().filter(|request| request.url.contains("bad.example")).count() < 5);
}

#[tokio::test]
async fn fifty_tenants_behind_a_refused_first_secret_repeat_it_three_times_at_most() {
    for code in [7000215, 7000222] {
        let answer = move |request: &credential_core::world::HttpRequest| match body(request).contains("first-s3cret") {
            true => refusal(code),
            false => (200, GOOD.to_owned()),
        };
        let authority = Arc::new(Authority::new(answer).after(Duration::from_millis(50)));
        let client = client(&authority, TWO_SECRETS).await;
        let (good, took) = at_once(&client, 50).await;
        assert_eq!(good, 50);
        assert!((1..=3).contains(&authority.carried("first-s3cret")), "{}", authority.carried("first-s3cret"));
        assert!(took < Duration::from_millis(50 * 6), "{took:?}");
        // And the next ones know already.
        let before = authority.carried("first-s3cret");
        client.token(&of_tenant(50)).await.unwrap();
        assert_eq!(authority.carried("first-s3cret"), before);
    }
}

#[tokio::test]
async fn a_healthy_start_of_fifty_tenants_asks_each_once() {
    let authority = Arc::new(Authority::good().after(Duration::from_millis(50)));
    let client = client(&authority, TWO_SECRETS).await;
    let (good, took) = at_once(&client, 50).await;
    assert_eq!((good, authority.seen().len(), authority.carried("second-s3cret")), (50, 50, 0));
    assert!(took < Duration::from_millis(50 * 4), "{took:?}");
}

#[tokio::test]
async fn an_error_says_when_the_next_try_is_worth_it_and_force_refresh_tries_now() {
    let good = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let says = Arc::clone(&good);
    let authority = Arc::new(Authority::new(move |_| match says.load(std::sync::atomic::Ordering::SeqCst) {
        true => (200, GOOD.to_owned()),
        false => refusal(7000215),
    }));
    let client = client(&authority, ONE_SECRET).await;
    let request = TokenRequest::app(SCOPE);
    for _ in 0..3 {
        let error = client.token(&request).await.unwrap_err();
        let wait = error.retry_at().unwrap().duration_since(std::time::SystemTime::now()).unwrap();
        assert!(wait <= Duration::from_secs(30) && wait > Duration::from_secs(15), "{wait:?}");
    }
    assert_eq!(authority.seen().len(), 1, "the refused secret is not sent again");
    good.store(true, std::sync::atomic::Ordering::SeqCst);
    client.token(&request).await.unwrap_err();
    client.token(&request.clone().force_refresh()).await.unwrap();
    client.token(&request).await.unwrap();
    assert_eq!(authority.seen().len(), 2);
}

#[tokio::test]
async fn an_authority_that_wants_to_be_left_alone_says_until_when() {
    #[derive(Debug)]
    struct Busy;
    #[async_trait::async_trait]
    impl credential_core::world::HttpClient for Busy {
        async fn send(
            &self,
            _: credential_core::world::HttpRequest,
        ) -> Result<credential_core::world::HttpResponse, credential_core::world::HttpError> {
            let headers = vec![("Retry-After".to_owned(), "120".to_owned())];
            Ok(credential_core::world::HttpResponse::new(429, headers, "{}"))
        }
    }
    let client = builder(&Arc::new(Authority::good()), &section(ONE_SECRET))
        .world(credential_core::World::new(Arc::new(Busy)))
        .build()
        .await
        .unwrap();
    for _ in 0..2 {
        let error = client.token(&TokenRequest::app(SCOPE)).await.unwrap_err();
        let wait = error.retry_at().unwrap().duration_since(std::time::SystemTime::now()).unwrap();
        assert!(wait > Duration::from_secs(115) && wait <= Duration::from_secs(120), "{wait:?}");
    }
}
