//! What an error says to a program, and to the person who reads it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use token_client::{AuthorityRefusal, TokenError, TokenErrorKind, TokenRequest};

use crate::authority::{Authority, ONE_SECRET, SCOPE, TWO_SECRETS, builder, section};

const USER: &str = "e30.e30.dGhlLXVzZXI";
const CLAIMS: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

/// What comes of a request that the authority answers so.
async fn refused(status: u16, body: &str, request: &TokenRequest) -> TokenError {
    let body = body.to_owned();
    let authority = Arc::new(Authority::new(move |_| (status, body.clone())));
    let client = builder(&authority, &section(ONE_SECRET)).build().await.unwrap();
    client.token(request).await.unwrap_err()
}

fn user() -> TokenRequest {
    TokenRequest::on_behalf_of(USER, ["user.read"])
}

#[tokio::test]
async fn the_kind_is_what_a_program_decides_by() {
    let with_claims =
        serde_json::json!({"error": "invalid_grant", "error_codes": [50076], "claims": CLAIMS}).to_string();
    for (status, body, request, kind) in [
        (
            400,
            r#"{"error":"unauthorized_client","error_codes":[700016]}"#,
            TokenRequest::app(SCOPE),
            TokenErrorKind::Refused,
        ),
        (
            401,
            r#"{"error":"invalid_client","error_codes":[7000215]}"#,
            TokenRequest::app(SCOPE),
            TokenErrorKind::Credential,
        ),
        (429, "{}", TokenRequest::app(SCOPE), TokenErrorKind::Unwell),
        (400, r#"{"error":"interaction_required"}"#, user(), TokenErrorKind::NeedsUser),
        (400, with_claims.as_str(), user(), TokenErrorKind::NeedsUser),
        (400, r#"{"error":"invalid_grant","error_codes":[65001]}"#, user(), TokenErrorKind::NeedsUser),
        // The caller's mistake, which no user mends.
        (400, r#"{"error":"invalid_grant","error_codes":[50013]}"#, user(), TokenErrorKind::Refused),
        // An application has no user.
        (400, with_claims.as_str(), TokenRequest::app(SCOPE), TokenErrorKind::Refused),
        (200, "", TokenRequest::app("a b"), TokenErrorKind::Request),
    ] {
        let error = refused(status, body, &request).await;
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
        assert_eq!(error.needs_user(), kind == TokenErrorKind::NeedsUser, "{body}");
        assert_eq!(error.challenge().is_some(), error.needs_user(), "{body}");
        assert!(!error.findings().is_empty() && error.findings().iter().all(|one| !one.message.is_empty()));
    }
    let quiet = Arc::new(Authority::good().after(Duration::from_secs(3600)));
    let client = builder(&quiet, &section(ONE_SECRET)).patience(Duration::from_millis(50)).build().await.unwrap();
    let late = client.token(&TokenRequest::app(SCOPE)).await.unwrap_err();
    assert_eq!(late.kind(), TokenErrorKind::Timeout, "{late}");
}

#[tokio::test]
async fn the_challenge_for_a_caller_has_the_claims_and_nothing_that_breaks_a_header() {
    let body = serde_json::json!({"error": "interaction_required", "claims": CLAIMS}).to_string();
    let challenge = refused(400, &body, &user()).await.challenge().unwrap();
    let claims = BASE64_STANDARD.encode(CLAIMS);
    assert_eq!(challenge, format!("Bearer error=\"insufficient_claims\", claims=\"{claims}\""));
    for (error, codes, expected) in [
        ("interaction_required", 50076, "Bearer error=\"interaction_required\""),
        ("invalid_grant", 500_133, "Bearer error=\"invalid_token\""),
        ("a\"\r\nX: 1, b=\"", 50076, "Bearer error=\"aX1b\""),
    ] {
        let body = serde_json::json!({"error": error, "error_codes": [codes]}).to_string();
        assert_eq!(refused(400, &body, &user()).await.challenge().as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn each_attempt_has_the_authoritys_words_and_the_remedy() {
    let body = r#"{"error":"invalid_client","error_codes":[7000215],"error_description":"AADSTS7000215: no"}"#;
    let authority = Arc::new(Authority::new(|_| (401, body.to_owned())));
    let client = builder(&authority, &section(TWO_SECRETS)).build().await.unwrap();
    let error = client.token(&TokenRequest::app(SCOPE)).await.unwrap_err();
    assert_eq!((error.attempts().len(), error.findings().len()), (2, 2));
    for (attempt, finding) in error.attempts().iter().zip(error.findings()) {
        let said = AuthorityRefusal::of(attempt).unwrap();
        assert_eq!(said.error_codes, [7_000_215]);
        assert!(said.remedy().is_some() && finding.remedy.as_deref() == said.remedy(), "{finding}");
        assert_eq!(finding.path, Some(format!("{}:ClientSecret", attempt.path)));
    }
    assert!(error.retry_after().is_some_and(|wait| wait <= Duration::from_secs(60)), "{:?}", error.retry_after());
    assert_eq!(error.retry_after().is_some(), error.retry_at().is_some());
}

#[tokio::test]
async fn a_token_says_which_entry_won() {
    let authority = Arc::new(Authority::new(|request| match crate::authority::body(request).contains("first") {
        true => (401, r#"{"error":"invalid_client","error_codes":[7000215]}"#.to_owned()),
        false => (200, crate::authority::GOOD.to_owned()),
    }));
    let client = builder(&authority, &section(TWO_SECRETS)).build().await.unwrap();
    let token = client.token(&TokenRequest::app(SCOPE)).await.unwrap();
    let won = token.credential().unwrap();
    assert_eq!((won.index, won.source_type.as_str()), (1, "ClientSecret"));
    assert!(!won.id.is_empty());
    assert!(client.cached(&TokenRequest::app(SCOPE)).unwrap().credential().is_some());
}

#[tokio::test]
async fn what_main_returns_is_readable() {
    let authority =
        Arc::new(Authority::new(|_| (401, r#"{"error":"invalid_client","error_codes":[7000215]}"#.to_owned())));
    let client = builder(&authority, &section(ONE_SECRET)).build().await.unwrap();
    let token = client.token(&TokenRequest::app(SCOPE)).await.unwrap_err();
    let settings = builder(&authority, r#"{"ClientId": "app1", "TenantId": ""}"#).build().await.unwrap_err();
    let missing = client.downstream("Nowhere").unwrap_err();
    let errors: [&dyn std::error::Error; 3] = [&token, &settings, &missing];
    for error in errors {
        assert_eq!(format!("{error:?}"), error.to_string());
        for part in ["error: ", "Finding", "TokenError", "Some("] {
            assert!(!error.to_string().contains(part), "{error}");
        }
    }
}

/// Tokens share what is to be said of them where it is the same, and nowhere else.
#[tokio::test]
async fn each_token_says_its_own_way_whatever_others_say() {
    let refused = Arc::new(AtomicBool::new(false));
    let authority = Arc::new(Authority::new({
        let refused = Arc::clone(&refused);
        move |request| match refused.load(Ordering::SeqCst) && crate::authority::body(request).contains("first") {
            true => (401, r#"{"error":"invalid_client","error_codes":[7000215]}"#.to_owned()),
            false => (200, crate::authority::GOOD.to_owned()),
        }
    }));
    let client = builder(&authority, &section(TWO_SECRETS)).build().await.unwrap();
    let mut tokens = Vec::new();
    for nth in 0..6 {
        refused.store(nth > 1, Ordering::SeqCst);
        tokens.push(client.token(&TokenRequest::app(format!("api://{nth}/.default"))).await.unwrap());
    }
    let won: Vec<_> = tokens.iter().map(|token| token.credential().unwrap().index).collect();
    assert_eq!(won, [0, 0, 1, 1, 1, 1]);
    let shown = |nth: usize| format!("{:?}", tokens[nth].attempts());
    assert!((0..2).all(|nth| !shown(nth).contains("7000215")), "{}", shown(0));
    assert!(tokens[2].attempts().iter().any(|attempt| attempt.index == 0 && AuthorityRefusal::of(attempt).is_some()));
    assert!(shown(2) != shown(3) && !shown(3).contains("7000215"), "{}", shown(3));
}
