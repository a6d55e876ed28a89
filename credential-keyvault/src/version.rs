//! Which version of a certificate to use: the newest that is enabled and inside its time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use azure_core::time::OffsetDateTime;
use azure_security_keyvault_certificates::models::{CertificateAttributes, CertificateProperties};

/// What a vault says of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) state: State,
    pub(crate) not_before: Option<SystemTime>,
    pub(crate) expires: Option<SystemTime>,
    created: Option<SystemTime>,
}

/// Whether a version can be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Usable,
    Disabled,
    Expired,
    NotYetValid,
}

impl Version {
    /// What the attributes say, at this time. Both ends of the validity belong to it.
    pub(crate) fn new(name: String, attributes: Option<&CertificateAttributes>, now: SystemTime) -> Self {
        let time = |time: Option<OffsetDateTime>| time.map(system_time);
        let (not_before, expires) =
            (time(attributes.and_then(|all| all.not_before)), time(attributes.and_then(|all| all.expires)));
        let state = if attributes.and_then(|all| all.enabled) == Some(false) {
            State::Disabled
        } else if expires.is_some_and(|end| end < now) {
            State::Expired
        } else if not_before.is_some_and(|start| start > now) {
            State::NotYetValid
        } else {
            State::Usable
        };
        Self { name, state, not_before, expires, created: time(attributes.and_then(|all| all.created)) }
    }
}

/// The newest usable one of the listed versions, other than `except`.
pub(crate) fn newest_usable(
    listed: &[CertificateProperties],
    except: Option<&str>,
    now: SystemTime,
) -> Option<Version> {
    listed
        .iter()
        .filter_map(|one| Some(Version::new(version_of(one.id.as_deref()?)?, one.attributes.as_ref(), now)))
        .filter(|one| one.state == State::Usable && Some(one.name.as_str()) != except)
        .max_by_key(|one| (one.created, one.not_before))
}

/// The version in an object's id: `https://VAULT/certificates/NAME/VERSION`.
pub(crate) fn version_of(id: &str) -> Option<String> {
    let version = id.split('/').nth(5)?;
    crate::address::checked_version(version).ok()
}

/// The name in an object's id.
pub(crate) fn name_of(id: &str) -> Option<&str> {
    id.split('/').nth(4).filter(|name| !name.is_empty())
}

fn system_time(time: OffsetDateTime) -> SystemTime {
    let seconds = u64::try_from(time.unix_timestamp()).unwrap_or(0);
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

/// A time as people read it, in UTC: `2026-01-31 23:59:59Z`.
pub(crate) fn shown(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let time = i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let Some(time) = time else { return "a time far off".to_owned() };
    let (date, (hour, minute, second)) = (time.date(), time.to_hms());
    format!("{date} {hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(10_000)
    }

    fn listed(version: &str, created: i64, starts: i64, ends: i64, enabled: bool) -> CertificateProperties {
        let time = |seconds| Some(OffsetDateTime::from_unix_timestamp(seconds).unwrap());
        let mut attributes = CertificateAttributes::default();
        (attributes.created, attributes.not_before, attributes.expires) = (time(created), time(starts), time(ends));
        attributes.enabled = Some(enabled);
        let mut one = CertificateProperties::default();
        one.id = Some(format!("https://v.vault.azure.net/certificates/web/{version}"));
        one.attributes = Some(attributes);
        one
    }

    #[test]
    fn the_newest_version_that_is_enabled_and_inside_its_time_is_chosen() {
        let list = [
            listed("old", 1, 0, 20_000, true),
            listed("good", 2, 0, 20_000, true),
            listed("expired", 3, 0, 9_999, true),
            listed("future", 4, 10_001, 20_000, true),
            listed("off", 5, 0, 20_000, false),
        ];
        let chosen = |except| newest_usable(&list, except, now()).map(|version| version.name);
        assert_eq!(chosen(None).as_deref(), Some("good"));
        assert_eq!(chosen(Some("good")).as_deref(), Some("old"));
        assert_eq!(newest_usable(&list[2..], None, now()), None);
    }

    #[test]
    fn both_ends_of_the_validity_belong_to_it() {
        for (starts, ends, state) in
            [(10_000, 10_000, State::Usable), (0, 9_999, State::Expired), (10_001, 20_000, State::NotYetValid)]
        {
            let one = listed("x", 0, starts, ends, true);
            assert_eq!(Version::new("x".into(), one.attributes.as_ref(), now()).state, state);
        }
        assert_eq!(Version::new("x".into(), None, now()).state, State::Usable);
    }

    #[test]
    fn ids_are_taken_apart() {
        assert_eq!(version_of("https://v.vault.azure.net/secrets/web/0a1b").as_deref(), Some("0a1b"));
        assert_eq!(version_of("https://v.vault.azure.net:8443/keys/web/v1").as_deref(), Some("v1"));
        assert_eq!(version_of("https://v.vault.azure.net/keys/web"), None);
        assert_eq!(version_of("https://v.vault.azure.net/keys/web/a%2Fb"), None);
        assert_eq!(name_of("https://v.vault.azure.net/certificates/web"), Some("web"));
        assert_eq!(shown(now()), "1970-01-01 02:46:40Z");
    }
}
