//! A client secret that a service leases over HTTP, in terms of HTTP (RFC 9111): `Cache-Control: max-age` is
//! the lease, and `304 Not Modified` to the secret's `ETag` renews it.
//!
//! `{ "SourceType": "LeasedSecret", "LeaseUrl": "https://secrets.example/orders", "LeaseToken": "..." }`

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use credential_core::{source::LoadReason, text::shown_address, world::HttpRequest, *};

const URL: &str = "LeaseUrl";
const TOKEN: &str = "LeaseToken";

/// Leases a secret, and asks for it again when half of the lease is over or the authority refused it.
#[derive(Debug)]
pub struct LeasedSecret;

impl CredentialSource for LeasedSecret {
    fn source_type(&self) -> SourceType {
        SourceType::known("LeasedSecret")
    }

    fn settings(&self) -> &[Setting] {
        const ADDRESS: Setting = Setting::new(URL, SettingKind::Url, "Where the secret is leased.").required();
        const { &[ADDRESS, Setting::new(TOKEN, SettingKind::Text, "The token for that service.").secret().required()] }
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let (url, token) = (cx.required(entry, URL), cx.required(entry, TOKEN));
        let (url, token) = (url?.expose().trim().to_owned(), token?.clone());
        Ok(Arc::new(Leased { url, token, held: Mutex::default() }))
    }
}

#[derive(Debug)]
struct Leased {
    url: String,
    token: Secret,
    held: Mutex<Option<Lease>>,
}

#[derive(Clone, Debug)]
struct Lease {
    credential: Credential,
    tag: Option<String>,
    renew_at: SystemTime,
}

#[async_trait::async_trait]
impl CredentialLoader for Leased {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let now = request.world.clock.now();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let stands = |lease: &&Lease| now < lease.renew_at && request.reason != LoadReason::Rejected;
        if let Some(lease) = held.as_ref().filter(stands) {
            return Ok(lease.credential.clone());
        }
        let mut asked = HttpRequest::get(&self.url).timeout(request.remaining());
        asked = asked.header("Authorization", format!("Bearer {}", self.token.expose()));
        if let Some(tag) = held.as_ref().and_then(|lease| lease.tag.as_deref()) {
            asked = asked.header("If-None-Match", tag);
        }
        let silent = |error| SourceError::transient("no-answer", "no answer came").about(URL).caused_by(error);
        let answer = request.world.send(asked).await.map_err(silent)?;
        let text = std::str::from_utf8(answer.body.expose()).unwrap_or_default().trim_end();
        let without = format!("the answer, {}, has no secret", answer.status);
        let credential = match (answer.status, held) {
            (200, _) if !text.is_empty() => Credential::secret(format!("lease of {}", shown_address(&self.url)), text),
            (304, Some(lease)) => lease.credential,
            (401 | 403, _) => {
                return Err(SourceError::denied("lease-denied", without).about(TOKEN).remedy("get a new token"));
            }
            _ => return Err(SourceError::transient("no-lease", without).about(URL)),
        };
        let max_age = |text: &str| text.split([',', ' ']).find_map(|part| part.strip_prefix("max-age=")?.parse().ok());
        let Some(seconds) = answer.header("cache-control").and_then(max_age) else {
            let error = SourceError::invalid("no-lease", "the answer has no Cache-Control: max-age").about(URL);
            return Err(error.remedy("let the service say how long its secrets last"));
        };
        let lasts = Duration::from_secs(u32::into(seconds));
        let (credential, tag) = (credential.with_expiry(now + lasts), answer.header("etag").map(str::to_owned));
        let lease = Lease { credential: credential.clone(), tag, renew_at: now + lasts / 2 };
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(lease);
        Ok(credential)
    }
}
