//! Whoever runs the emulator sees what happens, and why.

use std::sync::{Arc, Mutex};

use token_client::emulator::{EmulatedApp, Emulator, EmulatorEvent};

use crate::client::{GRAPH, ask_by_secret, get, send};

#[tokio::test]
async fn every_request_is_told_with_its_verdict_and_why() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&told);
    let observe = move |event: EmulatorEvent<'_>| {
        if let EmulatorEvent::Answered(request) = event {
            list.lock().unwrap().push((request.status, request.verdict.clone(), request.why.clone()));
        }
    };
    let app = EmulatedApp::new("app1").secret("s3cret");
    let emulator = Emulator::builder().app(app).observe(observe).start().await.unwrap();
    ask_by_secret(&emulator, "s3cret", GRAPH).await;
    ask_by_secret(&emulator, "wrong-s3cret", GRAPH).await;
    get(&format!("{}/hello", emulator.api_url()), &[]).await;
    get(&format!("{}/hello", emulator.api_url()), &[("authorization", "Bearer nonsense")]).await;
    let evil = send("GET", &emulator.instance(), &[("host", "evil.example")], "").await;
    drop(evil);
    let told = told.lock().unwrap();
    let expected = [
        (200, "secret", "app1 for https://graph.microsoft.com"),
        (401, "AADSTS7000215", "Invalid client secret provided."),
        (401, "token refused", "there is no token"),
        (401, "token refused", "the token is no JWT"),
    ];
    for ((status, verdict, why), told) in expected.into_iter().zip(told.iter()) {
        assert_eq!((Some(status), verdict), (told.0, told.1.as_str()));
        assert!(told.2.starts_with(why), "{told:?}");
    }
    assert_eq!(told.len(), 5);
    assert!(!format!("{told:?}").contains("s3cret"));
}
