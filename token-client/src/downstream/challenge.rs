//! The claims challenge of a 401 (RFC 9110 §11.6.1, RFC 6750 §3; Microsoft's continuous access evaluation).

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const ENGINES: [GeneralPurpose; 2] =
    [GeneralPurpose::new(&STANDARD, ANY_PADDING), GeneralPurpose::new(&URL_SAFE, ANY_PADDING)];

/// The claims that a resource asks for, as JSON text, when a `WWW-Authenticate` header has a Bearer
/// challenge with `error="insufficient_claims"`. Claims that are no base64 are taken as they are.
pub(crate) fn claims<'a>(headers: impl IntoIterator<Item = &'a str>) -> Option<String> {
    headers.into_iter().find_map(bearer_claims)
}

fn bearer_claims(header: &str) -> Option<String> {
    let mut in_bearer = false;
    let (mut error, mut claims) = (None, None);
    for part in split_outside_quotes(header) {
        let part = part.trim();
        let (scheme, parameter) = match part.split_once(char::is_whitespace) {
            // A word followed by `name=`: the scheme of a new challenge with its first parameter.
            Some((scheme, rest)) if !scheme.contains('=') && !rest.trim_start().starts_with('=') => {
                (Some(scheme), rest.trim())
            }
            _ if !part.contains('=') => (Some(part), ""),
            _ => (None, part),
        };
        if let Some(scheme) = scheme {
            if found(error.as_deref(), claims.as_ref()) {
                break;
            }
            in_bearer = scheme.eq_ignore_ascii_case("bearer");
            (error, claims) = (None, None);
        }
        let Some((name, value)) = parameter.split_once('=').filter(|_| in_bearer) else { continue };
        let Some(value) = unquoted(value.trim()) else { continue };
        match name.trim().to_ascii_lowercase().as_str() {
            "error" => error = Some(value),
            "claims" => claims = Some(value),
            _ => {}
        }
    }
    let claims = found(error.as_deref(), claims.as_ref()).then_some(claims).flatten()?;
    let decoded = ENGINES.iter().find_map(|engine| String::from_utf8(engine.decode(&claims).ok()?).ok());
    Some(decoded.unwrap_or(claims))
}

fn found(error: Option<&str>, claims: Option<&String>) -> bool {
    error.is_some_and(|error| error.eq_ignore_ascii_case("insufficient_claims"))
        && claims.is_some_and(|claims| !claims.is_empty())
}

/// The text of a quoted string; nothing for what is not quoted.
fn unquoted(value: &str) -> Option<String> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        text.push(if character == '\\' { characters.next()? } else { character });
    }
    Some(text)
}

fn split_outside_quotes(header: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    header.split(move |character| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        character == ',' && !quoted
    })
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
