//! How the parsers fail inside, and what of it people see.

use std::fmt;

use credential_core::SourceError;
use credential_core::source::causes;

/// Structure that is not what it should be; says how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// What a fault is about, as messages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Content,
    Der,
    PemText,
    Certificate,
    Pfx,
    KeyInPfx,
    EncryptedKey,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Content => "the content",
            Self::Der => "this DER content",
            Self::PemText => "this PEM text",
            Self::Certificate => "the certificate",
            Self::Pfx => "this PFX",
            Self::KeyInPfx => "the key in this PFX",
            Self::EncryptedKey => "the encrypted private key",
        })
    }
}

impl What {
    /// The command that writes it anew, protected as OpenSSL 3 does it, with this number of iterations.
    fn rewritten(self, iterations: Option<u32>) -> String {
        let iterations = iterations.map(|count| format!(" -iter {count}")).unwrap_or_default();
        match self {
            Self::Pfx | Self::KeyInPfx => format!(
                "openssl pkcs12 -legacy -in old.pfx -nodes -out all.pem && \
                 openssl pkcs12 -export -in all.pem{iterations} -out new.pfx, then delete all.pem"
            ),
            _ => format!("openssl pkcs8 -topk8 -in old.key{iterations} -out new.key"),
        }
    }
}

/// Why encrypted content could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Broken structure.
    Malformed(&'static str),
    /// An algorithm that is not read, by name or number.
    Unsupported(String),
    /// More rounds of key derivation than a bound leaves, with the bound's name.
    TooMuchWork {
        /// Asked for.
        rounds: u64,
        /// Name and value.
        bound: &'static str,
    },
    /// A bound on size or number, by name.
    Bound(&'static str),
    /// It does not open with this password (or is damaged: the two look alike).
    Password,
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed.0)
    }
}

impl Fault {
    /// The error for people.
    pub(crate) fn into_error(self, what: What, has_password: bool) -> SourceError {
        match self {
            Self::Malformed(how) => SourceError::invalid("corrupt", format!("{what} is damaged or cut short: {how}"))
                .remedy("copy or export the file once more, in binary mode"),
            Self::Unsupported(algorithm) => {
                SourceError::invalid("algorithm-not-supported", format!("{what} is protected with {algorithm}"))
                    .remedy(format!("convert it: {}", what.rewritten(None)))
            }
            Self::TooMuchWork { rounds, bound } => SourceError::invalid(
                "too-much-work",
                format!("{what} asks for {rounds} rounds of key derivation, more than {bound} leaves for it"),
            )
            .remedy(format!("protect it with fewer: {}", what.rewritten(Some(100_000)))),
            Self::Bound(name) => SourceError::invalid("too-large", format!("{what} is beyond {name}"))
                .remedy("check that it is the right file; export the one certificate with its chain and key"),
            Self::Password if has_password => SourceError::invalid(
                "wrong-password",
                format!("the password does not open {what}, or its content is damaged"),
            )
            .remedy("check CertificatePassword; openssl pkcs12 -info -in FILE asks for the password and tells"),
            Self::Password => SourceError::invalid("password-missing", format!("{what} needs a password, none is set"))
                .remedy("set CertificatePassword"),
        }
    }
}

/// The same error with the name of the content in front.
pub(crate) fn of_content(name: &str, error: &SourceError) -> SourceError {
    let mut named = SourceError::new(error.kind(), error.code(), format!("{name}: {error}"));
    if let Some(remedy) = error.remedy_text() {
        named = named.remedy(remedy);
    }
    match causes(error) {
        causes if causes.is_empty() => named,
        causes => named.caused_by(causes.join(": ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OpenSSL 3 takes no certificate from a pipe, and a key alone is no PFX.
    #[test]
    fn the_command_is_the_one_for_what_is_at_hand() {
        let remedy = |fault: Fault, what| fault.into_error(what, true).remedy_text().unwrap_or_default().to_owned();
        let much = || Fault::TooMuchWork { rounds: 9, bound: "MAX" };
        for what in [What::Pfx, What::KeyInPfx] {
            assert!(remedy(much(), what).contains("pkcs12 -export -in all.pem -iter 100000 -out new.pfx"));
            assert!(remedy(Fault::Unsupported("RC4".to_owned()), what).contains("pkcs12 -legacy -in old.pfx"));
        }
        assert!(remedy(much(), What::EncryptedKey).ends_with("pkcs8 -topk8 -in old.key -iter 100000 -out new.key"));
    }
}
