//! An error's finding as a person reads it: whoever prints an error has said `Error:` before.

use std::fmt;

use credential_core::Finding;
use credential_core::text::printable;

/// Place, setting, what is wrong, why, what to do; in one line that moves no terminal.
pub(crate) fn plain(finding: &Finding, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let clean = |text: &str| printable(text, usize::MAX);
    if let Some(origin) = &finding.origin {
        write!(f, "{origin}: ")?;
    }
    if let Some(path) = &finding.path {
        write!(f, "{}: ", clean(path))?;
    }
    f.write_str(&clean(&finding.message))?;
    finding.cause.iter().try_for_each(|cause| write!(f, ": {}", clean(cause)))?;
    match &finding.remedy {
        Some(remedy) => write!(f, " ({})", clean(remedy)),
        None => Ok(()),
    }
}
