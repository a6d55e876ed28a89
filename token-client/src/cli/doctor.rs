//! `doctor`: tries every entry on its own, and says what the service would use.

use std::time::Duration;

use credential_core::chain::{Attempt, Outcome as AttemptOutcome};
use credential_core::source::Presentation;
use credential_core::{Finding, Severity};
use serde_json::{Value, json};

use super::args::DoctorArgs;
use super::context::{Context, OwnSources};
use super::json::Said;
use super::output::Output;
use super::platforms::{self, Found};
use super::wrap::Line;
use super::{Failure, Outcome, json, text};
use crate::exchange::chain_gap;
use crate::exchange::fitness;
use crate::settings::any_error;
use crate::settings::scopes::is_default;
use crate::settings::{Configuration, codes};
use crate::token::error::attempt_findings;
use crate::{AuthorityRefusal, DownstreamApi, DownstreamCall, TokenClient, TokenError, TokenRequest};

/// What is asked for where no downstream section says: every tenant of the public cloud knows it.
const ANY_SCOPE: &str = "https://graph.microsoft.com/.default";

/// How long one token may take: who looks on should not wait for what is silent as long as a service does.
const PATIENCE: Duration = Duration::from_secs(30);

/// A finding with the authority's words, kept.
type Kept = (Finding, Option<AuthorityRefusal>);

#[derive(Default)]
struct Report {
    findings: Vec<Kept>,
    credentials: Vec<Attempt>,
    /// The entries of a configuration that cannot work, as JSON.
    unbound: Vec<Value>,
    downstream: Vec<(String, Vec<Kept>)>,
    used: Option<usize>,
    /// Every API is called with a managed identity: no credential is needed.
    identities_alone: bool,
    /// Whether certificate chains are sent, so that a gap in one matters.
    sends_x5c: bool,
    /// Nobody is asked: an entry that loads is as good as can be known.
    offline: bool,
}

impl Report {
    /// Everything that was found in one list, worst first, and the entries by their places.
    fn finish(&mut self) {
        self.soften();
        for one in self.downstream.iter().flat_map(|(_, found)| found) {
            // Refusals of the same credential differ in the authority's trace id.
            if !self.findings.iter().any(|(finding, _)| finding.says_the_same_as(&one.0)) {
                self.findings.push(one.clone());
            }
        }
        self.say_once();
        self.findings.sort_by_key(|(finding, _)| std::cmp::Reverse(finding.severity));
        self.credentials.sort_by_key(|attempt| attempt.index);
    }

    /// An entry is looked at when it is bound, and again when it is loaded.
    fn say_once(&mut self) {
        for one in std::mem::take(&mut self.findings) {
            if !self.findings.iter().any(|(finding, _)| finding.says_the_same_as(&one.0)) {
                self.findings.push(one);
            }
        }
    }

    /// Failed entries beside one that loads are warnings: the service falls through them.
    fn soften(&mut self) {
        use AttemptOutcome::{Accepted, NotTried, Stopped};
        if !self.credentials.iter().any(|entry| matches!(entry.outcome, Accepted | Stopped | NotTried)) {
            return;
        }
        for (finding, _) in self.findings.iter_mut().filter(|(finding, _)| finding.severity == Severity::Error) {
            let path = finding.path.as_deref();
            if path.is_some_and(|path| self.credentials.iter().any(|entry| is_within(path, &entry.path))) {
                finding.severity = Severity::Warning;
            }
        }
    }
}

pub(crate) async fn run(args: DoctorArgs, own: &OwnSources, output: &Output) -> Outcome {
    let mut context = Context::new(&args.place, own)?.patience(PATIENCE);
    let mut faults = Vec::new();
    if args.offline {
        // Nobody is asked, and the variables are wrong all the same.
        faults.extend(context.network_faults().iter().map(|finding| (finding.clone(), None)));
        context = context.offline();
    }
    let mut report = Report { offline: args.offline, ..Report::default() };
    report.findings.extend(faults);
    if let Some(client) = examine_configuration(&context, &mut report).await {
        if args.offline {
            load_each(&client, &context, &mut report).await;
        } else {
            output.waiting("trying each credential", exchange_each(&client, &mut report)).await;
            let authority = client.authority().endpoints().authority;
            let skew = context.http.skew(&authority).and_then(|skew| skew.finding(&authority));
            report.findings.extend(skew.map(|finding| (finding, None)));
        }
        output.waiting("trying each downstream API", try_downstream(&client, args.offline, &mut report)).await;
    }
    let entries = context.read().await.application.credentials;
    let platforms = platforms::find(&own.registry(), &entries, &context.world).await;
    if report.used.is_none() {
        report.findings.extend(platforms.iter().map(|found| (found.hint(), None)));
    }
    report.finish();
    let ok = (report.used.is_some() || report.identities_alone)
        && !report.findings.iter().any(|(finding, _)| finding.severity == Severity::Error);
    let environment = environment(&context);
    if args.json {
        output.json(&json!({
            "ok": ok,
            "findings": kept(&report.findings),
            "credentials": credentials(&report),
            "downstream": report.downstream.iter().map(|(name, found)| json!({"name": name, "findings": kept(found)})).collect::<Value>(),
            "environment": environment
                .iter()
                .map(|(name, found)| json!({"name": name, "found": found}))
                .chain(platforms.iter().map(|found| json!({"name": found.name(), "found": true})))
                .collect::<Value>(),
            "requests": if args.offline { 0 } else { context.requests() },
        }));
    } else {
        print(&report, (&environment, &platforms), args.offline, output);
    }
    if ok { Ok(()) } else { Err(Failure::Said) }
}

fn credentials(report: &Report) -> Value {
    if report.unbound.is_empty() { json::credentials(&report.credentials) } else { json!(report.unbound) }
}

/// The entries of a configuration that cannot work: what is wrong with which, the others untried or skipped.
fn unbound(configuration: &Configuration) -> Vec<Value> {
    let entries = configuration.application.credentials.iter().enumerate();
    entries
        .map(|(index, entry)| {
            let of_it = |finding: &&Finding| finding.path.as_deref().is_some_and(|path| is_within(path, entry.path()));
            let found: Vec<Finding> = configuration.findings.iter().filter(of_it).cloned().collect();
            // That nothing is left to try is said of the list, at the first entry.
            let own = |finding: &&Finding| finding.code != codes::ALL_CREDENTIALS_SKIPPED;
            let failed = any_error(&found.iter().filter(own).cloned().collect::<Vec<_>>());
            let status = match failed {
                true => "failed",
                false if entry.flag("Skip") => "skipped",
                false => "not-tried",
            };
            json::object([
                ("index", json!(index)),
                ("source_type", json!(entry.source_type().as_str())),
                ("id", json!(entry.source_type().as_str())),
                ("status", json!(status)),
                ("stage", json!(failed.then_some("bind"))),
                ("kind", json!(failed.then_some("misconfigured"))),
                ("findings", json::findings(&found)),
            ])
        })
        .collect()
}

/// Whether a setting is an entry or stands in it.
fn is_within(path: &str, entry: &str) -> bool {
    path.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

fn kept(list: &[Kept]) -> Value {
    list.iter().map(|(finding, said)| json::finding(finding, said.as_ref())).collect()
}

fn owned(found: Vec<Said<'_>>) -> impl Iterator<Item = Kept> {
    found.into_iter().map(|(finding, said)| (finding, said.cloned()))
}

/// The client, when the configuration can work; what is wrong with it joins the report.
async fn examine_configuration(context: &Context, report: &mut Report) -> Option<TokenClient> {
    let mut configuration = context.read().await;
    report.sends_x5c = configuration.application.sends_x5c();
    report.identities_alone = !configuration.needs_application();
    context.recipe().check(&mut configuration);
    report.findings.extend(configuration.findings.iter().map(|finding| (finding.clone(), None)));
    if any_error(&configuration.findings) {
        report.unbound = unbound(&configuration);
        return None;
    }
    match context.client().await {
        Ok(client) => {
            if configuration.application.credentials.iter().all(|entry| entry.flag("Skip")) {
                report.unbound = unbound(&configuration);
            }
            Some(client)
        }
        Err(error) => {
            report.findings.extend(error.findings().iter().map(|finding| (finding.clone(), None)));
            report.unbound = unbound(&configuration);
            None
        }
    }
}

/// Loads every entry on its own; one that wants the network is not tried.
async fn load_each(client: &TokenClient, context: &Context, report: &mut Report) {
    let (chain, kind) = (client.credentials(), client.authority().kind());
    for index in 0..client.configuration().application.credentials.len() {
        let wanted = context.requests();
        let deadline = chain.world().clock.moment().after(client.patience());
        let Some(mut attempt) = chain.try_load(index, deadline).await else { continue };
        let entry = chain.entries().find(|(place, _)| *place == index).map(|(_, entry)| entry);
        if let (Some(credential), Some(entry)) = (&attempt.credential, entry)
            && let Err(unfit) = fitness::check(credential, Presentation::of(entry), kind)
        {
            attempt.outcome = AttemptOutcome::Failed(unfit.placed(entry));
        }
        if context.requests() > wanted {
            attempt.outcome = AttemptOutcome::NotTried;
            attempt.credential = None;
        }
        keep_attempts(vec![attempt], index, report);
    }
}

/// Keeps the entry's last attempt; the first entry that works is the one in use.
fn keep_attempts(attempts: Vec<Attempt>, index: usize, report: &mut Report) {
    let (own, others): (Vec<_>, Vec<_>) = attempts.into_iter().partition(|attempt| attempt.index == index);
    for skipped in others.into_iter().filter(|attempt| matches!(attempt.outcome, AttemptOutcome::Skipped)) {
        if report.credentials.iter().all(|known| known.index != skipped.index) {
            report.credentials.push(skipped);
        }
    }
    let Some(mut attempt) = own.into_iter().next_back() else { return };
    let works = match attempt.outcome {
        AttemptOutcome::Accepted => true,
        // What was loaded and not accepted got no token: the authority's answer was about something else.
        AttemptOutcome::Stopped | AttemptOutcome::NotTried => report.offline,
        _ => false,
    };
    if works && report.used.is_none() {
        report.used = Some(index);
    }
    if report.sends_x5c {
        chain_gap::warn(std::slice::from_mut(&mut attempt));
    }
    report.findings.extend(owned(attempt_findings(&attempt)));
    report.credentials.push(attempt);
}

/// Exchanges every entry on its own with the authority.
async fn exchange_each(client: &TokenClient, report: &mut Report) {
    let request = request(client);
    let mut blamed = false;
    for index in 0..client.configuration().application.credentials.len() {
        let Some(one) = client.with_only(index) else { continue };
        match one.token(&request).await {
            Ok(token) => keep_attempts(token.attempts().to_vec(), index, report),
            Err(error) => {
                keep_attempts(error.attempts().to_vec(), index, report);
                // What is not about a credential is said once, not once an entry.
                if !error.is_exhausted() && !std::mem::replace(&mut blamed, true) {
                    report.findings.extend(owned(error.said()));
                }
            }
        }
    }
}

/// An app token for the first downstream section that takes one, asked for as its calls ask.
fn request(client: &TokenClient) -> TokenRequest {
    let configuration = client.configuration();
    let apis = configuration.downstream.iter().filter(|api| api.managed_identity().is_none());
    let mut of_apis = apis.clone().filter_map(|api| client.downstream(&api.name).ok()).filter_map(|api| {
        let own = api.request_of(&DownstreamCall::new());
        own.or_else(|_| api.request_of(&DownstreamCall::new().as_app())).ok().flatten()
    });
    of_apis.next().unwrap_or_else(|| {
        let scope = apis.flat_map(|api| api.scope_list()).find(|scope| is_default(scope));
        TokenRequest::app(scope.map_or(ANY_SCOPE, String::as_str))
    })
}

/// Asks for each downstream section's token, with the whole list; offline, looks at the section alone.
async fn try_downstream(client: &TokenClient, offline: bool, report: &mut Report) {
    for options in &client.configuration().downstream {
        let mut found: Vec<Kept> = Vec::new();
        match client.downstream(&options.name) {
            Err(error) => found.extend(error.findings().iter().map(|finding| (finding.clone(), None))),
            Ok(api) => match app_request(&api, &mut found) {
                None => {}
                Some(_) if offline => {}
                Some(request) => found.extend(token_findings(client.token(&request).await.err())),
            },
        }
        report.downstream.push((options.name.clone(), found));
    }
}

fn token_findings(error: Option<TokenError>) -> Vec<Kept> {
    error.map(|error| owned(error.said()).collect()).unwrap_or_default()
}

/// The request of a call that no user makes, where there can be one. That a user must come in, or that
/// nothing says whom a call is for, is no failure of the settings: it joins what was found as a hint.
fn app_request(api: &DownstreamApi, found: &mut Vec<Kept>) -> Option<TokenRequest> {
    let (mut finding, call) = match api.request_of(&DownstreamCall::new()) {
        Ok(request) => return request,
        Err(finding) if finding.code == codes::APP_OR_USER => (*finding, Some(DownstreamCall::new().as_app())),
        Err(finding) => (*finding, None),
    };
    if finding.code == codes::NEEDS_USER {
        let name = &api.options().name;
        finding.message = format!("{name} is called on behalf of a user: it cannot be tried without a user's token");
        finding.remedy = Some(format!("try it with: token-client call {name} --user-assertion @FILE"));
    }
    if [codes::NEEDS_USER, codes::APP_OR_USER].contains(&finding.code) {
        finding.severity = Severity::Hint;
    }
    found.push((finding, None));
    api.request_of(&call?).ok()?
}

/// What this machine offers, by the variables that say so.
fn environment(context: &Context) -> Vec<(&'static str, bool)> {
    let has = |name: &str| context.world.environment.text(name).is_some();
    vec![
        ("workload identity", has("AZURE_FEDERATED_TOKEN_FILE")),
        ("managed identity", has("IDENTITY_ENDPOINT") || has("MSI_ENDPOINT")),
        ("kubernetes", has("KUBERNETES_SERVICE_HOST")),
        ("proxy", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter().any(has)),
        ("own certificate authorities", has("SSL_CERT_FILE") || has("SSL_CERT_DIR")),
    ]
}

fn print(report: &Report, (environment, platforms): (&[(&str, bool)], &[Found]), offline: bool, output: &Output) {
    if !report.credentials.is_empty() {
        output.print_lines(&text::attempts(&report.credentials, output));
        output.print("");
    }
    let found: Vec<Said<'_>> = report.findings.iter().map(|(finding, said)| (finding.clone(), said.as_ref())).collect();
    if !found.is_empty() {
        output.print_lines(&text::findings_with_help(&found, output));
        output.print("");
    }
    for (name, found) in &report.downstream {
        let worst = found.iter().map(|(finding, _)| finding).max_by_key(|finding| finding.severity);
        let word = match worst {
            None if offline => "ok as it is written".to_owned(),
            None => output.green("ok"),
            Some(finding) if finding.severity == Severity::Error => output.red(&text::clean(&finding.message)),
            Some(finding) => text::clean(&finding.message),
        };
        output.print_lines(&[Line::new(format!("downstream {}: ", text::clean(name)), word)]);
    }
    let here: Vec<&str> = environment.iter().filter(|(_, found)| *found).map(|(name, _)| *name).collect();
    let here = if here.is_empty() { "nothing special".to_owned() } else { here.join(", ") };
    let service = match (report.used, offline) {
        (Some(index), false) => format!("use entry {index}"),
        (Some(index), true) => {
            format!("try entry {index} first; whether the authority accepts it was not asked")
        }
        (None, _) if report.identities_alone => "need no credential: its APIs have managed identities".to_owned(),
        (None, _) => output.red("get no token"),
    };
    output.print_lines(&[Line::new("this machine: ", here)]);
    let lines: Vec<Line> = platforms.iter().map(|found| Line::new("  ", text::clean(&found.line()))).collect();
    output.print_lines(&lines);
    output.print_lines(&[Line::new("the service would ", service)]);
}
