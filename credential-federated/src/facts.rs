//! What an assertion says about itself. Its signature is the authority's to verify.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// The most characters that an assertion may have; Microsoft Entra refuses longer ones unread.
pub const MAX_ASSERTION_LENGTH: u64 = 64 * 1024;

/// 9999-12-31, 23:59:59 UTC: a number beyond it is no date in seconds.
pub(crate) const LAST_SECOND: u64 = 253_402_300_799;

/// What the claims of an assertion say (RFC 7519 §4.1). None of it is secret, none of it is verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AssertionFacts {
    /// `iss`: who signed it.
    pub issuer: Option<String>,
    /// `sub`: whom it is about.
    pub subject: Option<String>,
    /// `aud`: whom it is meant for; one in most.
    pub audience: Vec<String>,
    /// `nbf`: when it begins to be valid.
    pub not_before: Option<SystemTime>,
    /// `exp`: when it ends.
    pub expires_on: Option<SystemTime>,
}

/// Why a text is no assertion. Shows nothing of the text but a date that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnAssertion {
    why: String,
    remedy: Option<&'static str>,
}

impl NotAnAssertion {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), remedy: None }
    }

    /// What to do where that does not depend on where the text is from.
    pub(crate) fn remedy(&self) -> Option<&'static str> {
        self.remedy
    }
}

impl fmt::Display for NotAnAssertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for NotAnAssertion {}

/// Reads the claims of a signed JWT in compact form (RFC 7515 §3.1), without verifying the signature.
///
/// # Errors
/// When the text is longer than [`MAX_ASSERTION_LENGTH`], has not three parts in base64url, or its
/// header or claims are no valid JSON objects, or a date in them lies after the year 9999, as one in milliseconds
/// does: it would never end. Missing and oddly typed claims are no error: they are left out.
///
/// ```
/// let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzc3VlciIsInN1YiI6InBvZCJ9.c2lnbmF0dXJl";
/// let facts = credential_federated::describe(jwt)?;
/// assert_eq!(facts.subject.as_deref(), Some("pod"));
/// # Ok::<(), credential_federated::NotAnAssertion>(())
/// ```
pub fn describe(jwt: &str) -> Result<AssertionFacts, NotAnAssertion> {
    if jwt.len() as u64 > MAX_ASSERTION_LENGTH {
        return Err(NotAnAssertion::new(format!("it has more than {MAX_ASSERTION_LENGTH} characters")));
    }
    if let Some(instead) = instead(jwt) {
        return Err(NotAnAssertion::new(instead));
    }
    let parts: Vec<&str> = jwt.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        let found = parts.len();
        return Err(NotAnAssertion::new(format!(
            "a signed JWT has three parts with dots between them, this has {found}"
        )));
    };
    object(header, "header")?;
    let claims = object(claims, "claims")?;
    if decode(signature, "signature")?.is_empty() {
        return Err(NotAnAssertion::new("its signature is empty"));
    }
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(AssertionFacts {
        issuer: text("iss"),
        subject: text("sub"),
        audience: audience(claims.get("aud")),
        not_before: date(&claims, "nbf")?,
        expires_on: date(&claims, "exp")?,
    })
}

/// What stands around a token, where that is easy to see.
fn instead(text: &str) -> Option<&'static str> {
    let begins = |start: &str| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    if begins("bearer ") {
        Some("it begins with \"Bearer \": the token alone is the assertion")
    } else if text.starts_with(['"', '\'']) {
        Some("it stands in quotes: the token alone is the assertion")
    } else if text.starts_with('{') {
        Some("it is a JSON object: the token alone is the assertion")
    } else if text.starts_with('<') {
        Some("it is a web page or XML")
    } else {
        None
    }
}

fn decode(part: &str, name: &str) -> Result<Vec<u8>, NotAnAssertion> {
    // The decoder's own error would show a character of the signature.
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| NotAnAssertion::new(format!("its {name} is not valid base64url without padding")))
}

fn object(part: &str, name: &str) -> Result<Map<String, Value>, NotAnAssertion> {
    // The parser refuses what is nested deeper than 128.
    serde_json::from_slice(&decode(part, name)?)
        .map_err(|_| NotAnAssertion::new(format!("its {name} is not a valid JSON object")))
}

fn audience(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// A NumericDate (RFC 7519 §2): seconds, with a fraction perhaps; some issuers write it as text.
fn date(claims: &Map<String, Value>, name: &str) -> Result<Option<SystemTime>, NotAnAssertion> {
    let seconds = match claims.get(name) {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let Some(since) = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds.clamp(0.0, f64::MAX)).ok())
    else {
        return Ok(None);
    };
    if since.as_secs() <= LAST_SECOND {
        return Ok(SystemTime::UNIX_EPOCH.checked_add(since));
    }
    let why = format!("its {name} is {}, in milliseconds as it seems: in seconds that is after 9999", since.as_secs());
    let remedy = Some("let its issuer write exp and nbf in seconds since 1970, not in milliseconds");
    Err(NotAnAssertion { why, remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", encode(r#"{"alg":"RS256"}"#), encode(claims), encode("signature"))
    }

    fn at(seconds: u64) -> Option<SystemTime> {
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }

    #[test]
    fn claims_are_read_in_every_form_that_issuers_write() {
        let facts = describe(&jwt(r#"{"iss":"i","sub":"s","aud":["a","b"],"nbf":1,"exp":2.0}"#)).unwrap();
        assert_eq!((facts.issuer.as_deref(), facts.subject.as_deref()), (Some("i"), Some("s")));
        assert_eq!((facts.audience, facts.not_before, facts.expires_on), (vec!["a".into(), "b".into()], at(1), at(2)));
        for (exp, read) in [
            ("\"1767225600\"", at(1_767_225_600)),
            ("-5", at(0)),
            ("253402300799", at(253_402_300_799)),
            ("1e300", None),
            ("\"NaN\"", None),
            ("\"soon\"", None),
            ("null", None),
            ("[1]", None),
        ] {
            assert_eq!(describe(&jwt(&format!(r#"{{"exp":{exp}}}"#))).unwrap().expires_on, read, "{exp}");
        }
    }

    #[test]
    fn a_date_in_milliseconds_is_one_that_never_comes() {
        for claims in [
            r#"{"exp":1767225600000}"#,
            r#"{"exp":"1767225600000"}"#,
            r#"{"exp":1767225600000.5}"#,
            r#"{"exp":1767225600,"nbf":1767225600000}"#,
        ] {
            let error = describe(&jwt(claims)).unwrap_err();
            assert!(error.to_string().contains("is 1767225600000, in milliseconds as it seems"), "{error}");
            assert!(error.remedy().is_some_and(|remedy| remedy.contains("seconds")), "{error:?}");
        }
    }

    #[test]
    fn what_is_no_signed_jwt_says_why() {
        let good = jwt("{}");
        let (header, rest) = good.split_once('.').unwrap();
        let (claims, signature) = rest.split_once('.').unwrap();
        let deep = jwt(&format!("{{\"a\":{}{}}}", "[".repeat(2000), "]".repeat(2000)));
        for (text, message) in [
            (String::new(), "three parts"),
            ("hello".into(), "this has 1"),
            (format!("{good}.x.y"), "this has 5"),
            (format!("{header}.{claims}."), "signature is empty"),
            (format!("{header}.{claims}.{signature}="), "signature is not valid base64url"),
            (format!("{header}.{claims}.a+b/"), "signature is not valid base64url"),
            (format!("{header}.!!.{signature}"), "claims is not valid base64url"),
            (format!("e30x.{claims}.{signature}"), "header is not a valid JSON object"),
            (jwt("[]"), "claims is not a valid JSON object"),
            (jwt("{\"a\":1} x"), "claims is not a valid JSON object"),
            (deep, "claims is not a valid JSON object"),
            ("a".repeat(64 * 1024 + 1), "more than 65536 characters"),
        ] {
            let error = describe(&text).unwrap_err().to_string();
            assert!(error.contains(message), "{text:.40} gives {error}");
        }
    }
}
