//! Texts with environment variables in them: `Token $NAME`.

use std::fmt;

use credential_core::{Secret, SourceError};

use crate::platform::Asking;

/// A text, with variables in it. `Debug` shows the variables alone.
pub(super) struct Template(Vec<Piece>);

enum Piece {
    Text(String),
    Variable(String),
}

impl Template {
    /// `$NAME` is a variable, `$$` a dollar; any other dollar is one.
    pub(super) fn read(text: &Secret) -> Self {
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text.expose());
        while let Some((before, after)) = rest.split_once('$') {
            plain.push_str(before);
            let of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            let end = after.find(|letter| !of_name(letter)).unwrap_or(after.len());
            let (name, behind) = after.split_at(end);
            if name.is_empty() || name.starts_with(|letter: char| letter.is_ascii_digit()) {
                plain.push('$');
                rest = after.strip_prefix('$').unwrap_or(after);
                continue;
            }
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Variable(name.to_owned()));
            rest = behind;
        }
        pieces.push(Piece::Text(plain + rest));
        Self(pieces)
    }

    /// The text with the values of its variables, each written by `encode`; they join the secrets.
    ///
    /// # Errors
    /// `NotApplicable` where one is not set.
    pub(super) fn filled(
        &self,
        asking: &Asking<'_>,
        encode: fn(&str) -> Option<String>,
        secrets: &mut Vec<Secret>,
    ) -> Result<String, SourceError> {
        self.0.iter().try_fold(String::new(), |text, piece| match piece {
            Piece::Text(plain) => Ok(text + plain),
            Piece::Variable(name) => {
                let value = asking.variable(name).ok_or_else(|| {
                    SourceError::not_applicable("platform-absent", format!("{name} is not set"))
                        .remedy("run on the platform that sets it, or correct its name")
                        .settled_locally()
                })?;
                let encoded = encode(&value).ok_or_else(|| {
                    SourceError::invalid("token-request-invalid", format!("{name} cannot be a part of an address"))
                        .remedy(format!("look at what sets {name}"))
                        .settled_locally()
                })?;
                let text = text + &encoded;
                secrets.push(Secret::new(value));
                Ok(text)
            }
        })
    }
}

/// As it is.
#[expect(clippy::unnecessary_wraps, reason = "one of two ways to write a value")]
pub(super) fn plain(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// As a part of a path or query (RFC 3986 §2.3). Dots alone are none: they lead out of the path, however they are written.
pub(super) fn encoded(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    (!out.bytes().all(|byte| byte == b'.')).then_some(out)
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().filter_map(|piece| match piece {
            Piece::Variable(name) => Some(name),
            Piece::Text(_) => None,
        });
        f.debug_set().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credential_core::testing::FakeWorld;

    #[test]
    fn variables_are_filled_in_and_dollars_stay() {
        let fake = FakeWorld::new();
        fake.environment.set("JOB", "a/b c");
        fake.environment.set("UP", "..");
        let world = fake.world();
        let asking = Asking { audience: "api://x", deadline: world.clock.moment(), world: &world };
        for (text, filled) in [
            ("Token $JOB", Some("Token a/b c")),
            ("$JOB", Some("a/b c")),
            ("$JOB$JOB.", Some("a/b ca/b c.")),
            ("a$$JOB", Some("a$JOB")),
            ("5$ and $5 and $", Some("5$ and $5 and $")),
            ("", Some("")),
            ("$NOT_SET", None),
        ] {
            let mut secrets = Vec::new();
            let found = Template::read(&Secret::new(text)).filled(&asking, plain, &mut secrets);
            assert_eq!(found.as_deref().ok(), filled, "{text}");
        }
        let url = |text: &str| Template::read(&Secret::new(text)).filled(&asking, encoded, &mut Vec::new());
        assert_eq!(url("https://h/jobs/$JOB?x=$JOB").unwrap(), "https://h/jobs/a%2Fb%20c?x=a%2Fb%20c");
        assert_eq!(url("https://h/jobs/$UP/x").unwrap_err().code(), "token-request-invalid");
        assert_eq!(format!("{:?}", Template::read(&Secret::new("hunter2 $JOB"))), "{\"JOB\"}");
    }
}
