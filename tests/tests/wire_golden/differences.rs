//! Where this product does something else than the reference, and why.

/// One thing that differs in one step of one case.
pub(crate) struct Difference {
    pub(crate) case: &'static str,
    pub(crate) step: usize,
    pub(crate) what: What,
    /// For whoever reads the table.
    #[expect(dead_code, reason = "stands here for people")]
    pub(crate) why: &'static str,
}

/// What is done here instead.
pub(crate) enum What {
    /// What came of the step.
    Outcome(&'static str),
    /// The requests, in order.
    Requests(&'static [&'static str]),
    /// A managed identity is asked again while the next entry has its turn: how often by then is the clock's.
    Meanwhile,
    /// The number of requests of a crowd.
    Crowd(usize),
    /// A field of that request's form has another value.
    Field(usize, &'static str),
    /// That request's form has a field more.
    Further(usize, &'static str),
    /// A header has another value.
    Header(&'static str),
}

/// Cases of flows and options that this version does not have.
pub(crate) const LATER: &[(&str, &str)] = &[
    ("app-token-assertion-claims", "claims of the caller's own in the client assertion"),
    ("app-token-client-assertion-override", "an assertion in place of the configured credentials"),
    ("app-token-pop-at", "proof-of-possession tokens"),
    ("obo-bound-credential", "certificates presented in TLS"),
    ("obo-long-running", "long-running sessions"),
    ("obo-long-running-own-key", "long-running sessions"),
    ("obo-long-running-start-twice", "long-running sessions"),
];

/// Cases that are known by the recorder's summary alone, which says that the reference looks at the thumbprint only where
/// no authority vouches for the certificate: their recordings are not among these, and their rows count where they are.
pub(crate) const KEPT_BACK: &[&str] = &["mi-service-fabric-wrong-thumbprint"];

const ASKED_ANEW: &str = "an assertion that is refused is asked for anew, once";
const BACKS_OFF: &str = "what failed a moment ago is left alone for a while";
const CONFLICT: &str = "settings that contradict each other are an error";
const CIAM: &str = "the tenant in the host's name is understood, and is the only one there";
const CIAM_TENANT: &str = "the tenant that the call names never reaches the request: it is the same token";
const EXPIRED: &str = "an expired assertion fails when it is loaded and is not sent";
const FALLS_BACK: &str = "whatever goes wrong with one entry, the next one has its turn";
const FORCED: &str = "force_refresh asks anew here too";
const HEALS: &str = "a better-placed entry that works again is tried behind the caller's back and takes over";
const LASTS: &str = "a token is used until shortly before its end, however short its life";
const LEGACY: &str = "the legacy ClientSecret is understood whatever the host is";
const FMI_PATH: &str = "RequiresSignedAssertionFmiPath counts in a file too, and each path has an assertion of its own";
const LINE_END: &str = "the line end is cut";
const NO_TENANT_OF_HOST: &str = "the token of a managed identity comes from the machine's host, and from no tenant";
const NOT_AGAIN: &str = "the same refused credential is not sent a second time";
const NO_TENANT: &str = "nothing is sent to an address without a tenant";
const OIDC: &str = "a provider of its own kind has no tenant, and is asked for RS256 as OpenID Connect has it";
const ONE_FLIGHT: &str = "callers that ask for the same thing at the same time share one request";
const OWN_WORDS: &str = "the authority's own code and status are passed on";
const PEM: &str = "the key in a PEM file is read";
const PINNED: &str = "the thumbprint counts whether or not an authority vouches for the certificate";
const READ_AGAIN: &str = "the file is read at every exchange";
const REDIRECT: &str = "a request that carries a credential follows no redirect";
const REQUEST_ID: &str = "every request has an id of its own";
const RESENT: &str = "a broken connection is tried once more";
const SIDE_BY_SIDE: &str = "the next entry has its turn before the retries of the first have ended";
const STORE: &str = "the same certificate, written in another way that is as clear";
const TURN: &str = "an entry that fails leaves the next one its turn, whatever it failed with";
const VALIDITY: &str = "a certificate outside its validity fails when it is loaded, and the next entry has its turn";

const fn outcome(case: &'static str, step: usize, outcome: &'static str, why: &'static str) -> Difference {
    Difference { case, step, what: What::Outcome(outcome), why }
}

const fn requests(case: &'static str, step: usize, lines: &'static [&'static str], why: &'static str) -> Difference {
    Difference { case, step, what: What::Requests(lines), why }
}

const fn meanwhile(case: &'static str, step: usize) -> Difference {
    Difference { case, step, what: What::Meanwhile, why: SIDE_BY_SIDE }
}

const fn crowd(case: &'static str, step: usize, count: usize) -> Difference {
    Difference { case, step, what: What::Crowd(count), why: ONE_FLIGHT }
}

/// A token that a managed identity's host gave.
const fn identity(case: &'static str, step: usize, outcome: &'static str) -> Difference {
    Difference { case, step, what: What::Outcome(outcome), why: NO_TENANT_OF_HOST }
}

/// Of the step's first request.
const fn field(case: &'static str, step: usize, name: &'static str, why: &'static str) -> Difference {
    Difference { case, step, what: What::Field(0, name), why }
}

const fn header(case: &'static str, step: usize, name: &'static str, why: &'static str) -> Difference {
    Difference { case, step, what: What::Header(name), why }
}

/// In the order of the cases.
pub(crate) const DIFFERENCES: &[Difference] = &[
    requests("app-token-refresh-in-fails", 5, &[], BACKS_OFF),
    outcome("app-token-short-lived", 1, "ok secret cache contoso.example 300", LASTS),
    requests("app-token-short-lived", 1, &[], LASTS),
    outcome("authority-and-instance", 0, "error", CONFLICT),
    requests("authority-and-instance", 0, &[], CONFLICT),
    outcome("authority-ciam", 0, "ok cert:a.crt authority contoso.onmicrosoft.com 3600", CIAM),
    requests("authority-ciam", 0, &["contoso.ciamlogin.com/contoso.onmicrosoft.com 200 cert:a.crt"], CIAM),
    outcome("authority-ciam", 1, "ok cert:a.crt cache contoso.onmicrosoft.com 3600", CIAM_TENANT),
    outcome("authority-missing-tenant", 0, "error", NO_TENANT),
    requests("authority-missing-tenant", 0, &[], NO_TENANT),
    outcome("authority-oidc", 0, "ok cert:a.crt authority 3600", OIDC),
    field("authority-oidc", 0, "client_assertion", OIDC),
    crowd("concurrent-200-certificate", 0, 1),
    crowd("concurrent-50-tenants", 0, 50),
    crowd("concurrent-force-refresh", 1, 1),
    crowd("concurrent-managed-identity", 0, 2),
    crowd("concurrent-on-behalf-of", 0, 1),
    outcome("custom-throws", 0, "ok secret authority contoso.example 3600", FALLS_BACK),
    requests("custom-throws", 0, &["contoso.example 200 secret"], FALLS_BACK),
    requests("fallback-all-fail", 1, &[], BACKS_OFF),
    outcome("fallback-assertion-expired-secret", 0, "ok secret authority contoso.example 3600", FALLS_BACK),
    requests("fallback-assertion-expired-secret", 0, &["contoso.example 200 secret"], FALLS_BACK),
    outcome("fallback-assertion-refused-secret", 0, "ok secret authority contoso.example 3600", FALLS_BACK),
    requests(
        "fallback-assertion-refused-secret",
        0,
        &["contoso.example 400 deny:nofic", "contoso.example 200 secret"],
        FALLS_BACK,
    ),
    outcome("fallback-ec-cert-secret", 0, "ok secret authority contoso.example 3600", FALLS_BACK),
    requests("fallback-ec-cert-secret", 0, &["contoso.example 200 secret"], FALLS_BACK),
    meanwhile("fallback-mi-app-service-404-secret", 0),
    meanwhile("fallback-mi-app-service-404-secret", 1),
    outcome("fallback-no-key-cert-secret", 0, "ok secret authority contoso.example 3600", FALLS_BACK),
    requests("fallback-no-key-cert-secret", 0, &["contoso.example 200 secret"], FALLS_BACK),
    meanwhile("fallback-three", 0),
    outcome("fallback-unregistered-cert-secret", 0, "ok secret authority contoso.example 3600", FALLS_BACK),
    requests(
        "fallback-unregistered-cert-secret",
        0,
        &["contoso.example 401 deny:key", "contoso.example 200 secret"],
        FALLS_BACK,
    ),
    outcome("fallback-wrong-secret-right-secret", 0, "ok secret authority contoso.example 3600", FALLS_BACK),
    requests(
        "fallback-wrong-secret-right-secret",
        0,
        &["contoso.example 401 deny:secret", "contoso.example 200 secret"],
        FALLS_BACK,
    ),
    requests("fallback-sticks-to-secret", 2, &["contoso.example 200 secret", "contoso.example 200 cert:a.crt"], HEALS),
    outcome("file-expired", 0, "error", EXPIRED),
    requests("file-expired", 0, &[], EXPIRED),
    outcome("file-expired-replaced", 0, "error", EXPIRED),
    requests("file-expired-replaced", 0, &[], EXPIRED),
    outcome("file-path-trailing-newline", 0, "ok fic:pod authority contoso.example 3600", LINE_END),
    requests("file-path-trailing-newline", 0, &["contoso.example 200 fic:pod"], LINE_END),
    field("file-refused-then-replaced", 3, "client_assertion", READ_AGAIN),
    field("file-replaced-6-min", 2, "client_assertion", READ_AGAIN),
    field("file-replaced-at-expiry", 2, "client_assertion", READ_AGAIN),
    header("header-for-app", 0, "client-request-id", REQUEST_ID),
    outcome("http-200-empty-token", 0, "error unusable_answer 200", OWN_WORDS),
    outcome("http-200-opaque-token", 1, "ok cache contoso.example 50", LASTS),
    requests("http-200-opaque-token", 1, &[], LASTS),
    outcome("http-503-retry-after", 0, "error temporarily_unavailable 503", OWN_WORDS),
    outcome("http-503-retry-after", 1, "error temporarily_unavailable 503", OWN_WORDS),
    requests("http-closed-always", 0, &["contoso.example closed fault", "contoso.example closed fault"], RESENT),
    outcome("http-closed-once", 0, "ok secret authority contoso.example 3600", RESENT),
    requests("http-closed-once", 0, &["contoso.example closed fault", "contoso.example 200 secret"], RESENT),
    outcome("http-redirect", 0, "error redirected 307", REDIRECT),
    requests("http-redirect", 0, &["contoso.example 307 fault"], REDIRECT),
    identity("mi-direct", 0, "ok authority 86400"),
    identity("mi-direct", 1, "ok cache 86400"),
    identity("mi-direct", 2, "ok authority 86400"),
    requests(
        "mi-direct",
        2,
        &["127.0.0.1:$PORT/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fgraph.microsoft.com 200"],
        FORCED,
    ),
    identity("mi-direct-claims", 0, "ok authority 86400"),
    identity("mi-direct-claims", 1, "ok authority 86400"),
    identity("mi-direct-claims-capabilities", 0, "ok authority 86400"),
    identity("mi-direct-claims-capabilities", 1, "ok authority 86400"),
    identity("mi-direct-imds", 0, "ok authority 86400"),
    identity("mi-direct-user-assigned", 0, "ok authority 86400"),
    identity("mi-direct-user-assigned", 1, "ok cache 86400"),
    requests(
        "mi-no-matching-fic",
        0,
        &[
            "127.0.0.1:$PORT/msi/token?api-version=2019-08-01&resource=api%3A%2F%2FAzureADTokenExchange 200",
            "contoso.example 400 deny:nofic",
            "127.0.0.1:$PORT/msi/token?api-version=2019-08-01&resource=api%3A%2F%2FAzureADTokenExchange 200",
            "contoso.example 400 deny:nofic",
        ],
        ASKED_ANEW,
    ),
    outcome("mi-service-fabric-wrong-thumbprint", 0, "error", PINNED),
    requests("mi-service-fabric-wrong-thumbprint", 0, &[], PINNED),
    outcome("obo-expired-token", 1, "ok secret cache contoso.example 200", LASTS),
    requests("obo-expired-token", 1, &[], LASTS),
    outcome("obo-interaction-required", 0, "error interaction_required 400", OWN_WORDS),
    outcome("obo-interaction-required", 1, "error interaction_required 400", OWN_WORDS),
    requests("obo-interaction-required", 1, &[], BACKS_OFF),
    requests("obo-rejected-cert-file-replaced", 3, &["contoso.example 200 cert:a.crt"], READ_AGAIN),
    Difference { case: "oidc-fic-fmi-path", step: 0, what: What::Further(0, "fmi_path"), why: FMI_PATH },
    requests(
        "oidc-fic-fmi-path-bool",
        1,
        &["login.microsoftonline.us/idp.example 200 secret", "contoso.example 200 fic:idpapp"],
        FMI_PATH,
    ),
    outcome("path-expired", 0, "error", VALIDITY),
    requests("path-expired", 0, &[], VALIDITY),
    outcome("path-future", 0, "error", VALIDITY),
    requests("path-future", 0, &[], VALIDITY),
    outcome("path-pem", 0, "ok cert:a.crt authority contoso.example 3600", PEM),
    requests("path-pem", 0, &["contoso.example 200 cert:a.crt"], PEM),
    requests("rejected-cert-file-replaced", 3, &["contoso.example 200 cert:a.crt"], READ_AGAIN),
    requests("rejected-cert-not-replaced-then-replaced", 2, &["contoso.example 200 cert:a.crt"], READ_AGAIN),
    outcome("rejected-secret-7000215", 1, "error invalid_client 401", NOT_AGAIN),
    requests("rejected-secret-7000215", 1, &[], NOT_AGAIN),
    outcome("secret-legacy-and-certificate-web-api", 0, "error", CONFLICT),
    requests("secret-legacy-and-certificate-web-api", 0, &[], CONFLICT),
    outcome("secret-legacy-and-client-certificates-web-api", 0, "error", CONFLICT),
    requests("secret-legacy-and-client-certificates-web-api", 0, &[], CONFLICT),
    outcome("secret-legacy-and-list-application-options", 0, "error", CONFLICT),
    requests("secret-legacy-and-list-application-options", 0, &[], CONFLICT),
    outcome("secret-legacy-and-list-cca-options", 0, "error", CONFLICT),
    requests("secret-legacy-and-list-cca-options", 0, &[], CONFLICT),
    outcome("secret-legacy-and-list-web-api", 0, "error", CONFLICT),
    requests("secret-legacy-and-list-web-api", 0, &[], CONFLICT),
    outcome("secret-legacy-only-application-options", 0, "ok secret authority contoso.example 3600", LEGACY),
    requests("secret-legacy-only-application-options", 0, &["contoso.example 200 secret"], LEGACY),
    outcome("store-dn-c-first", 2, "ok cert:a.crt authority contoso.example 3600", STORE),
    requests("store-dn-c-first", 2, &["contoso.example 200 cert:a.crt"], STORE),
    outcome("store-dn-no-spaces", 2, "ok cert:a.crt authority contoso.example 3600", STORE),
    requests("store-dn-no-spaces", 2, &["contoso.example 200 cert:a.crt"], STORE),
    outcome("store-thumbprint-colons", 1, "ok cert:a.crt authority contoso.example 3600", STORE),
    requests("store-thumbprint-colons", 1, &["contoso.example 200 cert:a.crt"], STORE),
    outcome("vault-assertion-then-secret", 0, "ok secret authority contoso.example 3600", TURN),
    requests("vault-assertion-then-secret", 0, &["contoso.example 200 secret"], TURN),
];
