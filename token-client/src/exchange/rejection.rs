//! What an authority's refusal means: one table, on the integer error codes, never on substrings.
//!
//! Numbers: [Microsoft Entra authentication error codes](https://learn.microsoft.com/entra/identity-platform/reference-error-codes).

use crate::AuthorityRefusal;

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

const INVALID: Meaning = Meaning::InvalidCredential;
const CERTAIN: Meaning = Meaning::Credential { in_doubt: false };
const IN_DOUBT: Meaning = Meaning::Credential { in_doubt: true };

/// One known refusal: its number, whose fault it is, what to do.
struct Row(u64, Meaning, &'static str);

const TABLE: &[Row] = &[
    Row(
        700027,
        IN_DOUBT,
        "register this certificate's public part with the application, or check that the key is its own",
    ),
    Row(700024, IN_DOUBT, "the assertion is outside its time range: check this machine's clock"),
    Row(7000214, IN_DOUBT, "the certificate was revoked: replace it"),
    Row(1000502, INVALID, "the certificate is outside its validity: renew it"),
    Row(7000274, IN_DOUBT, "the assertion's signature is invalid: the key does not belong to the certificate"),
    Row(7000277, IN_DOUBT, "the certificate was revoked: replace it"),
    Row(7000215, INVALID, "the secret is wrong: use the secret's Value, not its Id"),
    Row(7000222, INVALID, "the secret has expired: make a new one for the application"),
    Row(50012, CERTAIN, "the authority could not verify the assertion: check the registered certificates"),
    Row(50017, CERTAIN, "the certificate's chain is not trusted by the authority"),
    Row(50032, CERTAIN, "the certificate's key is too weak: use RSA with 2048 bits or more"),
    Row(50048, CERTAIN, "the assertion's subject and issuer differ from the client id"),
    Row(500181, CERTAIN, "the TLS certificate changed between requests"),
    Row(700030, CERTAIN, "the certificate's subject and issuer are not authorized for the application"),
    Row(70021, CERTAIN, "no federated credential matches: compare issuer, subject and audience with the application's"),
    Row(700211, CERTAIN, "no federated credential has the assertion's issuer"),
    Row(700212, CERTAIN, "no federated credential has the assertion's audience"),
    Row(700213, CERTAIN, "no federated credential has the assertion's subject"),
    Row(7002131, CERTAIN, "no flexible federated credential matches the assertion"),
    Row(7002137, CERTAIN, "the federated credential differs from the assertion in upper and lower case"),
    Row(7002138, CERTAIN, "the federated credential differs from the assertion in upper and lower case"),
    Row(700229, CERTAIN, "only an app token can be a federated assertion"),
    Row(700016, Meaning::Request, "the tenant has no such application: check ClientId and TenantId"),
    Row(7000112, Meaning::Request, "the application is disabled in this tenant"),
    Row(70001, Meaning::Request, "the application is not installed or disabled in this tenant"),
    Row(700025, Meaning::Request, "the application is registered as a public client: it must not present a credential"),
    Row(7000218, Meaning::Request, "the authority saw no credential in the request"),
    Row(90002, Meaning::Request, "there is no such tenant: check TenantId and the cloud in Instance"),
    Row(900382, Meaning::Request, "the tenant lives in another cloud: check Instance"),
    Row(900432, Meaning::Request, "the tenant lives in another cloud: check Instance"),
    Row(500011, Meaning::Request, "the tenant has no such resource: check the scope's first part"),
    Row(50001, Meaning::Request, "the tenant has no such resource: check the scope's first part"),
    Row(70011, Meaning::Request, "the scope is invalid: an app token takes RESOURCE/.default"),
    Row(28002, Meaning::Request, "the scope is invalid"),
    Row(700022, Meaning::Request, "the scopes belong to several resources: ask for one at a time"),
    Row(700023, Meaning::Request, "the scope is invalid"),
    Row(900144, Meaning::Request, "the request lacks a parameter"),
    Row(65001, Meaning::Request, "an administrator or the user must consent to the permission"),
    Row(53003, Meaning::Request, "a Conditional Access policy blocks the token"),
    Row(1000031, Meaning::Request, "the resource refuses this application"),
    Row(7000114, Meaning::Request, "the application may not act on behalf of users"),
    Row(51000, Meaning::Request, "the feature is off for this tenant or application"),
    Row(100007, Meaning::Request, "this tenant or application may not use a regional endpoint: remove AzureRegion"),
    Row(9001023, Meaning::Request, "the endpoint does not serve this grant: name a tenant"),
    Row(50194, Meaning::Request, "the application is not multi-tenant: name its tenant instead of common"),
    Row(50059, Meaning::Request, "the request names no tenant: set TenantId"),
    Row(50128, Meaning::Request, "the request names no known tenant: check TenantId"),
    Row(50049, Meaning::Request, "the authority does not know this instance: check Instance"),
    Row(500133, Meaning::Request, "the incoming token has expired: the caller must send a new one"),
    Row(
        50013,
        Meaning::Request,
        "the incoming token is not valid for this application: its audience must be this application",
    ),
    Row(50027, Meaning::Request, "the incoming token is invalid"),
    Row(
        50076,
        Meaning::Request,
        "the user must pass multi-factor authentication: answer the caller with the claims challenge",
    ),
    Row(50079, Meaning::Request, "the user must enrol for multi-factor authentication"),
    Row(50105, Meaning::Request, "the user is not assigned to the application"),
    Row(50196, Meaning::Request, "the authority sees a loop of the same request: stop asking and look at the caller"),
    Row(90006, Meaning::Unwell, "the authority is unwell; try again"),
    Row(90012, Meaning::Unwell, "the authority is unwell; try again"),
    Row(90024, Meaning::Unwell, "the authority is busy; try again"),
    Row(90033, Meaning::Unwell, "the authority is unwell; try again"),
    Row(90055, Meaning::Unwell, "the tenant sends too many requests; wait"),
    Row(90090, Meaning::Unwell, "the authority is unwell; try again"),
    Row(90091, Meaning::Unwell, "the authority is unwell; try again"),
    Row(50033, Meaning::Unwell, "the authority is unwell; try again"),
    Row(50087, Meaning::Unwell, "the authority is unwell; try again"),
    Row(50166, Meaning::Unwell, "the authority is unwell; try again"),
    Row(70012, Meaning::Unwell, "the authority is unwell; try again"),
    Row(80005, Meaning::Unwell, "the authority is unwell; try again"),
    Row(40010, Meaning::Unwell, "the authority is unwell; try again"),
    Row(501621, Meaning::Unwell, "the authority is unwell; try again"),
];

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
        (_, "invalid_client") => CERTAIN,
        _ => Meaning::Request,
    }
}

/// What to do about it, where that is known.
pub(crate) fn remedy(error: &AuthorityRefusal) -> Option<&'static str> {
    row(error).map(|row| row.2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use credential_core::world::HttpResponse;

    fn error(status: u16, error: &str, codes: &[u64]) -> AuthorityRefusal {
        let body = serde_json::json!({"error": error, "error_codes": codes}).to_string();
        AuthorityRefusal::read(&HttpResponse::new(status, vec![], body))
    }

    #[test]
    fn numbers_are_compared_whole() {
        assert_eq!(meaning(&error(401, "invalid_client", &[7000274])), IN_DOUBT);
        assert_eq!(meaning(&error(401, "invalid_client", &[7000215])), INVALID);
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
    fn no_number_stands_twice() {
        for (nth, row) in TABLE.iter().enumerate() {
            assert!(TABLE.iter().skip(nth + 1).all(|other| other.0 != row.0), "{}", row.0);
        }
    }
}
