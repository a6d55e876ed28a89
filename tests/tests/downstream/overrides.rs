//! What a call says instead of its section, and what its closures may do.

use std::sync::Arc;
use std::time::Duration;

use credential_core::world::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use token_client::settings::DownstreamOptions;
use token_client::{DownstreamApi, DownstreamCall, DownstreamError};

use crate::there::{There, client, form};

fn section() -> Value {
    json!({"BaseUrl": "https://api.contoso.com/v1", "RelativePath": "items", "Scopes": ["api://x/.default"],
           "RequestAppToken": true, "ExtraHeaderParameters": {"X-Section": "1"},
           "ExtraQueryParameters": {"section": "1"}})
}

async fn api(there: &Arc<There>) -> DownstreamApi {
    client(there, json!({"Api": section()})).await.downstream("Api").unwrap()
}

fn values(request: &HttpRequest, name: &str) -> Vec<String> {
    let all = request.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
    all.map(|(_, value)| value.expose().to_owned()).collect()
}

fn code(error: &DownstreamError) -> &'static str {
    assert!(error.findings()[0].remedy.is_some(), "{error}");
    error.findings()[0].code
}

#[tokio::test]
async fn a_call_never_changes_its_section() {
    let there = Arc::<There>::default();
    let api = api(&there).await;
    let call = DownstreamCall::new()
        .method("delete")
        .base_url("https://other.contoso.com/v2/?fixed=1")
        .path("things")
        .scopes(["api://y/.default"])
        .accept("text/csv")
        .header("x-section", "2")
        .without_section_query()
        .query("own", "a b")
        .tenant("fabrikam.com")
        .force_refresh()
        .fmi_path("a/b")
        .token_options(|request| request.extra_query("dc", "test"));
    api.call(call).await.unwrap();
    api.call(DownstreamCall::new()).await.unwrap();
    let all = there.asked();
    let [asked_token, asked, token_again, again] = &all[..] else { panic!("{all:?}") };
    assert!(asked_token.url.contains("/fabrikam.com/") && asked_token.url.ends_with("?dc=test"), "{}", asked_token.url);
    assert_eq!(
        (form(asked_token)["scope"].as_str(), form(asked_token)["fmi_path"].as_str()),
        ("api://y/.default", "a/b")
    );
    assert_eq!((&*asked.method, &*asked.url), ("DELETE", "https://other.contoso.com/v2/things?fixed=1&own=a%20b"));
    assert_eq!(
        (values(asked, "accept"), values(asked, "x-section")),
        (vec!["text/csv".to_owned()], vec!["2".to_owned()])
    );
    assert!(token_again.url.ends_with("/contoso.com/oauth2/v2.0/token"), "{}", token_again.url);
    assert_eq!((&*again.method, &*again.url), ("GET", "https://api.contoso.com/v1/items?section=1"));
    assert_eq!(
        (values(again, "accept"), values(again, "x-section")),
        (vec!["application/json".to_owned()], vec!["1".to_owned()])
    );
}

#[tokio::test]
async fn what_a_call_says_is_checked_before_a_token_is_asked_for() {
    let there = Arc::<There>::default();
    let api = api(&there).await;
    let call = DownstreamCall::new;
    for (call, expected) in [
        (call().base_url("nowhere"), "bad-base-url"),
        (call().base_url("https://other.contoso.com/#part"), "bad-base-url"),
        (call().base_url("http://other.contoso.com/"), "insecure-address"),
        (call().scopes(["api://y/read"]), "delegated-scope-for-app-token"),
        (call().scopes([""; 0]), "no-scopes"),
        (call().scopes(["api://y/.default"]).anonymous(), "caller-conflict"),
        (call().as_app().anonymous(), "caller-conflict"),
        (call().claims("nonsense"), "bad-claims"),
        (call().accept("nonsense"), "bad-header"),
        (call().header("Connection", "close"), "bad-header"),
        (call().bytes("a", Some("nonsense")), "bad-header"),
        (call().header("X-A", "ü"), "bad-header"),
    ] {
        let shown = format!("{call:?}");
        let error = api.call(call).await.unwrap_err();
        assert_eq!(code(&error), expected, "{shown}");
        assert!(error.to_string().contains("Api"), "{error}");
        assert!(there.asked().is_empty(), "{shown}");
    }
    let error = api.call(call().path("a").query("q", "s3cret").header("X-A", "ü")).await.unwrap_err().to_string();
    assert!(error.contains("(GET https://api.contoso.com/v1/a: Api)") && !error.contains("s3cret"), "{error}");
    let answer = api.call(call().anonymous().without_section_headers()).await.unwrap();
    assert!(!answer.with_token());
    let asked = there.asked();
    assert_eq!(
        (asked.len(), values(&asked[0], "authorization").len(), values(&asked[0], "x-section").len()),
        (1, 0, 0)
    );
}

#[tokio::test]
async fn what_a_section_cannot_send_is_found_when_it_is_read() {
    for (name, value, code) in [
        ("AcceptHeader", json!("nonsense"), "bad-header"),
        ("ContentType", json!("nonsense"), "bad-header"),
        ("ExtraHeaderParameters", json!({"X-A": "ü"}), "bad-header"),
        ("ExtraHeaderParameters", json!({"Upgrade": "x"}), "bad-header"),
        ("BaseUrl", json!("https://api.contoso.com/v1#part"), "wrong-value"),
    ] {
        let there = Arc::<There>::default();
        let mut section = section();
        section[name] = value.clone();
        let error = crate::there::client_with(&there, Value::Null, json!({"Api": section})).await.unwrap_err();
        let found = &error.findings()[0];
        assert_eq!(found.code, code, "{name} {value}");
        assert!(
            found.path.as_deref().unwrap_or_default().starts_with(&format!("DownstreamApis:Api:{name}")),
            "{found}"
        );
    }
}

#[tokio::test]
async fn hooks_run_in_order_and_again_each_time() {
    let there = Arc::<There>::default();
    let mark = |name: &'static str| {
        move |request: &mut HttpRequest| {
            let token = if values(request, "authorization").is_empty() { "" } else { "+token" };
            request.headers.push(("x-hook".to_owned(), format!("{name}{token}").into()));
        }
    };
    let api = api(&there).await.with_defaults(DownstreamCall::new().before_token(mark("default")));
    let call = DownstreamCall::new()
        .before_sending(mark("sending"))
        .after_token(mark("after"))
        .before_token(mark("before"))
        .before_token(|request| request.url.push_str("&hooked=1"));
    let challenge = "Bearer error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnt9fQ==\"";
    there.answer(HttpResponse::new(401, vec![("www-authenticate".to_owned(), challenge.to_owned())], ""));
    assert_eq!(api.call(call).await.unwrap().status(), 200);
    let asked = there.asked();
    assert_eq!(asked.len(), 4);
    for request in [&asked[1], &asked[3]] {
        assert_eq!(values(request, "x-hook"), ["default", "before", "after+token", "sending+token"]);
        assert!(request.url.ends_with("?section=1&hooked=1"), "{}", request.url);
    }
}

#[tokio::test]
async fn a_hook_leads_no_token_away_and_shows_none() {
    let there = Arc::<There>::default();
    let api = api(&there).await;
    let seen = Arc::<std::sync::Mutex<String>>::default();
    let own = Arc::clone(&seen);
    let call = DownstreamCall::new().after_token(move |request| *own.lock().unwrap() = format!("{request:?}"));
    assert!(!format!("{call:?}").contains("issued"));
    api.call(call).await.unwrap();
    assert!(!seen.lock().unwrap().contains("issued-token") && seen.lock().unwrap().contains("GET"));
    there.asked();
    let header = |name: &'static str, value: &'static str| {
        move |request: &mut HttpRequest| request.headers.push((name.to_owned(), value.into()))
    };
    for call in [
        DownstreamCall::new().before_token(|request| request.url = "https://evil.example/".to_owned()),
        DownstreamCall::new().before_sending(|request| request.url = "http://api.contoso.com/v1/items".to_owned()),
        DownstreamCall::new().before_token(header("Authorization", "Custom abc")),
        DownstreamCall::new().before_sending(header("x-a", "b\r\nx-forged: 1")),
    ] {
        let error = api.call(call).await.unwrap_err();
        assert_eq!(code(&error), "bad-hook");
        crate::is_about_the_call(&error);
        assert!(there.asked().is_empty());
    }
    let replaced = DownstreamCall::new().before_sending(|request| {
        request.headers.retain(|(name, _)| name != "authorization");
        request.headers.push(("authorization".to_owned(), "Custom abc".into()));
    });
    api.call(replaced).await.unwrap();
    assert_eq!(values(&there.asked()[0], "authorization"), ["Custom abc"]);
}

#[tokio::test]
async fn options_need_no_section_and_defaults_are_under_each_call() {
    let there = Arc::<There>::default();
    let client = client(&there, json!({})).await;
    let options = DownstreamOptions::builder()
        .base_url("https://own.contoso.com/")
        .scopes(["api://own/.default"])
        .app_token()
        .header("X-Own", "1");
    let api = DownstreamApi::new(client.clone(), options.build("Own").unwrap()).unwrap();
    let defaults = DownstreamCall::new()
        .path("fallback")
        .header("x-default", "1")
        .query("d", "1")
        .timeout(Duration::from_secs(9))
        .retry(1);
    let api = api.with_defaults(defaults);
    there.answer(HttpResponse::new(503, vec![("retry-after".to_owned(), "0".to_owned())], ""));
    api.call(DownstreamCall::new().header("X-Default", "2").query("own", "1")).await.unwrap();
    let asked = there.asked();
    assert_eq!(asked.len(), 3, "one token, and one repetition");
    assert_eq!(asked[2].url, "https://own.contoso.com/fallback?d=1&own=1");
    assert_eq!(
        (values(&asked[2], "x-default"), values(&asked[2], "x-own")),
        (vec!["2".to_owned()], vec!["1".to_owned()])
    );
    assert_eq!(asked[2].timeout, Duration::from_secs(9));
    let error = DownstreamOptions::builder().base_url("nowhere").set("Scops", "x").build("Own").unwrap_err();
    let paths: Vec<&str> = error.findings().iter().filter_map(|one| one.path.as_deref()).collect();
    assert!(paths.contains(&"DownstreamApis:Own:BaseUrl") && paths.contains(&"DownstreamApis:Own:Scops"), "{paths:?}");
    assert_eq!(DownstreamOptions::builder().build("Own").unwrap_err().findings()[0].code, "missing-setting");
}
