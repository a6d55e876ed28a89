//! What an authority's refusal means: by Entra's number, else by the OAuth code, never by a part of the text.

use super::led::About;
use super::refusal::PROXY_WANTS_PASSWORD;
use super::rejection_table::{AUTHORITY, CERTAIN, CLIENT, CONSENT, CREDENTIAL, Row, SCOPES, TABLE, USER};
use crate::AuthorityRefusal;
use crate::http::unanswered::PROXY_PASSWORD;

/// Whose fault a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The credential itself is wrong or has ended, whichever tenant is asked: as `Credential`, and it
    /// is presented to no other tenant either.
    InvalidCredential,
    /// The credential's, as this tenant sees it: load it again, then try the next source.
    Credential {
        /// It may pass by itself: the authority's nodes learn of a new credential one by one.
        in_doubt: bool,
    },
    /// The request's or the registration's: no credential changes that.
    Request,
    /// The authority is unwell: try again within the deadline, blame no source.
    Unwell,
}

fn row(error: &AuthorityRefusal) -> Option<&'static Row> {
    error.error_codes.iter().find_map(|code| TABLE.iter().find(|row| row.0 == *code))
}

/// What the refusal means. Unknown numbers go by status and OAuth code: `invalid_client` is about the
/// credential as this tenant sees it, 408, 429, 5xx and `temporarily_unavailable` about the authority, anything else about
/// the request.
pub(crate) fn meaning(error: &AuthorityRefusal) -> Meaning {
    if let Some(row) = row(error) {
        return row.1;
    }
    match (error.status, error.error.as_str()) {
        (408 | 429 | 500.., _) | (_, "temporarily_unavailable" | "server_error") => Meaning::Unwell,
        // A page of whoever stands before it: nothing was said of the request.
        (200, _) if !error.is_of_oauth() => Meaning::Unwell,
        (_, "invalid_client") => CERTAIN,
        _ => Meaning::Request,
    }
}

/// What only the user can mend, whatever the OAuth code: a password or session that ended, a factor, consent, an
/// answer to what Conditional Access asks.
const ASKS_USER: [u64; 13] =
    [16000, 50055, 50058, 50072, 50074, 50076, 50079, 50132, 50158, 50173, 65001, 65004, 500_133];

/// Whether the user, and nobody else, can do something about it (OpenID Connect Core §3.1.2.6).
pub(crate) fn needs_user(error: &AuthorityRefusal) -> bool {
    let asks = ["interaction_required", "login_required", "consent_required", "account_selection_required"];
    let by_number = error.error_codes.iter().any(|code| ASKS_USER.contains(code));
    by_number || asks.contains(&error.error.as_str()) || error.claims.as_ref().is_some_and(|claims| !claims.is_empty())
}

/// A refusal without a number that is known: its OAuth code, what it is about, what to do.
struct Named(&'static str, &'static [About], &'static str);

/// Codes of RFC 6749 §5.2, RFC 8707 §2, OpenID Connect, and those that answers without one are given.
const NAMES: &[Named] = &[
    Named(
        "invalid_client",
        CREDENTIAL,
        "compare ClientId, the credential and how it is presented (Algorithm, ClientAuthenticationMethod) with what is \
         registered at the authority",
    ),
    Named("unauthorized_client", CLIENT, "allow the client this grant at the authority, or correct ClientId"),
    Named("invalid_scope", SCOPES, "correct Scopes: the authority does not give it to this client"),
    Named("invalid_target", SCOPES, "correct the resource in Scopes: the authority does not know it"),
    Named("invalid_resource", SCOPES, "correct the resource in Scopes: the authority does not know it"),
    Named("access_denied", CONSENT, "grant the client what Scopes asks for at the authority"),
    Named("invalid_grant", USER, "let the caller send a new token: the authority does not take this one"),
    Named("interaction_required", USER, "answer the caller with the claims challenge: the user must sign in again"),
    Named("login_required", USER, "answer the caller with the claims challenge: the user must sign in again"),
    Named("consent_required", CONSENT, "grant consent for the API at the authority"),
    Named("unsupported_grant_type", AUTHORITY, "correct Instance or Authority: this one does not know the grant"),
    Named("invalid_instance", AUTHORITY, "correct the host in Instance: the authority does not know it"),
    Named("temporarily_unavailable", AUTHORITY, "try again: the authority is unwell"),
    Named("server_error", AUTHORITY, "try again: the authority is unwell"),
    Named("service_not_available", AUTHORITY, "try again: the authority is unwell"),
    Named("request_timeout", AUTHORITY, "try again: the authority did not answer in time"),
    Named("request_throttled", AUTHORITY, "wait: the authority throttles, and says how long where it knows"),
    Named(PROXY_WANTS_PASSWORD, AUTHORITY, PROXY_PASSWORD),
    Named("redirected", AUTHORITY, "set Instance or Authority to the address that it redirects to"),
    Named("not_found", AUTHORITY, "correct Instance or Authority: no token endpoint stands there"),
    Named("no_oauth_answer", AUTHORITY, "check Instance or Authority, and the proxy before it: no authority answered"),
    Named("unusable_answer", AUTHORITY, "check Instance or Authority, and the proxy before it: no authority answered"),
];

/// Of whoever says something else.
const UNKNOWN: Named =
    Named("", AUTHORITY, "correct what its words name, or check that Instance or Authority leads to an authority");

/// By its name, for a refusal without a number.
fn named(error: &AuthorityRefusal) -> Option<&'static Named> {
    let known = NAMES.iter().find(|named| named.0 == error.error);
    known.or(Some(&UNKNOWN).filter(|_| error.error_codes.is_empty()))
}

/// No federated credential of the application is for the assertion: none at all, or another issuer, audience or subject.
#[cfg(feature = "federated")]
const UNREGISTERED: [u64; 4] = [70021, 700211, 700212, 700213];

/// Whether it is the assertion's issuer, subject or audience that is not registered.
#[cfg(feature = "federated")]
pub(crate) fn is_unregistered(error: &AuthorityRefusal) -> bool {
    error.error_codes.iter().any(|code| UNREGISTERED.contains(code))
}

/// What to do about it, where that is known.
pub(crate) fn remedy(error: &AuthorityRefusal) -> Option<&'static str> {
    // A number says more than the name that came with it, known or not.
    let by_name = || named(error).filter(|_| error.error_codes.is_empty()).map(|named| named.2);
    row(error).map(|row| row.3).or_else(by_name)
}

/// The number that the refusal is known by.
#[cfg(feature = "cli")]
pub(crate) fn number(error: &AuthorityRefusal) -> Option<u64> {
    row(error).map(|row| row.0)
}

/// Which settings it is about, the first suspect first.
pub(crate) fn about(error: &AuthorityRefusal) -> &'static [About] {
    row(error).map(|row| row.2).or_else(|| named(error).map(|named| named.1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use credential_core::world::HttpResponse;

    fn error(status: u16, error: &str, codes: &[u64]) -> AuthorityRefusal {
        let body = serde_json::json!({"error": error, "error_codes": codes}).to_string();
        AuthorityRefusal::read(&HttpResponse::new(status, vec![], body), std::time::SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn numbers_are_compared_whole() {
        assert_eq!(meaning(&error(401, "invalid_client", &[7000274])), Meaning::Credential { in_doubt: true });
        assert_eq!(meaning(&error(401, "invalid_client", &[7000215])), Meaning::InvalidCredential);
        assert_eq!(meaning(&error(400, "unauthorized_client", &[700016])), Meaning::Request);
        // 7000279 begins with 700027 and is another number: unknown, so by its OAuth code.
        assert_eq!(meaning(&error(400, "invalid_grant", &[7000279])), Meaning::Request);
    }

    #[test]
    fn unknown_numbers_go_by_status_and_code() {
        assert_eq!(meaning(&error(401, "invalid_client", &[])), CERTAIN);
        assert_eq!(meaning(&error(503, "x", &[1])), Meaning::Unwell);
        assert_eq!(meaning(&error(429, "x", &[])), Meaning::Unwell);
        assert_eq!(meaning(&error(400, "temporarily_unavailable", &[])), Meaning::Unwell);
        assert_eq!(meaning(&error(400, "invalid_scope", &[])), Meaning::Request);
    }

    #[test]
    fn each_number_has_its_place_in_the_page_of_all_errors() {
        let page = include_str!("../../docs/troubleshooting.md");
        let anchors: Vec<u64> = page
            .lines()
            .filter_map(|line| line.strip_prefix("### AADSTS"))
            .map(|number| number.parse().unwrap())
            .collect();
        let mut numbers: Vec<u64> = TABLE.iter().map(|row| row.0).collect();
        numbers.sort_unstable();
        assert_eq!(anchors, numbers);
    }

    #[test]
    fn no_number_stands_twice() {
        for (nth, row) in TABLE.iter().enumerate() {
            assert!(TABLE.iter().skip(nth + 1).all(|other| other.0 != row.0), "{}", row.0);
        }
    }
}
