//! `call`: one call of a downstream API of the configuration.

use std::io::Read;

use credential_core::source::Origin;
use credential_core::{Finding, Severity};
use serde_json::{Map, Value, json};

use super::args::CallArgs;
use super::context::{Context, OwnSources, worst_first};
use super::json::Said;
use super::output::Output;
use super::{Failure, Outcome, json, text, token};
use crate::http::headers;
use crate::settings::codes;
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
            let findings = answer.refusal().into_iter().chain(doubt).chain(left_out(&args.header)).collect();
            report(&answer, findings, acquired.as_ref(), &args, output)
        }
        Err(Problem::Findings(findings)) => fail(findings, &args, output),
        Err(Problem::Call(error)) => {
            let mut found: Vec<Said<'_>> = match &error {
                DownstreamError::Token(error) => error.said(),
                other => other.findings().iter().map(|finding| (finding.clone(), None)).collect(),
            };
            let doubts = doubts(&client, &args.api, &error).into_iter();
            let new: Vec<_> = doubts.filter(|one| !found.iter().any(|(said, _)| said.says_the_same_as(one))).collect();
            found.extend(new.into_iter().map(|finding| (finding, None)));
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

/// What was found in the API's section, and where there is no token in the application's: it may be why.
fn doubts(client: &TokenClient, name: &str, error: &DownstreamError) -> Vec<Finding> {
    let configuration = client.configuration();
    let of_token = matches!(error, DownstreamError::Token(_)).then_some(configuration.section.as_str());
    let of_api = configuration.downstream(name).map(|api| api.path.as_str());
    let is_within = |path: &str, section: &str| {
        path.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    let is_theirs = |one: &&Finding| {
        let path = one.path.as_deref().unwrap_or_default();
        one.severity == Severity::Warning && of_token.iter().chain(&of_api).any(|section| is_within(path, section))
    };
    configuration.findings.iter().filter(is_theirs).cloned().collect()
}

/// The headers that this client alone sets: a library's caller is told in the log.
fn left_out(given: &[String]) -> Vec<Finding> {
    let names = given.iter().filter_map(|header| Some(header.split_once(':')?.0.trim()));
    let say = |name: &str| {
        let message = format!("the header {name} is set by this client alone, and was left out");
        let mut finding = Finding::warning(codes::RESERVED_HEADER, message).remedy("leave it out");
        finding.origin = Some(Origin::Argument("--header".into()));
        finding
    };
    names.filter(|name| headers::is_reserved(name)).map(say).collect()
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
