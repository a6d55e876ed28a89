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
    /// The error for people; `what` names the content: `this PFX`, `the key in this PEM text`.
    pub(crate) fn into_error(self, what: &str, has_password: bool) -> SourceError {
        match self {
            Self::Malformed(how) => SourceError::invalid("corrupt", format!("{what} is damaged or cut short: {how}"))
                .remedy("copy or export the file once more, in binary mode"),
            Self::Unsupported(algorithm) => {
                SourceError::invalid("algorithm-not-supported", format!("{what} is protected with {algorithm}"))
                    .remedy(match what.contains("PFX") {
                        true => "convert it: openssl pkcs12 -legacy -in old.pfx -nodes -out all.pem && openssl pkcs12 -export -in all.pem -out new.pfx, then delete all.pem",
                        false => "convert it: openssl pkcs8 -topk8 -in old.key -out new.key",
                    })
            }
            Self::TooMuchWork { rounds, bound } => SourceError::invalid(
                "too-much-work",
                format!("{what} asks for {rounds} rounds of key derivation, more than {bound} leaves for it"),
            )
            .remedy(match what.contains("PFX") {
                true => "export it with fewer: openssl pkcs12 -in old.pfx -nodes -out all.pem && openssl pkcs12 -export -in all.pem -iter 100000 -out new.pfx, then delete all.pem",
                false => "encrypt it with fewer: openssl pkcs8 -topk8 -in old.key -iter 100000 -out new.key",
            }),
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

/// The same error once more: what was found about a content holds as long as the content does.
pub(crate) fn again(error: &SourceError) -> SourceError {
    renamed(error, error.to_string())
}

/// The same error with the name of the content in front.
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
