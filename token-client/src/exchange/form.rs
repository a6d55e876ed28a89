//! The body of a token request (`application/x-www-form-urlencoded`), in memory that is wiped.

use zeroize::Zeroizing;

/// A form under construction. It never grows in place, so that no copy of a secret stays behind.
#[derive(Default)]
pub(crate) struct Form(Zeroizing<Vec<u8>>);

impl Form {
    /// Adds a field.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        // Each byte needs three at most.
        let mut longer = Zeroizing::new(Vec::with_capacity(self.0.len() + name.len() + value.len() * 3 + 2));
        longer.extend_from_slice(&self.0);
        if !longer.is_empty() {
            longer.push(b'&');
        }
        longer.extend_from_slice(name.as_bytes());
        longer.push(b'=');
        longer.extend_from_slice(&encoded(value));
        self.0 = longer;
    }

    pub(crate) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

/// The value as a form has it: a space becomes `+`, what RFC 3986 §2.3 leaves unreserved stays as it is.
pub(crate) fn encoded(value: &str) -> Zeroizing<Vec<u8>> {
    let mut encoded = Zeroizing::new(Vec::with_capacity(value.len() * 3));
    for byte in value.bytes() {
        match byte {
            b' ' => encoded.push(b'+'),
            b'-' | b'.' | b'_' | b'~' => encoded.push(byte),
            byte if byte.is_ascii_alphanumeric() => encoded.push(byte),
            byte => encoded.extend_from_slice(&[b'%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    encoded
}

fn hex(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'A' + digit - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_the_reference_does() {
        let mut form = Form::default();
        form.add("client_secret", "a b~c(d)*'!+&=ü");
        form.add("scope", "x");
        assert_eq!(form.into_bytes().as_slice(), b"client_secret=a+b~c%28d%29%2A%27%21%2B%26%3D%C3%BC&scope=x");
    }
}
