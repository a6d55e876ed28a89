//! A platform's token at the authority: taken, refused and asked for anew, and what to register.

use credential_tests::socket::{Reply, Socket};
use token_client::TokenRequest;
use tokio::task::JoinSet;

use super::{AUDIENCE, ISSUER, client, emulator, emulator_of};

fn forever(text: String) -> &'static str {
    text.leak()
}

fn demo() -> TokenRequest {
    TokenRequest::app("api://demo/.default")
}

/// 700213: the subject is not registered.
#[tokio::test]
async fn a_refused_assertion_is_asked_for_anew_once_and_a_good_one_is_kept() {
    let emulator = emulator().await;
    let of = |subject: &str| {
        let token = emulator.mint_federated(ISSUER, subject, AUDIENCE).unwrap();
        forever(format!(r#"{{"value":"{token}"}}"#))
    };
    let (stranger, pod) = (of("stranger"), of("pod"));
    let runner = Socket::listen("127.0.0.1:0", move |before| Reply::Body(if before == 0 { stranger } else { pod }));
    let address = format!("{}idtoken?api-version=2.0", runner.url());
    let variables = [("ACTIONS_ID_TOKEN_REQUEST_URL", &*address), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "b3arer")];
    let client = client(&emulator, r#"{"SourceType": "GitHubActions"}"#, &variables).await;
    client.token(&demo()).await.unwrap();
    let requests = runner.requests();
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests[0].starts_with("GET /idtoken?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange "));
    let verdicts: Vec<String> = emulator.token_requests().into_iter().map(|one| one.verdict).collect();
    assert_eq!((verdicts.len(), verdicts[1].as_str()), (2, "federated pod"), "{verdicts:?}");
    client.token(&demo().force_refresh()).await.unwrap();
    assert_eq!((runner.requests().len(), emulator.token_requests().len()), (2, 3));
}

#[tokio::test]
async fn what_is_not_registered_is_told_as_text_to_paste() {
    let emulator = emulator().await;
    let token = emulator.mint_federated(ISSUER, "stranger", AUDIENCE).unwrap();
    let client = client(
        &emulator,
        r#"{"SourceType": "EnvironmentVariable", "VariableName": "JOB_TOKEN"}"#,
        &[("JOB_TOKEN", &token)],
    )
    .await;
    let error = client.token(&demo()).await.unwrap_err();
    // It is the same token: it was presented once.
    assert_eq!(emulator.token_requests().len(), 1);
    let remedy = error.findings()[0].remedy.clone().unwrap();
    let wanted = "issuer https://issuer.example, subject stranger, audience api://AzureADTokenExchange \
                  (az ad app federated-credential create --id 'CLIENT_ID' --parameters '{";
    assert!(remedy.contains(wanted), "{remedy}");
    assert!(!error.to_string().contains(&token), "{error}");
}

/// Azure DevOps refuses a request without a length (411).
#[tokio::test]
async fn a_request_without_a_body_says_so() {
    let emulator = emulator().await;
    let token = emulator.mint_federated(ISSUER, "pod", AUDIENCE).unwrap();
    let answer = forever(format!(r#"{{"oidcToken":"{token}"}}"#));
    let service = Socket::listen("127.0.0.1:0", move |_| Reply::Body(answer));
    let address = service.url();
    let variables = [("SYSTEM_OIDCREQUESTURI", &*address), ("SYSTEM_ACCESSTOKEN", "b3arer")];
    let entry = r#"{"SourceType": "AzurePipelines", "ServiceConnectionId": "c1"}"#;
    client(&emulator, entry, &variables).await.token(&demo()).await.unwrap();
    let head = service.requests()[0].to_ascii_lowercase();
    assert!(head.starts_with("post /?api-version=7.1&serviceconnectionid=c1 "), "{head}");
    assert_eq!(head.matches("content-length: 0\r\n").count(), 1, "{head}");
}

/// All tenants of an application share what the platform gives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_tenants_at_once_ask_the_platform_once() {
    let tenants: Vec<String> = (0..50).map(|nth| format!("tenant{nth}.example")).collect();
    let emulator = emulator_of(&[&["contoso.example".to_owned()], &*tenants].concat()).await;
    let token = emulator.mint_federated(ISSUER, "pod", AUDIENCE).unwrap();
    let answer = forever(format!(r#"{{"value":"{token}"}}"#));
    let runner = Socket::listen("127.0.0.1:0", move |_| Reply::Body(answer));
    let address = format!("{}idtoken?api-version=2.0", runner.url());
    let variables = [("ACTIONS_ID_TOKEN_REQUEST_URL", &*address), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "b3arer")];
    let client = client(&emulator, r#"{"SourceType": "GitHubActions"}"#, &variables).await;
    let mut callers = JoinSet::new();
    for tenant in tenants {
        let client = client.clone();
        callers.spawn(async move { client.token(&demo().tenant(tenant)).await.map(drop) });
    }
    let failed: Vec<_> = callers.join_all().await.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!((runner.requests().len(), emulator.token_requests().len()), (1, 50));
}
