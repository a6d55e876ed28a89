//! What a server asks for in `WWW-Authenticate`.

use std::fmt;

/// A header with more bytes is not read.
pub const MAX_CHALLENGES: usize = 64 * 1024;

/// One challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1): a scheme and its parameters. `Debug` shows no
/// value: it is whatever the other side wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    parameters: Vec<Parameter>,
}

#[derive(Clone, PartialEq, Eq)]
struct Parameter {
    name: String,
    value: String,
    quoted: bool,
}

impl Challenge {
    /// The challenges of a header's value, in their order. Read as servers write them: parameters may also stand
    /// apart by spaces alone, values without quotes may have any letters but `,` and white space. What cannot be
    /// read is left out; of a value above [`MAX_CHALLENGES`] bytes everything is.
    pub fn read_all(header: &str) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        let mut rest = if header.len() > MAX_CHALLENGES { "" } else { header };
        loop {
            rest = rest.trim_start_matches([',', ' ', '\t', '"', '=']);
            if rest.is_empty() {
                return found;
            }
            let (word, after) = split(rest, &[',', ' ', '\t', '"', '=']);
            let Some(after) = after.trim_start().strip_prefix('=') else {
                found.push(Self { scheme: word.to_owned(), parameters: Vec::new() });
                rest = after;
                continue;
            };
            let after = after.trim_start();
            let (value, quoted, after) = match after.strip_prefix('"') {
                Some(quoted) => match unquoted(quoted) {
                    Some((value, after)) => (value, true, after),
                    None => return found,
                },
                None => {
                    let (value, after) = split(after, &[',', ' ', '\t']);
                    (value.to_owned(), false, after)
                }
            };
            if let Some(challenge) = found.last_mut() {
                challenge.parameters.push(Parameter { name: word.to_owned(), value, quoted });
            }
            rest = after;
        }
    }

    /// The scheme, as it is written.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether it is of that scheme, whatever its case.
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The first parameter of that name, whatever its case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.find(name).map(|parameter| parameter.value.as_str())
    }

    /// The same where it is a quoted string; nothing for one without quotes.
    pub fn quoted(&self, name: &str) -> Option<&str> {
        self.find(name).filter(|parameter| parameter.quoted).map(|parameter| parameter.value.as_str())
    }

    fn find(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name))
    }
}

/// What stands before the first of the letters, and what begins there.
fn split<'a>(text: &'a str, at: &[char]) -> (&'a str, &'a str) {
    text.split_at_checked(text.find(at).unwrap_or(text.len())).unwrap_or((text, ""))
}

/// The text of a quoted string (RFC 9110 §5.6.4) whose first quote is taken, and what follows; nothing where it
/// does not end.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(letters.next()?.1),
            letter => value.push(letter),
        }
    }
    None
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        f.debug_struct("Challenge").field("scheme", &self.scheme).field("parameters", &names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(header: &str) -> Vec<String> {
        let all = Challenge::read_all(header);
        let pairs = |one: &Challenge| -> Vec<String> {
            one.parameters.iter().map(|parameter| format!("{}={}", parameter.name, parameter.value)).collect()
        };
        all.iter().map(|one| format!("{} {}", one.scheme, pairs(one).join("|"))).collect()
    }

    #[test]
    fn schemes_and_their_parameters() {
        for (header, expected) in [
            (r#"Bearer"#, vec!["Bearer "]),
            (
                r#"Basic realm="a, b", Bearer x="1" y=2,z = "q\"\\u""#,
                vec!["Basic realm=a, b", r#"Bearer x=1|y=2|z=q"\u"#],
            ),
            (r#"Bearer a=https://x/t, b="", PoP nonce="n""#, vec!["Bearer a=https://x/t|b=", "PoP nonce=n"]),
            (r#"Negotiate, NTLM"#, vec!["Negotiate ", "NTLM "]),
            (r#"Bearer a="never ends, b="#, vec!["Bearer "]),
            (r#"x="1", Bearer y="2""#, vec!["Bearer y=2"]),
            (r#",,  ="" Bearer é=ü"#, vec!["Bearer é=ü"]),
            ("", vec![]),
        ] {
            assert_eq!(shown(header), expected, "{header}");
        }
        assert!(Challenge::read_all(&"Bearer ".repeat(MAX_CHALLENGES)).is_empty());
    }

    #[test]
    fn what_is_quoted_is_told_from_what_is_not_and_debug_shows_no_value() {
        let all = Challenge::read_all(r#"bearer A="s3cret", b=s3cret, a="later""#);
        let one = &all[0];
        assert!(one.is("Bearer") && !one.is("Basic"));
        assert_eq!((one.quoted("a"), one.quoted("b"), one.parameter("B")), (Some("s3cret"), None, Some("s3cret")));
        assert!(!format!("{one:?}").contains("s3cret"));
    }
}
