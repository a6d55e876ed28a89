//! A text that is to be the path of a file, and is something that no file is named. Shows nothing of it: it may be
//! the content that the file should have.

use super::check_value::check_signs;
use crate::Finding;

/// The most bytes of a path (PATH_MAX of Linux).
const MAX_PATH: usize = 4096;
/// A text of that many digits of base64 is a content, and no name.
const CONTENT: usize = 256;

/// What is wrong with it, if it can be no path on any machine.
pub(super) fn check_path(name: &str, text: &str) -> Option<Finding> {
    if let Some((what, remedy)) = something_else(text.trim()) {
        return Some(Finding::error("wrong-value", format!("{name} is {what}, not a path")).remedy(remedy));
    }
    check_signs(name, text.trim())
}

fn something_else(text: &str) -> Option<(&'static str, &'static str)> {
    let head = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let is_token = text.starts_with("eyJ") && text.matches('.').count() == 2;
    let is_base64 =
        text.len() >= CONTENT && text.bytes().all(|one| one.is_ascii_alphanumeric() || b"+/=\r\n".contains(&one));
    if text.contains("-----BEGIN ") || is_token || is_base64 {
        Some(("the content of a file", "write the content into a file, and the path of the file here"))
    } else if head.starts_with("file://") {
        Some(("a file: URL", "write the path alone, without file://"))
    } else if head.starts_with("https://") || head.starts_with("http://") {
        Some(("a URL", "save what stands there in a file, and write the path of the file"))
    } else if text.starts_with("~/") || text == "~" {
        Some(("short for a home folder, which a shell alone expands", "write the whole path"))
    } else if text.starts_with('$') || begins_with_variable(text) {
        Some(("a text with a variable that nobody expands", "write the whole path"))
    } else if text.contains(['\n', '\r', '\0']) {
        Some(("a text with a line break or NUL in it", "write one path"))
    } else if text.len() > MAX_PATH {
        Some(("a text that is too long", "write the path of the file"))
    } else {
        None
    }
}

/// `%USERPROFILE%\...`
fn begins_with_variable(text: &str) -> bool {
    let name = text.strip_prefix('%').and_then(|rest| rest.split_once('%')).map(|(name, _)| name);
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_file_is_named_is_refused_and_not_shown() {
        let long = "MIIhunter2".repeat(40);
        for (text, part) in [
            ("-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----", "the content of a file"),
            ("eyJhbGciOiJSUzI1NiJ9.hunter2.c2ln", "the content of a file"),
            (long.as_str(), "the content of a file"),
            ("file:///certs/hunter2.pfx", "file: URL"),
            ("HTTPS://contoso.com/hunter2.pfx", "a URL"),
            ("~/hunter2.pfx", "home folder"),
            ("$HOME/hunter2.pfx", "variable"),
            ("%USERPROFILE%\\hunter2.pfx", "variable"),
            ("a\nhunter2", "line break"),
            ("\"certs/hunter2.pfx\"", "quotes"),
            ("\u{202a}C:\\hunter2.pfx", "invisible character"),
        ] {
            let finding = check_path("CertificateDiskPath", text).unwrap();
            assert!(finding.message.contains(part) && !format!("{finding:?}").contains("hunter2"), "{finding:?}");
            assert!(finding.remedy.is_some());
        }
        for text in ["certs/orders.pfx", "C:\\certs\\orders.pfx", "/run/%n/a", "a b.pem", "größe.pfx", "~user", "a$b"]
        {
            assert_eq!(check_path("CertificateDiskPath", text), None, "{text}");
        }
    }
}
