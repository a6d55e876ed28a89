//! One entry against what its source declares: known names, shapes, required and empty values.

use std::sync::Arc;

use async_trait::async_trait;

use super::Parts;
use super::check_value::check_value;
use super::unknown_setting;
use crate::codes::{SOURCE_NOT_IN_BUILD, UNKNOWN_SOURCE_TYPE};
use crate::guard::caught;
use crate::registry::AbsentSource;
use crate::source::{COMMON_SETTINGS, Entry};
use crate::text::nearest;
use crate::{
    BindContext, Credential, CredentialDescription, CredentialLoader, CredentialSource, Finding, LoadRequest, Setting,
    Severity, SourceError, SourceRegistry, SourceType, Unbound,
};

/// Checks the entry, binds it and adds what is found; gives its loader if there is one.
pub(crate) fn bind_entry(
    parts: &Parts<'_>,
    entry: &CredentialDescription,
    findings: &mut Vec<Finding>,
) -> Option<Arc<dyn CredentialLoader>> {
    let registry = parts.registry;
    if registry.get(entry.source_type()).is_none()
        && let Some(absent) = registry.absent().find(|absent| absent.source_type == *entry.source_type())
        && let Some(remedy) = absent.remedy
    {
        findings.push(not_in_build(absent, entry, Severity::Warning, remedy));
        return Some(Arc::new(PassedOver { source_type: absent.source_type.clone(), remedy }));
    }
    read_entry(parts, entry, findings, |source, cx| source.bind(entry, cx))
}

/// Checks the entry, lets its source read it and adds what is found; gives what was read where nothing is wrong.
pub(crate) fn read_entry<T>(
    parts: &Parts<'_>,
    entry: &CredentialDescription,
    findings: &mut Vec<Finding>,
    read: impl FnOnce(&dyn CredentialSource, &mut BindContext<'_>) -> Result<T, Unbound>,
) -> Option<T> {
    let registry = parts.registry;
    let Some(source) = registry.get(entry.source_type()) else {
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
    let said = findings.get(before..).unwrap_or_default();
    // What is misspelt or missing makes no sense together.
    if said.iter().any(|finding| finding.severity == Severity::Error && INCOMPLETE.contains(&finding.code)) {
        return None;
    }
    let errors = said.iter().filter(|finding| finding.severity == Severity::Error);
    let wrong: Vec<String> = errors.filter_map(|finding| finding.path.clone()).collect();
    let end = findings.len();
    let bound = read_with(parts, entry, findings, |cx| read(source.as_ref(), cx));
    // What a source says about a value that has been refused says it twice.
    let own = findings.split_off(end);
    findings.extend(own.into_iter().filter(|finding| finding.path.as_ref().is_none_or(|path| !wrong.contains(path))));
    bound.filter(|_| wrong.is_empty())
}

/// The codes of findings after which a source has nothing to read.
const INCOMPLETE: [&str; 3] = ["missing-setting", "misspelt-setting", "empty-setting"];

fn read_with<T>(
    parts: &Parts<'_>,
    entry: &CredentialDescription,
    findings: &mut Vec<Finding>,
    read: impl FnOnce(&mut BindContext<'_>) -> Result<T, Unbound>,
) -> Option<T> {
    let bound = caught(|| read(&mut BindContext { entry, parts, findings }));
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
    Finding::error("missing-setting", format!("{name} is missing: {} entry needs it", an(source_type.as_str())))
        .at(entry.setting_path(name), entry.origin().clone())
        .remedy(to_add(name, setting.about))
}

/// What to add, and what it is.
pub(super) fn to_add(name: &str, about: &str) -> String {
    format!("add \"{name}\": \"...\" ({})", about.trim_end_matches('.'))
}

/// The name with its article.
fn an(name: &str) -> String {
    let article = if name.starts_with(['A', 'E', 'I', 'O']) { "an" } else { "a" };
    format!("{article} {name}")
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
    let remedy = match meant(registry, entry, &known) {
        Some(name) => format!("write \"{name}\""),
        None => format!("use one of: {}", known.join(", ")),
    };
    Finding::error(UNKNOWN_SOURCE_TYPE, format!("unknown source type {:?}", wanted.as_str()))
        .at(path, origin)
        .remedy(remedy)
}

/// Which of the known source types is meant: by a name that its source lists, by spelling, by the settings that the
/// entry has, as a part of the name.
fn meant(registry: &SourceRegistry, entry: &CredentialDescription, known: &[String]) -> Option<String> {
    let bare = |name: &str| name.replace([' ', '-', '_'], "").to_ascii_lowercase();
    let wanted = bare(entry.source_type().as_str());
    let sources = registry.sources();
    let listed = sources.iter().find(|source| source.mistaken().iter().any(|name| bare(name) == wanted));
    let part = || {
        let mut within = known.iter().filter(|name| wanted.contains(&bare(name)) && name.len() >= MIN_PART);
        within.next().filter(|_| within.next().is_none()).cloned()
    };
    let listed = listed.map(|source| source.source_type().to_string());
    let spelt = || nearest(&wanted, known.iter().map(String::as_str)).map(str::to_owned);
    listed.or_else(spelt).or_else(|| fitting(registry, entry).map(|source| source.to_string())).or_else(part)
}

/// The fewest letters by which a part of a name tells which one is meant.
const MIN_PART: usize = 4;

/// The source whose settings the entry has.
fn fitting(registry: &SourceRegistry, entry: &CredentialDescription) -> Option<SourceType> {
    let has = |setting: &&Setting| entry.entry(setting.name).is_some();
    // Of those with as many settings in common, the one that lacks nothing.
    let is_whole = |settings: &[Setting]| settings.iter().filter(|setting| setting.required).all(|one| has(&one));
    let counted = registry.sources().into_iter().map(|source| {
        let (count, whole) = (source.settings().iter().filter(has).count(), is_whole(source.settings()));
        (count, whole, source.source_type())
    });
    let best = counted.max_by_key(|(count, whole, _)| (*count, *whole));
    best.filter(|(count, ..)| *count > 0).map(|(.., source_type)| source_type)
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
    let remedy = match fitting(registry, entry) {
        Some(source_type) => format!("add \"SourceType\": \"{source_type}\": the other keys are of that type"),
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
    let path = entry.setting_path(name);
    let known = |settings: &[Setting]| settings.iter().find(|one| one.is_named(name)).copied();
    if let Some(declaration) = known(declared).or_else(|| known(COMMON_SETTINGS)) {
        check_value(&declaration, setting, &entry.setting_path(declaration.name), findings);
        return;
    }
    let unknown = unknown_setting(declared, name, &format!("{} entry", an(entry.source_type().as_str())));
    let common = unknown_setting(COMMON_SETTINGS, name, "an entry");
    let finding = if unknown.severity == Severity::Error {
        unknown
    } else if let Some(other) = registry.sources().iter().find(|source| known(source.settings()).is_some()) {
        Finding::warning(
            "setting-of-another-source",
            format!(
                "{name} is a setting of {}; {} entry ignores it",
                other.source_type(),
                an(entry.source_type().as_str())
            ),
        )
        .remedy("remove it, or change SourceType")
    } else if common.severity == Severity::Error {
        common
    } else {
        unknown
    };
    findings.push(finding.at(path, setting.origin.clone()));
}
