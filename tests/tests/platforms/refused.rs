//! An assertion that the authority refuses is asked for anew, once: what it refuses it for is another one's next time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credential_core::testing::{FakeReply, FakeWorld};
use credential_core::world::HttpResponse;
use token_client::{TokenClient, TokenRequest};

use super::AUDIENCE;

/// Out of its time; another issuer, audience or subject, or none that matches; issued by nobody known; used before or
/// not valid for another reason.
const CODES: [u64; 9] = [700024, 70021, 700211, 700212, 700213, 7002131, 7002137, 7002138, 7000274];

fn assertion(nth: usize) -> String {
    let part = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
    let claims = format!(
        r#"{{"iss":"https://issuer.example","sub":"pod","aud":"{AUDIENCE}","jti":"{nth}","exp":{}}}"#,
        4_000_000_000_u64
    );
    format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#.to_owned()), part(claims), part("s".to_owned()))
}

/// A runner whose assertions are numbered, and an authority that refuses the first so many.
fn world(code: u64, refuses: usize) -> FakeWorld {
    let fake = FakeWorld::new();
    fake.environment.set("ACTIONS_ID_TOKEN_REQUEST_URL", "https://run.example/idtoken?v=1");
    fake.environment.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "b3arer");
    let issued = Arc::new(AtomicUsize::new(0));
    let runner = FakeReply::by(move |_| {
        let token = assertion(issued.fetch_add(1, Ordering::Relaxed));
        HttpResponse::new(200, Vec::new(), format!(r#"{{"value":"{token}"}}"#))
    });
    fake.http.on("GET", "https://run.example/", runner);
    let authority = FakeReply::by(move |request| {
        let form = String::from_utf8_lossy(request.body.expose()).into_owned();
        match (0..refuses).any(|nth| form.contains(&assertion(nth))) {
            true => {
                let body = format!(
                    r#"{{"error":"invalid_client","error_description":"AADSTS{code}: no.","error_codes":[{code}]}}"#
                );
                HttpResponse::new(401, Vec::new(), body)
            }
            false => HttpResponse::new(200, Vec::new(), r#"{"access_token":"t","expires_in":3600}"#),
        }
    });
    fake.http.on("POST", "https://login.microsoftonline.com/", authority);
    fake.files.write(
        "appsettings.json",
        r#"{"AzureAd": {"Instance": "https://login.microsoftonline.com/", "TenantId": "contoso.example",
            "ClientId": "app1", "ClientCredentials": [{"SourceType": "GitHubActions"}]}}"#,
    );
    fake
}

#[tokio::test]
async fn a_fresh_one_is_asked_for_once_whatever_the_refusal_says() {
    for code in CODES {
        for (refuses, good) in [(1, true), (9, false)] {
            let fake = world(code, refuses);
            let client = TokenClient::builder().file("appsettings.json").world(fake.world()).build().await.unwrap();
            let token = client.token(&TokenRequest::app("api://demo/.default")).await;
            assert_eq!(token.is_ok(), good, "{code}: {token:?}");
            let asked = fake.http.requests();
            let of = |method| asked.iter().filter(|request| request.method == method).count();
            // What may pass by itself is presented once more as it is.
            let (questions, presented) = (of("GET"), of("POST"));
            assert!(
                questions == 2 && (2..=if good { 2 } else { 3 }).contains(&presented),
                "{code}: {questions} {presented}"
            );
            if let Err(error) = token {
                assert!(error.to_string().contains(&format!("AADSTS{code}")), "{error}");
                assert!(error.findings().iter().all(|finding| finding.remedy.is_some()), "{error}");
            }
        }
    }
}
