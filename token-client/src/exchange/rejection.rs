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
        "upload this certificate under Certificates & secrets of the app registration (a new one may need some minutes), or check that key and certificate belong together",
    ),
    Row(700024, IN_DOUBT, "correct this machine's clock: the assertion is outside its time range"),
    Row(
        7000214,
        IN_DOUBT,
        "replace the certificate, and upload the new one under Certificates & secrets of the app registration: this one was revoked",
    ),
    Row(
        1000502,
        INVALID,
        "renew the certificate, and upload the new one under Certificates & secrets of the app registration: this one is outside its validity",
    ),
    Row(7000274, IN_DOUBT, "check that key and certificate belong together: the assertion's signature is invalid"),
    Row(
        7000277,
        IN_DOUBT,
        "replace the certificate, and upload the new one under Certificates & secrets of the app registration: this one was revoked",
    ),
    Row(
        7000215,
        INVALID,
        "use the secret's Value, not its Secret ID; make a new one under Certificates & secrets of the app registration if it is lost",
    ),
    Row(
        7000222,
        INVALID,
        "make a new secret under Certificates & secrets of the app registration: this one has expired",
    ),
    Row(
        50012,
        CERTAIN,
        "compare the certificate's thumbprint with those under Certificates & secrets of the app registration",
    ),
    Row(
        50017,
        CERTAIN,
        "add the root of the certificate's chain to the certificate authorities that the tenant trusts",
    ),
    Row(50032, CERTAIN, "use an RSA key of 2048 bits or more: the certificate's is too weak"),
    Row(50048, CERTAIN, "check ClientId: it must be the assertion's issuer and subject"),
    Row(500181, CERTAIN, "present the same TLS certificate in every request"),
    Row(
        700030,
        CERTAIN,
        "add the certificate's subject and issuer to those that the application trusts, or upload the certificate itself",
    ),
    Row(
        70021,
        CERTAIN,
        "add a federated credential with the assertion's issuer, subject and audience to the app registration (az ad app federated-credential create)",
    ),
    Row(
        700211,
        CERTAIN,
        "add a federated credential with the assertion's issuer to the app registration, or correct the one that is there (az ad app federated-credential create)",
    ),
    Row(
        700212,
        CERTAIN,
        "have the assertion issued for the audience of the federated credential (api://AzureADTokenExchange), or correct that audience in the app registration",
    ),
    Row(
        700213,
        CERTAIN,
        "add a federated credential with the assertion's subject to the app registration, or correct the one that is there (az ad app federated-credential create)",
    ),
    Row(
        7002131,
        CERTAIN,
        "correct the expression of the flexible federated credential: it does not match the assertion",
    ),
    Row(7002137, CERTAIN, "write the federated credential as the assertion has it: upper and lower case differ"),
    Row(7002138, CERTAIN, "write the federated credential as the assertion has it: upper and lower case differ"),
    Row(700229, CERTAIN, "use an app token as the assertion: a user's token cannot be one"),
    Row(
        700016,
        Meaning::Request,
        "check ClientId and TenantId: the application was not found in the tenant; an application of another tenant needs the consent of an administrator first",
    ),
    Row(
        7000112,
        Meaning::Request,
        "enable the application under Enterprise applications > Properties: it is disabled in this tenant",
    ),
    Row(
        70001,
        Meaning::Request,
        "grant admin consent for the application, or enable it under Enterprise applications: it is not installed or disabled in this tenant",
    ),
    Row(
        700025,
        Meaning::Request,
        "register the application as a confidential client (Authentication > Allow public client flows: No), or remove the credential",
    ),
    Row(
        7000218,
        Meaning::Request,
        "check what stands between this program and the authority: no credential arrived there",
    ),
    Row(90002, Meaning::Request, "check TenantId and the cloud in Instance: the tenant was not found"),
    Row(900382, Meaning::Request, "set Instance to the sign-in address of the tenant's cloud"),
    Row(900432, Meaning::Request, "set Instance to the sign-in address of the tenant's cloud"),
    Row(
        500011,
        Meaning::Request,
        "check the first part of Scopes: the resource was not found in the tenant; an API of another tenant needs the consent of an administrator first",
    ),
    Row(
        50001,
        Meaning::Request,
        "check the first part of Scopes: the resource was not found in the tenant; an API of another tenant needs the consent of an administrator first",
    ),
    Row(70011, Meaning::Request, "set Scopes to RESOURCE/.default: the scope is invalid"),
    Row(28002, Meaning::Request, "correct Scopes: the scope is invalid"),
    Row(700022, Meaning::Request, "ask for the scopes of one resource at a time"),
    Row(700023, Meaning::Request, "correct Scopes: the scope is invalid"),
    Row(900144, Meaning::Request, "add the parameter that the authority names"),
    Row(65001, Meaning::Request, "grant admin consent for the API under API permissions of the app registration"),
    Row(
        53003,
        Meaning::Request,
        "ask the administrator to exclude this application from the Conditional Access policy, or to adjust it",
    ),
    Row(1000031, Meaning::Request, "ask the owner of the resource to let this application in"),
    Row(7000114, Meaning::Request, "use an application that may act on behalf of users: this one may not"),
    Row(51000, Meaning::Request, "ask the administrator to turn the feature on for this tenant or application"),
    Row(100007, Meaning::Request, "remove AzureRegion: this tenant or application may not use a regional endpoint"),
    Row(9001023, Meaning::Request, "set TenantId to a tenant: the endpoint does not serve this grant"),
    Row(50194, Meaning::Request, "set TenantId to the application's own tenant: it is not multi-tenant"),
    Row(50059, Meaning::Request, "set TenantId: the request names no tenant"),
    Row(50128, Meaning::Request, "check TenantId: the tenant was not found"),
    Row(50049, Meaning::Request, "check Instance: the authority does not know it"),
    Row(500133, Meaning::Request, "let the caller send a new token: the incoming one has expired"),
    Row(
        50013,
        Meaning::Request,
        "let the caller ask for a token whose audience is this application: the incoming one is not valid for it",
    ),
    Row(50027, Meaning::Request, "let the caller send a valid token: the incoming one is not"),
    Row(
        50076,
        Meaning::Request,
        "answer the caller with the claims challenge: the user must pass multi-factor authentication",
    ),
    Row(
        50079,
        Meaning::Request,
        "answer the caller with the claims challenge: the user must enrol for multi-factor authentication",
    ),
    Row(50105, Meaning::Request, "assign the user to the application under Enterprise applications > Users and groups"),
    Row(50196, Meaning::Request, "stop asking and look at the caller: the authority sees a loop of the same request"),
    Row(90006, Meaning::Unwell, "try again: the authority is unwell"),
    Row(90012, Meaning::Unwell, "try again: the authority is unwell"),
    Row(90024, Meaning::Unwell, "try again: the authority is busy"),
    Row(90033, Meaning::Unwell, "try again: the authority is unwell"),
    Row(90055, Meaning::Unwell, "wait: the tenant sends too many requests"),
    Row(90090, Meaning::Unwell, "try again: the authority is unwell"),
    Row(90091, Meaning::Unwell, "try again: the authority is unwell"),
    Row(50033, Meaning::Unwell, "try again: the authority is unwell"),
    Row(50087, Meaning::Unwell, "try again: the authority is unwell"),
    Row(50166, Meaning::Unwell, "try again: the authority is unwell"),
    Row(70012, Meaning::Unwell, "try again: the authority is unwell"),
    Row(80005, Meaning::Unwell, "try again: the authority is unwell"),
    Row(40010, Meaning::Unwell, "try again: the authority is unwell"),
    Row(501621, Meaning::Unwell, "try again: the authority is unwell"),
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

/// What only the user can mend, whatever the OAuth code: a password or session that ended, a factor, consent, an
/// answer to what Conditional Access asks.
const USER: [u64; 13] = [16000, 50055, 50058, 50072, 50074, 50076, 50079, 50132, 50158, 50173, 65001, 65004, 500_133];

/// Whether the user, and nobody else, can do something about it (OpenID Connect Core §3.1.2.6).
pub(crate) fn needs_user(error: &AuthorityRefusal) -> bool {
    let asks = ["interaction_required", "login_required", "consent_required", "account_selection_required"];
    let by_number = error.error_codes.iter().any(|code| USER.contains(code));
    by_number || asks.contains(&error.error.as_str()) || error.claims.as_ref().is_some_and(|claims| !claims.is_empty())
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
