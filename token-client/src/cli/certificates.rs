//! `certificates inspect`: what a certificate file holds and what is wrong with it.

use std::path::Path;

use credential_cert_store::{Inspection, inspect};
use credential_core::{CertificateFacts, Finding, Secret, Severity};
use serde_json::{Value, json};

use super::args::{CertificatesCommand, InspectArgs};
use super::context::Context;
use super::json::Said;
use super::output::Output;
use super::{Failure, Outcome, json, text};
use crate::settings::Location;

/// The most bytes of a certificate file.
const MAX_FILE: u64 = 16 * 1024 * 1024;

pub(crate) async fn run(command: CertificatesCommand, output: &Output) -> Outcome {
    let CertificatesCommand::Inspect(args) = command;
    let context = Context::at(Location::default());
    let password = password(&args, &context)?;
    let content = context.world.files.read(Path::new(&args.file), MAX_FILE).await;
    let inspected = match content {
        Ok(content) => {
            let now = context.world.clock.now();
            let work = move || inspect(content.expose(), None, password.as_ref(), now);
            match tokio::task::spawn_blocking(work).await {
                Ok(inspected) => inspected.map_err(|error| error.finding()),
                Err(error) => Err(Finding::error("inspection-ended", error.to_string())),
            }
        }
        Err(error) => {
            Err(Finding::error("file-unreadable", format!("{} cannot be read", args.file)).because(error.to_string()))
        }
    };
    let found = match &inspected {
        Ok(inspection) => inspection.findings.clone(),
        Err(finding) => vec![finding.clone()],
    };
    let ok = !found.iter().any(|finding| finding.severity == Severity::Error);
    if args.json {
        output.json(&object(ok, inspected.as_ref().ok(), &found));
    } else {
        if let Ok(inspection) = &inspected {
            print(inspection, output);
        }
        let found: Vec<Said<'_>> = found.into_iter().map(|finding| (finding, None)).collect();
        if !found.is_empty() {
            output.print(&text::findings(&found, output));
        }
    }
    if ok { Ok(()) } else { Err(Failure::Said) }
}

fn password(args: &InspectArgs, context: &Context) -> Result<Option<Secret>, Failure> {
    let Some(variable) = &args.password_env else { return Ok(None) };
    let value = context.world.environment.var(variable);
    let value = value.ok_or_else(|| Failure::Usage(format!("--password-env: the variable {variable} is not set")))?;
    Ok(Some(Secret::new(value)))
}

fn certificate(facts: &CertificateFacts) -> Value {
    json!({
        "subject": facts.subject,
        "issuer": facts.issuer,
        "thumbprint": facts.thumbprint(),
        "thumbprint_sha256": facts.thumbprint_sha256(),
        "not_before": json::time(facts.not_before),
        "not_after": json::time(facts.not_after),
        "key": facts.key,
    })
}

fn object(ok: bool, inspection: Option<&Inspection>, found: &[Finding]) -> Value {
    let chain = inspection.map(|inspection| inspection.chain.iter().map(certificate).collect::<Vec<_>>());
    let algorithms =
        inspection.map(|inspection| inspection.algorithms.iter().map(|one| one.as_str()).collect::<Vec<_>>());
    json::object([
        ("ok", json!(ok)),
        ("chain", json!(chain)),
        ("has_key", json!(inspection.map(|inspection| inspection.has_key))),
        ("algorithms", json!(algorithms)),
        ("findings", json::findings(found)),
    ])
}

fn print(inspection: &Inspection, output: &Output) {
    for (nth, facts) in inspection.chain.iter().enumerate() {
        let role = if nth == 0 { "certificate" } else { "chain      " };
        output.print(&format!("{role}  {}", facts.subject));
        let time = |at| json::time(at).as_str().unwrap_or("unknown").to_owned();
        for (name, value) in [
            ("issuer", facts.issuer.clone()),
            ("valid", format!("{} to {}", time(facts.not_before), time(facts.not_after))),
            ("thumbprint", facts.thumbprint()),
            ("SHA-256", facts.thumbprint_sha256()),
            ("key", facts.key.clone()),
        ] {
            output.print(&format!("  {name:10} {value}"));
        }
    }
    let algorithms: Vec<&str> = inspection.algorithms.iter().map(|one| one.as_str()).collect();
    let key = if inspection.has_key {
        format!("present, signs {}", algorithms.join(", "))
    } else {
        "not in the file".to_owned()
    };
    output.print(&format!("private key  {key}"));
}
