//! `token`: a token on stdout, and how it came about.

use std::time::{Duration, Instant};

use credential_core::Finding;
use serde_json::{Value, json};

use super::args::TokenArgs;
use super::context::{Context, OwnSources, worst_first};
use super::json::Said;
use super::output::Output;
use super::{Failure, Outcome, json, text};
use crate::downstream::resolve_caller;
use crate::settings::ManagedIdentityOptions;
use crate::{
    Acquired, Caller, ConfigurationError, ManagedIdentityId, TokenClient, TokenError, TokenOrigin, TokenRequest,
};

/// One of `--repeat`'s runs.
struct Run {
    result: Result<Acquired, TokenError>,
    took: Duration,
}

pub(crate) async fn run(args: TokenArgs, own: &OwnSources, output: &Output) -> Outcome {
    let context = Context::new(&args.place, own)?;
    let user_assertion = context.user_assertion(args.user_assertion.as_deref()).await?;
    let client = match context.client().await.and_then(|client| only(client, args.only)) {
        Ok(client) => client,
        Err(error) => return refuse(error.findings().to_vec(), &args, &context, output),
    };
    let caller = user_assertion.map_or(Caller::Application, Caller::User);
    let (scopes, identity) = match wanted(&args, &client, &caller) {
        Ok(wanted) => wanted,
        Err(finding) => return refuse(vec![*finding], &args, &context, output),
    };
    let mut request = match caller {
        Caller::User(token) => TokenRequest::on_behalf_of(token, scopes),
        Caller::Application | Caller::ManagedIdentity(_) => TokenRequest::app_of(scopes),
    };
    request.managed_identity = identity;
    request.tenant.clone_from(&args.tenant);
    request.claims.clone_from(&args.claims);
    request.force_refresh = args.force_refresh;
    let mut runs = Vec::new();
    for _ in 0..args.repeat.unwrap_or(1) {
        let start = now();
        let result = output.waiting("asking for a token", client.acquire(&request)).await;
        runs.push(Run { result, took: start.elapsed() });
    }
    report(&runs, &args, &context, output)
}

#[expect(clippy::disallowed_methods, reason = "measures for a person what the library does")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn only(client: TokenClient, index: Option<usize>) -> Result<TokenClient, ConfigurationError> {
    let Some(index) = index else { return Ok(client) };
    client.with_only(index).ok_or_else(|| {
        let count = client.configuration().application.credentials.len();
        Finding::error(
            "no-such-credential",
            format!("entry {index} not found: ClientCredentials has {count}, counted from 0"),
        )
        .remedy("choose another entry; those with \"Skip\": true are not tried")
        .into()
    })
}

/// What a token is for, and the managed identity that it is asked for as.
type Wanted = (Vec<String>, Option<ManagedIdentityId>);

/// The scopes asked for, or those of the only downstream section, which may rule the caller out and name an identity.
fn wanted(args: &TokenArgs, client: &TokenClient, caller: &Caller) -> Result<Wanted, Box<Finding>> {
    if !args.scope.is_empty() {
        return Ok((args.scope.clone(), None));
    }
    let configuration = client.configuration();
    let apis = configuration.downstream.iter();
    let with_token: Vec<_> = apis.filter(|api| !api.is_anonymous() && !api.scope_list().is_empty()).collect();
    match with_token.as_slice() {
        [api] => {
            if matches!(caller, Caller::User(_)) {
                resolve_caller(api, std::slice::from_ref(caller))?;
            }
            Ok((api.scope_list().to_vec(), api.managed_identity().map(ManagedIdentityOptions::id)))
        }
        [] => Err(Finding::error("no-scope", "--scope is missing, and no downstream section has Scopes")
            .remedy("name one: --scope https://graph.microsoft.com/.default")
            .into()),
        several => {
            let names: Vec<&str> = several.iter().map(|api| api.name.as_str()).collect();
            Err(Finding::error(
                "no-scope",
                format!(
                    "--scope is missing, and {} downstream sections have Scopes: {}",
                    names.len(),
                    names.join(", ")
                ),
            )
            .remedy("name one: --scope https://graph.microsoft.com/.default")
            .into())
        }
    }
}

fn refuse(findings: Vec<Finding>, args: &TokenArgs, context: &Context, output: &Output) -> Outcome {
    let found: Vec<Said<'_>> = worst_first(findings).into_iter().map(|finding| (finding, None)).collect();
    if args.json {
        output.json(
            &json!({"ok": false, "findings": json::said(&found), "attempts": [], "requests": context.requests()}),
        );
    } else {
        output.note_lines(&text::findings(&found, output));
    }
    Err(Failure::Said)
}

fn report(runs: &[Run], args: &TokenArgs, context: &Context, output: &Output) -> Outcome {
    let Some(last) = runs.last() else { return Ok(()) };
    if args.json {
        output.json(&object(last, runs, args, context));
    } else {
        print(last, runs, args, output);
    }
    if last.result.is_ok() { Ok(()) } else { Err(Failure::Said) }
}

fn object(last: &Run, runs: &[Run], args: &TokenArgs, context: &Context) -> Value {
    let mut object = match &last.result {
        Ok(acquired) => {
            let mut object = json::token(&acquired.token, from(acquired.origin));
            object.insert("ok".to_owned(), json!(true));
            object.insert("access_token".to_owned(), json!(acquired.token.value().expose()));
            object
        }
        Err(error) => {
            let failed = json::object([
                ("ok", json!(false)),
                ("findings", json::said(&error.said())),
                ("attempts", json::credentials(error.attempts())),
            ]);
            failed.as_object().cloned().unwrap_or_default()
        }
    };
    object.insert("requests".to_owned(), json!(context.requests()));
    if args.repeat.is_some() {
        object.insert("runs".to_owned(), runs.iter().map(run_object).collect());
    }
    Value::Object(object)
}

fn run_object(run: &Run) -> Value {
    let took = json!(run.took.as_nanos() as u64);
    match &run.result {
        Ok(acquired) => json!({
            "ok": true,
            "from": from(acquired.origin),
            "expires_on": json::time(acquired.token.expires_on()),
            "duration_ns": took,
        }),
        Err(error) => json!({"ok": false, "findings": json::said(&error.said()), "duration_ns": took}),
    }
}

pub(crate) fn from(origin: TokenOrigin) -> &'static str {
    match origin {
        TokenOrigin::Cache => "cache",
        TokenOrigin::SharedCache => "shared-cache",
        TokenOrigin::Authority => "authority",
    }
}

fn print(last: &Run, runs: &[Run], args: &TokenArgs, output: &Output) {
    match &last.result {
        Ok(acquired) => {
            let token = &acquired.token;
            if token.attempts().len() > 1 {
                output.note_lines(&text::attempts(token.attempts(), output));
            }
            let shown = if args.print == "header" { token.authorization_header() } else { token.value() };
            output.print(shown.expose());
        }
        Err(error) => {
            output.note_lines(&text::attempts(error.attempts(), output));
            output.note_lines(&text::findings(&error.said(), output));
        }
    }
    if args.repeat.is_some() {
        for (nth, run) in runs.iter().enumerate() {
            let came = run.result.as_ref().map_or("failed", |acquired| from(acquired.origin));
            output.note(&format!("  run {}  {came}  {:?}", nth + 1, run.took));
        }
    }
}
