//! One entry against what its source declares: known names, shapes, required and empty values.

use std::sync::Arc;

use async_trait::async_trait;

use super::Parts;
use super::spelling::{nearest, unreplaced};
use crate::codes::{SOURCE_NOT_IN_BUILD, UNKNOWN_SOURCE_TYPE};
use crate::guard::caught;
use crate::{
    AbsentSource, AddressFault, BindContext, Credential, CredentialDescription, CredentialLoader, Finding, LoadRequest,
    Severity, SourceError, SourceRegistry, SourceType, check_address,
};
use crate::{COMMON_SETTINGS, Setting, SettingKind};
use crate::{Entry, Value};

/// Checks the entry, binds it and adds what is found; gives its loader if there is one.
pub(crate) fn bind_entry(
    parts: &Parts<'_>,
    entry: &CredentialDescription,
    findings: &mut Vec<Finding>,
) -> Option<Arc<dyn CredentialLoader>> {
    let registry = parts.registry;
    let Some(source) = registry.get(entry.source_type()) else {
        if let Some(absent) = registry.absent().find(|absent| absent.source_type == *entry.source_type())
            && let Some(remedy) = absent.remedy
        {
            findings.push(not_in_build(absent, entry, Severity::Warning, remedy));
            return Some(Arc::new(PassedOver { source_type: absent.source_type.clone(), remedy }));
        }
        findings.push(unknown_source(registry, entry));
        return None;
    };
    let before = findings.len();
    for setting in entry.settings() {
        check_setting(registry, source.settings(), entry, setting, findings);
    }
    for setting in source.settings().iter().filter(|setting| setting.required) {
        let said = findings.get(before..).unwrap_or_default();
        let path = entry.setting_path(setting.name);
        let named = format!("{:?}", setting.name);
        let explained = said.iter().any(|finding| {
            let meant = finding.remedy.as_ref().is_some_and(|remedy| remedy.contains(&named));
            meant || finding.path.as_deref() == Some(path.as_str())
        });
        if entry.entry(setting.name).is_none() && !explained {
            findings.push(missing(entry, setting));
        }
    }
    // What is misspelt or missing makes no sense together.
    if BindContext::failed(findings.get(before..).unwrap_or_default()) {
        return None;
    }
    let bound = caught(|| source.bind(entry, &mut BindContext { entry, parts, findings }));
    bound
        .unwrap_or_else(|_| {
            let message = format!("the source {} panicked while it read the entry", entry.source_type());
            let error = SourceError::misconfigured("source-panicked", message);
            Err(BindContext { entry, parts, findings }
                .error(error.remedy("mend the source: the panic's own message is in the program's error output")))
        })
        .ok()
}

fn missing(entry: &CredentialDescription, setting: &Setting) -> Finding {
    let (name, source_type) = (setting.name, entry.source_type());
    Finding::error("missing-setting", format!("{name} is missing: a {source_type} entry needs it"))
        .at(entry.setting_path(name), entry.origin().clone())
        .remedy(format!("add \"{name}\": {}", setting.about))
}

fn unknown_source(registry: &SourceRegistry, entry: &CredentialDescription) -> Finding {
    let path = entry.setting_path("SourceType");
    let origin = entry.setting_origin("SourceType");
    let wanted = entry.source_type();
    if wanted.as_str().trim().is_empty() {
        return missing_source_type(registry, entry);
    }
    if let Some(absent) = registry.absent().find(|absent| absent.source_type == *wanted) {
        let remedy = match absent.feature {
            Some(feature) => format!("enable the feature \"{feature}\" (crate {})", absent.crate_name),
            None => format!("register the source from the crate {}", absent.crate_name),
        };
        return not_in_build(absent, entry, Severity::Error, remedy);
    }
    let mut known: Vec<String> = registry.sources().iter().map(|source| source.source_type().to_string()).collect();
    known.extend(registry.absent().map(|absent| absent.source_type.to_string()));
    let meant = nearest(wanted.as_str(), known.iter().map(String::as_str));
    let list = known.join(", ");
    let remedy = match meant {
        Some(name) => format!("did you mean \"{name}\"? known: {list}"),
        None => format!("known: {list}"),
    };
    Finding::error(UNKNOWN_SOURCE_TYPE, format!("\"SourceType\": {:?} is no source type", wanted.as_str()))
        .at(path, origin)
        .remedy(remedy)
}

fn not_in_build(
    absent: &AbsentSource,
    entry: &CredentialDescription,
    severity: Severity,
    remedy: impl Into<String>,
) -> Finding {
    let message = format!("the source type {} is not in this build", absent.source_type);
    let mut finding = Finding::error(SOURCE_NOT_IN_BUILD, message).remedy(remedy);
    finding.severity = severity;
    finding.at(entry.setting_path("SourceType"), entry.setting_origin("SourceType"))
}

/// Stands for a source that nobody brings: its entry fails, and the list goes on.
#[derive(Debug)]
struct PassedOver {
    source_type: SourceType,
    remedy: &'static str,
}

#[async_trait]
impl CredentialLoader for PassedOver {
    async fn load(&self, _request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let message = format!("the source type {} is not in this build", self.source_type);
        Err(SourceError::not_applicable(SOURCE_NOT_IN_BUILD, message).remedy(self.remedy).settled_locally())
    }
}

/// No `SourceType`: names the source whose settings the entry has.
fn missing_source_type(registry: &SourceRegistry, entry: &CredentialDescription) -> Finding {
    let has = |setting: &&Setting| entry.entry(setting.name).is_some();
    let fitting = registry
        .sources()
        .into_iter()
        .map(|source| (source.settings().iter().filter(has).count(), source.source_type()))
        .max_by_key(|(count, _)| *count)
        .filter(|(count, _)| *count > 0);
    let remedy = match fitting {
        Some((_, source_type)) => format!("the other keys look like \"SourceType\": \"{source_type}\""),
        None => "add \"SourceType\"".to_owned(),
    };
    Finding::error("missing-source-type", "SourceType is missing or empty")
        .at(entry.setting_path("SourceType"), entry.setting_origin("SourceType"))
        .remedy(remedy)
}

fn check_setting(
    registry: &SourceRegistry,
    declared: &[Setting],
    entry: &CredentialDescription,
    setting: &Entry,
    findings: &mut Vec<Finding>,
) {
    let name = setting.name.as_str();
    let known = |settings: &[Setting]| settings.iter().find(|one| one.name.eq_ignore_ascii_case(name)).copied();
    if let Some(declaration) = known(declared).or_else(|| known(COMMON_SETTINGS)) {
        findings.extend(check_value(entry, setting, &declaration));
        return;
    }
    let finding = if let Some(meant) = meant(declared, name) {
        Finding::error("misspelt-setting", format!("{name:?} is no setting of {}", entry.source_type()))
            .remedy(format!("write \"{meant}\""))
    } else if let Some(other) = registry.sources().iter().find(|source| known(source.settings()).is_some()) {
        Finding::warning(
            "setting-of-another-source",
            format!("{name} is a setting of {}; a {} entry ignores it", other.source_type(), entry.source_type()),
        )
        .remedy("remove it, or change SourceType")
    } else if let Some(meant) = nearest(name, COMMON_SETTINGS.iter().map(|setting| setting.name)) {
        Finding::error("misspelt-setting", format!("{name:?} is no setting")).remedy(format!("write \"{meant}\""))
    } else {
        let list: Vec<&str> = declared.iter().map(|setting| setting.name).collect();
        Finding::warning("unknown-setting", format!("{name:?} is no setting of {} and is ignored", entry.source_type()))
            .remedy(format!("known: {}", list.join(", ")))
    };
    findings.push(finding.at(entry.setting_path(name), setting.origin.clone()));
}

/// The declared setting that a wrong key means: one named by its declaration first, then the nearest
/// in spelling; a space around the key counts as spelling.
fn meant<'a>(declared: &'a [Setting], name: &str) -> Option<&'a str> {
    let listed = declared.iter().find(|setting| setting.mistaken.iter().any(|key| key.eq_ignore_ascii_case(name)));
    listed.map(|setting| setting.name).or_else(|| nearest(name, declared.iter().map(|setting| setting.name)))
}

fn check_value(entry: &CredentialDescription, setting: &Entry, declaration: &Setting) -> Option<Finding> {
    let name = declaration.name;
    let problem = match (&setting.value, declaration.kind) {
        (Value::Map(_), SettingKind::Map) => None,
        (Value::Map(entries), _) => {
            // A list's members are named by their places.
            let is_place = |entry: &Entry| entry.name.bytes().all(|byte| byte.is_ascii_digit());
            let what = if entries.iter().all(is_place) { "a list" } else { "an object" };
            let finding = Finding::error("wrong-type", format!("{name} is {what}; text is expected"));
            Some(finding.remedy(format!("write one value: \"{name}\": \"...\"")))
        }
        // A source that takes an object may take text too; its own check says.
        (Value::Text(_), SettingKind::Map) => None,
        (Value::Text(text), _) => check_text(text.expose(), declaration),
    };
    problem.map(|finding| finding.at(entry.setting_path(name), setting.origin.clone()))
}

fn check_text(text: &str, declaration: &Setting) -> Option<Finding> {
    let name = declaration.name;
    if text.trim().is_empty() {
        return declaration.required.then(|| {
            Finding::error("empty-setting", format!("{name} is empty")).remedy(format!("set it: {}", declaration.about))
        });
    }
    if let Some(what) = unreplaced(text) {
        return Some(
            Finding::error("placeholder", format!("{name} is {what}")).remedy("put the real value in its place"),
        );
    }
    if !declaration.one_of.is_empty() && !declaration.one_of.iter().any(|value| value.eq_ignore_ascii_case(text.trim()))
    {
        let meant = nearest(text, declaration.one_of.iter().copied());
        let list = declaration.one_of.join(", ");
        let remedy =
            meant.map_or_else(|| format!("known: {list}"), |value| format!("did you mean {value:?}? known: {list}"));
        return Some(Finding::error("wrong-value", format!("{name} has a value that it cannot have")).remedy(remedy));
    }
    match declaration.kind {
        SettingKind::Flag if !["true", "false"].iter().any(|flag| flag.eq_ignore_ascii_case(text.trim())) => Some(
            Finding::error("wrong-type", format!("{name} is neither true nor false")).remedy("write true or false"),
        ),
        SettingKind::Integer if text.trim().parse::<u64>().is_err() => {
            Some(Finding::error("wrong-type", format!("{name} is no whole number")).remedy("write digits alone"))
        }
        SettingKind::Url => check_url(text, name),
        _ => None,
    }
}

/// An address that a secret may go to. What else it must be is the source's to say.
fn check_url(text: &str, name: &str) -> Option<Finding> {
    let fault = check_address(text.trim()).err()?;
    let code = match fault {
        AddressFault::NotAbsolute => "wrong-type",
        AddressFault::UserInformation => "wrong-value",
        AddressFault::NotProtected => "insecure-url",
    };
    Some(Finding::error(code, format!("{name} {fault}")).remedy(fault.remedy()))
}
