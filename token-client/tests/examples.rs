//! Each example as a process, against the emulator: what it prints is what its reader expects.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use credential_core::World;
use credential_core::world::{HttpRequest, HttpResponse};
use token_client::ReqwestHttp;
use token_client::emulator::{EmulatedApp, Emulator, RecordedRequest};

const SECRET: &str = "demo-secret-of-no-use-elsewhere";
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// The example in its folder, which cargo builds with the tests; the emulator in place of what its settings name.
fn example(name: &str, emulator: &Emulator) -> Command {
    let tests = std::env::current_exe().unwrap();
    let built = tests.ancestors().nth(2).unwrap().join("examples").join(name);
    let program = built.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(program.exists(), "not built: cargo build -p token-client --examples");
    let mut command = Command::new(program);
    command.current_dir(folder(name)).env_clear();
    command.env("AzureAd__Instance", emulator.instance()).env("ORDERS_SECRET", SECRET);
    let api = format!("{}/", emulator.api_url().trim_end_matches('/'));
    let section = if name == "migration" { "DownstreamApi" } else { "DownstreamApis__Inventory" };
    command.env(format!("{section}__BaseUrl"), api);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn emulator(tenants: impl IntoIterator<Item = String>) -> Emulator {
    let app = EmulatedApp::new("app1").secret(SECRET);
    let builder = Emulator::builder().tenant("contoso.example").app(app);
    tenants.into_iter().fold(builder, |builder, tenant| builder.tenant(tenant)).start().await.unwrap()
}

/// Runs to the end beside the emulator, with that text on stdin.
async fn run(mut command: Command, input: String) -> Output {
    let work = move || {
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_calls_with_one_token() {
    let emulator = emulator([]).await;
    let ran = run(example("service", &emulator), String::new()).await;
    let hello = "the API says hello to app1";
    assert_eq!(lines(&ran), [hello, hello, hello, "by entry Some(1)"], "{ran:?}");
    assert!(ran.status.success());
    assert_eq!(emulator.token_requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_goes_on_when_a_tenant_fails() {
    let tenants: Vec<String> = (1..=50).map(|nth| format!("tenant{nth}.example")).collect();
    let emulator = emulator(tenants.clone()).await;
    let ran = run(example("batch", &emulator), format!("{}\nnobody.example\n", tenants.join("\n"))).await;
    let lines = lines(&ran);
    for tenant in &tenants {
        let line = format!("{tenant}: {{\"hello\":\"app1\"}}");
        assert!(lines.contains(&line), "{line} is not in {lines:#?}");
    }
    let failed = lines.iter().find(|line| line.starts_with("nobody.example: ")).unwrap();
    assert!(failed.contains("AADSTS90002"), "{failed}");
    assert_eq!((lines.len(), ran.status.code()), (51, Some(1)), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_dotnet_service_work_as_they_are() {
    let emulator = emulator([]).await;
    let mut command = example("migration", &emulator);
    command.env("DOTNET_ENVIRONMENT", "Development");
    let ran = run(command, String::new()).await;
    let lines = lines(&ran);
    assert_eq!(lines.last().map(String::as_str), Some(r#"200 {"hello":"app1"}"#), "{ran:?}");
    assert!(lines.iter().any(|line| line.contains("ClientCertificates")), "{lines:#?}");
}

/// The example, ended with the test.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a running example prints first.
async fn first_line(running: &mut Running) -> String {
    let stdout = running.0.stdout.take().unwrap();
    let first = move || BufReader::new(stdout).lines().next().unwrap().unwrap();
    tokio::task::spawn_blocking(first).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_measured_service_shows_what_it_measures() {
    let emulator = emulator([]).await;
    let mut running = Running(example("metrics", &emulator).arg("127.0.0.1:0").spawn().unwrap());
    let url = first_line(&mut running).await;
    let world = World::new(std::sync::Arc::new(ReqwestHttp::new().unwrap()));
    let mut shown = String::new();
    for _ in 0..100 {
        let answer = world.send(HttpRequest::get(&url)).await.unwrap();
        shown = String::from_utf8_lossy(answer.body.expose()).into_owned();
        if shown.contains("token_client_success") && shown.contains("http_client_request_duration_count") {
            break;
        }
        world.clock.sleep_until(world.clock.moment().after(std::time::Duration::from_millis(100))).await;
    }
    for line in [
        r#"token_client_success{section="AzureAd",token_kind="app",token_source="authority",reason="missing"} 1"#,
        r#"token_client_credential_in_use{section="AzureAd",entry="0",credential_type="ClientSecret"} 1"#,
        r#"token_client_credential_failures{section="AzureAd",entry="0",credential_type="ClientSecret",outcome="rejected"} 0"#,
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} is not in {shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_api_calls_on_behalf_of_its_callers() {
    let emulator = emulator([]).await;
    let mut command = example("web_api", &emulator);
    let mut running = Running(command.arg("127.0.0.1:0").spawn().unwrap());
    let url = first_line(&mut running).await;
    let world = World::new(std::sync::Arc::new(ReqwestHttp::new().unwrap()));
    let get = async |bearer: Option<&str>| -> HttpResponse {
        let request = HttpRequest::get(&url).header("traceparent", TRACE).header("tracestate", "vendor=1");
        let request = match bearer {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        world.send(request).await.unwrap()
    };
    let user = emulator.mint_user_token("ada@contoso.example", "app1", "access_as_user").unwrap();
    let answer = get(Some(&user)).await;
    let body: serde_json::Value = serde_json::from_slice(answer.body.expose()).unwrap();
    assert_eq!((answer.status, &body["user"]), (200, &"ada@contoso.example".into()), "{body}");
    let traced = |path: &str| -> Vec<(Option<String>, Option<String>)> {
        let all = emulator.requests().into_iter().filter(|request| request.path.ends_with(path));
        let header = |request: &RecordedRequest, name: &str| request.header(name).map(str::to_owned);
        all.map(|request| (header(&request, "traceparent"), header(&request, "tracestate"))).collect()
    };
    let trace = (Some(TRACE.to_owned()), Some("vendor=1".to_owned()));
    assert_eq!((traced("/hello"), traced("/oauth2/v2.0/token")), (vec![trace.clone()], vec![trace]));
    let answer = get(None).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")));
    // What the authority does not take is exchanged for nothing.
    let forged = format!("{}x", user.trim_end_matches(|one: char| one.is_ascii_alphanumeric()));
    let answer = get(Some(&forged)).await;
    assert_ne!(answer.status, 200);
}
