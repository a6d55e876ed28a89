//! What the authority would refuse is said before anything is sent: no JWT, one that has ended, one for somebody else.

use std::time::{Duration, SystemTime};

use credential_core::source::Application;
use credential_core::text::printable;
use credential_core::{Secret, SourceError};

use super::registration;
use crate::facts::{AssertionFacts, describe};

/// How far the clocks of this machine and of the issuer may be apart.
const SKEW: Duration = Duration::from_secs(300);

/// A token that is an assertion and is valid now.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub(crate) token: Secret,
    pub(crate) facts: AssertionFacts,
}

/// How a token is spoken of: words for messages, and no token.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    /// `the token of GitHub Actions`.
    pub(crate) token: String,
    /// What is said to be no JWT: the file that should hold it, say.
    pub(crate) holder: String,
    /// What to do where it is none.
    pub(crate) not_a_token: &'static str,
    /// What is said of one that has ended, after how long ago that was.
    pub(crate) ended: &'static str,
    /// What to do about that.
    pub(crate) renew: &'static str,
}

impl Words {
    /// Of what a platform answers.
    pub(crate) fn of_platform(token: String) -> Self {
        Self {
            holder: token.clone(),
            token,
            not_a_token: "look at what answers in the platform's place",
            ended: "",
            renew: "look at this machine's clock, and at how long the platform's tokens live",
        }
    }

    /// Of a file that somebody else keeps fresh.
    pub(crate) fn of_file(path: &str) -> Self {
        Self {
            token: format!("the assertion in {path}"),
            holder: path.to_owned(),
            not_a_token: "name the file that the platform writes the federated token to",
            ended: ": the file was not rotated",
            renew: "look at what writes the file (on Kubernetes the kubelet), and at this machine's clock",
        }
    }

    pub(crate) fn not_an_assertion(&self, why: &str) -> SourceError {
        not_an_assertion(&self.holder, why, self.not_a_token)
    }
}

fn not_an_assertion(holder: &str, why: &str, remedy: &'static str) -> SourceError {
    SourceError::invalid("not-an-assertion", format!("{holder} is not a valid signed JWT{why}")).remedy(remedy)
}

/// What a token says about itself; `holder` is what is said to be none, and `otherwise` what to do then.
///
/// # Errors
/// `Invalid` when it is no signed JWT.
pub(crate) fn facts(token: &Secret, holder: &str, otherwise: &'static str) -> Result<AssertionFacts, SourceError> {
    describe(token.expose()).map_err(|error| {
        let remedy = error.remedy().unwrap_or(otherwise);
        not_an_assertion(holder, "", remedy).caused_by(error)
    })
}

/// The token with what it says about itself.
///
/// # Errors
/// `Invalid` when it is no signed JWT, or has ended or not begun.
pub(crate) fn check(token: Secret, words: &Words, now: SystemTime) -> Result<Checked, SourceError> {
    let facts = facts(&token, &words.holder, words.not_a_token)?;
    check_times(&facts, words, now)?;
    Ok(Checked { token, facts })
}

fn check_times(facts: &AssertionFacts, words: &Words, now: SystemTime) -> Result<(), SourceError> {
    let Words { token, ended, renew, .. } = words;
    if let Some(ago) = facts.expires_on.and_then(|end| now.duration_since(end).ok()) {
        let message = format!("{token} expired {} ago{ended}", rough(ago));
        return Err(SourceError::invalid("assertion-expired", message).remedy(*renew));
    }
    let ahead = facts.not_before.and_then(|begin| begin.duration_since(now).ok()).filter(|ahead| *ahead > SKEW);
    match ahead {
        Some(ahead) => {
            let message = format!("{token} begins to be valid only in {}", rough(ahead));
            Err(SourceError::invalid("assertion-not-yet-valid", message).remedy("look at this machine's clock"))
        }
        None => Ok(()),
    }
}

impl Checked {
    /// Whether it is meant for that audience: compared as Microsoft Entra does, exactly.
    ///
    /// # Errors
    /// `Invalid`, with what to change and what to register.
    pub(crate) fn is_for(
        &self,
        audience: &str,
        words: &Words,
        application: &Application,
        remedy: impl FnOnce() -> String,
    ) -> Result<(), SourceError> {
        if self.facts.audience.iter().any(|found| found == audience) {
            return Ok(());
        }
        let found = self.facts.audience.first().map_or_else(|| "nobody".to_owned(), |found| printable(found, 200));
        let message = format!("{} is meant for {found}, not for {audience}", words.token);
        let mut remedy = remedy();
        if !self.facts.audience.is_empty()
            && let Some(registered) = registration(&self.facts, &application.client_id)
        {
            remedy = format!("{remedy}; or set TokenExchangeUrl to {found} and register that: {registered}");
        }
        Err(SourceError::invalid("assertion-audience", message).remedy(remedy))
    }
}

/// A duration as people say it.
fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}
