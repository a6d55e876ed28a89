//! Claims that were asked for, and parts of a user's scopes, out of the cache.

use std::time::Duration;

use token_client::{TokenErrorKind, TokenRequest};

use super::scene::{Reply, Scene, app, settle, user};

const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;

#[tokio::test]
async fn a_token_with_claims_serves_whoever_asks_for_the_same_and_whoever_asks_for_none() {
    let scene = Scene::new(Reply::Token(3600));
    let client = scene.client().await;
    let get = async |request: TokenRequest| {
        scene.meanwhile(client.token(&request)).await.unwrap().value().expose().to_owned()
    };
    assert_eq!(get(app()).await, "token-0");
    for _ in 0..3 {
        assert_eq!(get(app().claims(CLAIMS)).await, "token-1");
        assert_eq!(get(app()).await, "token-1", "the newer one");
    }
    assert_eq!(get(app().claims("{}")).await, "token-2");
    assert_eq!(get(app().claims(CLAIMS)).await, "token-1");
    assert_eq!(get(app().claims(CLAIMS).force_refresh()).await, "token-3");
    assert_eq!(get(app().claims(CLAIMS)).await, "token-3");
    assert_eq!(scene.requests(), 4);
}

#[tokio::test]
async fn a_part_of_a_users_scopes_costs_no_request() {
    let scene = Scene::new(Reply::TokenWith(3600, r#","scope":"User.Read Mail.Read""#));
    let client = scene.client().await;
    let user_token = user(1).user_assertion.unwrap();
    let part = |scopes: &[&str]| TokenRequest::on_behalf_of(user_token.clone(), scopes.iter().copied());
    let whole = scene.meanwhile(client.token(&user(1))).await.unwrap();
    for scopes in [&["user.read"][..], &["Mail.Read"], &["mail.read", "user.read"]] {
        assert_eq!(scene.meanwhile(client.token(&part(scopes))).await.unwrap().value(), whole.value());
    }
    assert_eq!(scene.requests(), 1);
    scene.meanwhile(client.token(&part(&["files.read"]))).await.unwrap();
    scene.meanwhile(client.token(&part(&["user.read"]).tenant("other.example"))).await.unwrap();
    assert_eq!(scene.requests(), 3);
}

#[tokio::test]
async fn an_authority_that_is_unwell_is_so_for_all_claims() {
    let limited = Reply::Status(429, &[("retry-after", "30")], "");
    let (plain, claims) = (app(), app().claims(CLAIMS));
    for (first, others) in [(&plain, [&claims, &plain]), (&claims, [&plain, &claims])] {
        let scene = Scene::new(limited.clone());
        let client = scene.client().await;
        scene.meanwhile(client.token(first)).await.unwrap_err();
        for other in others {
            for request in [other.clone(), other.clone().force_refresh()] {
                let error = scene.meanwhile(client.token(&request)).await.unwrap_err();
                assert_eq!(error.kind(), TokenErrorKind::Unwell, "{error}");
            }
        }
        assert_eq!(scene.requests(), 1);
        scene.answers(Reply::Token(3600));
        scene.clock.advance(Duration::from_secs(30));
        scene.meanwhile(client.token(others[0])).await.unwrap();
    }
}

#[tokio::test]
async fn a_refusal_of_one_is_no_refusal_of_other_claims() {
    for first in [app(), app().claims(CLAIMS)] {
        let scene = Scene::new(Reply::Status(400, &[], r#"{"error":"invalid_request","error_codes":[90014]}"#));
        let client = scene.client().await;
        for _ in 0..3 {
            let error = scene.meanwhile(client.token(&first)).await.unwrap_err();
            assert_eq!(error.kind(), TokenErrorKind::Refused, "{error}");
        }
        assert_eq!(scene.requests(), 1);
        scene.answers(Reply::Token(3600));
        for other in [app(), app().claims(CLAIMS), app().claims("{}")] {
            if other != first {
                scene.meanwhile(client.token(&other)).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_wide_token_that_has_ended_hides_no_other() {
    let scene = Scene::new(Reply::Token(60));
    let client = scene.client().await;
    let user_token = user(1).user_assertion.unwrap();
    let request = |scopes: &[&str]| TokenRequest::on_behalf_of(user_token.clone(), scopes.iter().copied());
    for (life, others) in [(60, ["b", "c", "d"]), (3600, ["e", "f", "g"]), (60, ["h", "i", "j"])] {
        scene.answers(Reply::Token(life));
        for other in others {
            scene.meanwhile(client.token(&request(&["a", other]))).await.unwrap();
        }
    }
    scene.clock.advance(Duration::from_secs(61));
    scene.meanwhile(client.token(&request(&["a"]))).await.unwrap();
    assert_eq!(scene.requests(), 9);
}

#[tokio::test]
async fn any_number_of_sets_of_a_users_scopes_are_each_renewed_in_their_place() {
    let scene = Scene::new(Reply::Token(3600));
    let client = scene.client().await;
    let user_token = user(1).user_assertion.unwrap();
    let request = |nth: usize| TokenRequest::on_behalf_of(user_token.clone(), [format!("a{nth}"), format!("b{nth}")]);
    let mut bytes = Vec::new();
    for round in 1..=3 {
        for nth in 0..40 {
            let token = scene.meanwhile(client.token(&request(nth).force_refresh())).await.unwrap();
            let cached = client.cached(&request(nth)).unwrap();
            assert_eq!(cached.value(), token.value(), "{nth}");
        }
        bytes.push(client.cached_bytes());
        assert_eq!(scene.requests(), 40 * round);
    }
    assert!(bytes[2] < bytes[0] + bytes[0] / 10, "{bytes:?}");
}

/// Whoever waits in vain takes a wider token that came in meanwhile.
#[tokio::test]
async fn a_wider_token_that_comes_while_the_authority_fails_serves() {
    let scene = Scene::new(Reply::Status(429, &[], ""));
    *scene.delay.lock().unwrap() = Duration::from_millis(300);
    let client = scene.client().await;
    let user_token = user(1).user_assertion.unwrap();
    let waits = tokio::spawn({
        let (client, part) = (client.clone(), TokenRequest::on_behalf_of(user_token.clone(), ["user.read"]));
        async move { client.token(&part).await }
    });
    settle().await;
    scene.answers(Reply::Token(3600));
    *scene.delay.lock().unwrap() = Duration::from_millis(50);
    let whole = scene.meanwhile(client.token(&user(1))).await.unwrap();
    assert_eq!(scene.meanwhile(waits).await.unwrap().unwrap().value(), whole.value());
}
