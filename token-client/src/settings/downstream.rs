//! The options of downstream APIs: which sections are one, and what they say.

use credential_core::Finding;
use credential_core::source::Origin;
use credential_core::text::{nearest, printable, shown_address};
use credential_core::world::{AddressFault, check_address, is_loopback, why_not_absolute};

use super::acquire_token::{self, AcquireTokenOptions, ManagedIdentityOptions};
use super::audience;
use super::bind::{Binder, Located, Section, TextMap};
use super::codes;
use super::key;
use super::known::DOWNSTREAM_SETTINGS;
use super::managed_identity;
use super::refused;
use super::scopes;
use super::tree::Tree;
use crate::http::{headers, media_type, path};

/// The section whose children are downstream APIs.
pub(crate) const PARENT: &str = "DownstreamApis";

/// The most characters of a path in a message.
const MAX_PATH: usize = 200;

/// What a downstream API's section says; defaults stand where the reference has them.
/// `Debug` shows where settings stand and no value, as [`Located`] does.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DownstreamOptions {
    /// The API's name: the key of its section.
    pub name: String,
    /// The path of the section.
    pub path: String,
    /// Where the section stands.
    pub origin: Origin,
    /// The address of the API.
    pub base_url: Option<Located<String>>,
    /// What follows the address; `None` for `null`.
    pub relative_path: Option<Located<String>>,
    /// What the token is for; `None` when nothing is said.
    pub scopes: Option<Located<Vec<String>>>,
    /// Whether the application calls, and not a user.
    pub request_app_token: Option<Located<bool>>,
    /// Whether the API is called without a token.
    pub anonymous: Option<Located<bool>>,
    /// The HTTP method, `Get` without one.
    pub http_method: Located<String>,
    /// The Accept header, `application/json` without one; `None` for `null`.
    pub accept_header: Option<Located<String>>,
    /// The body's media type, `application/json` without one; `None` for `null`.
    pub content_type: Option<Located<String>>,
    /// The scheme of the Authorization header, `Bearer` without one.
    pub protocol_scheme: Located<String>,
    /// Further headers.
    pub extra_header_parameters: Option<Located<TextMap>>,
    /// Query parameters.
    pub extra_query_parameters: Option<Located<TextMap>>,
    /// How the token is asked for.
    pub acquire_token_options: AcquireTokenOptions,
}

impl DownstreamOptions {
    /// Whether the application calls, and not a user.
    pub fn is_app_token(&self) -> bool {
        self.request_app_token.as_ref().is_some_and(|flag| flag.value)
    }

    /// Whether the API is called without a token.
    pub fn is_anonymous(&self) -> bool {
        self.anonymous.as_ref().is_some_and(|flag| flag.value)
    }

    /// The managed identity that calls instead of the application.
    pub fn managed_identity(&self) -> Option<&ManagedIdentityOptions> {
        self.acquire_token_options.managed_identity.as_ref()
    }

    /// The scopes; empty when there are none.
    pub fn scope_list(&self) -> &[String] {
        self.scopes.as_ref().map_or(&[], |scopes| &scopes.value)
    }
}

/// Binds every downstream API of the tree, the application's own section left out.
pub(crate) fn bind_all(tree: &Tree, application: &str, said: &mut Vec<Finding>) -> Vec<DownstreamOptions> {
    let top = tree.root().children().iter().map(|node| Section { node: Some(node), path: node.name.clone() });
    let own = application.split(key::SEPARATOR).next().unwrap_or_default();
    let mut sections: Vec<(Section<'_>, bool)> = Vec::new();
    for section in top {
        let name = section.node.map_or("", |node| node.name.as_str());
        if key::same(name, PARENT) {
            said.extend(misshapen(&section).map(|finding| finding.at(&section.path, section.origin())));
            let whole = misshapen(&section).is_none();
            for child in section.children() {
                match no_section(&child).filter(|_| whole) {
                    Some(finding) => said.push(finding.at(&child.path, child.origin())),
                    None if child.has_children() => sections.push((child, true)),
                    None => {}
                }
            }
        } else if !key::same(name, own) && !is_application(&section) {
            let whole = is_whole(&section);
            if whole || has_any(&section, &HINTS) {
                sections.push((section, whole));
            } else if nearest(name, [PARENT]).is_some() && section.children().iter().any(is_whole) {
                let finding = Finding::error(codes::MISSPELT_SETTING, format!("unknown section {name:?}"));
                said.push(finding.at(&section.path, section.origin()).remedy(format!("write \"{PARENT}\"")));
            }
        }
    }
    let mut list: Vec<DownstreamOptions> = Vec::new();
    for (section, whole) in sections {
        let options = bind(&section, whole, said);
        match list.iter().find(|other| key::same(&other.name, &options.name)) {
            Some(other) => said.push(
                Finding::error(
                    codes::DOWNSTREAM_TWICE,
                    format!("{} and {} are downstream APIs of the same name", other.path, options.path),
                )
                .at(options.path, options.origin)
                .remedy("rename one of the two"),
            ),
            None => list.push(options),
        }
    }
    list
}

/// What is wrong where the APIs should stand by their names.
fn misshapen(parent: &Section<'_>) -> Option<Finding> {
    let remedy = format!("write \"{PARENT}\": {{\"NAME\": {{\"BaseUrl\": \"https://...\", \"Scopes\": [\"...\"]}}}}");
    let wrong = |found: &str| {
        let message = format!("{PARENT} is {found}; an object with a name for each API is expected");
        Some(Finding::error(codes::WRONG_TYPE, message).remedy(remedy.clone()))
    };
    match parent.node {
        Some(_) if !parent.has_children() && parent.text().is_some_and(|text| !text.is_empty()) => wrong("text"),
        Some(node) if node.is_list() => wrong("a list"),
        _ if is_whole(parent) => wrong("an API itself"),
        _ => None,
    }
}

/// What stands in the place of an API's section.
fn no_section(api: &Section<'_>) -> Option<Finding> {
    let found = match api.node {
        Some(node) if node.is_list() => "a list",
        Some(_) if !api.has_children() && api.text().is_some_and(|text| !text.is_empty()) => "text",
        _ => return None,
    };
    let name = api.node.map_or("", |node| node.name.as_str());
    let finding = Finding::error(codes::WRONG_TYPE, format!("{name} is {found}; an object is expected"));
    Some(finding.remedy("write {\"BaseUrl\": \"https://...\", \"Scopes\": [\"...\"]}"))
}

/// What makes a section a downstream API.
pub(crate) const WHOLE: [&str; 2] = ["BaseUrl", "Scopes"];

/// What nothing but a downstream API has.
pub(crate) const HINTS: [&str; 6] = [
    "AcquireTokenOptions",
    "RequestAppToken",
    "ExtraHeaderParameters",
    "ProtocolScheme",
    "AcceptHeader",
    "RelativePath",
];

/// What makes a section with a `ClientId` another application's, which may have `Scopes` of its own.
pub(crate) const APPLICATION: [&str; 4] = ["Instance", "TenantId", "Authority", "ClientCredentials"];

fn has_any(section: &Section<'_>, keys: &[&str]) -> bool {
    keys.iter().any(|key| section.child(key).node.is_some())
}

fn is_whole(section: &Section<'_>) -> bool {
    has_any(section, &WHOLE)
}

pub(super) fn is_application(section: &Section<'_>) -> bool {
    has_any(section, &["ClientId"]) && has_any(section, &APPLICATION)
}

fn bind(section: &Section<'_>, whole: bool, said: &mut Vec<Finding>) -> DownstreamOptions {
    let node = section.node;
    let mut binder = Binder { known: DOWNSTREAM_SETTINGS, what: "a downstream API", said };
    binder.check_keys(section);
    let flag = |binder: &mut Binder<'_>, name: &str| {
        let empty = Finding::warning(codes::EMPTY_SETTING, format!("{name} is empty, and counts as not set"));
        binder.flag(section, name, empty.remedy("write true or false"))
    };
    let options = DownstreamOptions {
        name: node.map(|node| node.name.clone()).unwrap_or_default(),
        path: section.path.clone(),
        origin: node.map_or(Origin::Default, |node| node.origin.clone()),
        base_url: binder.text(section, "BaseUrl"),
        relative_path: or_default(&mut binder, section, "RelativePath"),
        scopes: binder.text_list(section, "Scopes"),
        request_app_token: flag(&mut binder, "RequestAppToken"),
        anonymous: flag(&mut binder, "Anonymous"),
        http_method: method(&mut binder, section),
        accept_header: or_default(&mut binder, section, "AcceptHeader"),
        content_type: or_default(&mut binder, section, "ContentType"),
        protocol_scheme: filled(&mut binder, section, "ProtocolScheme"),
        extra_header_parameters: binder.text_map(section, "ExtraHeaderParameters"),
        extra_query_parameters: binder.text_map(section, "ExtraQueryParameters"),
        acquire_token_options: acquire_token::bind(section, &mut binder),
    };
    refused::check(section, &options, &mut binder);
    managed_identity::check(section, &options, &mut binder);
    check_parts(&options, &mut binder);
    if whole {
        check(section, &options, &mut binder);
    } else {
        binder.say(
            section,
            Finding::warning(
                codes::INCOMPLETE_DOWNSTREAM,
                "the section has settings of a downstream API, and neither BaseUrl nor Scopes",
            )
            .remedy("add BaseUrl and Scopes"),
        );
    }
    options
}

/// Text with a default, which `null` takes away.
fn or_default(binder: &mut Binder<'_>, section: &Section<'_>, name: &str) -> Option<Located<String>> {
    if section.child(name).is_null() {
        return None;
    }
    Some(binder.text(section, name).unwrap_or_else(|| default_value(section, name, binder.default(name))))
}

/// Text with a default that stands for `null` and empty text too.
fn filled(binder: &mut Binder<'_>, section: &Section<'_>, name: &str) -> Located<String> {
    let text = binder.text(section, name).filter(|text| !text.value.is_empty());
    text.unwrap_or_else(|| default_value(section, name, binder.default(name)))
}

fn default_value(section: &Section<'_>, name: &str, default: &str) -> Located<String> {
    Located { value: default.to_owned(), origin: Origin::Default, path: format!("{}:{name}", section.path) }
}

fn method(binder: &mut Binder<'_>, section: &Section<'_>) -> Located<String> {
    const METHODS: [&str; 9] = ["Get", "Post", "Put", "Patch", "Delete", "Head", "Options", "Trace", "Connect"];
    let mut method = filled(binder, section, "HttpMethod");
    let trimmed = method.value.trim().to_owned();
    let place = section.child("HttpMethod");
    if trimmed != method.value {
        let finding = Finding::hint(codes::WHITE_SPACE, "HttpMethod has white space around it, which is cut off");
        binder.say(&place, finding.remedy("remove it"));
        method.value = trimmed;
    }
    if !headers::is_token(&method.value) {
        let finding = Finding::error(codes::WRONG_VALUE, "HttpMethod is not a valid HTTP method");
        binder.say(&place, finding.remedy("write Get, Post, ..."));
    } else if !METHODS.iter().any(|known| known.eq_ignore_ascii_case(&method.value)) {
        let remedy = match nearest(&method.value, METHODS) {
            Some(known) => format!("write \"{known}\""),
            None => format!("use one of: {}", METHODS.join(", ")),
        };
        let finding = Finding::warning(codes::WRONG_VALUE, format!("HttpMethod {:?} is unusual", method.value));
        binder.say(&place, finding.remedy(remedy));
    }
    method
}

/// Checks across the settings of a section.
fn check(section: &Section<'_>, options: &DownstreamOptions, binder: &mut Binder<'_>) {
    check_base_url(section, options, binder);
    let place = if options.scopes.is_some() { section.child("Scopes") } else { section.clone() };
    let list = options.scope_list();
    if let Some(scope) = list.iter().find(|scope| scope.contains(',')) {
        let finding = Finding::warning(codes::COMMA_IN_SCOPE, format!("the scope {scope:?} has a comma in it"));
        binder.say(&place, finding.remedy("write a list: white space separates scopes"));
    }
    if options.is_anonymous() {
        if !list.is_empty() {
            let finding =
                Finding::warning(codes::ANONYMOUS_WITH_SCOPES, "the API has scopes, and is called without a token");
            binder.say(&place, finding.remedy("remove \"Anonymous\": true, or the scopes"));
        }
        return;
    }
    if list.is_empty() {
        binder.say(
            &place,
            Finding::error(codes::NO_SCOPES, "Scopes is missing: the API would be called without a token")
                .remedy("add \"Scopes\": [\"...\"], or \"Anonymous\": true"),
        );
        return;
    }
    let for_app = options.is_app_token() || options.managed_identity().is_some();
    let checked = if for_app { scopes::check_app_token(list) } else { scopes::check_user_token(list) };
    match checked {
        Err(finding) => binder.say(&place, *finding),
        Ok(()) => {
            if let Some(finding) = options.base_url.as_ref().and_then(|base| audience::check(&base.value, list)) {
                binder.say(&place, finding);
            }
        }
    }
}

/// Checks what every call of the section will be made of.
fn check_parts(options: &DownstreamOptions, binder: &mut Binder<'_>) {
    let say = |binder: &mut Binder<'_>, finding: Finding, path: String, origin: &Origin| {
        binder.said.push(finding.at(path, origin.clone()));
    };
    if let Some(path) = &options.relative_path
        && let Err(finding) = path::check(&path.value, true)
    {
        let found = format!("RelativePath is {:?}", printable(&shown_address(&path.value), MAX_PATH));
        say(binder, finding.because(found), path.path.clone(), &path.origin);
    }
    if let Some(accept) = &options.accept_header
        && let Err(finding) = media_type::check_accept(&accept.value)
    {
        say(binder, *finding, accept.path.clone(), &accept.origin);
    }
    let content_type = options.content_type.as_ref().filter(|text| !text.value.trim().is_empty());
    if let Some(content_type) = content_type
        && let Err(finding) = media_type::check(content_type.value.trim())
    {
        say(binder, *finding, content_type.path.clone(), &content_type.origin);
    }
    let tenant = options.acquire_token_options.tenant.as_ref().filter(|tenant| !tenant.value.is_empty());
    if let Some(tenant) = tenant
        && let Err(finding) = crate::authority::check_tenant(&tenant.value, "Tenant")
    {
        say(binder, *finding, tenant.path.clone(), &tenant.origin);
    }
    for (name, value, path, origin) in headers(options.extra_header_parameters.as_ref()) {
        if let Err(finding) = headers::check(name, value) {
            say(binder, *finding, path, origin);
        } else if headers::is_reserved(name) {
            let message =
                format!("the header {name} is set by this client alone, and left out of ExtraHeaderParameters");
            let finding = Finding::warning(codes::RESERVED_HEADER, message).remedy("remove it");
            say(binder, finding, path, origin);
        }
    }
    for (name, value, path, origin) in headers(options.acquire_token_options.extra_headers_parameters.as_ref()) {
        if let Err(finding) = headers::check_unreserved(name, value) {
            say(binder, *finding, path, origin);
        }
    }
}

/// Each header that a map has: name, value, path and place.
fn headers(map: Option<&Located<TextMap>>) -> impl Iterator<Item = (&str, &str, String, &Origin)> {
    let all = map.into_iter().flat_map(|map| map.value.iter().map(move |pair| (map, pair)));
    all.filter_map(|(map, (name, value))| {
        Some((name.as_str(), value.as_deref()?, format!("{}:{name}", map.path), &map.origin))
    })
}

fn check_base_url(section: &Section<'_>, options: &DownstreamOptions, binder: &mut Binder<'_>) {
    let Some(base_url) = &options.base_url else { return };
    let place = section.child("BaseUrl");
    let text = base_url.value.trim();
    if text.is_empty() {
        let finding = Finding::error(codes::EMPTY_SETTING, "BaseUrl is empty");
        binder.say(&place, finding.remedy("write the address of the API"));
        return;
    }
    if credential_core::text::unreplaced(text).is_some() {
        return;
    }
    if check_address(text) == Err(AddressFault::NotAbsolute) {
        let (why, remedy) = why_not_absolute(text);
        let finding = Finding::error(codes::WRONG_VALUE, format!("BaseUrl is not a valid URL: {why}"));
        binder.say(&place, finding.remedy(remedy));
        return;
    }
    match url::Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            let finding = Finding::error(codes::WRONG_VALUE, "BaseUrl has a user name or password in it");
            binder.say(&place, finding.remedy("remove it: a token is what a call is made with"));
        }
        Ok(url) if url.fragment().is_some() => {
            let finding =
                Finding::error(codes::WRONG_VALUE, "BaseUrl has a fragment (#...) in it, which is never sent");
            binder.say(&place, finding.remedy("remove it; a # that belongs to the path is written %23"));
        }
        Ok(url) if url.scheme() == "http" && !is_loopback(url.as_str()) && !options.is_anonymous() => {
            let finding = Finding::warning(codes::INSECURE_URL, "BaseUrl is http: no token is sent there");
            binder.say(&place, finding.remedy("write https://; http is for 127.0.0.1, [::1] and localhost"));
        }
        _ => {}
    }
}
