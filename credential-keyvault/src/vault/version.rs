//! Which version of a certificate to use: the newest that is enabled and inside its time.

use std::time::SystemTime;

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

/// What a vault says of a version's use; what it does not say is `None`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) enabled: Option<bool>,
    pub(crate) not_before: Option<SystemTime>,
    pub(crate) expires: Option<SystemTime>,
    pub(crate) created: Option<SystemTime>,
}

impl Version {
    /// What the attributes say, at this time. Both ends of the validity belong to it.
    pub(crate) fn new(name: String, attributes: Attributes, now: SystemTime) -> Self {
        let Attributes { enabled, not_before, expires, created } = attributes;
        let state = if enabled == Some(false) {
            State::Disabled
        } else if expires.is_some_and(|end| end < now) {
            State::Expired
        } else if not_before.is_some_and(|start| start > now) {
            State::NotYetValid
        } else {
            State::Usable
        };
        Self { name, state, not_before, expires, created }
    }
}

/// The newest usable one of the listed versions, other than `except`.
pub(crate) fn newest_usable<'a>(listed: &'a [Version], except: Option<&str>) -> Option<&'a Version> {
    let usable = listed.iter().filter(|one| one.state == State::Usable && Some(one.name.as_str()) != except);
    usable.max_by_key(|one| (one.created, one.not_before))
}

/// The version in an object's id: `https://VAULT/certificates/NAME/VERSION`.
pub(crate) fn version_of(id: &str) -> Option<String> {
    let version = id.split('/').nth(5)?;
    super::address::checked_version(version).ok()
}

/// The name in an object's id.
pub(crate) fn name_of(id: &str) -> Option<&str> {
    id.split('/').nth(4).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(10_000)
    }

    fn attributes(created: u64, starts: u64, ends: u64, enabled: bool) -> Attributes {
        let time = |seconds| Some(UNIX_EPOCH + Duration::from_secs(seconds));
        Attributes { enabled: Some(enabled), not_before: time(starts), expires: time(ends), created: time(created) }
    }

    fn listed(version: &str, created: u64, starts: u64, ends: u64, enabled: bool) -> Version {
        Version::new(version.to_owned(), attributes(created, starts, ends, enabled), now())
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
        let chosen = |except| newest_usable(&list, except).map(|version| version.name.clone());
        assert_eq!(chosen(None).as_deref(), Some("good"));
        assert_eq!(chosen(Some("good")).as_deref(), Some("old"));
        assert_eq!(newest_usable(&list[2..], None), None);
    }

    #[test]
    fn both_ends_of_the_validity_belong_to_it() {
        for (starts, ends, state) in
            [(10_000, 10_000, State::Usable), (0, 9_999, State::Expired), (10_001, 20_000, State::NotYetValid)]
        {
            assert_eq!(listed("x", 0, starts, ends, true).state, state);
        }
        assert_eq!(Version::new("x".into(), Attributes::default(), now()).state, State::Usable);
    }

    #[test]
    fn ids_are_taken_apart() {
        assert_eq!(version_of("https://v.vault.azure.net/secrets/web/0a1b").as_deref(), Some("0a1b"));
        assert_eq!(version_of("https://v.vault.azure.net:8443/keys/web/v1").as_deref(), Some("v1"));
        assert_eq!(version_of("https://v.vault.azure.net/keys/web"), None);
        assert_eq!(version_of("https://v.vault.azure.net/keys/web/a%2Fb"), None);
        assert_eq!(name_of("https://v.vault.azure.net/certificates/web"), Some("web"));
        assert_eq!(credential_cert_store::date(now()), "1970-01-01 02:46:40 UTC");
    }
}
