//! Where this product does something else than the reference, and why.

/// How it is beside the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// What the reference does.
    Same,
    /// What types in Rust make of it.
    OfRust,
    /// What the caller wants is done, where the reference does it worse; or what cannot work is said sooner.
    Better,
    /// Not done, with a reason and a remedy, where the reference goes on.
    Refused,
}

/// One thing that differs in some cases.
pub(crate) struct Difference {
    pub(crate) cases: &'static [&'static str],
    pub(crate) kind: Kind,
    pub(crate) what: What,
    /// For whoever reads the table.
    #[expect(dead_code, reason = "stands here for people")]
    pub(crate) why: &'static str,
}

/// What is done here instead.
pub(crate) enum What {
    /// The settings are not taken, for that reason; nothing is sent.
    Settings(&'static str),
    /// The call is an error; nothing is sent.
    Call,
    /// What came of the calls.
    Outcome(&'static str),
    /// The API's requests: method, address, token.
    Requests(&'static [&'static str]),
    /// A header is another one.
    Header(&'static str),
    /// The requests for tokens.
    Tokens(&'static [&'static str]),
}

const BODY_ALONE: &str = "headers of the body and of the connection are set from these alone";
const BROKEN: &str = "a header that no request may carry is found when the section is read";
const CASE: &str = "names are compared ignoring case, as keys are";
const CLAIMS: &str = "a challenge is read as RFC 9110 has it, and base64 with or without padding";
const ENDS: &str = "what is no address below a server is found when the section is read, before any token is asked for";
const EXTENSIONS: &str = "they are for extensions, which make another identity's token of them: without one the token \
                          would be for somebody else than was asked, in silence";
const HALVES: &str = "what is asked for and not done is refused by name, and never done by halves";
const HOME: &str =
    "a redirect that is followed keeps the token at the same origin, and gives nobody else the call's headers";
const JSON: &str = "what is JSON is read as JSON, whatever it is called";
const LATE: &str = "what cannot work is an error before a token is asked for";
const LEAVES: &str = "a path that could mean another place than one below the address is refused";
const LOUD: &str = "an API is called without a token where the section or the call says so, and never in silence";
const MEDIA: &str = "the body is said to be what the section says it is";
const NULL: &str = "what is null is left out";
const ONCE: &str = "callers that ask for the same token share one request";
const RESENT: &str = "a request that may have arrived is not sent again unasked";
const SCOPES: &str = "one token is for one resource";
const SPACE: &str =
    "a space at the end becomes a part of the path (%20), which no API has: it is a slip, and said to be one";
const TEXT: &str = "scopes as text are scopes";
const TRACED: &str = "the API gets the id that ties the requests together";

/// An item as the answers have it.
const ITEM: &str = r#"200 application/json; charset=utf-8 {"Id": 1, "Name": "one"}"#;
const NAMED: &str = r#"value {"Id":1,"Name":"n","Note":null}"#;
const GRAPH: &str = "contoso.example app1 https://graph.microsoft.com/.default";
const GET: &str = "GET /api/ Bearer $TOKEN1";

const fn one(cases: &'static [&'static str], kind: Kind, what: What, why: &'static str) -> Difference {
    Difference { cases, kind, what, why }
}

/// The settings are refused, where the reference goes on.
const fn refused(cases: &'static [&'static str], code: &'static str, why: &'static str) -> Difference {
    one(cases, Kind::Refused, What::Settings(code), why)
}

/// The settings are refused, where the reference fails later and in other words.
const fn sooner(cases: &'static [&'static str], code: &'static str, why: &'static str) -> Difference {
    one(cases, Kind::Better, What::Settings(code), why)
}

const fn outcome(cases: &'static [&'static str], outcome: &'static str, why: &'static str) -> Difference {
    one(cases, Kind::Better, What::Outcome(outcome), why)
}

const fn requests(case: &'static [&'static str], lines: &'static [&'static str], why: &'static str) -> Difference {
    one(case, Kind::Better, What::Requests(lines), why)
}

const fn tokens(case: &'static [&'static str], lines: &'static [&'static str], why: &'static str) -> Difference {
    one(case, Kind::Better, What::Tokens(lines), why)
}

const fn header(cases: &'static [&'static str], name: &'static str, why: &'static str) -> Difference {
    one(cases, Kind::Better, What::Header(name), why)
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    // Settings that are not taken.
    refused(
        &["call-for-user-no-scopes", "extra-header-no-scopes", "scopes-empty-array", "scopes-null"],
        "no-scopes",
        LOUD,
    ),
    sooner(&["scopes-array-null", "scopes-array-of-empty"], "no-scopes", LATE),
    refused(&["scopes-space-joined", "scopes-two"], "several-resources", SCOPES),
    refused(&["scopes-string-two"], "default-with-other-scopes", SCOPES),
    sooner(&["empty-service", "unknown-service"], "unknown-downstream-api", LOUD),
    refused(&["extra-header-Transfer-Encoding", "extra-header-crlf"], "bad-header", BODY_ALONE),
    sooner(&["extra-header-Content-Length", "extra-header-Content-Type"], "bad-header", BODY_ALONE),
    sooner(&["extra-header-bad-name", "extra-headers"], "bad-header", BROKEN),
    refused(&["protocol-Pop", "protocol-SignedHttpRequest", "token-long-running-key"], "not-supported", HALVES),
    refused(&["token-extra-parameters"], "not-supported", EXTENSIONS),
    sooner(&["token-auth-options-name"], "not-supported", HALVES),
    sooner(&["request-app-token-bad"], "wrong-type", LATE),
    sooner(&["verb-option-with-space"], "wrong-value", LATE),
    refused(&["url-15", "url-24"], "bad-path", LEAVES),
    sooner(&["url-31"], "bad-path", ENDS),
    refused(&["url-35"], "white-space", SPACE),
    refused(&["url-37", "url-38"], "wrong-value", ENDS),
    sooner(&["url-27", "url-28", "url-36"], "wrong-value", ENDS),
    sooner(&["url-no-base", "url-no-base-relative"], "missing-setting", ENDS),
    // Calls that are not made.
    one(&["call-for-app-section-false", "scopes-override-empty"], Kind::Refused, What::Call, LOUD),
    one(&["claims-option-bad"], Kind::Refused, What::Call, LATE),
    one(&["unknown-host"], Kind::Better, What::Call, "no token is asked for that could go nowhere but over plain http"),
    // Requests.
    tokens(
        &["claims-no-padding"],
        &[GRAPH, r#"contoso.example app1 https://graph.microsoft.com/.default {"access_token":{}}"#],
        CLAIMS,
    ),
    outcome(&["claims-spaces"], r#"value {"Id":1,"Name":"one","Note":null}"#, CLAIMS),
    requests(&["claims-spaces"], &[GET, "GET /api/ Bearer $TOKEN2"], CLAIMS),
    tokens(
        &["claims-spaces"],
        &[
            GRAPH,
            r#"contoso.example app1 https://graph.microsoft.com/.default {"access_token":{"nbf":{"essential":true,"value":"1600000000"}}}"#,
        ],
        CLAIMS,
    ),
    requests(&["concurrent-same"], &[GET; 5], ONCE),
    tokens(&["concurrent-same"], &[GRAPH], ONCE),
    requests(&["connection-closed"], &[GET], RESENT),
    header(&["correlation-id"], "client-request-id", TRACED),
    outcome(&["extra-query-null-value"], ITEM, NULL),
    requests(&["extra-query-null-value"], &[GET], NULL),
    tokens(&["extra-query-null-value"], &[GRAPH], NULL),
    header(
        &["input-bytes-content-type", "input-string-content-type-text-html", "input-string-json-text"],
        "content-type",
        MEDIA,
    ),
    requests(&["redirect-300"], &["GET /api/r Bearer $TOKEN1", "GET /api/after Bearer $TOKEN1"], HOME),
    requests(&["redirect-loop"], &["GET /api/r Bearer $TOKEN1"; 51], HOME),
    header(&["redirect-302-other-host-get"], "x-extra", HOME),
    requests(&["scopes-string-AddDownstreamApis"], &[GET], TEXT),
    tokens(&["scopes-string-AddDownstreamApis"], &[GRAPH], TEXT),
    outcome(&["service-case"], ITEM, CASE),
    requests(&["service-case"], &[GET], CASE),
    tokens(&["service-case"], &[GRAPH], CASE),
    // Answers.
    one(
        &["output-json-list-to-object"],
        Kind::OfRust,
        What::Outcome(r#"value {"Id":1,"Name":null,"Note":null}"#),
        "a type that serde derives takes a list of its members too",
    ),
    outcome(
        &["output-stream"],
        r#"value "{\"Id\": 3, \"Name\": \"x\", \"extra\": 1}""#,
        "answers can be read as they come",
    ),
    outcome(
        &[
            "output-type-JSON-upper",
            "output-type-TEXT",
            "output-type-bad",
            "output-type-none",
            "output-type-octet",
            "output-type-problem",
            "output-type-text-json",
            "output-type-text-plain",
            "output-type-xml",
        ],
        NAMED,
        JSON,
    ),
    outcome(&["redirect-ftp"], "error 302", "nothing leads from http to another scheme: the caller gets the answer"),
];
