//! `emulator user`: a user's token of the emulator that runs.

use credential_core::source::causes;
use credential_core::world::{HttpRequest, is_loopback};
use serde_json::{Value, json};
use url::Url;

use super::super::args::UserArgs;
use super::super::output::Output;
use super::super::text::clean;
use super::super::wrap::Line;
use super::super::{Failure, Outcome};
use crate::client::builder::real_world;
use crate::emulator::USER_TOKEN;

pub(super) async fn run(args: &UserArgs, output: &Output) -> Outcome {
    let authority = Url::parse(&args.authority).ok().filter(|_| is_loopback(&args.authority)).ok_or_else(|| {
        let message = "--authority takes the address of an emulator on this machine, such as http://127.0.0.1:8400/";
        Failure::Usage(message.to_owned())
    })?;
    let failed = |message: String| {
        let remedy = "start one with `token-client emulator`, and give its authority with --authority";
        output.note_lines(&[Line::new("", clean(&message)), Line::new("  ", remedy)]);
        Failure::Said
    };
    let tenant = authority.path_segments().and_then(|mut parts| parts.next()).filter(|first| !first.is_empty());
    let question =
        json!({"name": args.name, "tenant": tenant, "audience": args.audience, "scopes": args.scopes}).to_string();
    let address = format!("{}{USER_TOKEN}", authority.origin().ascii_serialization());
    let request = HttpRequest::post(&address).header("content-type", "application/json").body(question);
    let world = real_world(None).map_err(|error| failed(format!("no emulator can be asked: {error}")))?;
    let answer = world.send(request).await.map_err(|error| {
        let because = causes(&error).into_iter().map(|cause| format!(": {cause}")).collect::<String>();
        failed(format!("no emulator answers at {}: {error}{because}", authority.origin().ascii_serialization()))
    })?;
    let body: Value = serde_json::from_slice(answer.body.expose()).unwrap_or_default();
    match body.get("access_token").and_then(Value::as_str).filter(|_| answer.status == 200) {
        Some(token) => {
            output.print(token);
            Ok(())
        }
        None => {
            let why = body.get("error").and_then(Value::as_str).unwrap_or("what answers there is no emulator");
            Err(failed(format!("{address} was answered with status {}: {why}", answer.status)))
        }
    }
}
