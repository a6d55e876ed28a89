//! Lists of credentials in a section, under their present and their older names.

use credential_core::source::Entry;
use credential_core::{CredentialDescription, Finding, Secret, SourceType};

use super::acquire_token;
use super::bind::{Binder, Section};
use super::codes;
use super::key;
use super::known::{DOWNSTREAM_SETTINGS, OLDER_IDENTITY_SETTINGS};

/// The numbers of the source types (`CredentialSource` in Microsoft.Identity.Abstractions).
static NUMBERED: [SourceType; 14] = [
    SourceType::CERTIFICATE,
    SourceType::KEY_VAULT,
    SourceType::BASE64_ENCODED,
    SourceType::PATH,
    SourceType::STORE_WITH_THUMBPRINT,
    SourceType::STORE_WITH_DISTINGUISHED_NAME,
    SourceType::CLIENT_SECRET,
    SourceType::SIGNED_ASSERTION_FROM_MANAGED_IDENTITY,
    SourceType::SIGNED_ASSERTION_FILE_PATH,
    SourceType::SIGNED_ASSERTION_FROM_VAULT,
    SourceType::AUTO_DECRYPT_KEYS,
    SourceType::CUSTOM_SIGNED_ASSERTION,
    SourceType::MANAGED_CERTIFICATE,
    SourceType::STORE_WITH_SUBJECT_NAME,
];

/// The number that stands for a source type.
#[cfg(feature = "cli")]
pub(crate) fn number_of(source_type: &SourceType) -> Option<usize> {
    NUMBERED.iter().position(|known| known == source_type)
}

/// What a section's lists give.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) has_credentials: bool,
    pub(crate) credentials: Vec<CredentialDescription>,
    pub(crate) has_token_decryption: bool,
    pub(crate) token_decryption: Vec<CredentialDescription>,
}

/// Reads every list, and the older forms that stand for one.
pub(crate) fn bind(section: &Section<'_>, binder: &mut Binder<'_>) -> Lists {
    let (has_credentials, credentials) = named(section, "ClientCredentials", "ClientCertificates", binder);
    let (has_token_decryption, token_decryption) =
        named(section, "TokenDecryptionCredentials", "TokenDecryptionCertificates", binder);
    let mut lists = Lists { has_credentials, credentials, has_token_decryption, token_decryption };
    if let Some(identity) = managed_identity(section, binder) {
        older(section, "ClientCredentialsUsingManagedIdentity", identity, &mut lists, binder);
    }
    client_secret(section, &mut lists, binder);
    lists
}

/// A list under its name and its older name; two lists that both say something are an error.
fn named(
    section: &Section<'_>,
    name: &str,
    older: &str,
    binder: &mut Binder<'_>,
) -> (bool, Vec<CredentialDescription>) {
    let present = list(&section.child(name), name, binder);
    let before = list(&section.child(older), older, binder);
    match (present, before) {
        (present, None) => (present.is_some(), present.unwrap_or_default()),
        (present, Some(before)) if before.is_empty() => (present.is_some(), present.unwrap_or_default()),
        (Some(present), Some(_)) if !present.is_empty() => {
            binder.say(
                &section.child(older),
                Finding::error(codes::TWO_CREDENTIAL_LISTS, format!("{older} stands beside {name}"))
                    .remedy(format!("move its entries into {name}")),
            );
            (true, present)
        }
        (_, Some(before)) => {
            legacy(&section.child(older), older, &format!("rename it to {name}"), binder);
            (true, before)
        }
    }
}

fn legacy(place: &Section<'_>, older: &str, remedy: &str, binder: &mut Binder<'_>) {
    let finding = Finding::hint(codes::LEGACY_SETTING, format!("{older} is an older setting, and is understood"));
    binder.say(place, finding.remedy(remedy));
}

/// The entries of a list; `None` when there is none.
fn list(list: &Section<'_>, name: &str, binder: &mut Binder<'_>) -> Option<Vec<CredentialDescription>> {
    if !list.has_children() {
        let text = list.text()?;
        if !text.is_empty() {
            let finding = Finding::error(codes::WRONG_TYPE, format!("{name} is a value; a list is expected"));
            binder.say(list, finding.remedy(format!("write \"{name}\": [{{\"SourceType\": \"...\"}}]")));
            return None;
        }
        return Some(Vec::new());
    }
    if list.text().is_some_and(|text| !text.is_empty()) {
        let message = format!("{name} is a list and text: the text is ignored");
        let finding = Finding::warning(codes::VALUE_AND_CHILDREN, message);
        binder.say(list, finding.remedy("remove one of the two; one of them comes from a higher file or variable"));
    }
    let children = list.children();
    let is_setting =
        |child: &Section<'_>| !child.has_children() && child.node.is_some_and(|node| key::number(&node.name).is_none());
    let settings = children.iter().filter(|child| is_setting(child)).count();
    if settings == 0 {
        return Some(children.iter().filter_map(|child| element(child, name, binder)).collect());
    }
    let indexed = children.iter().any(|child| child.node.is_some_and(|node| key::number(&node.name).is_some()));
    if indexed {
        let finding = Finding::error(codes::WRONG_TYPE, format!("{name} is a list and one object at the same time"));
        binder.say(list, finding.remedy("write a list; one of the two comes from a higher file or variable"));
        let entries = children.iter().filter(|child| !is_setting(child));
        return Some(entries.filter_map(|child| element(child, name, binder)).collect());
    }
    let finding = Finding::warning(
        codes::CREDENTIALS_AS_OBJECT,
        format!("{name} is one object, taken as a list of one (Microsoft.Identity.Web takes it as empty)"),
    );
    binder.say(list, finding.remedy("write [...] around it"));
    Some(vec![entry(list, binder)])
}

/// One element; text is none, and neither is a list.
fn element(element: &Section<'_>, name: &str, binder: &mut Binder<'_>) -> Option<CredentialDescription> {
    let nested = element.node.is_some_and(super::tree::Node::is_list);
    let text = !element.has_children() && element.text().is_some_and(|text| !text.is_empty());
    if nested || text {
        let found = if nested { "a list" } else { "a value" };
        binder.say(
            element,
            Finding::error(codes::CREDENTIAL_NOT_AN_OBJECT, format!("an element of {name} is {found}, no object"))
                .remedy("write {\"SourceType\": \"...\"}"),
        );
        return None;
    }
    Some(entry(element, binder))
}

fn entry(section: &Section<'_>, binder: &mut Binder<'_>) -> CredentialDescription {
    let place = section.child("SourceType");
    let source_type = source_type(&place, binder);
    let origin = section.node.map_or(credential_core::source::Origin::Default, |node| node.origin.clone());
    check_authorization_options(&section.child("DecryptKeysAuthenticationOptions"), binder);
    let mut description = CredentialDescription::new(source_type).at(section.path.clone(), origin);
    for child in section.children() {
        let is_source_type = child.node.is_some_and(|node| key::same(&node.name, "SourceType"));
        if let Some(setting) = setting(&child).filter(|_| !is_source_type) {
            description = description.with_entry(setting);
        }
    }
    if let Some(given) = section.node.and_then(|node| node.given.clone()) {
        description = description.given(given);
    }
    // So that a message about the source type points at its value.
    match setting(&place) {
        Some(setting) => description.with_entry(setting),
        None => description,
    }
}

/// The one setting of an entry whose own settings have types.
fn check_authorization_options(section: &Section<'_>, outer: &mut Binder<'_>) {
    if !section.has_children() {
        return;
    }
    let mut binder = Binder { known: DOWNSTREAM_SETTINGS, what: "DecryptKeysAuthenticationOptions", said: outer.said };
    let empty = Finding::warning(codes::EMPTY_SETTING, "RequestAppToken is empty, and counts as not set");
    binder.flag(section, "RequestAppToken", empty.remedy("write true or false"));
    acquire_token::bind(section, &mut binder);
}

/// A setting with its place; `None` for `null`, which unsets.
fn setting(section: &Section<'_>) -> Option<Entry> {
    let node = section.node?;
    match node.text() {
        // An empty object is a value that is `null`.
        None if section.has_children() => {
            let entries = section.children().iter().filter_map(setting).collect();
            Some(Entry::map(&node.name, entries, node.origin.clone()))
        }
        None => None,
        Some(text) => Some(Entry::text(&node.name, text.clone(), section.origin())),
    }
}

/// The source type as documented, when it is a known one in another spelling.
fn source_type(place: &Section<'_>, binder: &mut Binder<'_>) -> SourceType {
    let Some(text) = place.text() else { return SourceType::new("") };
    let trimmed = text.trim();
    let number = trimmed.parse::<usize>().ok().and_then(|number| NUMBERED.get(number));
    let name = || NUMBERED.iter().find(|known| known.as_str().eq_ignore_ascii_case(trimmed));
    let Some(known) = number.or_else(name) else { return SourceType::new(text) };
    if known.as_str() != text {
        binder.say(
            place,
            Finding::hint(codes::SOURCE_TYPE_SPELLING, format!("\"SourceType\": {text:?} is read as {known}"))
                .remedy(format!("write \"{known}\"")),
        );
    }
    known.clone()
}

/// A top-level `ClientSecret`: one entry, when there is no other.
fn client_secret(section: &Section<'_>, lists: &mut Lists, binder: &mut Binder<'_>) {
    let place = section.child("ClientSecret");
    let Some(text) = place.text() else {
        if place.has_children() {
            let finding = Finding::error(codes::WRONG_TYPE, "ClientSecret is an object or a list; text is expected");
            binder.say(&place, finding.remedy("write one text"));
        }
        return;
    };
    let alone = lists.credentials.is_empty();
    if text.trim().is_empty() {
        let finding = if alone {
            Finding::error(codes::EMPTY_SETTING, "ClientSecret is empty")
        } else {
            Finding::hint(codes::EMPTY_SETTING, "ClientSecret is empty, beside a list of credentials")
        };
        binder.say(&place, finding.remedy("remove it"));
        return;
    }
    // At the section's path, so that its setting has the path that it has in the file.
    let entry = CredentialDescription::new(SourceType::CLIENT_SECRET)
        .at(section.path.clone(), place.origin())
        .with_entry(Entry::text("ClientSecret", Secret::from(text), place.origin()));
    older(section, "ClientSecret", entry, lists, binder);
}

/// An older setting that stands for one entry: understood alone, an error beside a list.
fn older(section: &Section<'_>, name: &str, entry: CredentialDescription, lists: &mut Lists, binder: &mut Binder<'_>) {
    let place = section.child(name);
    if lists.credentials.is_empty() {
        let remedy =
            format!("write an entry of ClientCredentials: {{\"SourceType\": \"{}\", ...}}", entry.source_type());
        legacy(&place, name, &remedy, binder);
        lists.has_credentials = true;
        lists.credentials.push(entry);
    } else {
        binder.say(
            &place,
            Finding::error(
                codes::CLIENT_SECRET_AND_CREDENTIALS,
                format!("{name} stands beside a list of credentials: which one is meant?"),
            )
            .remedy("move it into ClientCredentials as an entry, or remove it"),
        );
    }
}

/// `ClientCredentialsUsingManagedIdentity`, when it is switched on.
fn managed_identity(section: &Section<'_>, binder: &mut Binder<'_>) -> Option<CredentialDescription> {
    const NAME: &str = "ClientCredentialsUsingManagedIdentity";
    let place = binder.object(section, NAME)?;
    let mut binder = Binder { known: OLDER_IDENTITY_SETTINGS, what: NAME, said: binder.said };
    binder.check_keys(&place);
    let empty = Finding::error(codes::WRONG_TYPE, "IsEnabled is empty; true or false is expected");
    binder.flag(&place, "IsEnabled", empty)?.value.then(|| {
        let entry = CredentialDescription::new(SourceType::SIGNED_ASSERTION_FROM_MANAGED_IDENTITY)
            .at(place.path.clone(), place.origin());
        match setting(&place.child("ManagedIdentityClientId")) {
            Some(id) => entry.with_entry(id),
            None => entry,
        }
    })
}
