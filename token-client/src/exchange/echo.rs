//! What somebody else's answer repeats of what was sent to them: pages for developers show whole requests.

use credential_core::Secret;

use super::form::encoded;

/// What is shorter stands in many words, and is nobody's secret for long.
const SHORTEST: usize = 8;
const HIDDEN: &str = "***";

/// The text with `***` for each of the secrets, as it is and as a form has it.
pub(crate) fn without(mut text: String, secrets: &[Secret]) -> String {
    for secret in secrets.iter().map(Secret::expose).filter(|secret| secret.len() >= SHORTEST) {
        let encoded = encoded(secret);
        for written in [secret, str::from_utf8(&encoded).unwrap_or(secret)] {
            if text.contains(written) {
                text = text.replace(written, HIDDEN);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_is_not_shown() {
        let secrets = [Secret::from("s3cret value"), Secret::from("the")];
        let said = "you sent client_secret=s3cret+value, the s3cret value";
        assert_eq!(without(said.to_owned(), &secrets), "you sent client_secret=***, the ***");
    }
}
