//! Findings and credentials as aligned lines.

use credential_core::chain::{Attempt, Outcome};
use credential_core::source::Origin;
use credential_core::{Finding, Severity};

use super::json::Said;
use super::output::Output;
use super::words::of_program;
use super::wrap::Line;
use crate::exchange::rejection;
use crate::token::error::attempt_findings;

/// Where each code is explained, in the sources and in the published crate.
const HELP: &str = "token-client/docs/troubleshooting.md";
/// Longest text of one finding on a terminal, in characters.
const MAX_TEXT: usize = 4096;

/// Messages have parts that come from files and servers.
pub(crate) fn clean(text: &str) -> String {
    credential_core::text::printable(text, MAX_TEXT)
}

/// Each finding: its place, how bad it is, what is wrong; the remedy below.
pub(crate) fn findings(list: &[Said<'_>], output: &Output) -> Vec<Line> {
    lines(list, output, |_| None)
}

fn lines(list: &[Said<'_>], output: &Output, help: impl Fn(&Said<'_>) -> Option<String>) -> Vec<Line> {
    let mut lines = Vec::new();
    let width = list.iter().map(|(one, _)| place(one).chars().count()).max().unwrap_or(0);
    for found in list {
        let (one, said) = found;
        let severity = match one.severity {
            Severity::Error => output.red("error  "),
            Severity::Warning => output.yellow("warning"),
            Severity::Hint => "hint   ".to_owned(),
        };
        let path = one.path.as_ref().map(|path| format!("{}  ", clean(path))).unwrap_or_default();
        let head = format!("{:width$}  {severity}  ", place(one));
        lines.push(Line::new(head, format!("{path}{}", clean(&of_program(&one.message)))));
        let below = |text: String| Line::new(" ".repeat(width + 11), text);
        lines.extend(one.cause.iter().map(|cause| below(format!("because {}", clean(cause)))));
        lines.extend(one.remedy.iter().map(|remedy| below(clean(&of_program(remedy)))));
        if let Some(trace) = said.and_then(|said| said.trace_id.as_ref()) {
            lines.push(below(format!("the authority's trace id: {}", clean(trace))));
        }
        lines.extend(help(found).map(below));
    }
    lines
}

/// The same, and where each is explained.
pub(crate) fn findings_with_help(list: &[Said<'_>], output: &Output) -> Vec<Line> {
    let help = |(one, said): &Said<'_>| {
        let number = said.and_then(rejection::number);
        let anchor = number.map_or_else(|| one.code.to_owned(), |number| format!("aadsts{number}"));
        Some(format!("see {HELP}#{anchor}"))
    };
    lines(list, output, help)
}

/// The file and line, or the variable; nothing where there is no place.
fn place(finding: &Finding) -> String {
    clean(&match &finding.origin {
        Some(Origin::File { file, line, .. }) => format!("{file}:{line}"),
        Some(Origin::Environment(name)) => name.to_string(),
        Some(Origin::Argument(name)) => name.to_string(),
        _ => String::new(),
    })
}

/// Each entry: its place in the list, which one it is, what became of it.
pub(crate) fn attempts(list: &[Attempt], output: &Output) -> Vec<Line> {
    let name = |attempt: &Attempt| {
        let (source, id) = (attempt.source_type.as_str(), attempt.id.as_str());
        if source == id { clean(source) } else { format!("{}  {}", clean(source), clean(id)) }
    };
    let width = list.iter().map(|attempt| name(attempt).chars().count()).max().unwrap_or(0);
    let digits = list.iter().map(|attempt| attempt.index.to_string().len()).max().unwrap_or(1);
    let line = |attempt: &Attempt| {
        let (word, why) = verdict(attempt, output);
        let (index, name) = (attempt.index, name(attempt));
        Line::new(format!("  {index:digits$}  {name:width$}  {word}  "), why)
    };
    list.iter().map(line).collect()
}

fn verdict(attempt: &Attempt, output: &Output) -> (String, String) {
    let found = attempt_findings(attempt);
    let why = found.first().map(|(finding, _)| {
        let place = place(finding);
        let message = clean(&of_program(&finding.message));
        if place.is_empty() { message } else { format!("{message} ({place})") }
    });
    let word = match &attempt.outcome {
        Outcome::Accepted => output.green("accepted  "),
        Outcome::Failed(error) if error.kind() == credential_core::SourceErrorKind::NotApplicable => {
            "not here  ".to_owned()
        }
        Outcome::Failed(error) => output.yellow(&format!("{:10}", error.kind().as_str())),
        Outcome::Rejected(_) => output.red("rejected  "),
        _ => format!("{:10}", attempt.status()),
    };
    (word, why.unwrap_or_default())
}
