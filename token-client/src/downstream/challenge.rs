//! The claims challenge of a 401 (RFC 9110 §11.6.1, RFC 6750 §3; Microsoft's continuous access evaluation).

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use credential_core::text::printable;
use credential_core::world::{Challenge, HttpResponse};

/// The most characters of a scheme, and of each of a challenge's parameters, that are shown.
const MAX_SCHEME: usize = 50;
const MAX_WORDS: usize = 500;

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const ENGINES: [GeneralPurpose; 2] =
    [GeneralPurpose::new(&STANDARD, ANY_PADDING), GeneralPurpose::new(&URL_SAFE, ANY_PADDING)];

/// The claims that a resource asks for, as JSON text, when a `WWW-Authenticate` header has a Bearer
/// challenge with `error="insufficient_claims"`. Claims that are no base64 are taken as they are.
pub(crate) fn claims<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let challenges = headers.into_iter().flat_map(Challenge::read_all);
    let claims = challenges.filter(|challenge| challenge.is("Bearer")).find_map(|challenge| {
        let asks = challenge.quoted("error").is_some_and(|error| error.eq_ignore_ascii_case("insufficient_claims"));
        let claims = challenge.quoted("claims").filter(|claims| asks && !claims.is_empty());
        claims.map(str::to_owned)
    })?;
    let decoded = ENGINES.iter().find_map(|engine| String::from_utf8(engine.decode(&claims).ok()?).ok());
    Some(decoded.unwrap_or(claims))
}

/// What a Bearer challenge says of its reason (RFC 6750 §3).
pub(crate) fn words(response: &HttpResponse) -> Option<String> {
    let challenge = all(response).into_iter().find(|challenge| challenge.is("Bearer"))?;
    let parts = ["error", "error_description"].into_iter().filter_map(|name| challenge.quoted(name));
    let words = parts.map(|part| printable(part, MAX_WORDS)).collect::<Vec<_>>().join(": ");
    Some(words).filter(|words| !words.is_empty())
}

/// The schemes that are asked for where Bearer is none of them.
pub(crate) fn other_schemes(response: &HttpResponse) -> Option<String> {
    let all = all(response);
    let has_bearer = all.iter().any(|challenge| challenge.is("Bearer"));
    let schemes: Vec<String> = all.iter().map(|one| printable(one.scheme(), MAX_SCHEME)).collect();
    (!has_bearer && !schemes.is_empty()).then(|| schemes.join(", "))
}

fn all(response: &HttpResponse) -> Vec<Challenge> {
    let headers = response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
    headers.flat_map(|(_, value)| Challenge::read_all(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;

    fn encoded() -> String {
        base64::prelude::BASE64_STANDARD.encode(CLAIMS)
    }

    #[test]
    fn finds_the_claims_among_other_challenges() {
        let claims_of = |header: String| claims([header.as_str()]);
        let encoded = encoded();
        for header in [
            format!(r#"Bearer realm="", error="insufficient_claims", claims="{encoded}""#),
            format!(r#"Basic realm="a, b", bearer CLAIMS="{encoded}", Error="Insufficient_Claims""#),
            format!(r#"Bearer error="insufficient_claims", claims="{encoded}", Digest realm="x""#),
        ] {
            assert_eq!(claims_of(header.clone()).as_deref(), Some(CLAIMS), "{header}");
        }
        assert_eq!(claims_of(r#"Bearer error="insufficient_claims", claims="%%%""#.to_owned()).as_deref(), Some("%%%"));
    }

    #[test]
    fn other_schemes_are_named_where_bearer_is_none_of_them() {
        let schemes_of = |headers: &[&str]| {
            let headers = headers.iter().map(|value| ("WWW-Authenticate".to_owned(), (*value).to_owned())).collect();
            other_schemes(&HttpResponse::new(401, headers, ""))
        };
        assert_eq!(schemes_of(&["Negotiate", "Basic realm=\"x\""]).as_deref(), Some("Negotiate, Basic"));
        assert_eq!(schemes_of(&["Basic realm=\"x\"", "bearer"]), None);
        assert_eq!(schemes_of(&[]), None);
    }

    #[test]
    fn anything_else_is_no_challenge() {
        let encoded = encoded();
        for header in [
            format!(r#"Bearer error="invalid_token", claims="{encoded}""#),
            format!(r#"PoP error="insufficient_claims", claims="{encoded}""#),
            format!("Bearer error=insufficient_claims, claims={encoded}"),
            r#"Bearer error="insufficient_claims""#.to_owned(),
            String::new(),
        ] {
            assert_eq!(claims([header.as_str()]), None, "{header}");
        }
    }
}
