//! A folder with two files of a store, divided by their lengths: the look-up answers.

#![no_main]

use std::time::Duration;

use credential_cert_store::StoreSource;
use credential_core::testing::{Bound, FakeWorld, application};
use credential_core::{CredentialDescription, CredentialSource, LoadRequest};
use libfuzzer_sys::fuzz_target;

const FOLDER: &str = "/h/.dotnet/corefx/cryptography/x509stores/my";

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().expect("a runtime");
}

fuzz_target!(|content: &[u8]| {
    let Some((&cut, content)) = content.split_first() else { return };
    let (one, two) = content.split_at(content.len() * usize::from(cut) / 256);
    let fake = FakeWorld::new();
    fake.environment.set("HOME", "/h");
    fake.files.write(format!("{FOLDER}/one.pfx"), one);
    fake.files.write(format!("{FOLDER}/two.pfx"), two);
    let [_, _, source] = StoreSource::all();
    let entry = CredentialDescription::new(source.source_type())
        .with("CertificateStorePath", "CurrentUser/My")
        .with("CertificateSubjectName", "a");
    let (world, application) = (fake.world(), application());
    let bound = Bound::new(source, entry).expect("an entry that can be looked up");
    let deadline = world.clock.moment().after(Duration::from_secs(30));
    RUNTIME.with(|runtime| {
        let _ = runtime.block_on(bound.load(&LoadRequest::new(&application, deadline, &world)));
    });
});
