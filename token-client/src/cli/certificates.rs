//! `certificates inspect`: what a certificate file holds and what is wrong with it.

use std::path::Path;

use credential_cert_store::{Inspection, MAX_CONTENT, inspect};
use credential_core::codes::CERTIFICATE_WITHOUT_KEY;
use credential_core::credential::{CertificateFacts, SecretBytes};
use credential_core::{Finding, Secret, SourceError};
use serde_json::{Value, json};

use super::args::{CertificatesCommand, InspectArgs};
use super::context::{Context, OwnSources};
use super::json::Said;
use super::output::Output;
use super::wrap::Line;
use super::{Failure, Outcome, json, text};
use crate::settings::{Location, any_error};

pub(crate) async fn run(command: CertificatesCommand, output: &Output) -> Outcome {
    let CertificatesCommand::Inspect(args) = command;
    let context = Context::at(Location::default(), &OwnSources::default());
    let password = password(&args, &context)?;
    let inspected = match contents(&args, &context).await {
        Ok((content, key)) => {
            let now = context.world.clock.now();
            let work = move || inspect(content.expose(), key.as_ref().map(SecretBytes::expose), password.as_ref(), now);
            // Ends by itself: `inspect` bounds what a file may cost, and a panic comes back as an error.
            match tokio::task::spawn_blocking(work).await {
                Ok(inspected) => inspected.map_err(|error| error.finding()),
                Err(error) => Err(Finding::error("inspection-ended", error.to_string())),
            }
        }
        Err(error) => Err(error.finding()),
    };
    let found = match &inspected {
        Ok(inspection) => inspection.findings.clone(),
        Err(finding) => vec![finding.clone()],
    };
    let found: Vec<Finding> = found.into_iter().map(of_arguments).collect();
    let ok = !any_error(&found);
    if args.json {
        output.json(&object(ok, inspected.as_ref().ok(), &found));
    } else {
        if let Ok(inspection) = &inspected {
            print(inspection, output);
        }
        let found: Vec<Said<'_>> = found.into_iter().map(|finding| (finding, None)).collect();
        if !found.is_empty() {
            output.print_lines(&text::findings(&found, output));
        }
    }
    if ok { Ok(()) } else { Err(Failure::Said) }
}

/// What settings say of a file, the arguments say here.
const ARGUMENTS: [(&str, &str); 3] = [
    ("set CertificatePassword", "name the variable that has it in --password-env"),
    ("CertificatePassword", "--password-env"),
    ("CertificateKeyDiskPath", "--key"),
];

/// The finding with what to do about the arguments.
fn of_arguments(mut finding: Finding) -> Finding {
    let told = |text: String| ARGUMENTS.iter().fold(text, |text, (setting, argument)| text.replace(setting, argument));
    finding.remedy = finding.remedy.map(told);
    finding
}

/// The certificate's file and the key's, read as the source `Path` reads them.
async fn contents(args: &InspectArgs, context: &Context) -> Result<(SecretBytes, Option<SecretBytes>), SourceError> {
    let content = context.world.read_file(Path::new(&args.file), MAX_CONTENT).await?;
    let key = match &args.key {
        Some(file) => Some(context.world.read_file(Path::new(file), MAX_CONTENT).await?),
        None => None,
    };
    Ok((content, key))
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
        output.print_lines(&[Line::new(format!("{role}  "), text::clean(&facts.subject))]);
        let time = |at| json::time(at).as_str().unwrap_or("unknown").to_owned();
        for (name, value) in [
            ("issuer", text::clean(&facts.issuer)),
            ("valid", format!("{} to {}", time(facts.not_before), time(facts.not_after))),
            ("thumbprint", facts.thumbprint()),
            ("SHA-256", facts.thumbprint_sha256()),
            ("key", facts.key.clone()),
        ] {
            output.print_lines(&[Line::new(format!("  {name:10} "), value)]);
        }
    }
    let algorithms: Vec<&str> = inspection.algorithms.iter().map(|one| one.as_str()).collect();
    let key = if inspection.has_key {
        format!("present, signs {}", algorithms.join(", "))
    } else if inspection.findings.iter().any(|finding| finding.code == CERTIFICATE_WITHOUT_KEY) {
        "not in the file".to_owned()
    } else {
        "there, but cannot be used".to_owned()
    };
    output.print_lines(&[Line::new("private key  ", key)]);
}
