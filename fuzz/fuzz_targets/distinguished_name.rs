//! Distinguished names, thumbprints and store paths as people write them.

#![no_main]

use credential_cert_store::StoreSource;
use credential_core::{CredentialDescription, CredentialSource, testing::Bound};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let [by_thumbprint, by_name, _] = StoreSource::all();
    let bind = |source: StoreSource, setting: &str, path: &str| {
        let entry = CredentialDescription::new(source.source_type()).with("CertificateStorePath", path);
        if let Err(error) = Bound::new(source, entry.with(setting, text)) {
            // A registry catches a source's panic.
            assert!(error.findings().iter().all(|finding| finding.code != "source-panicked"));
        }
    };
    bind(by_name, "CertificateDistinguishedName", "CurrentUser/My");
    bind(by_thumbprint, "CertificateThumbprint", "CurrentUser/My");
    bind(by_name, "CertificateDistinguishedName", text);
});
