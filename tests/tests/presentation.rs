//! What an entry says of how its credential is presented reaches the request, or is refused.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use credential_core::testing::FakeWorld;
use credential_core::world::HttpRequest;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use serde_json::Value;
use token_client::{TokenClient, TokenError, TokenRequest};

const OIDC: &str = r#""Authority": "https://id.example/""#;
const ENTRA: &str = r#""Instance": "https://login.microsoftonline.com/", "TenantId": "t.example""#;
const METADATA: &str = r#"{"issuer": "https://id.example/", "token_endpoint": "https://id.example/token"}"#;

/// The token request for one entry, or why there is none.
async fn sent(authority: &str, entry: &str) -> Result<HttpRequest, TokenError> {
    answered(authority, entry, &[(200, r#"{"access_token": "t", "expires_in": 3600}"#)]).await
}

/// The same where the authority answers so.
async fn answered(authority: &str, entry: &str, answers: &[(u16, &str)]) -> Result<HttpRequest, TokenError> {
    let world = FakeWorld::new();
    for (name, kind) in [("ec.pem", &PKCS_ECDSA_P256_SHA256), ("rsa.pem", &PKCS_RSA_SHA256)] {
        let key = KeyPair::generate_for(kind).unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        world.files.write(name, format!("{}{}", certificate.pem(), key.serialize_pem()));
    }
    let file = format!(r#"{{"AzureAd": {{{authority}, "ClientId": "app:1", "ClientCredentials": [{{{entry}}}]}}}}"#);
    world.files.write("appsettings.json", file);
    if authority == OIDC {
        world.http.answer(200, METADATA);
    }
    answers.iter().for_each(|(status, body)| world.http.answer(*status, *body));
    let client = TokenClient::builder().file("appsettings.json").world(world.world()).build().await.unwrap();
    client.token(&TokenRequest::app("api://a/.default")).await?;
    Ok(world.http.requests().pop().unwrap())
}

fn form(request: &HttpRequest) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body.expose()).into_owned().collect()
}

/// The header of the client assertion.
async fn signed(authority: &str, file: &str, algorithm: &str) -> Value {
    let said = if algorithm.is_empty() { String::new() } else { format!(r#", "Algorithm": "{algorithm}""#) };
    let entry = format!(r#""SourceType": "Path", "CertificateDiskPath": "{file}"{said}"#);
    let form = form(&sent(authority, &entry).await.unwrap());
    let assertion = &form.iter().find(|(name, _)| name == "client_assertion").unwrap().1;
    let header = assertion.split('.').next().unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

#[tokio::test]
async fn a_certificate_signs_with_the_algorithm_that_its_entry_names() {
    for (authority, file, said, algorithm, thumbprint) in [
        (OIDC, "rsa.pem", "", "RS256", "x5t"),
        (OIDC, "rsa.pem", "ps256", "PS256", "x5t#S256"),
        (OIDC, "ec.pem", "ES256", "ES256", "x5t#S256"),
        (ENTRA, "rsa.pem", "", "PS256", "x5t#S256"),
        (ENTRA, "rsa.pem", "RS256", "RS256", "x5t"),
    ] {
        let header = signed(authority, file, said).await;
        assert_eq!(header["alg"], algorithm, "{file} {said}");
        assert!(header[thumbprint].is_string(), "{header}");
    }
}

#[tokio::test]
async fn an_algorithm_that_cannot_be_is_named_with_what_can() {
    for (authority, file, said, shown) in [
        (OIDC, "rsa.pem", "ES256", "set Algorithm to one of PS256, RS256"),
        (OIDC, "ec.pem", "PS256", "set Algorithm to one of ES256"),
        (ENTRA, "ec.pem", "ES256", "another certificate"),
    ] {
        let entry = format!(r#""SourceType": "Path", "CertificateDiskPath": "{file}", "Algorithm": "{said}""#);
        let error = sent(authority, &entry).await.unwrap_err();
        let finding = &error.findings()[0];
        assert_eq!(finding.code, "algorithm-not-usable", "{finding}");
        assert_eq!(finding.path.as_deref(), Some("AzureAd:ClientCredentials:0:Algorithm"));
        assert!(finding.remedy.as_deref().unwrap().contains(shown), "{finding}");
    }
}

#[tokio::test]
async fn a_secret_goes_where_its_entry_says() {
    let entry = r#""SourceType": "ClientSecret", "ClientSecret": "s3 cr+t:é", "ClientAuthenticationMethod": "#;
    let basic = sent(OIDC, &format!(r#"{entry}"client_secret_basic""#)).await.unwrap();
    let header = basic.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.expose().to_owned();
    let pair = BASE64_STANDARD.decode(header.strip_prefix("Basic ").unwrap()).unwrap();
    assert_eq!(String::from_utf8(pair).unwrap(), "app%3A1:s3+cr%2Bt%3A%C3%A9");
    assert!(form(&basic).iter().all(|(name, _)| !["client_id", "client_secret"].contains(&name.as_str())));
    assert!(!format!("{basic:?}").contains("Basic"));
    let post = sent(OIDC, &format!(r#"{entry}"Client_Secret_Post""#)).await.unwrap();
    assert!(form(&post).contains(&("client_secret".to_owned(), "s3 cr+t:é".to_owned())));
    assert!(post.headers.iter().all(|(name, _)| name != "authorization"));
}

#[tokio::test]
async fn what_is_for_another_kind_of_credential_is_not_dropped_in_silence() {
    for (entry, setting) in [
        (r#""SourceType": "ClientSecret", "ClientSecret": "x", "Algorithm": "PS256""#, "Algorithm"),
        (
            r#""SourceType": "Path", "CertificateDiskPath": "rsa.pem", "ClientAuthenticationMethod": "client_secret_post""#,
            "ClientAuthenticationMethod",
        ),
    ] {
        let error = sent(OIDC, entry).await.unwrap_err();
        let finding = &error.findings()[0];
        assert_eq!(finding.code, "setting-does-not-apply", "{finding}");
        assert!(finding.path.as_deref().unwrap().ends_with(setting), "{finding}");
    }
}

#[tokio::test]
async fn a_value_that_nobody_knows_is_found_at_the_start() {
    let world = FakeWorld::new();
    let entry = r#""SourceType": "ClientSecret", "ClientSecret": "x", "ClientAuthenticationMethod": "client_secret_jwt", "Algorithm": "HS256""#;
    let file = format!(r#"{{"AzureAd": {{{OIDC}, "ClientId": "app1", "ClientCredentials": [{{{entry}}}]}}}}"#);
    world.files.write("appsettings.json", file);
    let built = TokenClient::builder().file("appsettings.json").world(world.world()).build().await;
    let codes: Vec<_> = built.unwrap_err().findings().iter().map(|one| one.code).collect();
    assert_eq!(codes, ["wrong-value", "wrong-value"]);
}

/// Other providers than Microsoft's register a client with one way to authenticate, and say `invalid_client` and no more
/// to every other one.
#[tokio::test]
async fn a_refusal_names_the_algorithm_or_the_method() {
    let secret = r#""SourceType": "ClientSecret", "ClientSecret": "s3cret""#;
    let certificate = r#""SourceType": "Path", "CertificateDiskPath": "rsa.pem""#;
    for (authority, entry, shown) in [
        (OIDC, certificate.to_owned(), "it signs with RS256 (Algorithm)"),
        (OIDC, format!(r#"{certificate}, "Algorithm": "PS256""#), "it signs with PS256 (Algorithm)"),
        (OIDC, secret.to_owned(), "sent by client_secret_post (ClientAuthenticationMethod)"),
        (
            OIDC,
            format!(r#"{secret}, "ClientAuthenticationMethod": "client_secret_basic""#),
            "sent by client_secret_basic (ClientAuthenticationMethod)",
        ),
        (ENTRA, certificate.to_owned(), ""),
        (ENTRA, secret.to_owned(), ""),
    ] {
        let refused = (401, r#"{"error": "invalid_client"}"#);
        let error = answered(authority, &entry, &[refused, refused]).await.unwrap_err();
        let finding = &error.findings()[0];
        assert_eq!(finding.code, "credential-rejected", "{finding}");
        let cause = finding.cause.join("; ");
        assert!(if shown.is_empty() { !cause.contains("(Algorithm)") } else { cause.contains(shown) }, "{cause}");
        assert!(!cause.contains("ClientAuthenticationMethod") || entry.contains("ClientSecret"), "{cause}");
        let remedy = finding.remedy.as_deref().unwrap();
        assert!(remedy.contains("Algorithm, ClientAuthenticationMethod"), "{remedy}");
    }
}
