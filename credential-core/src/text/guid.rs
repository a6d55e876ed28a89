//! Identifiers in the form of GUIDs (RFC 9562 §4), as text.

/// Whether the text is `8-4-4-4-12` hex digits, and nothing around them.
pub fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The forms N, D, B and P of [`System.Guid`](https://learn.microsoft.com/dotnet/api/system.guid.tostring)
/// as `8-4-4-4-12` lower-case hex digits; `None` for any other text.
pub fn normal(text: &str) -> Option<String> {
    let inner = [('{', '}'), ('(', ')')]
        .iter()
        .find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))
        .unwrap_or(text);
    let bare = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !bare && !is_guid(inner) {
        return None;
    }
    let mut rest: String = inner.chars().filter(|letter| *letter != '-').collect();
    rest.make_ascii_lowercase();
    let mut parts = Vec::new();
    for len in [8, 4, 4, 4] {
        let tail = rest.split_off(len);
        parts.push(std::mem::replace(&mut rest, tail));
    }
    parts.push(rest);
    Some(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_have_the_forms_of_dotnet() {
        let expected = Some("00000000-0000-0000-0000-00000000000a".to_owned());
        for text in [
            "00000000-0000-0000-0000-00000000000A",
            "0000000000000000000000000000000a",
            "{00000000-0000-0000-0000-00000000000a}",
            "(00000000-0000-0000-0000-00000000000a)",
        ] {
            assert_eq!(normal(text), expected, "{text}");
        }
        for text in [
            "",
            "x",
            "{0000000000000000000000000000000a}",
            "00000000-0000-0000-0000-00000000000g",
            "é".repeat(16).as_str(),
        ] {
            assert_eq!(normal(text), None, "{text}");
        }
    }

    #[test]
    fn the_plain_form_is_the_one_with_dashes_alone() {
        for (text, plain) in [
            ("0f8fad5b-d9cb-469f-a165-70867728950e", true),
            ("0F8FAD5B-D9CB-469F-A165-70867728950E", true),
            ("0f8fad5b-d9cb-469f-a165-70867728950", false),
            ("0f8fad5bd9cb469fa16570867728950e", false),
            ("0f8fad5b-d9cb-469f-a16570867728950e-", false),
            ("", false),
        ] {
            assert_eq!(is_guid(text), plain, "{text}");
        }
    }
}
