//! How the parsers fail inside, and what of it people see.

use credential_core::{SourceError, causes};

/// Structure that is not what it should be; says how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// Why encrypted content could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Broken structure.
    Malformed(&'static str),
    /// An algorithm that is not read, by name or number.
    Unsupported(String),
    /// More rounds of key derivation than are done for one file.
    TooMuchWork(u64),
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
    /// The error for people; `what` names the content: `this PFX`, `the key in this PEM text`.
    pub(crate) fn into_error(self, what: &str, has_password: bool) -> SourceError {
        match self {
            Self::Malformed(how) => SourceError::invalid("corrupt", format!("{what} is damaged or cut short: {how}"))
                .remedy("copy or export the file once more, in binary mode"),
            Self::Unsupported(algorithm) => {
                SourceError::invalid("algorithm-not-supported", format!("{what} is protected with {algorithm}"))
                    .remedy("convert it: openssl pkcs12 -in old.pfx -nodes | openssl pkcs12 -export -out new.pfx")
            }
            Self::TooMuchWork(rounds) => SourceError::invalid(
                "too-much-work",
                format!(
                    "{what} asks for {rounds} rounds of key derivation, beyond what MAX_ROUNDS allows for one file"
                ),
            )
            .remedy("export it with fewer iterations: openssl pkcs12 -export -iter 600000"),
            Self::Bound(name) => SourceError::invalid("too-large", format!("{what} is beyond {name}")),
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

/// The same error once more: what was found about a content holds as long as the content does.
pub(crate) fn again(error: &SourceError) -> SourceError {
    renamed(error, error.to_string())
}

/// The same error with the name of the content in front.
#[cfg(feature = "sources")]
pub(crate) fn about(error: &SourceError, place: &str) -> SourceError {
    renamed(error, format!("{place}: {error}"))
}

fn renamed(error: &SourceError, message: String) -> SourceError {
    let mut copy = SourceError::new(error.kind(), error.code(), message);
    if let Some(remedy) = error.remedy_text() {
        copy = copy.remedy(remedy);
    }
    match causes(error) {
        causes if causes.is_empty() => copy,
        causes => copy.caused_by(causes.join(": ")),
    }
}
