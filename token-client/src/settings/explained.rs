//! What is missing because of something else that was found: one cause is said once.

use credential_core::{Finding, Severity};

use super::codes;
use crate::authority::codes::{MISSING_AUTHORITY, MISSING_TENANT};

/// What may be missing, by the settings that it is about. Where it stands is the section or the setting.
const LACKS: [(&str, &[&str]); 6] = [
    (MISSING_TENANT, &["TenantId", "Authority", "Domain"]),
    (MISSING_AUTHORITY, &["Instance", "Authority"]),
    (codes::NO_CREDENTIALS, &["ClientCredentials", "ClientCertificates"]),
    (codes::NO_SCOPES, &["Scopes"]),
    (codes::MISSING_SETTING, &["ClientId"]),
    (codes::INCOMPLETE_DOWNSTREAM, &["BaseUrl", "Scopes"]),
];

/// Leaves out what is said twice, and what of the section is missing since its key is misspelt or its value refused.
pub(crate) fn retain(section: &str, findings: &mut Vec<Finding>) {
    let all = std::mem::take(findings);
    for finding in &all {
        let again = findings.iter().any(|other| other.severity == finding.severity && other.says_the_same_as(finding));
        if !again && !is_explained(finding, section, &all) {
            findings.push(finding.clone());
        }
    }
}

fn is_explained(finding: &Finding, section: &str, all: &[Finding]) -> bool {
    let Some((_, names)) = LACKS.iter().find(|(code, _)| *code == finding.code) else { return false };
    let own = finding.path.as_deref().unwrap_or(section);
    let place = names.iter().find_map(|name| own.strip_suffix(name)?.strip_suffix(':')).unwrap_or(own);
    // A section that is none lacks everything.
    let none = [codes::MISSING_SECTION, codes::WRONG_TYPE];
    if all.iter().any(|other| none.contains(&other.code) && other.path.as_deref() == Some(place)) {
        return true;
    }
    let others = all.iter().filter(|other| other.severity == Severity::Error && other.code != finding.code);
    let mut others =
        others.filter_map(|other| Some((other, other.path.as_deref()?.strip_prefix(place)?.strip_prefix(':')?)));
    others.any(|(other, key)| {
        let meant = |name: &&&str| other.remedy.as_deref() == Some(format!("write \"{name}\"").as_str());
        let misspelt = other.code == codes::MISSPELT_SETTING && names.iter().any(|name| meant(&name));
        misspelt || names.iter().any(|name| key.split(':').next().is_some_and(|first| first.eq_ignore_ascii_case(name)))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::settings::{Configuration, Location};

    #[test]
    fn one_cause_is_said_once() {
        let entries = r#"[{"SourceType": "ClientSecret", "ClientSecret": "s3cret"}]"#;
        for (text, codes) in [
            (format!(r#"{{"ClientIdd": "app1", "ClientCredentials": {entries}}}"#), &["misspelt-setting"][..]),
            (format!(r#"{{"ClientId": ["app1"], "ClientCredentials": {entries}}}"#), &["wrong-type"]),
            (format!(r#"{{"ClientId": "app1", "ClientCredential": {entries}}}"#), &["misspelt-setting"]),
            (r#"{"ClientId": "app1", "ClientCredentials": "s3cret"}"#.to_owned(), &["wrong-type"]),
            (r#"{"ClientId": "app1", "ClientCredentials": [["a"]]}"#.to_owned(), &["credential-not-an-object"]),
            // What nothing explains stays.
            (
                format!(r#"{{"TenentId": "t", "ClientCredentials": {entries}}}"#),
                &["misspelt-setting", "missing-setting"],
            ),
        ] {
            let text = format!(r#"{{"AzureAd": {text}}}"#);
            let found = Configuration::from_json(&text, &Location::default(), &BTreeMap::new()).findings;
            assert_eq!(found.iter().map(|finding| finding.code).collect::<Vec<_>>(), codes, "{text}: {found:?}");
        }
    }
}
