//! Codes that one crate writes and another decides by. Codes that nothing decides by stand where
//! they are written.
//!
//! Each is the `code` of a [`Finding`](crate::Finding) or of a [`SourceError`](crate::SourceError).

/// An entry's source type is known and its source was not built in.
pub const SOURCE_NOT_IN_BUILD: &str = "source-not-in-build";
/// An entry's source type is none that anybody knows.
pub const UNKNOWN_SOURCE_TYPE: &str = "unknown-source-type";
/// The authority refused a credential for what it is: wrong, expired, unknown.
pub const CREDENTIAL_REJECTED: &str = "credential-rejected";
/// A certificate came without the key that would sign with it.
pub const CERTIFICATE_WITHOUT_KEY: &str = "certificate-without-key";
/// Certificates are missing between a certificate and its root.
pub const CHAIN_INCOMPLETE: &str = "chain-incomplete";
/// An application's token would need itself: its credential comes from a section that leads back to it.
pub const SECTION_CYCLE: &str = "section-cycle";
/// The authority gave no answer.
pub const AUTHORITY_UNREACHABLE: &str = "authority-unreachable";
/// The authority is unwell, or throttles.
pub const AUTHORITY_UNWELL: &str = "authority-unwell";
/// Something answered that is no authority.
pub const AUTHORITY_UNREADABLE: &str = "authority-unreadable";
/// The authority refused the credential or the request.
pub const TOKEN_REFUSED: &str = "token-refused";
