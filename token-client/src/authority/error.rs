//! Why an authority's endpoints could not be had.

use std::fmt;
use std::time::Duration;

use credential_core::Finding;
use credential_core::source::{Origin, causes};
use credential_core::world::HttpError;

use crate::http::unanswered;

/// Why an authority's endpoints could not be had. Cheap to clone: callers that waited for the same
/// answer each get it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AuthorityError {
    finding: Box<Finding>,
    transient: bool,
    late: bool,
}

impl AuthorityError {
    /// The settings or the call cannot work.
    pub(crate) fn wrong(finding: Finding) -> Self {
        Self { finding: Box::new(finding), transient: false, late: false }
    }

    /// It may work on the next try.
    pub(crate) fn transient(finding: Finding) -> Self {
        Self { finding: Box::new(finding), transient: true, late: false }
    }

    /// No answer was there.
    pub(crate) fn unreachable(code: &'static str, message: String, error: &HttpError) -> Self {
        let mut finding = Finding::error(code, message).because(error.to_string());
        finding.cause.extend(causes(error));
        Self::transient(finding.remedy(unanswered::remedy(error)))
    }

    /// Names the setting with the address, unless another one is named already.
    pub(crate) fn at(mut self, place: Option<&(String, Origin)>) -> Self {
        if let (None, Some((path, origin))) = (&self.finding.path, place) {
            self.finding = Box::new((*self.finding).at(path, origin.clone()));
        }
        self
    }

    /// What is wrong with the request, with what led to it, unless a setting is named already.
    pub(crate) fn placed(mut self, place: impl FnOnce(Finding) -> Finding) -> Self {
        if !self.transient && self.finding.path.is_none() {
            self.finding = Box::new(place(*self.finding));
        }
        self
    }

    /// The caller's time was over before the endpoints were known.
    pub(crate) fn late(authority: &str, within: Duration) -> Self {
        let message = format!(
            "the endpoints of {authority} were not found out within {within:?}: no answer from its metadata or instance discovery"
        );
        let finding = Finding::error(super::codes::METADATA_UNREACHABLE, message);
        let remedy = "check the network, the proxy (HTTPS_PROXY) and the host in Instance or Authority";
        Self { late: true, ..Self::transient(finding.remedy(remedy)) }
    }

    /// The task that was to find out is gone: the runtime ends.
    pub(crate) fn interrupted() -> Self {
        let finding =
            Finding::error(super::codes::METADATA_UNREACHABLE, "the authority's metadata was not read to its end");
        Self::transient(finding.remedy("try again"))
    }

    /// The same facts as a finding.
    pub(crate) fn finding(&self) -> &Finding {
        &self.finding
    }

    /// Stable, kebab-case: see [`codes`](super::codes).
    #[cfg(test)]
    pub(crate) fn code(&self) -> &'static str {
        self.finding.code
    }

    /// Whether the caller's time was over.
    pub(crate) fn is_late(&self) -> bool {
        self.late
    }

    /// Whether it may work on the next try.
    pub(crate) fn is_transient(&self) -> bool {
        self.transient
    }
}

impl fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.finding.fmt(f)
    }
}

/// As `Display`: a `main` that returns it prints this.
impl fmt::Debug for AuthorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for AuthorityError {}
