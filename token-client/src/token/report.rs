//! How a token came about: said once for all tokens of which the same is to be said.

use std::sync::{Arc, Weak};

use credential_core::chain::{Attempt, Outcome};

/// The most reports among which an equal one is looked for.
const MAX_REPORTS: usize = 32;

/// What is to be said of a token beside what was asked for.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(super) attempts: Vec<Attempt>,
    /// The scopes that the authority named.
    pub(super) granted: Option<Vec<String>>,
    /// The tenant that was asked in the end, where that is another than the key's.
    pub(super) other_tenant: Option<Option<String>>,
}

impl Report {
    /// Whether the authority gave the scope. It may name one without its resource.
    pub(super) fn grants(&self, scope: &str) -> bool {
        let short = |scope: &str| scope.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let is_it =
            |granted: &String| granted.eq_ignore_ascii_case(scope) || *granted.to_ascii_lowercase() == short(scope);
        self.granted.as_ref().is_none_or(|granted| granted.iter().any(is_it))
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.granted == other.granted
            && self.other_tenant == other.other_tenant
            && self.attempts.len() == other.attempts.len()
            && self.attempts.iter().zip(&other.attempts).all(|(one, other)| same(one, other))
    }
}

/// Whether two attempts differ in nothing but how long they took.
fn same(one: &Attempt, other: &Attempt) -> bool {
    let outcome = match (&one.outcome, &other.outcome) {
        (Outcome::Failed(one), Outcome::Failed(other)) => {
            one.code() == other.code() && one.to_string() == other.to_string()
        }
        (Outcome::Rejected(one), Outcome::Rejected(other)) => Arc::ptr_eq(one, other),
        (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
    };
    let credential = match (&one.credential, &other.credential) {
        (Some(one), Some(other)) => one.same_material(other),
        (one, other) => one.is_none() && other.is_none(),
    };
    let quiet = |attempt: &Attempt| attempt.degraded_by.is_none() && attempt.accepted_ago.is_none();
    outcome
        && credential
        && quiet(one)
        && quiet(other)
        && (one.index, &one.id, &one.path, one.remembered) == (other.index, &other.id, &other.path, other.remembered)
}

/// The last reports, as long as a token has them.
#[derive(Debug, Default)]
pub(super) struct Reports(Vec<Weak<Report>>);

impl Reports {
    /// The report, or one that says the same.
    pub(super) fn shared(&mut self, report: Report) -> Arc<Report> {
        self.0.retain(|known| known.strong_count() > 0);
        if let Some(known) = self.0.iter().filter_map(Weak::upgrade).find(|known| known.says_the_same(&report)) {
            return known;
        }
        if self.0.len() >= MAX_REPORTS {
            self.0.remove(0);
        }
        let report = Arc::new(report);
        self.0.push(Arc::downgrade(&report));
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_equal_report_is_shared_while_a_token_has_it() {
        let mut reports = Reports::default();
        let of = |scope: &str| Report { granted: Some(vec![scope.to_owned()]), ..Report::default() };
        let first = reports.shared(of("a"));
        assert!(Arc::ptr_eq(&first, &reports.shared(of("a"))) && !Arc::ptr_eq(&first, &reports.shared(of("b"))));
        let known = Arc::downgrade(&first);
        drop(first);
        assert!(known.upgrade().is_none(), "nobody else keeps it");
        for nth in 0..100 {
            reports.shared(of(&nth.to_string()));
        }
        assert!(reports.0.len() <= 1, "nobody has the others");
        let _kept: Vec<_> = (0..100).map(|nth| reports.shared(of(&nth.to_string()))).collect();
        assert!(reports.0.len() <= MAX_REPORTS);
        let elsewhere = Report { other_tenant: Some(Some("t".to_owned())), ..Report::default() };
        let nowhere = reports.shared(Report::default());
        assert!(!Arc::ptr_eq(&nowhere, &reports.shared(elsewhere)));
    }

    #[test]
    fn a_scope_may_be_named_without_its_resource() {
        let report = Report { granted: Some(vec!["User.Read".to_owned()]), ..Report::default() };
        assert!(report.grants("user.read") && report.grants("https://graph.microsoft.com/User.Read"));
        assert!(!report.grants("mail.read") && Report::default().grants("anything"));
    }
}
