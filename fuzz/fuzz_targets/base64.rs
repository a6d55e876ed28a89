//! `Base64EncodedValue` as it stands in a configuration.

#![no_main]

use credential_cert_store::Base64Source;
use credential_core::{CredentialDescription, CredentialSource};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let entry = CredentialDescription::new("Base64Encoded").with("Base64EncodedValue", text);
    let _ = Base64Source::default().validate(&entry);
});
