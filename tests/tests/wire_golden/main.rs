//! Every recorded case of sources and flows whose counterpart is the token endpoint: the same requests
//! with the same credentials, forms and verdicts, and the same outcome, or a difference that stands in
//! the table with its reason.

mod differences;
mod refusals;

use std::collections::BTreeSet;
use std::time::Duration;

use credential_tests::wire::{Case, Request, Step, replay, same};
use differences::{DIFFERENCES, Difference, KEPT_BACK, LATER, What};
use refusals::FINDINGS;
use tokio::task::JoinSet;

/// What the cases' names begin with.
const FAMILIES: &[&str] = &[
    "app-token",
    "authority",
    "auto-decrypt",
    "base64",
    "certificate-in-code",
    "certificates-legacy",
    "concurrent",
    "custom",
    "empty-list",
    "fallback",
    "file",
    "header",
    "http",
    "mi",
    "obo",
    "oidc-fic",
    "path",
    "region",
    "rejected",
    "secret",
    "source-type",
    "store",
    "unknown",
    "vault",
];

/// Between two cases: they go by real time, and none is to wait longer for the keys and certificates of all others than
/// a chain waits for an entry.
const APART: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "the cases go by real time")]
async fn every_recorded_case_is_equal_or_a_listed_difference() {
    let later = |name: &str| LATER.iter().any(|(case, _)| *case == name);
    let of_family = |name: &str| FAMILIES.iter().any(|family| name.starts_with(family)) && !name.contains("keyvault");
    let cases = Case::all(|name| of_family(name) && !later(name));
    let count = cases.len();
    let kept_back = |name: &str| KEPT_BACK.contains(&name) && cases.iter().all(|case| case.name != name);
    let away: (usize, usize) = (
        DIFFERENCES.iter().filter(|one| kept_back(one.case)).count(),
        FINDINGS.iter().filter(|(name, ..)| kept_back(name)).count(),
    );
    let mut replays = JoinSet::new();
    for case in cases {
        replays.spawn(async move {
            let steps = replay(&case).await;
            (case, steps)
        });
        tokio::time::sleep(APART).await;
    }
    let mut wrong = Vec::new();
    let (mut met, mut told) = (0, 0);
    for (case, steps) in replays.join_all().await {
        for (number, ours) in steps.iter().enumerate() {
            let reference = case.reference(number);
            let place = format!("{} step {number}", case.name);
            let listed: Vec<&Difference> =
                DIFFERENCES.iter().filter(|one| one.case == case.name && one.step == number).collect();
            met += listed.len();
            wrong.extend(compare(ours, &reference, &listed).into_iter().map(|what| format!("{place}: {what}")));
            let expected = FINDINGS.iter().find(|(name, step, _)| *name == case.name && *step == number);
            told += usize::from(expected.is_some());
            let expected: &[&str] = expected.map_or(&[], |(.., codes)| codes);
            if ours.findings != expected {
                wrong.push(format!("{place}: findings {:?} instead of {expected:?}", ours.findings));
            }
        }
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(met + away.0, DIFFERENCES.len(), "every listed difference is of a case that is there");
    assert_eq!(told + away.1, FINDINGS.len(), "every listed finding is of a case that is there");
    let left = Case::all(later).len();
    assert_eq!(left, LATER.len(), "every case that is left for later is there");
}

/// What is neither equal nor as listed.
fn compare(ours: &Step, reference: &Step, listed: &[&Difference]) -> Vec<String> {
    let mut wrong = Vec::new();
    let outcome = listed.iter().find_map(|one| match one.what {
        What::Outcome(outcome) => Some(outcome.to_owned()),
        _ => None,
    });
    check(&mut wrong, "outcome", &ours.outcome, &reference.outcome, outcome);
    if ours.outcome.starts_with("ok") && reference.outcome.starts_with("ok") && ours.scopes != reference.scopes {
        wrong.push(format!("scopes {:?} instead of {:?}", ours.scopes, reference.scopes));
    }
    let crowd = listed.iter().find_map(|one| match one.what {
        What::Crowd(count) => Some(Some(count)),
        _ => None,
    });
    check(&mut wrong, "requests of a crowd", &ours.crowd, &reference.crowd, crowd);
    let meanwhile = listed.iter().any(|one| matches!(one.what, What::Meanwhile));
    let (ours, reference) = match meanwhile {
        true => (&of_authority(ours), &of_authority(reference)),
        false => (ours, reference),
    };
    let lines = |step: &Step| -> Vec<String> { step.requests.iter().map(|one| one.line.clone()).collect() };
    let requests = listed.iter().find_map(|one| match one.what {
        What::Requests(lines) => Some(lines.iter().map(|line| (*line).to_owned()).collect()),
        _ => None,
    });
    check(&mut wrong, "requests", &lines(ours), &lines(reference), requests);
    for (number, (one, other)) in ours.requests.iter().zip(&reference.requests).enumerate() {
        if one.line == other.line {
            wrong.extend(compare_requests(number, one, other, listed));
        }
    }
    wrong
}

/// The step without the requests to hosts of managed identities.
fn of_authority(step: &Step) -> Step {
    let mut step = step.clone();
    step.requests.retain(|request| !request.line.contains("/token?api-version="));
    step
}

/// Ours is the listed one, which is not the reference's; or there is none listed, and it is the reference's.
fn check<T: PartialEq + std::fmt::Debug>(
    wrong: &mut Vec<String>,
    what: &str,
    ours: &T,
    reference: &T,
    listed: Option<T>,
) {
    match listed {
        Some(listed) if listed == *reference => wrong.push(format!("{what}: {listed:?} is listed, but no difference")),
        Some(listed) if listed != *ours => wrong.push(format!("{what}: {ours:?}, {listed:?} is listed")),
        None if ours != reference => wrong.push(format!("{what}: {ours:?} instead of {reference:?}")),
        _ => {}
    }
}

fn compare_requests(number: usize, ours: &Request, reference: &Request, listed: &[&Difference]) -> Vec<String> {
    let mut wrong = Vec::new();
    let further = listed.iter().find_map(|one| match one.what {
        What::Further(nth, field) if nth == number => Some(field),
        _ => None,
    });
    let own: Vec<_> = ours.form.iter().filter(|(name, _)| further != Some(name)).collect();
    let names: Vec<&String> = own.iter().map(|(name, _)| name).collect();
    let expected: Vec<&String> = reference.form.iter().map(|(name, _)| name).collect();
    if names != expected || further.is_some() == (own.len() == ours.form.len()) {
        wrong.push(format!("request {number}: form {names:?} instead of {expected:?}, {further:?} listed"));
        return wrong;
    }
    for ((name, value), (_, other)) in own.into_iter().zip(&reference.form) {
        let is_listed =
            listed.iter().any(|one| matches!(one.what, What::Field(nth, field) if nth == number && field == name));
        if same(value, other) == is_listed {
            let listed = if is_listed { " is listed, but" } else { "" };
            wrong.push(format!("request {number}: {name}{listed} {value} instead of {other}"));
        }
    }
    let names = ours.headers.keys().chain(reference.headers.keys()).collect::<BTreeSet<_>>();
    for name in names {
        let (one, other) = (ours.headers.get(name), reference.headers.get(name));
        let is_listed = listed.iter().any(|one| matches!(one.what, What::Header(header) if header == name));
        if (one == other) == is_listed {
            let listed = if is_listed { " is listed, but" } else { "" };
            wrong.push(format!("request {number}: header {name}{listed} {one:?} instead of {other:?}"));
        }
    }
    if let (Some(ours), Some(reference)) = (&ours.raw, &reference.raw)
        && ours != reference
    {
        wrong.push(format!("request {number}: body {ours} instead of {reference}"));
    }
    wrong
}
