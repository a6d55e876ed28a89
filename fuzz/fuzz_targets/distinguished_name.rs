//! Distinguished names, thumbprints and store paths as people write them.

#![no_main]

use credential_cert_store::StoreSource;
use credential_core::{CredentialDescription, CredentialSource};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let [by_thumbprint, by_name, _] = StoreSource::all();
    let entry = |source: &StoreSource, path: &str| {
        CredentialDescription::new(source.source_type())
            .with("CertificateStorePath", path)
            .with("CertificateThumbprint", text)
            .with("CertificateDistinguishedName", text)
    };
    let _ = by_name.validate(&entry(&by_name, "CurrentUser/My"));
    let _ = by_thumbprint.validate(&entry(&by_thumbprint, "CurrentUser/My"));
    let _ = by_name.validate(&entry(&by_name, text));
});
