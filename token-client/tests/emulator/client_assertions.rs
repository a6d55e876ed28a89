//! What proves a client, and what does not.

use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};
use token_client::emulator::Emulator;

use crate::client::{
    AUDIENCE, EXPIRED, ISSUER, JWT_BEARER, REGISTERED, STRANGER, ask, ask_by_secret, ask_with, assertion, emulator, now,
};

#[tokio::test]
async fn registered_certificates_sign_in_with_ps256_and_rs256() {
    let emulator = emulator().await;
    let ps256 = assertion(&emulator, &REGISTERED, Algorithm::PS256, |_, _| {});
    assert_eq!(ask_with(&emulator, &ps256).await.status, 200);
    let rs256 = assertion(&emulator, &REGISTERED, Algorithm::RS256, |_, header| {
        header.x5t_s256 = None;
        header.x5t = Some(REGISTERED.sha1.clone());
    });
    assert_eq!(ask_with(&emulator, &rs256).await.status, 200);
    let verdict = format!("certificate {}", REGISTERED.sha256);
    assert!(emulator.token_requests().iter().all(|request| request.verdict == verdict));
}

#[tokio::test]
async fn dates_as_text_and_x5c_as_array_or_text_are_taken() {
    use base64::Engine;
    let emulator = emulator().await;
    let x5c = base64::engine::general_purpose::STANDARD.encode(&REGISTERED.der);
    let with = assertion(&emulator, &REGISTERED, Algorithm::PS256, |claims, header| {
        header.x5c = Some(vec![x5c.clone()]);
        claims["nbf"] = json!(now().to_string());
        claims["exp"] = json!((now() + 600).to_string());
    });
    assert_eq!(ask_with(&emulator, &with).await.status, 200);
    let strange = base64::engine::general_purpose::STANDARD.encode(&STRANGER.der);
    for chain in [vec![strange.clone()], vec![x5c, strange], vec!["!".to_owned()], vec![]] {
        let with = assertion(&emulator, &REGISTERED, Algorithm::PS256, |_, header| header.x5c = Some(chain.clone()));
        let answer = ask_with(&emulator, &with).await;
        // A self-signed stranger is not the issuer of another name, but here all have one name.
        let expected = if chain.len() == 2 { 0 } else { 50_027 };
        assert_eq!(answer.code(), expected, "{chain:?} {answer:?}");
    }
}

#[tokio::test]
async fn x5c_with_line_breaks_is_read() {
    use base64::Engine;
    let emulator = emulator().await;
    let text = base64::engine::general_purpose::STANDARD.encode(&REGISTERED.der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    for (x5c, code) in [(lines.join("\n"), 0), (lines.join("\r\n"), 0), (lines.join("!"), 50_027)] {
        let with =
            assertion(&emulator, &REGISTERED, Algorithm::PS256, |_, header| header.x5c = Some(vec![x5c.clone()]));
        assert_eq!(ask_with(&emulator, &with).await.code(), code, "{x5c}");
    }
}

type Change = fn(&mut Value, &mut Header);

#[tokio::test]
async fn every_fault_of_an_assertion_has_its_code() {
    let emulator = emulator().await;
    let cases: [(&str, u64, Change); 16] = [
        ("no thumbprint", 50_027, |_, header| header.x5t_s256 = None),
        ("another thumbprint", 700_027, |_, header| header.x5t_s256 = Some(STRANGER.sha256.clone())),
        ("thumbprints of two", 700_027, |_, header| header.x5t = Some(STRANGER.sha1.clone())),
        ("another registered thumbprint", 700_027, |_, header| header.x5t_s256 = Some(EXPIRED.sha256.clone())),
        ("another subject", 50_048, |claims, _| claims["sub"] = json!("app2")),
        ("another issuer", 700_211, |claims, _| claims["iss"] = json!("app2")),
        ("no issuer", 50_027, |claims, _| claims["iss"] = json!(null)),
        ("another audience", 700_023, |claims, _| claims["aud"] = json!("https://login.microsoftonline.com/")),
        ("no audience", 700_023, |claims, _| claims["aud"] = json!(null)),
        ("expired", 700_024, |claims, _| {
            claims["nbf"] = json!(now() - 1000);
            claims["exp"] = json!(now() - 400);
        }),
        ("not yet valid", 700_024, |claims, _| {
            claims["nbf"] = json!(now() + 400);
            claims["exp"] = json!(now() + 900);
        }),
        ("without end", 700_024, |claims, _| claims["exp"] = json!(null)),
        ("too long", 700_024, |claims, _| claims["exp"] = json!(now() + 3600)),
        ("no jti", 50_027, |claims, _| claims["jti"] = json!(null)),
        ("clocks a little off", 0, |claims, _| {
            claims["nbf"] = json!(now() - 850);
            claims["exp"] = json!(now() - 250);
        }),
        ("as it should be", 0, |_, _| {}),
    ];
    for (name, code, change) in cases {
        let answer = ask_with(&emulator, &assertion(&emulator, &REGISTERED, Algorithm::PS256, change)).await;
        assert_eq!(answer.code(), code, "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn signatures_are_checked() {
    let emulator = emulator().await;
    // A key of somebody else under the registered thumbprint.
    let forged = assertion(&emulator, &STRANGER, Algorithm::PS256, |_, header| {
        header.x5t_s256 = Some(REGISTERED.sha256.clone());
    });
    assert_eq!(ask_with(&emulator, &forged).await.code(), 700_027);
    let good = assertion(&emulator, &REGISTERED, Algorithm::PS256, |_, _| {});
    let (signed, _) = good.rsplit_once('.').unwrap();
    let other = assertion(&emulator, &REGISTERED, Algorithm::PS256, |_, _| {});
    let (_, signature) = other.rsplit_once('.').unwrap();
    let none = crate::client::base64url(br#"{"alg":"none","typ":"JWT"}"#);
    let claims = signed.split_once('.').unwrap().1;
    for (text, code) in [
        (format!("{signed}."), 700_027),
        (format!("{none}.{claims}."), 50_027),
        (format!("{signed}.{signature}"), 700_027),
        (signed.to_owned(), 50_027),
        ("hello".to_owned(), 50_027),
        ("a".repeat(70_000), 50_027),
    ] {
        assert_eq!(ask_with(&emulator, &text).await.code(), code, "{text:.60}");
    }
    let rs384 = assertion(&emulator, &REGISTERED, Algorithm::RS384, |_, _| {});
    assert_eq!(ask_with(&emulator, &rs384).await.code(), 700_027);
    let expired = assertion(&emulator, &EXPIRED, Algorithm::PS256, |_, _| {});
    assert_eq!(ask_with(&emulator, &expired).await.code(), 1_000_502);
}

#[tokio::test]
async fn an_assertion_is_used_once() {
    let emulator = emulator().await;
    let once = assertion(&emulator, &REGISTERED, Algorithm::PS256, |_, _| {});
    assert_eq!(ask_with(&emulator, &once).await.status, 200);
    assert_eq!(ask_with(&emulator, &once).await.code(), 50_027);
}

#[tokio::test]
async fn federated_assertions_match_exactly() {
    let emulator = emulator().await;
    for (issuer, subject, audience, code) in [
        (ISSUER, "pod", AUDIENCE, 0),
        ("https://oidc.example", "pod", AUDIENCE, 700_211),
        (ISSUER, "Pod", AUDIENCE, 700_213),
        (ISSUER, "pod", "api://AzureADTokenExchangeUSGov", 700_212),
    ] {
        let answer = ask_with(&emulator, &emulator.mint_federated(issuer, subject, audience).unwrap()).await;
        assert_eq!(answer.code(), code, "{issuer} {subject} {audience}");
    }
    assert_eq!(emulator.token_requests()[0].verdict, "federated pod");
    let expired = json!({"iss": ISSUER, "sub": "pod", "aud": AUDIENCE, "exp": now() - 3600});
    assert_eq!(ask_with(&emulator, &emulator.mint(&expired).unwrap()).await.code(), 700_024);
    let forged = assertion(&emulator, &STRANGER, Algorithm::RS256, |claims, _| {
        *claims = json!({"iss": ISSUER, "sub": "pod", "aud": AUDIENCE, "exp": now() + 60});
    });
    assert_eq!(ask_with(&emulator, &forged).await.code(), 700_027);
    let bare = emulator.mint_federated(ISSUER, "pod", AUDIENCE).unwrap();
    let form = [
        ("client_id", "bare"),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", bare.as_str()),
        ("grant_type", "client_credentials"),
    ];
    assert_eq!(ask(&emulator, &form).await.code(), 70_021);
}

#[tokio::test]
async fn secrets_are_right_wrong_or_over() {
    let emulator = emulator().await;
    let scope = crate::client::GRAPH;
    for (secret, status, code) in
        [("s3cret", 200, 0), ("S3cret", 401, 7_000_215), ("s3cret ", 401, 7_000_215), ("old-s3cret", 401, 7_000_222)]
    {
        let answer = ask_by_secret(&emulator, secret, scope).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{secret}");
    }
    let answer = ask_by_secret(&emulator, "", scope).await;
    assert_eq!((answer.status, answer.code()), (401, 7_000_218));
}

#[tokio::test]
async fn a_certificate_that_cannot_be_registered_is_refused_at_the_start() {
    use token_client::emulator::EmulatedApp;
    for file in [&b"hello"[..], b"-----BEGIN X-----\n-----END X-----\n"] {
        let error = Emulator::builder().app(EmulatedApp::new("app1").certificate(file)).start().await.unwrap_err();
        assert!(error.to_string().contains("certificate 0 of app app1"), "{error}");
    }
}
