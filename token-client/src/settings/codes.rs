//! The codes of the findings about settings: stable, what programs compare.
//!
//! What is wrong inside an entry of a credential list (an unknown `SourceType`, a misspelt setting, a
//! placeholder) is found when the list is bound to its sources, by
//! [`SourceRegistry::bind`](credential_core::SourceRegistry::bind), with its own codes; those that
//! both use have the same name here.

use credential_core::Finding;
use credential_core::source::Origin;

/// Error. A file is missing that was asked for (warning when the section is complete without it).
pub const SETTINGS_FILE_MISSING: &str = "settings-file-missing";
/// Error. A settings file is there and cannot be read: a folder, no permission.
pub const SETTINGS_FILE_UNREADABLE: &str = "settings-file-unreadable";
/// Error. A settings file is larger than [`MAX_FILE_SIZE`](super::MAX_FILE_SIZE).
pub const SETTINGS_FILE_TOO_LARGE: &str = "settings-file-too-large";
/// Error. A settings file has no content, or nothing but comments.
pub const SETTINGS_FILE_EMPTY: &str = "settings-file-empty";
/// Error. A settings file is no JSON of the kind that .NET reads, or nests too deep.
pub const BROKEN_JSON: &str = "broken-json";
/// Error. One file has the same path twice, ignoring case and with `:` as nesting.
pub const DUPLICATE_KEY: &str = "duplicate-key";
/// Error. The name of the environment cannot be a part of a file name.
pub const BAD_ENVIRONMENT_NAME: &str = "bad-environment-name";
/// Error when the values differ, else warning. Two variables set the same path.
pub const VARIABLE_TWICE: &str = "variable-twice";
/// Error when it was to set something of a section that is read, else warning. A variable is not valid
/// UTF-8, and is not read.
pub const VARIABLE_NOT_UNICODE: &str = "variable-not-unicode";
/// Error. A variable or argument nests deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
pub const PATH_TOO_DEEP: &str = "path-too-deep";
/// Warning. A variable has `_` or `.` where `__` separates, and is not read.
pub const VARIABLE_SEPARATOR: &str = "variable-separator";
/// Hint. A value comes from an `ASPNETCORE_` variable, which generic hosts of .NET don't read.
pub const WEB_HOST_VARIABLE: &str = "web-host-variable";
/// Warning. An argument has `__` where `:` separates.
pub const ARGUMENT_SEPARATOR: &str = "argument-separator";

/// Error. There are no files to read again: the program gave the configuration itself.
pub const NOTHING_TO_RELOAD: &str = "nothing-to-reload";
/// Error. The section is not there.
pub const MISSING_SECTION: &str = "missing-section";
/// Error. A setting is missing that nothing works without.
pub const MISSING_SETTING: &str = "missing-setting";
/// Error; hint where an empty value does no harm. A setting has no text.
pub const EMPTY_SETTING: &str = "empty-setting";
/// Error. A key is no setting, and one is near.
pub const MISSPELT_SETTING: &str = "misspelt-setting";
/// Warning. A key is no setting, and none is near.
pub const UNKNOWN_SETTING: &str = "unknown-setting";
/// Error; warning for a list where names are expected. A value has another shape than its setting.
pub const WRONG_TYPE: &str = "wrong-type";
/// Error. A value has the right shape and cannot be.
pub const WRONG_VALUE: &str = "wrong-value";
/// Error. A value was to be replaced by whoever uses the template or deployment.
pub const PLACEHOLDER: &str = "placeholder";
/// Error; hint where it is cut off. White space stands around a value.
pub const WHITE_SPACE: &str = "white-space";
/// Error. A setting asks for something that this version does not do: it is not done by halves.
pub const NOT_SUPPORTED: &str = "not-supported";
/// Hint; warning for credentials. A setting is understood and changes nothing here.
pub const WITHOUT_EFFECT: &str = "without-effect";
/// Warning; error for a token request. A header is this client's own to set; a call leaves it out.
pub const RESERVED_HEADER: &str = "reserved-header";
/// Warning. An address is `http` and not on this machine.
pub const INSECURE_URL: &str = "insecure-url";
/// Warning. A key has a value and further keys below it; one of the two is not used.
pub const VALUE_AND_CHILDREN: &str = "value-and-children";
/// Hint. A list is written as text and was split on white space.
pub const LIST_AS_TEXT: &str = "list-as-text";
/// Warning. A list has empty elements, which are left out.
pub const EMPTY_ELEMENT: &str = "empty-element";

/// Warning. A list is one object, and is taken as a list of one.
pub const CREDENTIALS_AS_OBJECT: &str = "credentials-as-object";
/// Error. An element of a credential list is no object.
pub const CREDENTIAL_NOT_AN_OBJECT: &str = "credential-not-an-object";
/// Hint. A `SourceType` is a number, or spelt otherwise than documented.
pub const SOURCE_TYPE_SPELLING: &str = "source-type-spelling";
/// Warning. Neither credentials nor a secret are configured.
pub const NO_CREDENTIALS: &str = "no-credentials";
/// Error. Every entry of a list says `Skip`.
pub const ALL_CREDENTIALS_SKIPPED: &str = "all-credentials-skipped";
/// Error. A list of credentials stands outside the application's section, which has none.
pub const MISPLACED_CREDENTIALS: &str = "misplaced-credentials";
/// Error. A top-level `ClientSecret` stands beside a list that is not empty.
pub const CLIENT_SECRET_AND_CREDENTIALS: &str = "client-secret-and-credentials";
/// Error. Two lists of credentials are not empty.
pub const TWO_CREDENTIAL_LISTS: &str = "two-credential-lists";
/// Hint. A setting has an older name, or form, that is understood.
pub const LEGACY_SETTING: &str = "legacy-setting";
/// Warning. A list has elements of a lower layer behind or between those of a higher one.
pub const LIST_REMAINS: &str = "list-remains";
/// Warning. An entry got another `SourceType` and keeps settings of the one below.
pub const MIXED_ENTRY: &str = "mixed-entry";

/// Error. A downstream section has no scopes, and does not say `"Anonymous": true`.
pub const NO_SCOPES: &str = "no-scopes";
/// Warning. The scopes are for another API than the one at `BaseUrl`.
pub const SCOPE_OF_ANOTHER_API: &str = "scope-of-another-api";
/// Warning. A section has scopes and says `"Anonymous": true`.
pub const ANONYMOUS_WITH_SCOPES: &str = "anonymous-with-scopes";
/// Error. The scopes belong to several resources: a token is for one.
pub const SEVERAL_RESOURCES: &str = "several-resources";
/// Error. A delegated scope where an app token is asked for.
pub const DELEGATED_SCOPE_FOR_APP_TOKEN: &str = "delegated-scope-for-app-token";
/// Error. `.default` beside other scopes of the same resource.
pub const DEFAULT_WITH_OTHER_SCOPES: &str = "default-with-other-scopes";
/// Warning. A scope has a comma: scopes are separated by white space.
pub const COMMA_IN_SCOPE: &str = "comma-in-scope";
/// Warning. A section has settings of a downstream API and neither `BaseUrl` nor `Scopes`.
pub const INCOMPLETE_DOWNSTREAM: &str = "incomplete-downstream";
/// Error. Two sections are downstream APIs of the same name.
pub const DOWNSTREAM_TWICE: &str = "downstream-twice";

/// Error of a call. The call and its section contradict each other about whom the call is made for.
pub const CALLER_CONFLICT: &str = "caller-conflict";
/// Error of a call; hint in `doctor`. The section is called on behalf of users, and no user's token came in.
pub const NEEDS_USER: &str = "needs-a-user";
/// Error of a call; hint in `doctor`. Neither the call nor its section says whom a `.default` scope is for.
pub const APP_OR_USER: &str = "app-or-user";

/// A finding about a place, and no setting.
pub(crate) fn placed(mut finding: Finding, origin: Origin) -> Finding {
    finding.origin = Some(origin);
    finding
}
