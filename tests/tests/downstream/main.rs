//! Calls of downstream APIs from outside: for whom they are made, where they go, what comes back.
#![expect(clippy::disallowed_methods, reason = "servers on loopback are tasks of the tests")]

mod again;
mod answers;
mod attacks;
mod callers;
mod errors;
mod overrides;
mod paths;
mod streams;
mod there;
mod traced;

/// What went wrong with a call itself says which call, which API and where its section stands.
fn is_about_the_call(error: &token_client::DownstreamError) {
    let [finding] = error.findings() else { panic!("{error}") };
    assert!(finding.message.contains("http") && finding.message.contains(": Api)"), "{finding:?}");
    assert!(
        finding.path.as_deref().is_some_and(|path| path.ends_with("Api")) && finding.origin.is_some(),
        "{finding:?}"
    );
}
