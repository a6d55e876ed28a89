//! `demo`: the whole road on this machine, nothing to configure.

use std::path::Path;
use std::sync::Arc;

use credential_core::World;
use credential_core::testing::{FakeEnvironment, FakeFiles};

use super::emulator::with_slash;
use super::output::Output;
use super::token::now;
use super::{Failure, Outcome, text};
use crate::client::builder::real_world;
use crate::emulator::{EmulatedApp, Emulator};
use crate::{Acquired, DownstreamCall, TokenClient, TokenRequest};

/// The shipped files, as they stand in the project.
const SETTINGS: &str = "examples/demo/appsettings.json";
const SHIPPED: [(&str, &[u8]); 2] = [
    (SETTINGS, include_bytes!("../../examples/demo/appsettings.json")),
    ("examples/demo/expired.pfx", include_bytes!("../../examples/demo/expired.pfx")),
];
/// The shipped secret of the shipped application: of no use anywhere else.
const SECRET: &str = "demo-secret-of-no-use-elsewhere";

pub(crate) async fn run(output: &Output) -> Outcome {
    walk(output).await.map_err(|error| {
        output.note(&format!("the demo failed: {error}"));
        Failure::Said
    })
}

async fn walk(output: &Output) -> Result<(), Box<dyn std::error::Error>> {
    let app = EmulatedApp::new("app1").secret(SECRET);
    let emulator = Emulator::builder().tenant("contoso.example").app(app).api_audience("api://demo").start().await?;
    output.print(&format!("authority   {} (emulator)", emulator.authority()));
    output.print(&format!("settings    {SETTINGS}, section AzureAd\n"));
    let client = TokenClient::builder()
        .file(Path::new(SETTINGS))
        .set("AzureAd:Instance", emulator.instance())
        .set("Hello:BaseUrl", with_slash(&emulator.api_url()))
        .world(world()?)
        .build()
        .await?;

    let Acquired { token, .. } = client.acquire(&TokenRequest::app("api://demo/.default")).await?;
    output.print_lines(&text::attempts(token.attempts(), output));
    let minutes =
        token.expires_on().duration_since(client.inner().world().clock.now()).unwrap_or_default().as_secs() / 60;
    output.print(&format!("     app token for {}, valid {minutes} min\n", token.scopes().join(" ")));

    let hello = client.downstream("Hello")?;
    for nth in 0..2 {
        let start = now();
        let cached = client.cached(&TokenRequest::app("api://demo/.default")).is_some();
        let took = start.elapsed();
        let answer = hello.call(DownstreamCall::new()).await?.error_for_status()?;
        let status = output.green(&answer.status().to_string());
        let what = if nth == 0 {
            answer.text()
        } else {
            format!("token from the {} in {took:?}", if cached { "cache" } else { "authority" })
        };
        output.print(&format!("GET {}hello   {status}   {what}", with_slash(&emulator.api_url())));
    }
    Ok(())
}

/// Real HTTP and time; the shipped files, and no variables of this machine.
fn world() -> Result<World, Box<dyn std::error::Error>> {
    let files = FakeFiles::default();
    for (name, content) in SHIPPED {
        files.write(name, content);
    }
    Ok(real_world(None)?.with_files(Arc::new(files)).with_environment(Arc::new(FakeEnvironment::default())))
}
