//! The settings of an application and of a downstream API, declared once: binding, spelling hints,
//! the JSON schema and the docs read these tables.

/// The shape of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionKind {
    /// Any text.
    Text,
    /// Text that is never shown.
    Secret,
    /// A name or id: white space around it is an error.
    Identifier,
    /// An absolute address: white space around it is an error.
    Url,
    /// What follows an address: a path, perhaps with a query.
    Path,
    /// `true` or `false`, in any case.
    Flag,
    /// A GUID in one of the forms of .NET.
    Guid,
    /// A list of texts.
    TextList,
    /// Names and texts.
    TextMap,
    /// A list of credentials.
    Credentials,
    /// An object of these settings.
    Object(&'static [OptionSetting]),
    /// Known to other readers of the section; nothing is done with it here.
    Elsewhere,
}

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionSetting {
    /// The key, in PascalCase.
    pub name: &'static str,
    /// The shape of its value.
    pub kind: OptionKind,
    /// What it is for, in one sentence.
    pub about: &'static str,
    /// Keys that people write when they mean this one.
    pub mistaken: &'static [&'static str],
}

const fn setting(name: &'static str, kind: OptionKind, about: &'static str) -> OptionSetting {
    OptionSetting { name, kind, about, mistaken: &[] }
}

const fn mistaken(mut setting: OptionSetting, keys: &'static [&'static str]) -> OptionSetting {
    setting.mistaken = keys;
    setting
}

const fn elsewhere(name: &'static str) -> OptionSetting {
    setting(name, OptionKind::Elsewhere, "Read by ASP.NET Core or MSAL; does nothing here.")
}

use OptionKind::{Credentials, Flag, Guid, Identifier, Object, Path, Secret, Text, TextList, TextMap, Url};

/// The settings of an application's section (`AzureAd`).
pub const APPLICATION_SETTINGS: &[OptionSetting] = &[
    mistaken(
        setting("ClientId", Identifier, "The application (client) id."),
        &["Client_Id", "AppId", "ApplicationId", "ClientIdentifier"],
    ),
    mistaken(
        setting("TenantId", Identifier, "The tenant: an id or a domain name."),
        &["Tenant", "Tenant_Id", "DirectoryId"],
    ),
    setting("Instance", Url, "The cloud's sign-in address, `https://login.microsoftonline.com/`."),
    setting("Authority", Url, "Instance and tenant in one address, or the address of another OpenID provider."),
    setting("Domain", Identifier, "The tenant's domain name; with a policy, the tenant of an Azure AD B2C authority."),
    setting("SignUpSignInPolicyId", Identifier, "The Azure AD B2C policy; makes the authority a B2C one."),
    setting("EditProfilePolicyId", Text, "The Azure AD B2C policy for editing a profile."),
    setting("ResetPasswordPolicyId", Text, "The Azure AD B2C policy for resetting a password."),
    setting("AppHomeTenantId", Identifier, "The tenant of app tokens when TenantId names none."),
    setting("AzureRegion", Identifier, "The region of the token endpoint, or `TryAutoDetect`."),
    setting("ClientCapabilities", TextList, "What the client can do; `cp1`: it understands claims challenges."),
    setting("SendX5C", Flag, "`true` sends the certificate chain with each assertion."),
    setting("ExtraQueryParameters", TextMap, "Query parameters of requests to the authority."),
    mistaken(
        setting("ClientCredentials", Credentials, "The application's credentials, tried in order."),
        &["ClientCredential", "Credentials", "ClientCertificate"],
    ),
    setting("TokenDecryptionCredentials", Credentials, "Credentials that incoming tokens are decrypted with."),
    setting("Audience", Text, "The audience that incoming tokens must have."),
    setting("Audiences", TextList, "The audiences that incoming tokens may have."),
    setting("AllowWebApiToBeAuthorizedByACL", Flag, "`true` accepts tokens without scopes and roles."),
    setting("WithSpaAuthCode", Flag, "`true` asks for a code that a single-page application redeems."),
    setting("EnablePiiLogging", Flag, "`true` lets personal data into logs of the reference."),
    setting("Name", Text, "A name for the application."),
    setting("ErrorPath", Text, "The path of a web app's error page."),
    setting("ResetPasswordPath", Text, "The path of a web app's page for resetting a password."),
    setting("ClientSecret", Secret, "The older form of a single ClientSecret entry in ClientCredentials."),
    setting("ClientCertificates", Credentials, "The older name of ClientCredentials."),
    setting("TokenDecryptionCertificates", Credentials, "The older name of TokenDecryptionCredentials."),
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
pub const OLDER_IDENTITY_SETTINGS: &[OptionSetting] = &[
    setting("IsEnabled", Flag, "`true` makes it an entry."),
    setting("ManagedIdentityClientId", Identifier, "The client id of a user-assigned identity."),
];

/// The settings of a downstream API's section.
pub const DOWNSTREAM_SETTINGS: &[OptionSetting] = &[
    mistaken(
        setting("BaseUrl", Url, "The address of the API."),
        &["Url", "Uri", "BaseUri", "BaseAddress", "Endpoint", "ApiBaseAddress"],
    ),
    mistaken(setting("RelativePath", Path, "What follows the address in a call."), &["Path"]),
    mistaken(setting("Scopes", TextList, "What the token is for."), &["Scope", "ApiScopes"]),
    setting("RequestAppToken", Flag, "`true` calls as the application, not on behalf of a user."),
    setting("Anonymous", Flag, "`true` calls without a token."),
    mistaken(setting("HttpMethod", Text, "The HTTP method; `Get` without it."), &["Method", "Verb"]),
    mistaken(setting("AcceptHeader", Text, "The Accept header; `application/json` without it."), &["Accept"]),
    setting("ContentType", Text, "The body's media type; `application/json` without it."),
    setting("ProtocolScheme", Text, "The scheme of the Authorization header; `Bearer` without it."),
    mistaken(
        setting("ExtraHeaderParameters", TextMap, "Further headers of a call."),
        &["ExtraHeadersParameters", "Headers", "ExtraHeaders"],
    ),
    setting("ExtraQueryParameters", TextMap, "Query parameters of a call."),
    setting("AcquireTokenOptions", Object(ACQUIRE_TOKEN_SETTINGS), "How the token is asked for."),
    elsewhere("CustomizeHttpRequestMessage"),
    elsewhere("Deserializer"),
    elsewhere("OnAfterAuthHeaderCreation"),
    elsewhere("OnBeforeAuthHeaderCreation"),
    elsewhere("Serializer"),
];

/// The settings of `AcquireTokenOptions`.
pub const ACQUIRE_TOKEN_SETTINGS: &[OptionSetting] = &[
    mistaken(setting("Tenant", Identifier, "The tenant that the token comes from."), &["TenantId"]),
    setting("AuthenticationOptionsName", Text, "The name of another application's options."),
    setting("Claims", Text, "Claims to ask for, as JSON in text."),
    setting("ClaimsFromClient", Text, "Claims for the client assertion, as JSON in text."),
    setting("CorrelationId", Guid, "The id that the authority logs the request under."),
    mistaken(
        setting("ExtraHeadersParameters", TextMap, "Further headers of the token request."),
        &["ExtraHeaderParameters"],
    ),
    setting("ExtraParameters", TextMap, "Further parameters for extensions."),
    setting("ExtraQueryParameters", TextMap, "Query parameters of the token request."),
    setting("FmiPath", Text, "The path of a federated managed identity."),
    setting("ForceRefresh", Flag, "`true` passes the cache by."),
    setting("LongRunningWebApiSessionKey", Secret, "The session of a long-running process on behalf of a user."),
    setting(
        "ManagedIdentity",
        Object(MANAGED_IDENTITY_SETTINGS),
        "Calls with a managed identity instead of the application.",
    ),
    setting("PopClaim", Text, "The claim of a signed HTTP request."),
    setting("PopPublicKey", Text, "The key of a signed HTTP request."),
    setting("UserFlow", Text, "The Azure AD B2C user flow of a call."),
];

/// The settings of `ManagedIdentity`.
pub const MANAGED_IDENTITY_SETTINGS: &[OptionSetting] = &[mistaken(
    setting("UserAssignedClientId", Identifier, "The client id of a user-assigned identity."),
    &["ClientId", "ManagedIdentityClientId"],
)];

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
