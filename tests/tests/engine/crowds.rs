//! Many callers, many keys: few requests, and so many of them side by side.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use token_client::{DEFAULT_MAX_REQUESTS, TokenClient, TokenErrorKind, TokenRequest};

use super::scene::{Reply, Scene, app, settle};

fn all(client: &TokenClient, requests: impl Iterator<Item = TokenRequest>) -> Vec<tokio::task::JoinHandle<bool>> {
    let ask = |request: TokenRequest| {
        let client = client.clone();
        tokio::spawn(async move { client.token(&request).await.is_ok() })
    };
    requests.map(ask).collect()
}

#[tokio::test]
async fn many_keys_are_asked_for_by_so_many_at_a_time() {
    for (most, set) in [(DEFAULT_MAX_REQUESTS, None), (8, Some(8)), (1, Some(1)), (1, Some(0))] {
        let scene = Scene::new(Reply::Token(3600));
        *scene.delay.lock().unwrap() = Duration::from_millis(10);
        let builder = scene.builder().patience(Duration::from_secs(600));
        let client = match set {
            Some(most) => builder.max_requests(most),
            None => builder,
        };
        let client = client.build().await.unwrap();
        let keys = if set.is_none() { 2_000 } else { 200 };
        let tasks = all(&client, (0..keys).map(|nth| app().tenant(format!("tenant{nth}.example"))));
        for task in tasks {
            assert!(scene.meanwhile(task).await.unwrap());
        }
        assert_eq!(scene.requests(), keys);
        let side_by_side = scene.most_under_way.load(Ordering::SeqCst);
        assert!(side_by_side <= most && side_by_side >= most * 3 / 4, "{side_by_side} of {most}");
    }
}

/// Crowds that come one after the other are served in that order, and a tenant's crowd does not keep another one
/// waiting.
#[tokio::test]
async fn crowds_are_served_in_turn() {
    const CROWD: usize = 2_500;
    const MOST: usize = 256;
    let scene = Scene::new(Reply::Token(3600));
    *scene.delay.lock().unwrap() = Duration::from_millis(10);
    let client = scene.builder().max_requests(MOST).patience(Duration::from_secs(600)).build().await.unwrap();
    scene.meanwhile(client.token(&app())).await.unwrap();
    let mut tasks = Vec::new();
    for crowd in 0..4 {
        tasks.extend(all(&client, (0..CROWD).map(|nth| TokenRequest::app(format!("api://{crowd}-{nth}/.default")))));
        settle().await;
    }
    let other = app().tenant("other.example");
    scene.meanwhile(client.token(&other)).await.unwrap();
    let before = scene.requests();
    assert!(before < 3 * MOST, "{before} were before the other tenant's only one");
    for task in tasks {
        assert!(scene.meanwhile(task).await.unwrap());
    }
    let crowds: Vec<usize> = scene.texts_between("api%3A%2F%2F", "-").iter().flat_map(|crowd| crowd.parse()).collect();
    assert_eq!(crowds.len(), 4 * CROWD);
    // The rest is for tenants with fewer than two under way, which this one is too between two waves.
    let most = scene.most_under_way.load(Ordering::SeqCst);
    assert!((MOST * 3 / 4..=MOST * 3 / 4 + 2).contains(&most), "{most}");
    for (place, crowd) in crowds.iter().enumerate() {
        let turn = crowd * CROWD..(crowd + 1) * CROWD + 2 * MOST;
        assert!(turn.contains(&(place + 2 * MOST)) || turn.contains(&place), "{crowd} at {place}");
    }
}

#[tokio::test]
async fn whoever_waits_for_its_turn_keeps_its_deadline() {
    let scene = Scene::new(Reply::Hang);
    let client = scene.builder().max_requests(2).patience(Duration::from_secs(5)).build().await.unwrap();
    let start = credential_core::world::Clock::moment(&*scene.clock);
    let tasks = all(&client, (0..20).map(|nth| app().tenant(format!("tenant{nth}.example"))));
    settle().await;
    let error = scene.meanwhile(client.token(&app())).await.unwrap_err();
    assert!(matches!(error.kind(), TokenErrorKind::Timeout | TokenErrorKind::Unwell), "{error}");
    for task in tasks {
        assert!(!scene.meanwhile(task).await.unwrap());
    }
    assert!(error.to_string().contains("2 requests to the authority were under way"), "{error}");
    let took = credential_core::world::Clock::moment(&*scene.clock).since(start);
    assert!(took < Duration::from_secs(8), "{took:?}");
}

/// On this machine's own clock, since it is about time that is spent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_callers_of_one_key_make_one_request() {
    const CALLERS: usize = 10_000;
    let scene = Scene::new(Reply::Token(3600));
    *scene.delay.lock().unwrap() = Duration::from_millis(100);
    let client = scene.client().await;
    let start = Instant::now();
    let tasks = all(&client, (0..CALLERS).map(|_| app()));
    let asked = start.elapsed();
    while scene.requests() == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let end = Instant::now();
    scene.clock.advance(Duration::from_millis(100));
    for task in tasks {
        assert!(task.await.unwrap());
    }
    println!("asked in {asked:?}, answered in {:?}", end.elapsed());
    assert_eq!(scene.requests(), 1);
}
