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
