//! The client id and secret of a token request: in the form, or by HTTP Basic (RFC 6749 §2.3.1).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use credential_core::Secret;

use super::record::RecordedRequest;
use super::refusal::Refusal;

/// How the client names itself.
#[derive(Debug)]
pub(crate) struct Presented {
    pub(crate) client_id: Option<String>,
    pub(crate) secret: Option<Secret>,
    pub(crate) by_basic: bool,
}

impl Presented {
    /// Reads both places.
    ///
    /// # Errors
    /// 9002313 for a header that is no Basic credential, for another client id beside it, and for two secrets:
    /// a client uses one method (RFC 6749 §2.3).
    pub(crate) fn read(request: &RecordedRequest) -> Result<Self, Refusal> {
        let form = |name: &str| request.form(name).filter(|value| !value.is_empty());
        let (id, secret) = (form("client_id").map(str::to_owned), form("client_secret").map(Secret::new));
        let Some(header) = request.header("authorization") else {
            return Ok(Self { client_id: id, secret, by_basic: false });
        };
        let (name, password) = basic(header)
            .ok_or_else(|| Refusal::malformed("'Authorization' is no form-encoded client id and secret by Basic."))?;
        if secret.is_some() {
            return Err(Refusal::malformed("there is a 'client_secret' beside the one by Basic."));
        }
        if id.is_some_and(|id| !id.eq_ignore_ascii_case(&name)) {
            return Err(Refusal::malformed("'client_id' is not the one by Basic."));
        }
        Ok(Self { client_id: Some(name), secret: Some(password), by_basic: true })
    }
}

fn basic(header: &str) -> Option<(String, Secret)> {
    let (scheme, value) = header.split_once(' ')?;
    let pair = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(value.trim()).ok())??;
    let pair = String::from_utf8(pair).ok()?;
    let (name, password) = pair.split_once(':')?;
    Some((decoded(name)?, Secret::new(decoded(password)?)))
}

/// The value of one form field; none where a percent sign begins no byte.
fn decoded(text: &str) -> Option<String> {
    let good = text
        .split('%')
        .skip(1)
        .all(|rest| rest.get(..2).is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit())));
    let field = format!("v={}", text.replace('&', "%26"));
    let (_, value) = url::form_urlencoded::parse(field.as_bytes()).next()?;
    good.then(|| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_encoded() {
        let read = |pair: &str| basic(&format!("bAsIc {}", STANDARD.encode(pair)));
        let (name, secret) = read("app%3A1:s3+cr%2Bt%3A%C3%A9:&=").unwrap();
        assert_eq!((name.as_str(), secret.expose()), ("app:1", "s3 cr+t:é:&="));
        assert!(read("no colon").is_none() && read("app:100%").is_none() && read("app:%zz").is_none());
        assert!(basic("Bearer abc").is_none() && basic("Basic !").is_none());
    }
}
