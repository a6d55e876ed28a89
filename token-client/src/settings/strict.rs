//! What .NET refuses in JSON and the parser that is used here lets pass.

use super::json_fault::{Fault, outside_strings};
use super::tree::MAX_DEPTH;

pub(super) const NEST_LESS: &str = "nest less deep";
const CONTROL: &str = "write line ends and tabs in strings as \\n and \\t, or remove them";

/// Where the scan stands between a key and its colon.
#[derive(Clone, Copy, PartialEq)]
enum Since {
    Other,
    Text,
    TextAndComment,
}

/// Refuses nesting deeper than [`MAX_DEPTH`], raw control characters in strings, white space and other
/// characters that are none of JSON's, U+2028 and U+2029 in a line comment, and a comment between a
/// key and its colon. What else can be wrong, the parser says.
pub(super) fn check(text: &str) -> Result<(), Fault> {
    let mut scan = Scan { text, at: 0, depth: 0, since: Since::Other };
    while let Some(&byte) = text.as_bytes().get(scan.at) {
        scan.step(byte)?;
    }
    Ok(())
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    since: Since,
}

impl Scan<'_> {
    fn fault(&self, what: &'static str, remedy: &'static str) -> Fault {
        Fault::new(self.at, what, remedy)
    }

    fn step(&mut self, byte: u8) -> Result<(), Fault> {
        match byte {
            b'"' => return self.string(),
            b'/' => return self.comment(),
            b' ' | b'\t' | b'\n' | b'\r' => {
                self.at += 1;
                return Ok(());
            }
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(self.fault("nesting deeper than 64 levels, the limit", NEST_LESS));
                }
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b':' if self.since == Since::TextAndComment => {
                return Err(self.fault("a comment between a key and its colon", "move the comment behind the colon"));
            }
            0..=0x1f | 0x7f.. => return Err(outside_strings(self.at, self.text)),
            _ => {}
        }
        self.since = Since::Other;
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        let mut escaped = false;
        self.at += 1;
        while let Some(&byte) = self.text.as_bytes().get(self.at) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    self.at += 1;
                    break;
                }
                0..=0x1f => return Err(self.fault("a raw control character in a string", CONTROL)),
                _ => {}
            }
            self.at += 1;
        }
        self.since = Since::Text;
        Ok(())
    }

    fn comment(&mut self) -> Result<(), Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = if rest.starts_with("//") {
            let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
            if let Some(at) = rest.get(..line).unwrap_or_default().find(['\u{2028}', '\u{2029}']) {
                self.at += at;
                return Err(self.fault("a Unicode line separator in a line comment", "remove it"));
            }
            line
        } else if rest.starts_with("/*") {
            rest.get(2..).unwrap_or_default().find("*/").map_or(rest.len(), |end| end + 4)
        } else {
            return Err(
                self.fault("a / that starts no comment", "begin comments with //, or put text in double quotes")
            );
        };
        self.at += len;
        if self.since == Since::Text {
            self.since = Since::TextAndComment;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_dotnet_refuses() {
        for (text, offset) in [
            ("{\"a\" /* x */ : 1}", 13),
            ("{\u{c}}", 1),
            ("{\u{a0}}", 1),
            ("\u{feff}{}", 0),
            ("{\"a\tb\": 1}", 3),
            ("// \u{2028}\n{}", 3),
            ("{\0}", 1),
            ("{ / }", 2),
        ] {
            assert_eq!(check(text).map_err(|fault| fault.offset), Err(offset), "{text:?}");
        }
    }

    #[test]
    fn leaves_the_rest_to_the_parser() {
        for text in ["", "{\"a\": \"// \\\" /* \u{2028}\"}", "{/*1*/\"a\":/*2*/1/*3*/,/*4*/}", "{\"a", "/* never"] {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
        assert!(check(&nested(MAX_DEPTH + 1)).is_err());
    }
}
