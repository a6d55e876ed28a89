//! What to register so that an authority takes a token: as text to paste.

use credential_core::source::Application;
use credential_core::text::moves_terminal;
use serde_json::json;

use crate::facts::AssertionFacts;

/// The most characters that Microsoft Entra takes of each
/// (<https://learn.microsoft.com/graph/api/resources/federatedidentitycredential>).
const MAX_VALUE: usize = 600;

/// Issuer, subject and audience of a token, and the command that registers them in Microsoft Entra. `None` where it
/// does not say all three, or one of them can be nobody's: none of it is secret.
pub(crate) fn registration(facts: &AssertionFacts, application: &Application) -> Option<String> {
    let (issuer, subject) = (facts.issuer.as_deref()?, facts.subject.as_deref()?);
    let audience = facts.audience.first()?;
    let usable =
        |text: &str| !text.trim().is_empty() && text.chars().count() <= MAX_VALUE && !text.chars().any(moves_terminal);
    if ![issuer, subject, audience, &application.client_id].into_iter().all(usable) {
        return None;
    }
    let parameters =
        json!({"name": "token-client", "issuer": issuer, "subject": subject, "audiences": [audience]}).to_string();
    Some(format!(
        "issuer {issuer}, subject {subject}, audience {audience} \
         (az ad app federated-credential create --id {} --parameters {})",
        quoted(&application.client_id),
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
        let application = Application::new("app1", "https://login.example");
        let mut facts = AssertionFacts {
            issuer: Some("https://issuer.example".to_owned()),
            subject: Some("it's; $(reboot) \"x\"".to_owned()),
            audience: vec!["api://AzureADTokenExchange".to_owned()],
            ..AssertionFacts::default()
        };
        let text = registration(&facts, &application).unwrap();
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
            assert_eq!(registration(&facts, &application), None, "{:?}", facts.subject);
        }
    }
}
