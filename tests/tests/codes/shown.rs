//! What a person reads of a finding, and the input that brought it.

use std::fmt::Write;

use credential_core::Finding;

/// The most characters of an input that are shown.
const MAX_INPUT: usize = 400;

/// One code, the input that brings it, and what was found.
pub(crate) struct Row {
    pub(crate) code: String,
    pub(crate) input: String,
    pub(crate) finding: Finding,
    /// The input brings something else: what.
    pub(crate) instead: Option<String>,
}

impl Row {
    /// The finding of that code among those that the input brought.
    pub(crate) fn of(code: &str, input: impl Into<String>, found: Vec<Finding>) -> Self {
        let input = input.into();
        let is = |finding: &&Finding| finding.code == code;
        match found.iter().find(is) {
            Some(finding) => Self { code: code.to_owned(), input, finding: finding.clone(), instead: None },
            None => {
                let said: Vec<String> = found.iter().map(|one| format!("{}: {}", one.code, one.message)).collect();
                let instead = format!("{code} is not what {input} brings, but {said:?}");
                Self { code: code.to_owned(), input, finding: Finding::error("none", ""), instead: Some(instead) }
            }
        }
    }
}

/// All of them, as one text.
pub(crate) fn text(rows: &[Row]) -> String {
    let mut text = String::new();
    for Row { code, input, finding, .. } in rows {
        let origin = finding.origin.as_ref().map(|origin| format!(" at {origin}")).unwrap_or_default();
        let path = finding.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
        let _ = writeln!(text, "{code}  ({}{path}{origin})", finding.severity.as_str());
        let _ = writeln!(text, "    {}", printable(&finding.message));
        for cause in &finding.cause {
            let _ = writeln!(text, "    because {}", printable(cause));
        }
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "    -> {}", printable(remedy));
        }
        let input: String = input.replace("s3cret", "***").chars().take(MAX_INPUT).collect();
        let _ = writeln!(text, "    input: {}\n", printable(&input));
    }
    text
}

/// As it is printed, with what differs from run to run by its name.
fn printable(text: &str) -> String {
    let steady = |word: &str| {
        let bare = word.trim_matches(|one: char| !one.is_ascii_alphanumeric());
        let is_time = bare.starts_with(|one: char| one.is_ascii_digit()) && bare.ends_with("ms");
        let bare = bare.strip_prefix("http://127.0.0.1:").unwrap_or(bare);
        let is_port = word.contains("//127.0.0.1:") && bare.len() >= 4 && bare.bytes().all(|one| one.is_ascii_digit());
        let is_print = bare.len() == 40 && bare.bytes().all(|one| one.is_ascii_hexdigit());
        match (is_time, is_print || is_port) {
            (true, _) => word.replace(bare, "TIME"),
            (_, true) => word.replace(bare, if is_port { "PORT" } else { "THUMBPRINT" }),
            _ => word.to_owned(),
        }
    };
    let text = credential_core::text::printable(text, 4000);
    text.split(' ').map(steady).collect::<Vec<_>>().join(" ")
}
