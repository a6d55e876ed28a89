//! Every number of Entra's that is known: whose fault it is, which settings it is about, what to do.
//!
//! It is longer than other files, and stays in one piece: it is data, a row for each number, which is looked up by its
//! number and read from top to bottom by whoever compares it with Microsoft's list.
//!
//! Numbers: [Microsoft Entra authentication error codes](https://learn.microsoft.com/entra/identity-platform/reference-error-codes).

use super::led::About;
use super::rejection::Meaning;

pub(super) const CERTAIN: Meaning = Meaning::Credential { in_doubt: false };
const INVALID: Meaning = Meaning::InvalidCredential;
const IN_DOUBT: Meaning = Meaning::Credential { in_doubt: true };

const ENTRY: &[About] = &[About::Credential];
const PRESENTED: &[About] = &[About::Credential, About::Scopes];
pub(super) const CREDENTIAL: &[About] = &[About::Credential, About::ClientId];
pub(super) const CLIENT: &[About] = &[About::ClientId];
const APPLICATION: &[About] = &[About::ClientId, About::Tenant];
const TENANT: &[About] = &[About::Tenant, About::Instance];
pub(super) const AUTHORITY: &[About] = &[About::Instance];
const REGION: &[About] = &[About::Region];
pub(super) const SCOPES: &[About] = &[About::Scopes];
const RESOURCE: &[About] = &[About::Scopes, About::Tenant];
pub(super) const CONSENT: &[About] = &[About::Scopes, About::ClientId];
pub(super) const USER: &[About] = &[About::User];
const USER_HERE: &[About] = &[About::User, About::Tenant];
const INCOMING: &[About] = &[About::User, About::ClientId];

/// One known refusal: its number, whose fault it is, what it is about, what to do.
pub(super) struct Row(pub(super) u64, pub(super) Meaning, pub(super) &'static [About], pub(super) &'static str);

pub(super) const TABLE: &[Row] = &[
    Row(
        700027,
        IN_DOUBT,
        CREDENTIAL,
        "upload this certificate under Certificates & secrets of the app registration (a new one may need some minutes), or check that key and certificate belong together",
    ),
    Row(700024, IN_DOUBT, ENTRY, "correct this machine's clock: the assertion is outside its time range"),
    Row(
        7000214,
        IN_DOUBT,
        ENTRY,
        "replace the certificate, and upload the new one under Certificates & secrets of the app registration: this one was revoked",
    ),
    Row(
        1000502,
        INVALID,
        ENTRY,
        "renew the certificate, and upload the new one under Certificates & secrets of the app registration: this one is outside its validity",
    ),
    Row(
        7000274,
        IN_DOUBT,
        ENTRY,
        "check that key and certificate belong together: the assertion's signature is invalid",
    ),
    Row(
        7000277,
        IN_DOUBT,
        ENTRY,
        "replace the certificate, and upload the new one under Certificates & secrets of the app registration: this one was revoked",
    ),
    Row(
        7000215,
        INVALID,
        CREDENTIAL,
        "use the secret's Value, not its Secret ID; make a new one under Certificates & secrets of the app registration if it is lost",
    ),
    Row(
        7000222,
        INVALID,
        CREDENTIAL,
        "make a new secret under Certificates & secrets of the app registration: this one has expired",
    ),
    Row(
        50012,
        CERTAIN,
        CREDENTIAL,
        "compare the certificate's thumbprint with those under Certificates & secrets of the app registration",
    ),
    Row(
        50017,
        CERTAIN,
        ENTRY,
        "add the root of the certificate's chain to the certificate authorities that the tenant trusts",
    ),
    Row(50032, CERTAIN, ENTRY, "use an RSA key of 2048 bits or more: the certificate's is too weak"),
    Row(50048, CERTAIN, CREDENTIAL, "check ClientId: it must be the assertion's issuer and subject"),
    Row(500181, CERTAIN, ENTRY, "present the same TLS certificate in every request"),
    Row(
        700030,
        CERTAIN,
        CREDENTIAL,
        "add the certificate's subject and issuer to those that the application trusts, or upload the certificate itself",
    ),
    Row(
        70021,
        CERTAIN,
        CREDENTIAL,
        "add a federated credential with the assertion's issuer, subject and audience to the app registration (az ad app federated-credential create)",
    ),
    Row(
        700211,
        CERTAIN,
        CREDENTIAL,
        "add a federated credential with the assertion's issuer to the app registration, or correct the one that is there (az ad app federated-credential create)",
    ),
    Row(
        700212,
        CERTAIN,
        CREDENTIAL,
        "have the assertion issued for the audience of the federated credential (api://AzureADTokenExchange), or correct that audience in the app registration",
    ),
    Row(
        700213,
        CERTAIN,
        CREDENTIAL,
        "add a federated credential with the assertion's subject to the app registration, or correct the one that is there (az ad app federated-credential create)",
    ),
    Row(
        7002131,
        CERTAIN,
        CREDENTIAL,
        "correct the expression of the flexible federated credential: it does not match the assertion",
    ),
    Row(
        7002137,
        CERTAIN,
        CREDENTIAL,
        "write the federated credential as the assertion has it: upper and lower case differ",
    ),
    Row(
        7002138,
        CERTAIN,
        CREDENTIAL,
        "write the federated credential as the assertion has it: upper and lower case differ",
    ),
    Row(700229, CERTAIN, ENTRY, "use an app token as the assertion: a user's token cannot be one"),
    Row(
        700016,
        Meaning::Request,
        APPLICATION,
        "check ClientId and TenantId: the application was not found in the tenant; an application of another tenant needs the consent of an administrator first",
    ),
    Row(
        7000112,
        Meaning::Request,
        APPLICATION,
        "enable the application under Enterprise applications > Properties: it is disabled in this tenant",
    ),
    Row(
        70001,
        Meaning::Request,
        APPLICATION,
        "grant admin consent for the application, or enable it under Enterprise applications: it is not installed or disabled in this tenant",
    ),
    Row(
        700025,
        Meaning::Request,
        CLIENT,
        "register the application as a confidential client (Authentication > Allow public client flows: No), or remove the credential",
    ),
    Row(
        7000218,
        Meaning::Request,
        AUTHORITY,
        "check what stands between this program and the authority: no credential arrived there",
    ),
    Row(90002, Meaning::Request, TENANT, "check TenantId and the cloud in Instance: the tenant was not found"),
    Row(900382, Meaning::Request, TENANT, "set Instance to the sign-in address of the tenant's cloud"),
    Row(900432, Meaning::Request, TENANT, "set Instance to the sign-in address of the tenant's cloud"),
    Row(
        500011,
        Meaning::Request,
        RESOURCE,
        "check the first part of Scopes: the resource was not found in the tenant; an API of another tenant needs the consent of an administrator first",
    ),
    Row(
        50001,
        Meaning::Request,
        RESOURCE,
        "check the first part of Scopes: the resource was not found in the tenant; an API of another tenant needs the consent of an administrator first",
    ),
    Row(70011, Meaning::Request, SCOPES, "set Scopes to RESOURCE/.default: the scope is invalid"),
    Row(28002, Meaning::Request, SCOPES, "correct Scopes: the scope is invalid"),
    Row(700022, Meaning::Request, SCOPES, "ask for the scopes of one resource at a time"),
    Row(
        700023,
        Meaning::Request,
        PRESENTED,
        "correct what the authority names: the audience of the assertion, which must be its token endpoint or issuer, or Scopes",
    ),
    Row(90009, Meaning::Request, SCOPES, "write the application's own id in Scopes: CLIENT-ID/.default"),
    Row(
        90094,
        Meaning::Request,
        CONSENT,
        "let an administrator grant consent for the API under API permissions of the app registration",
    ),
    Row(
        501051,
        Meaning::Request,
        CONSENT,
        "assign the application to a role of the API, or turn off Assignment required under Enterprise applications > the API > Properties",
    ),
    Row(
        7000229,
        Meaning::Request,
        APPLICATION,
        "add the application to the tenant (az ad sp create --id CLIENT-ID): it has no service principal there",
    ),
    Row(
        50146,
        Meaning::Request,
        CLIENT,
        "set acceptMappedClaims in the manifest of the app registration, or give the application a signing key of its own",
    ),
    Row(
        500021,
        Meaning::Request,
        TENANT,
        "ask the administrator of this network to allow the tenant: its proxy restricts tenants",
    ),
    Row(
        70002,
        CERTAIN,
        CREDENTIAL,
        "compare the credential with those under Certificates & secrets of the app registration: it is not one of them",
    ),
    Row(
        7000216,
        Meaning::Request,
        AUTHORITY,
        "check what stands between this program and the authority: no credential arrived there",
    ),
    Row(50053, Meaning::Request, USER, "wait, or ask the administrator to unlock the user's account: it is locked"),
    Row(50055, Meaning::Request, USER, "let the user sign in and change the password: it has expired"),
    Row(50058, Meaning::Request, USER, "let the user sign in again: there is no session"),
    Row(
        50072,
        Meaning::Request,
        USER,
        "answer the caller with the claims challenge: the user must enrol for multi-factor authentication",
    ),
    Row(
        50074,
        Meaning::Request,
        USER,
        "answer the caller with the claims challenge: the user must pass multi-factor authentication",
    ),
    Row(
        50132,
        Meaning::Request,
        USER,
        "let the caller sign in again: the user's session ended, or the password changed",
    ),
    Row(65004, Meaning::Request, CONSENT, "let the user sign in again and consent: consent was declined"),
    Row(
        53000,
        Meaning::Request,
        USER,
        "use a device that complies, or ask the administrator to adjust the Conditional Access policy",
    ),
    Row(
        53001,
        Meaning::Request,
        USER,
        "use a device that is joined to the domain, or ask the administrator to adjust the Conditional Access policy",
    ),
    Row(
        50131,
        Meaning::Request,
        USER,
        "ask the administrator which Conditional Access policy blocks the user, and to adjust it",
    ),
    Row(900144, Meaning::Request, AUTHORITY, "add the parameter that the authority names"),
    Row(
        65001,
        Meaning::Request,
        CONSENT,
        "grant admin consent for the API under API permissions of the app registration",
    ),
    Row(
        53003,
        Meaning::Request,
        CONSENT,
        "ask the administrator to exclude this application from the Conditional Access policy, or to adjust it",
    ),
    Row(1000031, Meaning::Request, CONSENT, "ask the owner of the resource to let this application in"),
    Row(7000114, Meaning::Request, CLIENT, "use an application that may act on behalf of users: this one may not"),
    Row(
        51000,
        Meaning::Request,
        APPLICATION,
        "ask the administrator to turn the feature on for this tenant or application",
    ),
    Row(
        100007,
        Meaning::Request,
        REGION,
        "remove AzureRegion: this tenant or application may not use a regional endpoint",
    ),
    Row(9001023, Meaning::Request, TENANT, "set TenantId to a tenant: the endpoint does not serve this grant"),
    Row(50194, Meaning::Request, APPLICATION, "set TenantId to the application's own tenant: it is not multi-tenant"),
    Row(50059, Meaning::Request, TENANT, "set TenantId: the request names no tenant"),
    Row(50128, Meaning::Request, TENANT, "check TenantId: the tenant was not found"),
    Row(50049, Meaning::Request, AUTHORITY, "check Instance: the authority does not know it"),
    Row(500133, Meaning::Request, USER, "let the caller send a new token: the incoming one has expired"),
    Row(
        50013,
        Meaning::Request,
        INCOMING,
        "let the caller ask for a token whose audience is this application: the incoming one is not valid for it",
    ),
    Row(50027, Meaning::Request, USER, "let the caller send a valid token: the incoming one is not"),
    Row(
        50076,
        Meaning::Request,
        USER,
        "answer the caller with the claims challenge: the user must pass multi-factor authentication",
    ),
    Row(
        50079,
        Meaning::Request,
        USER,
        "answer the caller with the claims challenge: the user must enrol for multi-factor authentication",
    ),
    Row(
        50105,
        Meaning::Request,
        USER_HERE,
        "assign the user to the application under Enterprise applications > Users and groups",
    ),
    Row(
        50196,
        Meaning::Request,
        SCOPES,
        "stop asking and look at the caller: the authority sees a loop of the same request",
    ),
    Row(
        700038,
        Meaning::Request,
        CLIENT,
        "set ClientId to the Application (client) ID of the app registration's overview page: this one is none",
    ),
    Row(
        900023,
        Meaning::Request,
        TENANT,
        "set TenantId to the tenant's id or to one of its domain names: this is neither",
    ),
    Row(1002012, Meaning::Request, SCOPES, "set Scopes to RESOURCE/.default: an application asks for nothing else"),
    Row(
        650052,
        Meaning::Request,
        RESOURCE,
        "add the API to the tenant under Enterprise applications (az ad sp create --id APPLICATION-ID): the organization has not subscribed to it",
    ),
    Row(
        650053,
        Meaning::Request,
        SCOPES,
        "correct Scopes: the resource has no scope of that name (Expose an API in its app registration lists them)",
    ),
    Row(
        650054,
        Meaning::Request,
        RESOURCE,
        "correct the first part of Scopes: the resource was removed from the tenant",
    ),
    Row(
        650056,
        Meaning::Request,
        CONSENT,
        "add the API under API permissions of the app registration, and grant admin consent",
    ),
    Row(
        650057,
        Meaning::Request,
        CONSENT,
        "add the API under API permissions of the app registration, and grant admin consent: the registration does not list it",
    ),
    Row(
        70003,
        Meaning::Request,
        AUTHORITY,
        "set Instance to a Microsoft Entra authority: this one does not know the grant",
    ),
    Row(
        90014,
        Meaning::Request,
        AUTHORITY,
        "add the field that the authority names to ExtraQueryParameters, or remove what replaces it there",
    ),
    Row(
        9002313,
        Meaning::Request,
        AUTHORITY,
        "remove what ExtraQueryParameters adds, and check what stands between this program and the authority: the request arrived malformed",
    ),
    Row(
        50020,
        Meaning::Request,
        USER_HERE,
        "invite the user as a guest of this tenant, or set TenantId to the user's own tenant",
    ),
    Row(
        50034,
        Meaning::Request,
        USER_HERE,
        "let a user of this tenant call, or set TenantId to the user's own tenant: the account was not found here",
    ),
    Row(50057, Meaning::Request, USER, "enable the user's account in the tenant: it is disabled"),
    Row(
        50158,
        Meaning::Request,
        USER,
        "answer the caller with the claims challenge: the user must satisfy a further check",
    ),
    Row(
        50173,
        Meaning::Request,
        USER,
        "let the caller sign in again: the user's session was revoked or the password changed",
    ),
    Row(90006, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
    Row(90012, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
    Row(90024, Meaning::Unwell, AUTHORITY, "try again: the authority is busy"),
    Row(90033, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
    Row(90055, Meaning::Unwell, AUTHORITY, "wait: the tenant sends too many requests"),
    Row(90090, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
    Row(90091, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
    Row(50033, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
    Row(50087, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
    Row(50166, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
    Row(70012, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
    Row(80005, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
    Row(40010, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
    Row(501621, Meaning::Unwell, AUTHORITY, "try again: the authority is unwell"),
];
