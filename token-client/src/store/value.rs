//! A token as it is sealed: JSON, since versions of this crate meet in one store.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use credential_core::Secret;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::AccessToken;
use crate::exchange::Issued;

/// Times are seconds since 1970.
#[derive(Serialize, Deserialize)]
struct Value<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    expires_on: u64,
    refresh_on: Option<u64>,
    #[serde(borrow)]
    scopes: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    tenant: Option<Cow<'a, str>>,
}

/// The token in bytes, which are wiped.
pub(super) fn write(token: &AccessToken) -> Option<Zeroizing<Vec<u8>>> {
    let value = Value {
        token: token.value().expose().into(),
        expires_on: seconds(token.expires_on()),
        refresh_on: token.refresh_on().map(seconds),
        scopes: token.scopes().iter().map(|scope| Cow::Borrowed(*scope)).collect(),
        tenant: token.tenant().map(Into::into),
    };
    let scopes: usize = token.scopes().iter().map(|scope| scope.len() + 8).sum();
    // Large enough that it never grows: what a buffer grows out of is not wiped.
    let room = 2 * (token.value().expose().len() + scopes + token.tenant().map_or(0, str::len)) + 256;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer(&mut *bytes, &value).ok()?;
    Some(bytes)
}

/// A token that another process got.
pub(crate) struct SharedToken {
    /// As if it were issued now, with what is left of its life.
    pub(crate) issued: Issued,
    pub(crate) tenant: Option<String>,
    pub(crate) expires_on: SystemTime,
}

/// The token of what [`write`] made; `None` for anything else.
pub(super) fn read(bytes: &[u8], now: SystemTime) -> Option<SharedToken> {
    let value: Value<'_> = serde_json::from_slice(bytes).ok()?;
    let is_token = !value.token.is_empty() && value.token.bytes().all(|byte| byte.is_ascii_graphic());
    let until = |time: SystemTime| {
        time.duration_since(now).map_or_else(|past| -past.duration().as_secs_f64(), |left| left.as_secs_f64())
    };
    let refresh_in = match value.refresh_on {
        Some(seconds) => Some(until(moment(seconds)?)),
        None => None,
    };
    let expires_on = moment(value.expires_on)?;
    is_token.then(|| SharedToken {
        issued: Issued {
            value: Secret::new(value.token.into_owned()),
            life: expires_on.duration_since(now).unwrap_or_default(),
            refresh_in,
            scopes: Some(value.scopes.into_iter().map(Cow::into_owned).collect()),
            at: now,
        },
        tenant: value.tenant.map(Cow::into_owned),
        expires_on,
    })
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn moment(seconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let issued = |refresh_in, scopes| Issued {
            value: Secret::new("ey.token"),
            life: Duration::from_secs(3600),
            refresh_in,
            scopes,
            at: now,
        };
        let granted = vec!["User.Read".to_owned(), "Mail.Read".to_owned()];
        for (refresh_in, tenant) in [(Some(600.0), Some("t.example".to_owned())), (None, None)] {
            let token =
                AccessToken::for_others(&issued(refresh_in, Some(granted.clone())), String::new(), tenant.clone());
            let later = now + Duration::from_secs(60);
            let found = read(&write(&token).unwrap(), later).unwrap();
            assert_eq!(found.issued.value.expose(), "ey.token");
            assert_eq!((found.issued.life.as_secs(), found.issued.at), (3540, later));
            // Where the authority names no time, it is half the whole life.
            assert_eq!(found.issued.refresh_in, Some(refresh_in.unwrap_or(1800.0) - 60.0));
            assert_eq!((found.issued.scopes, found.tenant), (Some(granted.clone()), tenant));
            assert_eq!(found.expires_on, now + Duration::from_secs(3600));
        }
        // Whatever went wrong, no header gets it.
        for value in ["", "a b", "a\r\nx: y", "\u{e4}"] {
            let sealed = serde_json::json!({"token": value, "expires_on": 2_000_000_000, "scopes": []});
            assert!(read(sealed.to_string().as_bytes(), now).is_none(), "{value:?}");
        }
        for end in [u64::MAX, 0] {
            let sealed = serde_json::json!({"token": "a", "expires_on": end, "refresh_on": end, "scopes": []});
            let found = read(sealed.to_string().as_bytes(), now);
            assert!(found.is_none_or(|found| found.issued.life.is_zero()), "{end}");
        }
    }
}
