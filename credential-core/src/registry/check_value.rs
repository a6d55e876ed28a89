//! A value against the setting that declares it, what is below it included.

use super::bind_entry::to_add;
use super::check_path::check_path;
use super::unknown_setting;
use crate::source::{Entry, Standing, Value};
use crate::text::{guid, has_placeholder, invisible, nearest, unreplaced};
use crate::world::{AddressFault, check_address, why_not_absolute};
use crate::{Finding, Setting, SettingKind};

/// Adds what is wrong with the value at `path`. What a nested entry says is checked when it is bound.
pub(super) fn check_value(setting: &Setting, value: &Entry, path: &str, findings: &mut Vec<Finding>) {
    let mut say = |finding: Finding| findings.push(finding.at(path, value.origin.clone()));
    if let (Standing::Refused { why, remedy }, false) = (setting.standing, is_blank(&value.value)) {
        return say(Finding::error("not-supported", format!("{} {why}", setting.name)).remedy(remedy));
    }
    match (&value.value, setting.kind) {
        (Value::Text(text), _) => {
            if let Some(finding) = check_text(text.expose(), setting) {
                say(finding);
            }
        }
        (Value::Map(_), SettingKind::Entry | SettingKind::Entries) => {}
        (Value::Map(members), SettingKind::Object(declared)) => {
            members.iter().for_each(|member| check_member(setting, declared, member, path, findings));
            let is_missing = |one: &&Setting| one.required && !members.iter().any(|member| one.is_named(&member.name));
            findings.extend(declared.iter().filter(is_missing).map(|one| missing_member(setting, one, path, value)));
        }
        (Value::Map(members), SettingKind::List | SettingKind::Map) => {
            members.iter().for_each(|member| check_element(setting, member, path, findings));
        }
        (Value::Map(members), SettingKind::Data) => {
            members.iter().for_each(|member| check_data(member, path, findings));
        }
        (Value::Map(members), _) => say(wrong_type(setting, shape(members), "text")),
    }
}

/// A member of an object whose members are declared.
fn check_member(setting: &Setting, declared: &[Setting], member: &Entry, path: &str, findings: &mut Vec<Finding>) {
    if let Some(declaration) = declared.iter().find(|one| one.is_named(&member.name)) {
        return check_value(declaration, member, &format!("{path}:{}", declaration.name), findings);
    }
    let finding = unknown_setting(declared, &member.name, setting.name);
    findings.push(finding.at(format!("{path}:{}", member.name), member.origin.clone()));
}

fn missing_member(setting: &Setting, member: &Setting, path: &str, object: &Entry) -> Finding {
    Finding::error("missing-setting", format!("{} is missing in {}", member.name, setting.name))
        .at(format!("{path}:{}", member.name), object.origin.clone())
        .remedy(to_add(member.name, member.about))
}

/// An element of a list, or a member of an object of texts.
fn check_element(setting: &Setting, element: &Entry, path: &str, findings: &mut Vec<Finding>) {
    let name = setting.name;
    let finding = match &element.value {
        Value::Text(text) => check_form(setting, text.expose()),
        Value::Map(members) => {
            let found = shape(members);
            let finding = Finding::error("wrong-type", format!("a value in {name} is {found}; text is expected"));
            Some(finding.remedy("write text"))
        }
    };
    findings.extend(finding.map(|finding| finding.at(format!("{path}:{}", element.name), element.origin.clone())));
}

/// What somebody else declares may look like a placeholder and be none: that is said, and not refused.
fn check_data(member: &Entry, path: &str, findings: &mut Vec<Finding>) {
    let path = format!("{path}:{}", member.name);
    match &member.value {
        Value::Map(members) => members.iter().for_each(|member| check_data(member, &path, findings)),
        Value::Text(text) => {
            let what = unreplaced(text.expose());
            findings.extend(what.map(|what| {
                Finding::warning("placeholder", format!("{} is {what}", member.name))
                    .at(path, member.origin.clone())
                    .remedy("put the real value in its place")
            }));
        }
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.expose().trim().is_empty(),
        Value::Map(members) => members.is_empty(),
    }
}

/// What is there in words. A list's members are named by their places.
fn shape(members: &[Entry]) -> &'static str {
    let is_place = |entry: &Entry| entry.name.bytes().all(|byte| byte.is_ascii_digit());
    if members.iter().all(is_place) { "a list" } else { "an object" }
}

fn wrong_type(setting: &Setting, found: &str, expected: &str) -> Finding {
    let name = setting.name;
    let example = match setting.kind {
        SettingKind::Entry | SettingKind::Entries => "{\"SourceType\": \"...\"}",
        SettingKind::Map | SettingKind::Data | SettingKind::Object(_) => "{\"NAME\": \"VALUE\"}",
        _ => "\"...\"",
    };
    Finding::error("wrong-type", format!("{name} is {found}; {expected} is expected"))
        .remedy(format!("write one value: \"{name}\": {example}"))
}

/// What is wrong with a text that is the setting's value.
pub(crate) fn check_text(text: &str, setting: &Setting) -> Option<Finding> {
    let name = setting.name;
    if text.trim().is_empty() {
        return setting.required.then(|| {
            Finding::error("empty-setting", format!("{name} is empty")).remedy(format!("set it: {}", setting.about))
        });
    }
    if let Some(finding) = check_form(setting, text) {
        return Some(finding);
    }
    if !setting.one_of.is_empty() {
        return setting.value_of(text).is_none().then(|| unknown_value(setting, text));
    }
    match setting.kind {
        SettingKind::Flag if !["true", "false"].iter().any(|flag| flag.eq_ignore_ascii_case(text.trim())) => Some(
            Finding::error("wrong-type", format!("{name} is not a valid flag: true or false is expected"))
                .remedy("write true or false"),
        ),
        SettingKind::Integer if text.trim().parse::<u64>().is_err() => Some(
            Finding::error("wrong-type", format!("{name} is not a valid whole number")).remedy("write digits alone"),
        ),
        SettingKind::Guid if guid::normal(text.trim()).is_none() => Some(
            Finding::error("wrong-value", format!("{name} is not a valid GUID"))
                .remedy("write it as 00000000-0000-0000-0000-000000000000"),
        ),
        SettingKind::Url => check_url(text, name),
        SettingKind::Map | SettingKind::Data | SettingKind::Object(_) | SettingKind::Entry => {
            Some(wrong_type(setting, "text", "an object"))
        }
        SettingKind::Entries => Some(wrong_type(setting, "text", "a list")),
        _ => None,
    }
}

/// What is wrong with a text whatever it says: a placeholder that nobody replaced; white space around a
/// name or an address. For elements of a list too.
pub fn check_form(setting: &Setting, text: &str) -> Option<Finding> {
    let name = setting.name;
    let closed = matches!(setting.kind, SettingKind::Identifier | SettingKind::Url);
    let inside = || {
        let looked_at = closed || setting.kind == SettingKind::List;
        (looked_at && has_placeholder(text)).then_some("a value with a placeholder in it")
    };
    let is_variable = |name: &str| name.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'_');
    let is_read = setting.variables && text.trim().strip_prefix('$').is_some_and(is_variable);
    if let Some(what) = unreplaced(text).filter(|_| !is_read).or_else(inside) {
        let finding = Finding::error("placeholder", format!("{name} is {what}"));
        return Some(finding.remedy("put the real value in its place"));
    }
    if setting.kind == SettingKind::FilePath {
        return check_path(name, text);
    }
    if !closed && setting.kind != SettingKind::Guid {
        return None;
    }
    let inner = text.trim();
    if inner != text && closed {
        let finding = Finding::error("white-space", format!("{name} has white space around its value"));
        return Some(finding.remedy("remove the white space"));
    }
    check_signs(name, inner)
}

/// Signs that come along when a value is pasted, and belong to none: quotes around it, what nobody sees.
pub(super) fn check_signs(name: &str, text: &str) -> Option<Finding> {
    if let Some(sign) = invisible(text) {
        let message = format!("{name} has an invisible character in it (U+{:04X})", u32::from(sign));
        return Some(Finding::error("white-space", message).remedy("delete the value and type it anew"));
    }
    let quoted = ['"', '\'', '`'].iter().any(|mark| text.len() > 1 && text.starts_with(*mark) && text.ends_with(*mark));
    quoted.then(|| {
        Finding::error("wrong-value", format!("{name} has quotes around its value")).remedy("remove the quotes")
    })
}

fn unknown_value(setting: &Setting, text: &str) -> Finding {
    let name = setting.name;
    let meant = nearest(text, setting.one_of.iter().copied());
    let meant = meant.map(|value| format!("write {value:?}; ")).unwrap_or_default();
    let entry = if setting.kind == SettingKind::Entry { ", or an object with SourceType" } else { "" };
    Finding::error("wrong-value", format!("{name} has an invalid value"))
        .remedy(format!("{meant}known: {}{entry}", setting.one_of.join(", ")))
}

/// An address that a secret may go to. What else it must be is the source's to say.
fn check_url(text: &str, name: &str) -> Option<Finding> {
    let fault = check_address(text.trim()).err()?;
    let code = match fault {
        AddressFault::NotAbsolute => {
            let (why, remedy) = why_not_absolute(text);
            return Some(Finding::error("wrong-type", format!("{name} is not a valid URL: {why}")).remedy(remedy));
        }
        AddressFault::UserInformation => "wrong-value",
        AddressFault::NotProtected => "insecure-url",
    };
    Some(Finding::error(code, format!("{name} {fault}")).remedy(fault.remedy()))
}
