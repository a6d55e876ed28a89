//! What a cached token takes, beside the token itself.

use std::sync::Arc;

use allocation_counter::measure;
use credential_core::Credential;
use credential_tests::memory_authority::{MemoryAuthority, client};
use token_client::TokenRequest;

use super::scene::{app, user};

const TOKENS: usize = 4000;

/// Bytes for each further token, the token itself left out.
fn beside_the_token(request: impl Fn(usize) -> TokenRequest) -> i64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = runtime.block_on(client(&Arc::<MemoryAuthority>::default(), Credential::secret("test", "s3cret")));
    let get = |nth: usize| runtime.block_on(client.token(&request(nth))).unwrap().value().expose().len();
    let length = get(0);
    let kept = measure(|| (1..=TOKENS).for_each(|nth| assert_eq!(get(nth), length))).bytes_current;
    kept / i64::try_from(TOKENS).unwrap() - i64::try_from(length).unwrap()
}

/// A key of an application's token stands in memory beside it, once; those of users share theirs.
#[test]
fn a_token_takes_little_beside_itself() {
    let tenant: fn(usize) -> TokenRequest = |nth| app().tenant(format!("{nth:08}-3a3c-4a8b-9a5e-6b0c7a1d2e4f"));
    let scope: fn(usize) -> TokenRequest = |nth| TokenRequest::app(format!("api://{nth:08}/.default"));
    for (name, most, request) in
        [("user", 256, user as fn(usize) -> TokenRequest), ("tenant", 384, tenant), ("scope", 384, scope)]
    {
        let bytes = beside_the_token(request);
        println!("{name}: {bytes} bytes beside the token");
        assert!(bytes <= most, "{name}: {bytes}");
    }
}
