//! Who is asked about an authority, how often, and what comes of bad answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use credential_core::World;
use credential_core::testing::FakeWorld;
use credential_core::world::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use tokio::sync::Semaphore;

use super::cell::Cell;
use super::{Authority, AuthorityError, AuthorityKind, codes};
use crate::settings::{self, Configuration, Location};

fn from_json(section: &str) -> Result<Authority, Vec<credential_core::Finding>> {
    let text = format!(r#"{{"AzureAd": {section}}}"#);
    let configuration = Configuration::from_json(&text, &Location::new(), &BTreeMap::new());
    Authority::from_options(&configuration.application)
}

fn authority(section: &str) -> Authority {
    from_json(section).unwrap()
}

const CUSTOM: &str = r#"{"Instance": "https://login.contoso.com/", "TenantId": "t.example"}"#;
const OIDC: &str = r#"{"Authority": "https://idp.contoso.com/realms/x"}"#;
const DOCUMENT: &str = r#"{"issuer": "https://idp.contoso.com/realms/x", "token_endpoint": "https://t.contoso.com/t"}"#;
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60 + 1);

#[tokio::test]
async fn known_hosts_cost_no_request() {
    for section in [
        r#"{"Instance": "https://login.microsoftonline.com/", "TenantId": "t.example"}"#,
        r#"{"Instance": "https://westeurope.login.microsoft.com/", "TenantId": "t.example"}"#,
        r#"{"Instance": "http://127.0.0.1:1234/", "TenantId": "t.example", "AzureRegion": "westeurope"}"#,
        r#"{"Authority": "https://contoso.ciamlogin.com/"}"#,
        r#"{"Authority": "https://adfs.contoso.com/adfs"}"#,
        r#"{"Authority": "https://x.dsts.example/dstsv2/t.example"}"#,
        r#"{"Instance": "https://x.b2clogin.com/", "Domain": "x.example", "SignUpSignInPolicyId": "p"}"#,
    ] {
        let world = FakeWorld::new();
        let authority = authority(section);
        let endpoints = authority.resolve(None, true, &world.world()).await.unwrap();
        assert!(world.http.requests().is_empty(), "{section}");
        assert_eq!(Some(endpoints.token), authority.endpoints().token, "{section}");
        assert!(!authority.endpoints().instance_discovery);
    }
}

#[tokio::test]
async fn an_unknown_host_is_asked_about_once_a_day() {
    let world = FakeWorld::new();
    let authority = authority(CUSTOM);
    assert!(authority.endpoints().instance_discovery);
    let listed = r#"{"metadata": [{"preferred_network": "LOGIN.other.com", "aliases": ["Login.Contoso.com"]}]}"#;
    world.http.answer(200, listed);
    for _ in 0..3 {
        let endpoints = authority.resolve(None, true, &world.world()).await.unwrap();
        assert_eq!(endpoints.token, "https://login.other.com/t.example/oauth2/v2.0/token");
    }
    assert_eq!(world.http.requests().len(), 1);
    world.clock.advance(A_DAY);
    world.http.answer(200, "{}");
    authority.resolve(None, true, &world.world()).await.unwrap();
    assert_eq!(world.http.requests().len(), 2);
}

#[tokio::test]
async fn only_invalid_instance_stops() {
    for (status, body) in [
        (500, r#"{"error": "x"}"#),
        (404, ""),
        (200, "hello"),
        (400, r#"{"error": "invalid_request"}"#),
        (200, r#"{"metadata": [{"preferred_network": "evil.example/x?", "aliases": ["login.contoso.com"]}]}"#),
    ] {
        let world = FakeWorld::new();
        world.http.answer(status, body);
        let endpoints = authority(CUSTOM).resolve(None, true, &world.world()).await.unwrap();
        assert_eq!(endpoints.token, "https://login.contoso.com/t.example/oauth2/v2.0/token", "{body}");
    }
    let world = FakeWorld::new();
    world.http.answer(400, r#"{"error": "invalid_instance", "error_description": "AADSTS50049"}"#);
    let error = authority(CUSTOM).resolve(None, true, &world.world()).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), (codes::UNKNOWN_INSTANCE, false));
}

#[tokio::test]
async fn bad_metadata_is_told_apart() {
    let issuer = DOCUMENT.replace("\"https://idp", "\"https://evil");
    let insecure = DOCUMENT.replace("https://t.", "http://t.");
    let here = DOCUMENT.replace("https://t.contoso.com", "http://127.0.0.1:9");
    let authorize = DOCUMENT.replace('}', r#", "authorization_endpoint": "http://localhost/a"}"#);
    for (status, body, code, transient) in [
        (503, "", codes::METADATA_UNREACHABLE, true),
        (404, "", codes::METADATA_INVALID, false),
        (200, "hello", codes::METADATA_INVALID, false),
        (200, insecure.as_str(), codes::METADATA_INVALID, false),
        (200, here.as_str(), codes::METADATA_INVALID, false),
        (200, authorize.as_str(), codes::METADATA_INVALID, false),
        (200, issuer.as_str(), codes::ISSUER_MISMATCH, false),
    ] {
        let world = FakeWorld::new();
        // The same at the address itself and below its second version.
        world.http.answer(status, body);
        world.http.answer(status, body);
        let error = authority(OIDC).resolve(None, true, &world.world()).await.unwrap_err();
        assert_eq!((error.code(), error.is_transient()), (code, transient), "{body}");
        assert!(error.finding().remedy.is_some());
    }
    let error = authority(OIDC).resolve(None, true, &FakeWorld::new().world()).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), (codes::METADATA_UNREACHABLE, true));
}

/// The addresses that were asked.
fn asked(world: &FakeWorld) -> Vec<String> {
    world.http.requests().into_iter().map(|request| request.url).collect()
}

#[tokio::test]
async fn an_authority_of_ones_own_is_what_its_metadata_says() {
    for address in [
        "https://localhost:9444/tenant1",
        "https://login.contoso.com/CONTOSO.COM",
        "https://login.contoso.com/11111111-2222-3333-4444-555555555555",
        "https://login.contoso.com",
        "https://login.contoso.com/common",
        "https://login.contoso.com/CONTOSO.COM/.well-known/openid-configuration",
    ] {
        let own = authority(&format!(r#"{{"Authority": "{address}"}}"#));
        let base = address.trim_end_matches("/.well-known/openid-configuration").trim_end_matches('/');
        let places = ["", "/v2.0"].map(|version| format!("{base}{version}/.well-known/openid-configuration"));
        let known = own.endpoints();
        assert_eq!((own.kind(), &known.token, known.metadata.as_slice()), (AuthorityKind::Oidc, &None, &places[..]));
        let document = |token: &str| {
            let issuer = base.split('/').take(3).collect::<Vec<_>>().join("/");
            format!(r#"{{"issuer": "{issuer}/x", "token_endpoint": "{issuer}/{token}"}}"#)
        };
        for (first, second, token, requests) in [
            ((200, document("connect/token")), (404, String::new()), "connect/token", 1),
            ((404, String::new()), (200, document("t/oauth2/v2.0/token")), "t/oauth2/v2.0/token", 2),
            ((200, "<html>".to_owned()), (200, document("token")), "token", 2),
            // The first version of Entra ID's endpoints knows no scopes.
            ((200, document("t/oauth2/token")), (200, document("t/oauth2/v2.0/token")), "t/oauth2/v2.0/token", 2),
            ((200, document("oauth2/token")), (404, String::new()), "oauth2/token", 2),
            ((200, document("oauth2/token")), (503, String::new()), "oauth2/token", 2),
        ] {
            let world = FakeWorld::new();
            world.http.answer(first.0, first.1);
            world.http.answer(second.0, second.1);
            let own = authority(&format!(r#"{{"Authority": "{address}"}}"#));
            let found = own.resolve(None, true, &world.world()).await.unwrap();
            assert!(found.token.ends_with(&format!("/{token}")), "{address}: {}", found.token);
            assert_eq!(asked(&world), places[..requests], "{address}");
        }
    }
}

#[tokio::test]
async fn where_there_is_no_metadata_the_error_names_both_addresses() {
    let world = FakeWorld::new();
    world.http.answer(404, "not found");
    world.http.answer(200, "not found");
    let own = authority(r#"{"Authority": "https://localhost:9444/tenant1"}"#);
    let error = own.resolve(None, true, &world.world()).await.unwrap_err();
    let finding = error.finding();
    let place = "https://localhost:9444/tenant1";
    for part in [
        format!("{place}/.well-known/openid-configuration was answered with status 404"),
        format!("{place}/v2.0/.well-known/openid-configuration has 9 bytes of no content type"),
    ] {
        assert!(finding.message.contains(&part), "{}", finding.message);
    }
    assert_eq!((finding.code, finding.path.as_deref()), (codes::METADATA_INVALID, Some("AzureAd:Authority")));
    assert!(finding.origin.is_some() && finding.remedy.as_deref().unwrap().contains("Instance and TenantId"));
}

#[tokio::test]
async fn an_unknown_certificate_authority_is_told_with_the_variable_that_names_one() {
    let world = FakeWorld::new();
    world.http.reply(Err(HttpError::new(HttpErrorKind::Tls, "the TLS connection failed")));
    let error = authority(OIDC).resolve(None, true, &world.world()).await.unwrap_err();
    assert!(error.finding().remedy.as_deref().unwrap().contains("SSL_CERT_FILE"), "{error:?}");
}

#[test]
fn instance_says_that_a_host_of_its_own_is_entra_id() {
    for (section, kind) in [
        (r#"{"Instance": "https://login.contoso.com/", "TenantId": "t.example"}"#, AuthorityKind::Entra),
        (r#"{"Instance": "http://127.0.0.1:1/", "TenantId": "t"}"#, AuthorityKind::Entra),
        (
            r#"{"Authority": "https://login.contoso.com/T.example", "Instance": "https://login.contoso.com/", "TenantId": "t.example"}"#,
            AuthorityKind::Entra,
        ),
        (r#"{"Authority": "https://idp.contoso.com/x", "TenantId": "X"}"#, AuthorityKind::Oidc),
        (r#"{"Authority": "https://idp.contoso.com/x/y", "Instance": "https://idp.contoso.com"}"#, AuthorityKind::Oidc),
    ] {
        assert_eq!(authority(section).kind(), kind, "{section}");
    }
}

#[tokio::test]
async fn old_metadata_serves_on_when_new_fails() {
    let world = FakeWorld::new();
    world.http.answer(200, DOCUMENT);
    let authority = authority(OIDC);
    assert_eq!(authority.kind(), AuthorityKind::Oidc);
    authority.resolve(None, true, &world.world()).await.unwrap();
    world.clock.advance(A_DAY);
    world.http.answer(503, "");
    let endpoints = authority.resolve(None, true, &world.world()).await.unwrap();
    assert_eq!(endpoints.assertion_audience, "https://t.contoso.com/t");
    // Not asked again at once.
    authority.resolve(None, true, &world.world()).await.unwrap();
    assert_eq!(world.http.requests().len(), 2);
}

/// Answers when it is let, and counts.
#[derive(Debug)]
struct Slow {
    gate: Semaphore,
    asked: AtomicUsize,
}

#[async_trait]
impl HttpClient for Slow {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let _permit = self.gate.acquire().await.map_err(|_| HttpError::new(HttpErrorKind::Broken, "closed"))?;
        Ok(HttpResponse::new(200, Vec::new(), DOCUMENT))
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test's own callers")]
async fn many_callers_share_one_request_and_one_that_leaves_ends_nobodys_wait() {
    let slow = Arc::new(Slow { gate: Semaphore::new(0), asked: AtomicUsize::new(0) });
    let world = World::new(slow.clone());
    let authority = authority(OIDC);
    let call = || {
        let (authority, world) = (authority.clone(), world.clone());
        tokio::spawn(async move { authority.resolve(None, true, &world).await.map(|found| found.token) })
    };
    let first = call();
    while slow.asked.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    let others: Vec<_> = (0..10).map(|_| call()).collect();
    tokio::task::yield_now().await;
    first.abort();
    slow.gate.add_permits(1);
    for other in others {
        assert_eq!(other.await.unwrap().unwrap(), "https://t.contoso.com/t");
    }
    assert_eq!(slow.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_fetch_that_panics_is_no_lasting_silence() {
    let world = FakeWorld::new().world();
    let cell: Arc<Cell<u8>> = Arc::default();
    let error = cell.get("test", &world, || async { panic!("in a test") }).await.unwrap_err();
    assert!(error.is_transient());
    assert_eq!(*cell.get("test", &world, || async { Ok((7, Duration::from_secs(1))) }).await.unwrap(), 7);
}

#[tokio::test]
async fn a_region_is_detected_once() {
    let world = FakeWorld::new();
    world.http.answer(200, r#"{"location": "NorthEurope"}"#);
    let detecting = authority(
        r#"{"Instance": "https://login.microsoftonline.com/", "TenantId": "t.example", "AzureRegion": "TryAutoDetect"}"#,
    );
    for for_app in [true, true, false] {
        let found = detecting.resolve(None, for_app, &world.world()).await.unwrap().token;
        let host = if for_app { "northeurope.login.microsoft.com" } else { "login.microsoftonline.com" };
        assert_eq!(found, format!("https://{host}/t.example/oauth2/v2.0/token"));
    }
    let requests = world.http.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests.first().is_some_and(|request| request.direct && request.timeout == Duration::from_secs(2)));

    world.environment.set("MSAL_DISABLE_REGION", "1");
    let found = detecting.resolve(None, true, &world.world()).await.unwrap().token;
    assert_eq!(found, "https://login.microsoftonline.com/t.example/oauth2/v2.0/token");
    world.environment.unset("MSAL_DISABLE_REGION");
    world.environment.set("MSAL_FORCE_REGION", "westus2");
    let plain = authority(r#"{"Instance": "https://login.microsoftonline.com/", "TenantId": "t.example"}"#);
    let found = plain.resolve(None, true, &world.world()).await.unwrap().token;
    assert_eq!(found, "https://westus2.login.microsoft.com/t.example/oauth2/v2.0/token");
}

#[test]
fn settings_that_cannot_be_an_authority_are_told_apart() {
    for (section, code) in [
        ("{}", codes::MISSING_AUTHORITY),
        (r#"{"TenantId": "t"}"#, codes::MISSING_AUTHORITY),
        (r#"{"Instance": "https://login.microsoftonline.com/"}"#, codes::MISSING_TENANT),
        (r#"{"Instance": "login.microsoftonline.com", "TenantId": "t"}"#, settings::codes::WRONG_VALUE),
        (r#"{"Instance": "http://login.contoso.com", "TenantId": "t"}"#, settings::codes::INSECURE_URL),
        (r#"{"Instance": "https://u:p@login.contoso.com", "TenantId": "t"}"#, settings::codes::WRONG_VALUE),
        (r#"{"Instance": " https://login.contoso.com", "TenantId": "t"}"#, settings::codes::WHITE_SPACE),
        (r#"{"Instance": "https://<host>/", "TenantId": "t"}"#, settings::codes::PLACEHOLDER),
        (r#"{"Instance": "https://h/", "TenantId": ".."}"#, settings::codes::WRONG_VALUE),
        (r#"{"Instance": "https://h/", "TenantId": "a/../b"}"#, settings::codes::WRONG_VALUE),
        (r#"{"Instance": "https://h/", "TenantId": "<tenant>"}"#, settings::codes::PLACEHOLDER),
        (r#"{"Instance": "https://h/x/y", "TenantId": "t"}"#, codes::AUTHORITY_PATH),
        (r#"{"Instance": "https://h/u", "TenantId": "t"}"#, codes::AUTHORITY_PATH),
        (r#"{"Instance": "https://h/", "TenantId": "t", "AzureRegion": "evil.example/"}"#, codes::BAD_REGION),
        (r#"{"Authority": "https://idp.example/realms/x", "TenantId": "t"}"#, codes::AUTHORITY_CONFLICT),
        (r#"{"Authority": "https://idp.example/x", "TenantId": "t"}"#, codes::AUTHORITY_CONFLICT),
        (r#"{"Authority": "https://idp.example/", "TenantId": "t"}"#, codes::AUTHORITY_CONFLICT),
        (
            r#"{"Authority": "https://x.b2clogin.com/tfp/x.example/p", "SignUpSignInPolicyId": "q"}"#,
            codes::AUTHORITY_CONFLICT,
        ),
        (r#"{"Authority": "https://x.b2clogin.com/tfp/x.example"}"#, codes::AUTHORITY_PATH),
    ] {
        let findings = from_json(section).unwrap_err();
        assert_eq!(findings.first().map(|finding| finding.code), Some(code), "{section}: {findings:?}");
        assert!(findings.iter().all(|finding| finding.remedy.is_some() && finding.path.is_some()), "{findings:?}");
    }
}

#[test]
fn authority_beside_instance_and_tenant_is_fine_when_they_agree() {
    for section in [
        r#"{"Authority": "https://login.microsoftonline.com/T.example/v2.0", "Instance": "https://login.microsoftonline.com", "TenantId": "t.EXAMPLE"}"#,
        r#"{"Authority": "https://login.microsoftonline.com/", "TenantId": "t.example"}"#,
        r#"{"Authority": "https://login.windows.net/t.example", "Instance": "https://login.microsoftonline.com/"}"#,
        r#"{"Authority": "https://login.microsoftonline.com/t.example/oauth2/v2.0/token"}"#,
        r#"{"Instance": "https://login.microsoftonline.com/t.example/"}"#,
    ] {
        let token = authority(section).endpoints().token;
        let expected = "https://login.microsoftonline.com/t.example/oauth2/v2.0/token";
        assert_eq!(token.as_deref(), Some(expected), "{section}");
    }
}

#[test]
fn tenants_of_calls() {
    let plain = authority(
        r#"{"Instance": "https://login.microsoftonline.com/", "TenantId": "common", "AppHomeTenantId": "home.example"}"#,
    );
    let tenant = |call, for_app| plain.tenant_for(call, for_app).map_err(|error: AuthorityError| error.code());
    assert_eq!(tenant(None, true), Ok(Some("home.example".to_owned())));
    assert_eq!(tenant(None, false), Ok(Some("common".to_owned())));
    assert_eq!(tenant(Some("Other.example"), true), Ok(Some("other.example".to_owned())));
    assert_eq!(tenant(Some("organizations"), true), Err(codes::TENANT_NOT_CONCRETE));
    assert_eq!(tenant(Some("organizations"), false), Ok(Some("common".to_owned())));
    assert_eq!(tenant(Some("a/b"), true), Err(settings::codes::WRONG_VALUE));
    let oidc = authority(OIDC);
    assert_eq!(oidc.tenant_for(Some("t"), true).unwrap_err().code(), codes::TENANT_NOT_SUPPORTED);
}
