//! PEM text, with the key in a text of its own where a NUL divides the input.

#![no_main]

use credential_cert_store::Material;
use credential_core::Secret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &[u8]| {
    let mut parts = content.splitn(2, |byte| *byte == 0);
    let (certificate, key) = (parts.next().unwrap_or_default(), parts.next());
    let _ = Material::from_parts(certificate, key, Some(&Secret::from("pw")));
});
