//! What to register so that an authority takes a token: as text to paste.

use credential_core::text::moves_terminal;
use serde_json::json;

use crate::facts::AssertionFacts;

/// The most characters that Microsoft Entra takes of each
/// (<https://learn.microsoft.com/graph/api/resources/federatedidentitycredential>).
const MAX_VALUE: usize = 600;

/// What to register so that Microsoft Entra takes a token for the application of that client id: issuer, subject and
/// audience, and the command that does it, quoted for a POSIX shell. `None` where the token does not say all three, or
/// where one of them can be nobody's. None of it is secret.
///
/// ```
/// # let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2kuZXhhbXBsZSIsInN1YiI6InBvZCIsImF1ZCI6ImFwaTovL3gifQ.c2lnbmF0dXJl";
/// let facts = credential_federated::describe(jwt)?;
/// let text = credential_federated::registration(&facts, "app1").unwrap_or_default();
/// assert!(text.starts_with("issuer https://i.example, subject pod, audience api://x (az ad app federated-credential"));
/// # Ok::<(), credential_federated::NotAnAssertion>(())
/// ```
pub fn registration(facts: &AssertionFacts, client_id: &str) -> Option<String> {
    let (issuer, subject) = (facts.issuer.as_deref()?, facts.subject.as_deref()?);
    let audience = facts.audience.first()?;
    let usable =
        |text: &str| !text.trim().is_empty() && text.chars().count() <= MAX_VALUE && !text.chars().any(moves_terminal);
    if ![issuer, subject, audience, client_id].into_iter().all(usable) {
        return None;
    }
    let parameters =
        json!({"name": "token-client", "issuer": issuer, "subject": subject, "audiences": [audience]}).to_string();
    Some(format!(
        "issuer {issuer}, subject {subject}, audience {audience} \
         (az ad app federated-credential create --id {} --parameters {})",
        quoted(client_id),
        quoted(&parameters),
    ))
}

/// As one word of a POSIX shell (POSIX.1-2024, Shell Command Language §2.2.2).
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_registered_is_one_command_whatever_the_token_says() {
        let mut facts = AssertionFacts {
            issuer: Some("https://issuer.example".to_owned()),
            subject: Some("it's; $(reboot) \"x\"".to_owned()),
            audience: vec!["api://AzureADTokenExchange".to_owned()],
            ..AssertionFacts::default()
        };
        let text = registration(&facts, "app1").unwrap();
        let (said, command) = text.split_once(" (").unwrap();
        assert_eq!(
            said,
            "issuer https://issuer.example, subject it's; $(reboot) \"x\", audience api://AzureADTokenExchange"
        );
        assert_eq!(
            command,
            r#"az ad app federated-credential create --id 'app1' --parameters '{"audiences":["api://AzureADTokenExchange"],"issuer":"https://issuer.example","name":"token-client","subject":"it'\''s; $(reboot) \"x\""}')"#
        );
        for subject in [None, Some(String::new()), Some("a\nb".to_owned()), Some("a".repeat(601))] {
            facts.subject = subject;
            assert_eq!(registration(&facts, "app1"), None, "{:?}", facts.subject);
        }
    }
}
