//! What a program changes in a request on its way out.

use std::fmt;
use std::sync::Arc;

use credential_core::Finding;
use credential_core::guard::caught;
use credential_core::world::HttpRequest;

/// Changes a request in place.
pub(super) type Hook = Arc<dyn Fn(&mut HttpRequest) + Send + Sync>;

/// The hooks of a call, in the order in which they run.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    /// When all is set but the token.
    pub(super) before_token: Vec<Hook>,
    /// When the token is set too.
    pub(super) after_token: Vec<Hook>,
    /// Last.
    pub(super) before_sending: Vec<Hook>,
}

impl Hooks {
    pub(super) fn is_empty(&self) -> bool {
        self.before_token.is_empty() && self.after_token.is_empty() && self.before_sending.is_empty()
    }

    /// These after those others.
    pub(super) fn after(self, others: &Self) -> Self {
        let join = |others: &[Hook], own: Vec<Hook>| others.iter().cloned().chain(own).collect();
        Self {
            before_token: join(&others.before_token, self.before_token),
            after_token: join(&others.after_token, self.after_token),
            before_sending: join(&others.before_sending, self.before_sending),
        }
    }
}

/// # Errors
/// When one panics.
pub(super) fn run(hooks: &[Hook], request: &mut HttpRequest) -> Result<(), Box<Finding>> {
    hooks.iter().try_for_each(|hook| own_code("a hook", || hook(request)))
}

/// What a closure of the program's gives.
///
/// # Errors
/// When it panics: a call that fails is better than a task that is gone.
pub(super) fn own_code<T>(what: &str, work: impl FnOnce() -> T) -> Result<T, Box<Finding>> {
    caught(work).map_err(|panicked| {
        let finding = Finding::error("bad-hook", format!("{what} of the call could not run: {panicked}"));
        Box::new(finding.remedy("correct the closure"))
    })
}

/// Shows how many there are: what they hold is the program's.
impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("before_token", &self.before_token.len())
            .field("after_token", &self.after_token.len())
            .field("before_sending", &self.before_sending.len())
            .finish()
    }
}
