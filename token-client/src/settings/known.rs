//! The settings of an application and of a downstream API. As those of the sources they are declared once:
//! binding, spelling hints, redaction, the JSON schema and the docs read these tables.

use credential_core::{Setting, SettingKind};

use SettingKind::{Entries, Flag, Guid, Identifier, List, Map, Object, RelativeUrl, Text, Url};

const fn setting(name: &'static str, kind: SettingKind, about: &'static str) -> Setting {
    Setting::new(name, kind, about)
}

/// A flag that is off unless it is said.
const fn flag(name: &'static str, about: &'static str) -> Setting {
    Setting::new(name, Flag, about).default("false")
}

const fn elsewhere(name: &'static str) -> Setting {
    Setting::new(name, Text, "Read by ASP.NET Core or MSAL; does nothing here.").elsewhere()
}

/// The settings of an application's section (`AzureAd`).
pub const APPLICATION_SETTINGS: &[Setting] = &[
    setting("ClientId", Identifier, "The application (client) id.").required().mistaken(&[
        "Client_Id",
        "AppId",
        "ApplicationId",
        "ClientIdentifier",
    ]),
    setting("TenantId", Identifier, "The tenant: an id or a domain name.").mistaken(&[
        "Tenant",
        "Tenant_Id",
        "DirectoryId",
    ]),
    setting("Instance", Url, "The cloud's sign-in address, `https://login.microsoftonline.com/`."),
    setting("Authority", Url, "Instance and tenant in one address, or the address of another OpenID provider."),
    setting("Domain", Identifier, "The tenant's domain name; with a policy, the tenant of an Azure AD B2C authority."),
    setting("SignUpSignInPolicyId", Identifier, "The Azure AD B2C policy; makes the authority a B2C one."),
    setting("EditProfilePolicyId", Text, "The Azure AD B2C policy for editing a profile."),
    setting("ResetPasswordPolicyId", Text, "The Azure AD B2C policy for resetting a password."),
    setting("AppHomeTenantId", Identifier, "The tenant of app tokens when TenantId names none."),
    setting("AzureRegion", Identifier, "The region of the token endpoint, or `TryAutoDetect`."),
    setting("ClientCapabilities", List, "What the client can do; `cp1`: it understands claims challenges."),
    flag("SendX5C", "`true` sends the certificate chain with each assertion."),
    setting("ExtraQueryParameters", Map, "Query parameters of requests to the authority."),
    setting("ClientCredentials", Entries, "The application's credentials, tried in order.").mistaken(&[
        "ClientCredential",
        "Credentials",
        "ClientCertificate",
    ]),
    setting("TokenDecryptionCredentials", Entries, "Credentials that incoming tokens are decrypted with."),
    setting("Audience", Text, "The audience that incoming tokens must have."),
    setting("Audiences", List, "The audiences that incoming tokens may have."),
    flag("AllowWebApiToBeAuthorizedByACL", "`true` accepts tokens without scopes and roles."),
    flag("WithSpaAuthCode", "`true` asks for a code that a single-page application redeems."),
    flag("EnablePiiLogging", "`true` lets personal data into logs of the reference."),
    setting("Name", Text, "A name for the application."),
    setting("ErrorPath", Text, "The path of a web app's error page."),
    setting("ResetPasswordPath", Text, "The path of a web app's page for resetting a password."),
    setting("ClientSecret", Text, "The older form of a single ClientSecret entry in ClientCredentials.").secret(),
    setting("ClientCertificates", Entries, "The older name of ClientCredentials."),
    setting("TokenDecryptionCertificates", Entries, "The older name of TokenDecryptionCredentials."),
    setting(
        "ClientCredentialsUsingManagedIdentity",
        Object(OLDER_IDENTITY_SETTINGS),
        "The older form of a managed identity entry.",
    ),
    elsewhere("AadAuthorityAudience"),
    elsewhere("AzureCloudInstance"),
    elsewhere("CallbackPath"),
    elsewhere("ClientName"),
    elsewhere("ClientVersion"),
    elsewhere("DefaultUserFlow"),
    elsewhere("EnableCacheSynchronization"),
    elsewhere("GetClaimsFromUserInfoEndpoint"),
    elsewhere("IsB2C"),
    elsewhere("IsDefaultPlatformLoggingEnabled"),
    elsewhere("LegacyCacheCompatibilityEnabled"),
    elsewhere("LogLevel"),
    elsewhere("MetadataAddress"),
    elsewhere("PartitionAppTokenCacheByAudience"),
    elsewhere("RedirectUri"),
    elsewhere("RemoteSignOutPath"),
    elsewhere("RequireHttpsMetadata"),
    elsewhere("ResponseType"),
    elsewhere("SaveTokens"),
    elsewhere("Scope"),
    elsewhere("Scopes"),
    elsewhere("ShowPII"),
    elsewhere("SignInScheme"),
    elsewhere("SignedOutCallbackPath"),
    elsewhere("SignedOutRedirectUri"),
    elsewhere("TokenValidationParameters"),
    elsewhere("UseFastUnboundedCache"),
    elsewhere("UserAssignedManagedIdentityClientId"),
    elsewhere("UsePkce"),
];

/// The settings of `ClientCredentialsUsingManagedIdentity`.
pub const OLDER_IDENTITY_SETTINGS: &[Setting] = &[
    flag("IsEnabled", "`true` makes it an entry."),
    setting("ManagedIdentityClientId", Identifier, "The client id of a user-assigned identity."),
];

/// The settings of a downstream API's section.
pub const DOWNSTREAM_SETTINGS: &[Setting] = &[
    setting("BaseUrl", Url, "The address of the API.").mistaken(&[
        "Url",
        "Uri",
        "BaseUri",
        "BaseAddress",
        "Endpoint",
        "ApiBaseAddress",
    ]),
    setting("RelativePath", RelativeUrl, "What follows the address in a call.").default("").mistaken(&["Path"]),
    setting("Scopes", List, "What the token is for.").mistaken(&["Scope", "ApiScopes"]),
    setting("RequestAppToken", Flag, "`true` calls as the application, not on behalf of a user."),
    flag("Anonymous", "`true` calls without a token."),
    setting("HttpMethod", Text, "The HTTP method.").default("Get").mistaken(&["Method", "Verb"]),
    setting("AcceptHeader", Text, "The Accept header.").default("application/json").mistaken(&["Accept"]),
    setting("ContentType", Text, "The body's media type.").default("application/json"),
    setting("ProtocolScheme", Text, "The scheme of the Authorization header.").default("Bearer").one_of(&["Bearer"]),
    setting("ExtraHeaderParameters", Map, "Further headers of a call.").mistaken(&[
        "ExtraHeadersParameters",
        "Headers",
        "ExtraHeaders",
    ]),
    setting("ExtraQueryParameters", Map, "Query parameters of a call."),
    setting("AcquireTokenOptions", Object(ACQUIRE_TOKEN_SETTINGS), "How the token is asked for."),
    elsewhere("CustomizeHttpRequestMessage"),
    elsewhere("Deserializer"),
    elsewhere("OnAfterAuthHeaderCreation"),
    elsewhere("OnBeforeAuthHeaderCreation"),
    elsewhere("Serializer"),
];

/// The settings of `AcquireTokenOptions`.
pub const ACQUIRE_TOKEN_SETTINGS: &[Setting] = &[
    setting("Tenant", Identifier, "The tenant that the token comes from.").mistaken(&["TenantId"]),
    setting("AuthenticationOptionsName", Text, "The name of another application's options.").refused(
        "names another application's options, and this client has the one application of its section",
        "remove it, and make a client of its own for that application: TokenClient::builder().section(..)",
    ),
    setting("Claims", Text, "Claims to ask for, as JSON in text."),
    setting("ClaimsFromClient", Text, "Claims for the client assertion, as JSON in text.").refused(
        "is for claims in the client assertion, which this version does not add",
        "remove it, or register a CustomSignedAssertion provider that adds them",
    ),
    setting("CorrelationId", Guid, "The id that the authority logs the request under."),
    setting("ExtraHeadersParameters", Map, "Further headers of the token request.")
        .mistaken(&["ExtraHeaderParameters"]),
    setting("ExtraParameters", Map, "Further parameters for extensions.").refused(
        "is for extensions, of which this version has none",
        "remove it; ExtraQueryParameters go to the authority",
    ),
    setting("ExtraQueryParameters", Map, "Query parameters of the token request."),
    setting("FmiPath", Text, "The path of a federated managed identity."),
    flag("ForceRefresh", "`true` passes the cache by."),
    setting("LongRunningWebApiSessionKey", Text, "The session of a long-running process on behalf of a user.")
        .secret()
        .refused(
            "is for sessions that outlive the user's token, which this version does not have",
            "remove it, and call while the user's token is valid",
        ),
    setting(
        "ManagedIdentity",
        Object(MANAGED_IDENTITY_SETTINGS),
        "Calls with a managed identity instead of the application.",
    ),
    setting("PopClaim", Text, "The claim of a signed HTTP request.")
        .refused("is for proof-of-possession tokens, and this version asks for Bearer tokens alone", "remove it"),
    setting("PopPublicKey", Text, "The key of a signed HTTP request.")
        .refused("is for proof-of-possession tokens, and this version asks for Bearer tokens alone", "remove it"),
    setting("UserFlow", Text, "The Azure AD B2C user flow of a call.").refused(
        "is for calls in a user flow of Azure AD B2C, which this version does not make",
        "remove it, or set SignUpSignInPolicyId in the application's section",
    ),
];

/// The settings of `ManagedIdentity`.
pub const MANAGED_IDENTITY_SETTINGS: &[Setting] =
    &[
        setting(
            "UserAssignedClientId",
            Identifier,
            "The client id of a user-assigned identity; `null` for the machine's own.",
        )
        .mistaken(&["ClientId", "ManagedIdentityClientId"]),
        setting("UserAssignedObjectId", Identifier, "The object (principal) id of a user-assigned identity.")
            .mistaken(&["ObjectId", "PrincipalId", "ManagedIdentityObjectId"]),
        setting("UserAssignedResourceId", Identifier, "The resource id of a user-assigned identity.")
            .mistaken(&["ResourceId", "ManagedIdentityResourceId"]),
    ];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_declared_once() {
        for table in [APPLICATION_SETTINGS, DOWNSTREAM_SETTINGS, ACQUIRE_TOKEN_SETTINGS] {
            for (at, one) in table.iter().enumerate() {
                assert!(table[at + 1..].iter().all(|other| !other.name.eq_ignore_ascii_case(one.name)), "{}", one.name);
            }
        }
    }
}
