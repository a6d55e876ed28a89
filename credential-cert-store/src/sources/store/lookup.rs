//! Which certificate of a store is meant, and which of several is used.

use std::cmp::Reverse;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use credential_core::{Finding, SourceError};

use super::folder::{Content, MAX_NAMED};
use super::place::{INSTEAD, Kind, StorePath};
use super::stored::Stored;
use super::thumbprint::Thumbprint;
use crate::certificate::{check_validity, shown};
use crate::name::{self, Name};

/// What a certificate is looked up by.
#[derive(Debug)]
pub(super) enum Wanted {
    Thumbprint(Thumbprint),
    /// As a name, and as it was written.
    DistinguishedName(Name, String),
    SubjectName(String),
}

/// How well a certificate matches; the better comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    Whole,
    Part,
}

/// The certificate, and what is noteworthy about how it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) stored: Arc<Stored>,
    pub(super) findings: Vec<Finding>,
}

impl Wanted {
    fn matches(&self, stored: &Stored) -> Option<Match> {
        match self {
            Self::Thumbprint(thumbprint) => thumbprint.is_of(&stored.facts).then_some(Match::Whole),
            Self::DistinguishedName(wanted, text) => {
                let same = wanted.same_as(&stored.subject) || name::equal(text, &stored.facts.subject);
                same.then_some(Match::Whole)
            }
            Self::SubjectName(text) => {
                let values = stored.subject.values();
                if name::equal(&values, text) || stored.subject.texts().any(|value| name::equal(value, text)) {
                    return Some(Match::Whole);
                }
                let part = name::fold(text);
                let is_part =
                    name::contains(&values, &part) || stored.subject.texts().any(|value| name::contains(value, &part));
                is_part.then_some(Match::Part)
            }
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Thumbprint(Thumbprint::Sha1(_)) => "that thumbprint (SHA-1)".to_owned(),
            Self::Thumbprint(Thumbprint::Sha256(_)) => "that thumbprint (SHA-256)".to_owned(),
            Self::DistinguishedName(_, text) => format!("the distinguished name \"{text}\""),
            Self::SubjectName(text) => format!("\"{text}\" in a value of its subject"),
        }
    }
}

/// Chooses: valid now; matching as a whole before in part; with its key before without; the one that
/// began last.
pub(super) fn choose(
    content: &Content,
    wanted: &Wanted,
    store: &StorePath,
    now: SystemTime,
) -> Result<Found, SourceError> {
    let mut matching: Vec<(Match, &Arc<Stored>)> =
        content.certificates.iter().filter_map(|stored| Some((wanted.matches(stored)?, stored))).collect();
    matching.sort_by_key(|(how, stored)| (*how, !stored.has_key(), Reverse(stored.facts.not_before)));
    let valid = |stored: &Stored| check_validity(&stored.facts, now).is_ok();
    let best = matching.iter().find(|(_, stored)| valid(stored));
    match best {
        Some((how, stored)) if stored.has_key() => {
            let newer = matching.iter().filter(|(other, candidate)| {
                other == how && candidate.facts.not_before > stored.facts.not_before && valid(candidate)
            });
            let findings = newer.map(|(_, newer)| passed_over(newer, stored)).collect();
            Ok(Found { stored: Arc::clone(stored), findings })
        }
        _ if matching.is_empty() => Err(not_found(content, wanted, store)),
        _ => Err(unusable(content.place.kind, &matching, wanted, store, now)),
    }
}

fn passed_over(newer: &Stored, used: &Stored) -> Finding {
    Finding::warning(
        "newer-certificate-without-key",
        format!("{} is newer and without a usable key; {} is used", shown(&newer.facts), shown(&used.facts)),
    )
    .remedy("add the newer one to the store with its key")
}

fn not_found(content: &Content, wanted: &Wanted, store: &StorePath) -> SourceError {
    let error = SourceError::not_applicable(
        "certificate-not-found",
        format!(
            "none of the {} certificates in the store {store} ({}) has {}",
            content.certificates.len(),
            content.place,
            wanted.text()
        ),
    );
    let remedy = match wanted {
        Wanted::SubjectName(text) if text.contains('=') => {
            "write a value alone, without its label; a whole subject is looked up with StoreWithDistinguishedName"
        }
        _ if content.place.kind != Kind::Personal => INSTEAD,
        _ => "compare with what is there, or use a file with Path",
    };
    let mut causes = Vec::new();
    if !content.certificates.is_empty() {
        let named = content.certificates.iter().take(MAX_NAMED).map(|stored| shown(&stored.facts));
        let more = content.certificates.len() > MAX_NAMED;
        causes.push(format!("there are: {}{}", named.collect::<Vec<_>>().join("; "), if more { "; ..." } else { "" }));
    }
    causes.extend(content.skipped_text().map(|skipped| format!("files that were skipped: {skipped}")));
    if causes.is_empty() { error.remedy(remedy) } else { error.remedy(remedy).caused_by(causes.join(". ")) }
}

/// Everything that matched, each with why it is not used.
fn unusable(
    kind: Kind,
    matching: &[(Match, &Arc<Stored>)],
    wanted: &Wanted,
    store: &StorePath,
    now: SystemTime,
) -> SourceError {
    let reason = |stored: &Stored| {
        let key = || match stored.key_problem() {
            Some(problem) => format!("{} is there, but {problem}", shown(&stored.facts)),
            None => format!("{} came without its private key", shown(&stored.facts)),
        };
        check_validity(&stored.facts, now).err().map_or_else(key, |error| error.to_string())
    };
    let named = matching.iter().take(MAX_NAMED);
    let mut reasons: Vec<String> =
        named.map(|(_, stored)| format!("{}: {}", file(&stored.file), reason(stored))).collect();
    if matching.len() > MAX_NAMED {
        reasons.push(format!("and {} more", matching.len() - MAX_NAMED));
    }
    SourceError::invalid(
        "no-usable-certificate",
        format!("no certificate in the store {store} with {} can be used: {}", wanted.text(), reasons.join("; ")),
    )
    .remedy(match kind {
        Kind::Personal => "add a certificate that is valid now, with its key",
        Kind::Roots | Kind::Intermediates => INSTEAD,
    })
}

fn file(path: &Path) -> String {
    path.display().to_string()
}
