//! The file of certificate authorities that a variable names. Where it cannot be read, TLS is set up without any
//! authority, and says nothing of the file: so it is looked at here first.

use std::ffi::OsString;
use std::path::Path;
use std::{fs, io};

use credential_core::Finding;

const FILE: &str = "SSL_CERT_FILE";
const FOLDER: &str = "SSL_CERT_DIR";
const MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// The most bytes of it that are looked at.
const MAX_LOOK: u64 = 16 * 1024 * 1024;

/// What is wrong with this process's file of authorities, where it is the only place that they come from.
#[expect(clippy::disallowed_methods, reason = "TLS reads this process's variables and files too")]
pub(super) fn wrong() -> Option<Finding> {
    let is_set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let file = is_set(FILE).filter(|_| is_set(FOLDER).is_none())?;
    wrong_with(&file, &read(Path::new(&file)))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read;

    let mut content = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "TLS reads this process's variables and files too")]
    fs::File::open(path)?.take(MAX_LOOK).read_to_end(&mut content)?;
    Ok(content)
}

fn wrong_with(file: &OsString, content: &io::Result<Vec<u8>>) -> Option<Finding> {
    let shown = Path::new(file).display();
    let what = match content {
        Ok(content) if content.windows(MARK.len()).any(|window| window == MARK) => return None,
        Ok(_) => "it holds no certificate in PEM".to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => "file not found".to_owned(),
        Err(error) => error.to_string(),
    };
    let message = format!("HTTPS cannot be set up: {FILE} names {shown}: {what}");
    let remedy = format!("name a PEM file with the certificate authorities in {FILE}, or unset it to use the system's");
    Some(Finding::error("https-not-available", message).remedy(remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_named_with_what_is_wrong_with_it() {
        for (content, part) in [
            (Err(io::ErrorKind::NotFound.into()), Some("file not found")),
            (Err(io::ErrorKind::PermissionDenied.into()), Some("permission denied")),
            (Ok(b"-----BEGIN PRIVATE KEY-----".to_vec()), Some("no certificate")),
            (Ok(b"# roots\n-----BEGIN CERTIFICATE-----\n".to_vec()), None),
        ] {
            let found = wrong_with(&"ca.pem".into(), &content);
            let said = found.map(|finding| finding.message);
            assert_eq!(said.is_some(), part.is_some(), "{content:?}");
            assert!(said.is_none_or(|said| said.contains("ca.pem") && part.is_some_and(|part| said.contains(part))));
        }
    }
}
