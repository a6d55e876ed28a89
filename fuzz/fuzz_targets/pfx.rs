//! PFX and DER: whatever is in it, `Material::from_bytes` answers.

#![no_main]

use credential_cert_store::Material;
use credential_core::Secret;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &[u8]| {
    if let Ok(material) = Material::from_bytes(content, Some(&Secret::from("pw"))) {
        let _ = material.into_credential("fuzz", std::time::SystemTime::UNIX_EPOCH);
    }
});
