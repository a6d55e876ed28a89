//! Why there was no answer, and whether the request was sent at all.

use std::error::Error as StdError;
use std::io;
use std::iter::successors;

use credential_core::world::{HttpError, HttpErrorKind};

use super::pinned;

/// What a proxy's 407 becomes when a tunnel is asked for. The type is not public.
const PASSWORD_WANTED: &str = "proxy authorization required";
/// What the client's pool says when the connection that a request waited for came to nothing: whoever
/// was opening it left. The type is not public.
const LEFT_BY_ANOTHER: [&str; 2] = ["request was canceled", "checked out connection was closed"];

/// The host and port for messages; never the path or query, which may carry secrets.
pub(super) fn host_of(url: &str) -> String {
    let parsed = url::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(|url| Some((url.host_str()?, url.port())));
    match host {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host.to_owned(),
        None => "an address without a host".to_owned(),
    }
}

pub(super) fn too_late(host: &str) -> String {
    format!("{host} did not answer in time")
}

/// Whether the request certainly never left: its connection was gone before it had its turn.
pub(super) fn never_sent(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|cause| {
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled)
            || LEFT_BY_ANOTHER.contains(&cause.to_string().as_str())
    })
}

/// Whether a proxy asks for a user name and password.
pub(super) fn asks_for_password(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|cause| cause.to_string().contains(PASSWORD_WANTED))
}

/// What a tunnel through a proxy that came to nothing is called. The type is not public.
const TUNNEL: &str = "tunnel error";

/// Whether the way to a proxy is what failed.
pub(super) fn is_of_proxy(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|cause| cause.to_string().contains(TUNNEL))
}

/// What is wrong with the TLS of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsFault {
    /// Self-signed, or of an authority that nobody here trusts.
    UnknownAuthority,
    OtherName,
    Expired,
    NotYetValid,
    Revoked,
    /// What answers speaks something else.
    NoTls,
    Other,
}

impl TlsFault {
    fn of(error: &rustls::Error) -> Self {
        use rustls::CertificateError as Bad;
        match error {
            rustls::Error::InvalidCertificate(Bad::UnknownIssuer) => Self::UnknownAuthority,
            rustls::Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
                Self::OtherName
            }
            rustls::Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => Self::Expired,
            rustls::Error::InvalidCertificate(Bad::NotValidYet | Bad::NotValidYetContext { .. }) => Self::NotYetValid,
            rustls::Error::InvalidCertificate(Bad::Revoked) => Self::Revoked,
            rustls::Error::InvalidMessage(_) => Self::NoTls,
            _ => Self::Other,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::UnknownAuthority => ": its certificate is self-signed, or of an authority that is not trusted here",
            Self::OtherName => ": its certificate is for another host",
            Self::Expired => ": its certificate has expired",
            Self::NotYetValid => ": its certificate is not yet valid",
            Self::Revoked => ": its certificate was revoked",
            Self::NoTls => ": what answers at this port speaks no TLS",
            Self::Other => "",
        }
    }
}

/// What is wrong with the TLS of a host, if that is the reason.
pub(super) fn tls_fault(error: &(dyn StdError + 'static)) -> Option<TlsFault> {
    chain(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()).map(TlsFault::of)
}

/// What went wrong, by the innermost cause; the address is cut from reqwest's own text.
pub(super) fn describe(error: reqwest::Error, host: &str) -> HttpError {
    let error = error.without_url();
    let mut kind = if error.is_timeout() {
        HttpErrorKind::Timeout
    } else if error.is_builder() {
        HttpErrorKind::Request
    } else if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Broken
    };
    let (mut why, mut by_proxy) = (String::new(), false);
    let body = chain(&error).find_map(|cause| cause.downcast_ref::<HttpError>());
    if let Some((kind, body)) = body.map(|body| (body.kind(), body.to_string())) {
        return HttpError::new(kind, format!("the body of the request to {host} broke off: {body}")).caused_by(error);
    }
    for cause in chain(&error) {
        let text = cause.to_string();
        if let Some(cause) = cause.downcast_ref::<rustls::Error>() {
            kind = HttpErrorKind::Tls;
            let words = TlsFault::of(cause).words();
            why = not_pinned(cause).map_or_else(|| words.to_owned(), |other| format!(": {other}"));
        } else if text.contains(TUNNEL) {
            kind = HttpErrorKind::Connect;
            by_proxy = true;
        } else if !by_proxy && (text.contains("dns error") || text.contains("failed to lookup address")) {
            kind = HttpErrorKind::UnknownHost;
        }
    }
    let message = match kind {
        HttpErrorKind::Request => format!("the request to {host} cannot be sent"),
        HttpErrorKind::UnknownHost => format!("host {host} not found"),
        HttpErrorKind::Connect if asks_for_password(&error) => {
            format!("no connection to {host}: the proxy asks for a user name and password (407)")
        }
        HttpErrorKind::Connect if by_proxy => format!("no connection to {host}: no connection to the proxy"),
        HttpErrorKind::Connect if ended_handshake(&error) => {
            format!("no connection to {host}: it ended the TLS handshake")
        }
        HttpErrorKind::Connect => format!("no connection to {host}"),
        HttpErrorKind::Tls => format!("the TLS connection to {host} failed{why}"),
        HttpErrorKind::Timeout => too_late(host),
        _ => format!("the connection to {host} broke before the whole answer was there"),
    };
    HttpError::new(kind, message).caused_by(error)
}

/// Whether whoever answers ended the connection where TLS would have begun.
pub(super) fn ended_handshake(error: &(dyn StdError + 'static)) -> bool {
    let io = chain(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    io.map(io::Error::kind).any(|kind| matches!(kind, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset))
}

fn not_pinned(error: &rustls::Error) -> Option<&pinned::Other> {
    match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) => other.0.downcast_ref(),
        _ => None,
    }
}

/// The error and its causes; what an I/O error wraps counts.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    successors(Some(error), |cause| {
        let cause: &'a (dyn StdError + 'static) = *cause;
        match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_apart() {
        use rustls::CertificateError as Bad;

        let faults = [
            (Bad::UnknownIssuer, "self-signed"),
            (Bad::NotValidForName, "another host"),
            (Bad::Expired, "expired"),
            (Bad::NotValidYet, "not yet valid"),
            (Bad::Revoked, "revoked"),
        ];
        let faults = faults.map(|(bad, part)| (rustls::Error::InvalidCertificate(bad), part));
        let no_tls = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        for (error, part) in faults.into_iter().chain([(no_tls, "speaks no TLS")]) {
            let words = TlsFault::of(&error).words();
            assert!(words.contains(part), "{error}: {words}");
            let wrapped = io::Error::other(error);
            assert_eq!(tls_fault(&wrapped).map(TlsFault::words), Some(words));
        }
    }

    #[test]
    fn what_the_pool_gave_up_was_never_sent() {
        for (text, expected) in [("request was canceled", true), ("tcp connect error", false)] {
            let error = io::Error::other(io::Error::other(text));
            assert_eq!(never_sent(&error), expected, "{text}");
        }
    }
}
