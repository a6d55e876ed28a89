//! What is measured, by a recorder that keeps it.

use credential_core::testing::{FakeReply, FakeWorld};
use credential_core::world::HttpResponse;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use token_client::store::{FakeStore, SealingKeys, SharedCache, StoreFault};
use token_client::{TokenClient, TokenRequest};

const TOKEN: &str = "https://login.microsoftonline.com/";

/// Each measurement as `name{label=value,...}`, labels in their order, empty ones left out; a counter's or gauge's
/// value, or how many values a histogram has.
fn measured(snapshotter: &Snapshotter) -> Vec<(String, f64)> {
    let snapshot = snapshotter.snapshot().into_vec().into_iter();
    let all = snapshot.map(|(key, _, _, value)| {
        let labels = key.key().labels().filter(|label| !label.value().is_empty());
        let labels: Vec<String> = labels.map(|label| format!("{}={}", label.key(), label.value())).collect();
        let value = match value {
            DebugValue::Counter(count) => count as f64,
            DebugValue::Gauge(value) => value.0,
            DebugValue::Histogram(values) => values.len() as f64,
        };
        (format!("{}{{{}}}", key.key().name(), labels.join(",")), value)
    });
    let mut all: Vec<(String, f64)> = all.collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

fn builder(world: &FakeWorld) -> token_client::TokenClientBuilder {
    TokenClient::builder()
        .world(world.world())
        .instance(TOKEN)
        .tenant("contoso.example")
        .client_id("app1")
        .client_secret("s3cret")
}

fn answers(world: &FakeWorld, status: u16, body: &'static str) {
    world.http.on("POST", TOKEN, FakeReply::Answer(HttpResponse::new(status, Vec::new(), body)));
}

#[tokio::test]
async fn tokens_credentials_and_requests_are_measured() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = FakeWorld::new();
    let client = builder(&world).build().await.unwrap();
    let app = TokenRequest::app("api://a/.default");
    answers(&world, 200, r#"{"token_type":"Bearer","access_token":"t","expires_in":3600}"#);
    for _ in 0..4 {
        client.token(&app).await.unwrap();
    }
    client.token(&app.clone().force_refresh()).await.unwrap();
    answers(
        &world,
        401,
        r#"{"error":"invalid_client","error_description":"AADSTS7000215: x","error_codes":[7000215]}"#,
    );
    client.token(&app.force_refresh()).await.unwrap_err();

    let shown = measured(&snapshotter);
    let http = "http.client.request.duration{http.request.method=POST,server.address=login.microsoftonline.com,server.port=443";
    let entry = "section=AzureAd,entry=0,credential.type=ClientSecret";
    for (name, value) in [
        (format!("{http},http.response.status_code=200}}"), 2.0),
        (format!("{http},http.response.status_code=401,error.type=401}}"), 1.0),
        ("token_client.success{section=AzureAd,token.kind=app,token.source=cache,reason=none}".to_owned(), 3.0),
        ("token_client.success{section=AzureAd,token.kind=app,token.source=authority,reason=missing}".to_owned(), 1.0),
        ("token_client.success{section=AzureAd,token.kind=app,token.source=authority,reason=forced}".to_owned(), 1.0),
        (
            "token_client.failure{section=AzureAd,token.kind=app,reason=forced,error.type=credential,error.code=7000215}"
                .to_owned(),
            1.0,
        ),
        ("token_client.duration{section=AzureAd,token.kind=app,token.source=authority}".to_owned(), 2.0),
        ("token_client.duration{section=AzureAd,token.kind=app}".to_owned(), 1.0),
        ("token_client.token.remaining_lifetime{section=AzureAd,token.kind=app,token.source=authority}".to_owned(), 2.0),
        (format!("token_client.credential.failures{{{entry},outcome=rejected}}"), 1.0),
        (format!("token_client.credential.in_use{{{entry}}}"), 1.0),
    ] {
        assert!(shown.contains(&(name.clone(), value)), "{name} {value} is not in {shown:#?}");
    }
}

#[tokio::test]
async fn failures_are_counted_from_zero_and_no_entry_of_an_older_configuration_is_in_use() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = FakeWorld::new();
    let settings = |entries: &str| {
        let text = format!(
            r#"{{"AzureAd": {{"Instance": "{TOKEN}", "TenantId": "contoso.example", "ClientId": "app1",
                "ClientCredentials": [{entries}]}}}}"#
        );
        world.files.write("appsettings.json", text);
    };
    let secret = |text: &str| format!(r#"{{"SourceType": "ClientSecret", "ClientSecret": "{text}"}}"#);
    settings(&[secret("s3cret"), secret("other")].join(","));
    let client = TokenClient::builder().world(world.world()).build().await.unwrap();
    let entry = |name: &str, nth: u32, more: &str| {
        format!("token_client.credential.{name}{{section=AzureAd,entry={nth},credential.type=ClientSecret{more}}}")
    };
    let shown = measured(&snapshotter);
    for nth in [0, 1] {
        for outcome in [",outcome=failed", ",outcome=rejected"] {
            assert!(shown.contains(&(entry("failures", nth, outcome), 0.0)), "{nth} {outcome} is not in {shown:#?}");
        }
        assert!(shown.contains(&(entry("in_use", nth, ""), 0.0)), "{shown:#?}");
    }
    // The second is in use, and the list becomes shorter.
    world.http.on(
        "POST",
        TOKEN,
        FakeReply::by(|request| {
            let form = String::from_utf8_lossy(request.body.expose()).into_owned();
            match form.contains("client_secret=other") {
                true => HttpResponse::new(
                    200,
                    Vec::new(),
                    r#"{"token_type":"Bearer","access_token":"t","expires_in":3600}"#,
                ),
                false => HttpResponse::new(401, Vec::new(), r#"{"error":"invalid_client","error_codes":[7000215]}"#),
            }
        }),
    );
    client.token(&TokenRequest::app("api://a/.default")).await.unwrap();
    let shown = measured(&snapshotter);
    for (name, nth, more, value) in [
        ("in_use", 1, "", 1.0),
        ("failing", 0, ",outcome=rejected", 1.0),
        ("failing", 0, ",outcome=failed", 0.0),
        ("failing", 1, ",outcome=rejected", 0.0),
        ("failures", 0, ",outcome=rejected", 1.0),
    ] {
        let expected = (entry(name, nth, more), value);
        assert!(shown.contains(&expected), "{expected:?} is not in {shown:#?}");
    }
    settings(&secret("other"));
    client.reload().await.unwrap();
    let shown = measured(&snapshotter);
    assert!(shown.contains(&(entry("in_use", 1, ""), 0.0)), "{shown:#?}");
}

#[tokio::test]
async fn a_shared_cache_is_measured() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (world, store) = (FakeWorld::new(), FakeStore::new());
    let keys = SealingKeys::new("k", "A".repeat(43)).unwrap();
    answers(&world, 200, r#"{"token_type":"Bearer","access_token":"t","expires_in":3600}"#);
    let process = || builder(&world).shared_cache(SharedCache::new(store.clone(), keys.clone())).build();
    let app = TokenRequest::app("api://a/.default");
    process().await.unwrap().token(&app).await.unwrap();
    while store.lives().is_empty() {
        tokio::task::yield_now().await;
    }
    process().await.unwrap().token(&app).await.unwrap();
    store.fault(StoreFault::Down);
    process().await.unwrap().token(&app).await.unwrap();

    let shown = measured(&snapshotter);
    for name in [
        "token_client.success{section=AzureAd,token.kind=app,token.source=shared_cache,reason=missing}",
        "token_client.shared_cache.duration{operation=read}",
        "token_client.shared_cache.duration{operation=lock}",
        "token_client.shared_cache.duration{operation=write}",
        "token_client.shared_cache.duration{operation=read,error.type=unreachable}",
    ] {
        assert!(shown.iter().any(|(found, value)| found == name && *value > 0.0), "{name} is not in {shown:#?}");
    }
}

#[tokio::test]
async fn a_cached_token_is_counted_without_an_allocation() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = FakeWorld::new();
    let client = builder(&world).build().await.unwrap();
    let app = TokenRequest::app("api://a/.default");
    answers(&world, 200, r#"{"token_type":"Bearer","access_token":"t","expires_in":3600}"#);
    client.token(&app).await.unwrap();
    let allocated = allocation_counter::measure(|| {
        for _ in 0..100 {
            assert!(client.cached(&app).is_some());
        }
    });
    assert_eq!(allocated.count_total, 0);
    let hits = "token_client.success{section=AzureAd,token.kind=app,token.source=cache,reason=none}";
    assert!(measured(&snapshotter).contains(&(hits.to_owned(), 100.0)));
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_what_the_docs_name() {
    let docs = include_str!("../docs/observability.md");
    let named: Vec<String> = docs
        .split('`')
        .filter(|word| word.starts_with("token_client.") || word.starts_with("http.client."))
        .map(|word| word.replace('.', "_"))
        .collect();
    for text in [include_str!("../docs/observability/dashboard.json"), include_str!("../docs/observability/alerts.yml")]
    {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let asked: Vec<&str> =
            words.filter(|word| word.starts_with("token_client_") || word.starts_with("http_client_")).collect();
        assert!(asked.len() > 5);
        for word in asked {
            let base = word.strip_suffix("_sum").or_else(|| word.strip_suffix("_count")).unwrap_or(word);
            // The start of a pattern over several names.
            assert!(word.ends_with('_') || named.iter().any(|name| name == base), "{word} is not in the docs");
        }
    }
}
