//! Thumbprints in any notation.

use base64::Engine;
use credential_core::Finding;
use credential_core::credential::CertificateFacts;

use crate::pem::LENIENT_BASE64;

/// The hash of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Thumbprint {
    Sha1([u8; 20]),
    Sha256([u8; 32]),
}

impl Thumbprint {
    /// Hexadecimal digits in any case, with whatever tools and pages put between and around them, or
    /// base64 as in the header of a token. One character too many at the end is ignored as .NET does
    /// it, with a warning.
    ///
    /// # Errors
    /// Says what is wrong.
    pub(super) fn parse(text: &str) -> Result<(Self, Option<Finding>), String> {
        let bare: Vec<char> = without_label(text).chars().filter(|&character| !is_decoration(character)).collect();
        let bare: Vec<char> = match bare.as_slice() {
            ['0', 'x' | 'X', rest @ ..] => rest.to_vec(),
            _ => bare,
        };
        if let Some(thumbprint) = from_base64(&bare) {
            return Ok((thumbprint, None));
        }
        let bare: Vec<char> = bare.into_iter().filter(|&character| character != '-').collect();
        let (digits, extra) = match bare.as_slice() {
            [digits @ .., _] if digits.len() == 40 || digits.len() == 64 => (digits, true),
            digits => (digits, false),
        };
        let values: Option<Vec<u8>> = digits.iter().map(|digit| digit.to_digit(16).map(|value| value as u8)).collect();
        let values = values.ok_or_else(|| "it has characters that are not hexadecimal digits".to_owned())?;
        let bytes: Vec<u8> = values.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect();
        let thumbprint = Self::of_bytes(&bytes)
            .filter(|_| values.len() % 2 == 0)
            .ok_or_else(|| format!("it has {} digits", values.len()))?;
        let finding = extra.then(|| {
            Finding::warning("thumbprint-too-long", "the thumbprint has one character too many, which is ignored")
                .remedy("remove its last character")
        });
        Ok((thumbprint, finding))
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let sha1 = bytes.try_into().map(Self::Sha1);
        sha1.or_else(|_| bytes.try_into().map(Self::Sha256)).ok()
    }

    pub(super) fn is_of(&self, facts: &CertificateFacts) -> bool {
        match self {
            Self::Sha1(hash) => *hash == facts.sha1,
            Self::Sha256(hash) => *hash == facts.sha256,
        }
    }
}

/// Without what `openssl x509 -fingerprint` (`SHA1 Fingerprint=`) and others (`sha1:`) write in front.
fn without_label(text: &str) -> &str {
    match text.split_once(['=', ':']) {
        Some((label, rest)) if label.len() <= 20 && label.trim_start().to_ascii_lowercase().starts_with("sha") => rest,
        _ => text,
    }
}

/// `x5t` and `x5t#S256` of a token's header (RFC 7515 §4.1.7), in either alphabet.
fn from_base64(text: &[char]) -> Option<Thumbprint> {
    if !matches!(text.len(), 27 | 28 | 43 | 44) {
        return None;
    }
    let standard = text.iter().map(|character| match character {
        '-' => '+',
        '_' => '/',
        other => *other,
    });
    let bytes = LENIENT_BASE64.decode(standard.collect::<String>()).ok()?;
    Thumbprint::of_bytes(&bytes)
}

/// White space, marks that are not seen, and what stands between pairs of digits.
fn is_decoration(character: char) -> bool {
    let unseen = matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}');
    character.is_whitespace() || unseen || matches!(character, ':' | ',' | '"' | '\'' | '\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0117E83D74AECA52BF47B0D7439870E20B0B868E";

    #[test]
    fn every_notation_means_the_same() {
        let (expected, finding) = Thumbprint::parse(HEX).unwrap();
        assert!(finding.is_none());
        let colons: Vec<String> =
            HEX.as_bytes().chunks(2).map(|pair| String::from_utf8(pair.to_vec()).unwrap()).collect();
        for text in [
            HEX.to_lowercase(),
            colons.join(":"),
            colons.join(" "),
            colons.join("-"),
            format!("\u{200E}{HEX}\u{200E}\u{200E}"),
            format!("\u{FEFF}0x{HEX}\n"),
            format!("\"{HEX}\""),
            format!("SHA1 Fingerprint={}", colons.join(":")),
            format!("sha1:{HEX}"),
            "ARfoPXSuylK/R7DXQ5hw4gsLho4=".to_owned(),
            "ARfoPXSuylK_R7DXQ5hw4gsLho4".to_owned(),
        ] {
            assert_eq!(Thumbprint::parse(&text).unwrap().0, expected, "{text}");
        }
    }

    #[test]
    fn one_character_too_many_is_a_warning_and_any_other_number_an_error() {
        assert!(Thumbprint::parse(&format!("{HEX}z")).unwrap().1.is_some());
        for bad in
            ["", "01", HEX.trim_start_matches('0'), &format!("{HEX}00"), "zz17E83D74AECA52BF47B0D7439870E20B0B868E"]
        {
            assert!(Thumbprint::parse(bad).is_err(), "{bad}");
        }
    }
}
