//! `Base64EncodedValue` as it stands in a configuration.

#![no_main]

use credential_cert_store::Base64Source;
use credential_core::{CredentialDescription, testing::Bound};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let entry = CredentialDescription::new("Base64Encoded").with("Base64EncodedValue", text);
    if let Err(error) = Bound::new(Base64Source, entry) {
        // A registry catches a source's panic.
        assert!(error.findings().iter().all(|finding| finding.code != "source-panicked"));
    }
});
