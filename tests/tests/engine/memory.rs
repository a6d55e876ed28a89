//! What a cached token takes, beside the token itself.

use std::sync::Arc;

use allocation_counter::measure;
use credential_core::Credential;
use credential_tests::memory_authority::{MemoryAuthority, TENANT, client};
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

/// What each has: its place in the cache and in the order of ends, its times, the header's `Bearer`.
const EACH: i64 = 256;
/// Around a text that a token has to itself: two counts of owners, a mark before each of its parts, what rounds it up.
const AROUND_A_KEY: i64 = 32;

/// What is asked for stands in memory beside an application's token, once: no other has the same. Users have theirs in
/// common.
#[test]
fn a_token_takes_little_beside_itself() {
    let tenant: fn(usize) -> TokenRequest = |nth| app().tenant(format!("{nth:08}-3a3c-4a8b-9a5e-6b0c7a1d2e4f"));
    let scope: fn(usize) -> TokenRequest = |nth| TokenRequest::app(format!("api://{nth:08}/.default"));
    let key = |request: TokenRequest| {
        let tenant = request.tenant.as_deref().unwrap_or(TENANT).len();
        AROUND_A_KEY + i64::try_from(tenant + request.scopes[0].len()).unwrap()
    };
    for (name, own, request) in [
        ("user", 0, user as fn(usize) -> TokenRequest),
        ("tenant", key(tenant(0)), tenant),
        ("scope", key(scope(0)), scope),
    ] {
        let bytes = beside_the_token(request);
        println!("{name}: {bytes} bytes beside the token, {own} of them for its key");
        assert!(bytes <= EACH + own, "{name}: {bytes}");
    }
}
