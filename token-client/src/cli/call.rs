//! `call`: one call of a downstream API of the configuration.

use std::io::Read;

use credential_core::Finding;
use serde_json::{Map, Value, json};

use super::args::CallArgs;
use super::context::{Context, OwnSources, worst_first};
use super::json::Said;
use super::output::Output;
use super::{Failure, Outcome, json, text, token};
use crate::{Acquired, DownstreamCall, DownstreamError, DownstreamResponse, TokenClient};

pub(crate) async fn run(args: CallArgs, own: &OwnSources, output: &Output) -> Outcome {
    let context = Context::new(&args.place, own)?;
    let call = read_call(&args, &context).await?;
    let client = match context.client().await {
        Ok(client) => client,
        Err(error) => return fail(error.findings().to_vec(), &args, output),
    };
    let mut acquired = None;
    let result = output.waiting("calling", call_api(&client, &args.api, call, &mut acquired)).await;
    match result {
        Ok((answer, doubt)) => {
            let findings: Vec<Finding> = answer.refusal().into_iter().chain(doubt).collect();
            report(&answer, findings, acquired.as_ref(), &args, output)
        }
        Err(Problem::Findings(findings)) => fail(findings, &args, output),
        Err(Problem::Call(error)) => {
            let found: Vec<Said<'_>> = match &error {
                DownstreamError::Token(error) => error.said(),
                other => other.findings().iter().map(|finding| (finding.clone(), None)).collect(),
            };
            say(&found, acquired.as_ref(), &args, output)
        }
    }
}

enum Problem {
    Findings(Vec<Finding>),
    Call(DownstreamError),
}

async fn call_api(
    client: &TokenClient,
    name: &str,
    call: DownstreamCall,
    acquired: &mut Option<Acquired>,
) -> Result<(DownstreamResponse, Option<Finding>), Problem> {
    let api = client.downstream(name).map_err(|error| Problem::Findings(error.findings().to_vec()))?;
    let prepared = api.prepare(&call).map_err(|finding| Problem::Call(DownstreamError::Call(finding)))?;
    let answer = api.call_prepared(&prepared, acquired).await.map_err(Problem::Call)?;
    let doubt = prepared.doubt(&answer);
    Ok((answer, doubt))
}

async fn read_call(args: &CallArgs, context: &Context) -> Result<DownstreamCall, Failure> {
    let mut call = DownstreamCall::new();
    call.method.clone_from(&args.method);
    call.path.clone_from(&args.path);
    if let Some(token) = context.user_assertion(args.user_assertion.as_deref()).await? {
        call = call.on_behalf_of(token);
    }
    if args.as_app {
        call = call.as_app();
    }
    for header in &args.header {
        let (name, value) =
            header.split_once(':').ok_or_else(|| Failure::Usage("--header takes \"NAME: VALUE\"".to_owned()))?;
        call = call.header(name.trim(), value.trim());
    }
    for pair in &args.query {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::Usage("--query takes NAME=VALUE: --query '$top=5'".to_owned()))?;
        call = call.query(name, value);
    }
    if let Some(data) = &args.data {
        let bytes = match data.strip_prefix('@') {
            Some(file) => context.file(file).await?,
            None if data == "-" => standard_input()?,
            None => data.clone().into_bytes(),
        };
        let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
        let kind = if is_json { "application/json; charset=utf-8" } else { "text/plain; charset=utf-8" };
        if call.method.is_none() {
            call.method = Some("POST".to_owned());
        }
        call = call.bytes(bytes, Some(kind));
    }
    Ok(call)
}

fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match std::io::stdin().take(crate::MAX_RESPONSE).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::Usage(format!("stdin: {error}"))),
    }
}

fn report(
    answer: &DownstreamResponse,
    findings: Vec<Finding>,
    acquired: Option<&Acquired>,
    args: &CallArgs,
    output: &Output,
) -> Outcome {
    let ok = answer.is_success();
    let findings: Vec<Said<'_>> = findings.into_iter().map(|finding| (finding, None)).collect();
    if args.json {
        let headers: Map<String, Value> =
            answer.headers().iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let body = serde_json::from_slice(answer.bytes()).unwrap_or_else(|_| json!(answer.text()));
        output.json(&json::object([
            ("ok", json!(ok)),
            ("status", json!(answer.status())),
            ("headers", Value::Object(headers)),
            ("body", body),
            ("token", token_of(acquired)),
            ("findings", json::said(&findings)),
        ]));
    } else {
        output.note(&format!("{}", answer.status()));
        output.body(answer.bytes());
        output.note_lines(&text::findings(&findings, output));
    }
    if ok { Ok(()) } else { Err(Failure::Said) }
}

fn token_of(acquired: Option<&Acquired>) -> Value {
    acquired.map_or(Value::Null, |acquired| Value::Object(json::token(&acquired.token, token::from(acquired.origin))))
}

fn fail(findings: Vec<Finding>, args: &CallArgs, output: &Output) -> Outcome {
    let found: Vec<Said<'_>> = worst_first(findings).into_iter().map(|finding| (finding, None)).collect();
    say(&found, None, args, output)
}

fn say(found: &[Said<'_>], acquired: Option<&Acquired>, args: &CallArgs, output: &Output) -> Outcome {
    if args.json {
        let object =
            json::object([("ok", json!(false)), ("token", token_of(acquired)), ("findings", json::said(found))]);
        output.json(&object);
    } else {
        output.note_lines(&text::findings(found, output));
    }
    Err(Failure::Said)
}
