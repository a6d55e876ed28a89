//! One request for a token, and how often it is sent.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use credential_core::retry::Retries;
use credential_core::text::shown_address;
use credential_core::world::{HttpError, HttpErrorKind, HttpRequest, HttpResponse, Moment};
use credential_core::{Secret, SourceError, World};
use url::Url;

use super::answer;
use super::heard::Heard;
use super::host::Answer;
use super::identity::Identity;

pub(super) const JSON: &str = "application/json";
/// How long one answer may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// The most bytes of an answer.
const MAX_ANSWER: u64 = 256 * 1024;

/// What became of one request.
pub(super) type Sent = Result<HttpResponse, HttpError>;

/// What is asked for, and what is known where it is asked.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    pub(super) identity: &'a Identity,
    pub(super) resource: &'a str,
    /// The setting that says what the token is for.
    pub(super) resource_setting: &'static str,
    /// What the caller can do (`cp1`).
    pub(super) capabilities: &'a [String],
    /// The token that the resource has refused with claims.
    pub(super) refused: Option<&'a Secret>,
    /// It is found out first whether the metadata service is there.
    pub(super) probe: bool,
    /// Whether the metadata service has ever answered.
    pub(super) metadata_seen: &'a AtomicBool,
    /// Why it is asked again, for whoever leaves meanwhile.
    pub(super) heard: &'a Heard,
    pub(super) deadline: Moment,
    pub(super) world: &'a World,
}

/// When a host is asked again: statuses and pauses are those of the reference (MSAL.NET, `Http/Retry`).
pub(super) const USUAL: Retries = Retries::new(
    |status| if matches!(status, 404 | 408 | 429 | 500 | 503 | 504) { &[SECOND; 3] } else { &[] },
    |failure| if is_passing(failure) { &[SECOND; 3] } else { &[] },
);
/// When the metadata service is, which is away for up to 70 s while it is upgraded (410).
pub(super) const OF_METADATA: Retries = Retries::new(
    |status| match status {
        410 => UPGRADED,
        404 | 408 | 429 | 500..600 => DOUBLING,
        _ => &[],
    },
    |failure| if is_passing(failure) { DOUBLING } else { &[] },
);
const SECOND: Duration = Duration::from_secs(1);
const UPGRADED: &[Duration] = &[Duration::from_secs(10); 7];
const DOUBLING: &[Duration] = &[SECOND, Duration::from_secs(2), Duration::from_secs(4)];

impl Asking<'_> {
    /// The endpoint that a variable of the host's names.
    pub(super) fn endpoint(&self, variable: &str, endpoint: &str) -> Result<Url, SourceError> {
        let url = Url::parse(endpoint).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        url.ok_or_else(|| {
            let message = format!("{variable} is not valid: {:?} is not an http URL", shown_address(endpoint));
            SourceError::invalid("managed-identity-endpoint", message)
                .remedy(format!("correct {variable}; the platform sets it"))
                .settled_locally()
        })
    }

    /// The endpoint with what is asked for in its query, in the order of the reference.
    pub(super) fn url(
        &self,
        variable: &str,
        endpoint: &str,
        version: &str,
        identity: Option<(&str, &str)>,
    ) -> Result<Url, SourceError> {
        let mut url = self.endpoint(variable, endpoint)?;
        let mut query = url.query_pairs_mut();
        query.append_pair("api-version", version).append_pair("resource", self.resource);
        if let Some((name, id)) = identity {
            query.append_pair(name, id);
        }
        drop(query);
        Ok(url)
    }

    /// One request and no other, never through a proxy: these addresses exist on this machine or link alone.
    pub(super) async fn once(&self, request: HttpRequest, limit: Duration) -> Sent {
        self.world.send(in_bounds(request, limit.min(self.remaining()))).await
    }

    /// The host's last answer, after as many requests as it takes and there is time for.
    ///
    /// # Errors
    /// When there is no answer.
    pub(super) async fn send(
        &self,
        host: &str,
        request: HttpRequest,
        retries: &Retries,
    ) -> Result<HttpResponse, SourceError> {
        self.send_after(None, host, request, retries).await
    }

    /// The same, where the first request has been sent already.
    pub(super) async fn send_after(
        &self,
        first: Option<Sent>,
        host: &str,
        request: HttpRequest,
        retries: &Retries,
    ) -> Result<HttpResponse, SourceError> {
        let request = in_bounds(request, PATIENCE);
        let first = match first {
            Some(first) => first,
            None => self.once(request.clone(), PATIENCE).await,
        };
        let waits = |last: &Sent| self.heard.hear(self.failed(host, last));
        let sent = self.world.send_again(first, request, retries, self.deadline, waits).await;
        sent.map_err(|error| unreachable(host, error))
    }

    /// What an answer says that is asked for again.
    fn failed(&self, host: &str, sent: &Sent) -> SourceError {
        match sent {
            Ok(response) => answer::refused(&Answer::new(response.clone()), host, self),
            Err(error) => unreachable(host, error.clone()),
        }
    }

    fn remaining(&self) -> Duration {
        self.deadline.since(self.world.clock.moment())
    }

    /// The host has no identities of this kind, or none that can be named so.
    pub(super) fn unsupported(&self, host: &str, what: &str, remedy: &str) -> SourceError {
        let error = SourceError::not_applicable("managed-identity-unsupported", format!("{host} {what}"));
        let error = error.remedy(remedy).settled_locally();
        match self.identity.setting() {
            Some(setting) => error.about(setting),
            None => error,
        }
    }

    /// The host knows no other identity than its own.
    pub(super) fn system_only(&self, host: &str) -> SourceError {
        self.unsupported(host, "has no user-assigned managed identities", "remove the id: its own identity is the one")
    }
}

fn in_bounds(request: HttpRequest, limit: Duration) -> HttpRequest {
    request.timeout(limit).max_response(MAX_ANSWER).direct()
}

fn is_passing(kind: HttpErrorKind) -> bool {
    matches!(kind, HttpErrorKind::Timeout | HttpErrorKind::Broken)
}

/// A variable says that the host is there, and it does not answer.
fn unreachable(host: &str, error: HttpError) -> SourceError {
    let failed = match error.kind() {
        HttpErrorKind::Tls => SourceError::denied(
            "managed-identity-certificate",
            format!("{host}: the endpoint's certificate is not the one that IDENTITY_SERVER_THUMBPRINT names"),
        )
        .remedy("look at what answers at IDENTITY_ENDPOINT"),
        HttpErrorKind::Unsupported => {
            SourceError::invalid("managed-identity-http-client", format!("{host} cannot be asked: {error}"))
                .remedy("use the HTTP client of token-client, or one that can")
        }
        HttpErrorKind::Timeout => SourceError::transient("managed-identity-timeout", format!("{host} timed out"))
            .remedy("check whether the platform's identity endpoint is well; it is asked again"),
        _ => SourceError::transient("managed-identity-unreachable", format!("{host} is unreachable: {error}"))
            .remedy("check whether the platform's variables are of this machine; it is asked again"),
    };
    failed.caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_those_of_the_reference() {
        let pauses = |retries: Retries, status: Option<u16>| -> Vec<u64> {
            let last = || match status {
                Some(status) => Ok(HttpResponse::new(status, vec![], "")),
                None => Err(HttpError::new(HttpErrorKind::Timeout, "it timed out")),
            };
            let pause = |sent| retries.pause(&last(), sent, std::time::SystemTime::UNIX_EPOCH, 0.0);
            (1..).map_while(pause).map(|pause| pause.as_secs()).collect()
        };
        for (retries, status, expected) in [
            (USUAL, Some(404), vec![1, 1, 1]),
            (USUAL, Some(429), vec![1, 1, 1]),
            (USUAL, Some(502), vec![]),
            (USUAL, Some(410), vec![]),
            (USUAL, None, vec![1, 1, 1]),
            (USUAL, Some(400), vec![]),
            (OF_METADATA, Some(404), vec![1, 2, 4]),
            (OF_METADATA, Some(502), vec![1, 2, 4]),
            (OF_METADATA, Some(410), vec![10; 7]),
            (OF_METADATA, Some(400), vec![]),
            (OF_METADATA, Some(200), vec![]),
        ] {
            assert_eq!(pauses(retries, status), expected, "{status:?}");
        }
    }
}
