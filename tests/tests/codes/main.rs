//! Every code that there is, with an input that brings it, and what a person reads then: one file to go through,
//! `snapshots/codes__texts.snap`. `INSTA_UPDATE=always cargo test -p credential-tests --test codes` writes it anew.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "files and tasks of the test itself, which fails by panicking"
)]

mod certificates;
mod chain;
mod given;
mod scan;
mod shown;
mod vault;

use std::collections::BTreeSet;

use shown::Row;

/// Codes that no row here brings, and why: what goes wrong in the process itself, what the types rule out today, and
/// what another test brings.
const OF_NO_INPUT: &[(&str, &str)] = &[
    ("address-not-covered", "a request of the program's own: token-client/tests/integrations"),
    ("algorithm-not-of-key", "a request of the program's own: credential-cert-store/tests/signers.rs"),
    ("answer-is-page", "what the program says of an answer: token-client/tests/cli/call.rs"),
    ("assertion-not-written", "JSON of texts and numbers can always be written"),
    ("authorization-present", "a request of the program's own: token-client/tests/integrations"),
    ("azure-cli-abandoned", "the process cannot start another one, or its runtime ends"),
    ("azure-cli-disabled", "a part of vault-no-identity, which says it"),
    ("azure-credential-failed", "a credential of the Azure SDK: token-client/tests/integrations"),
    ("bad-address", "the settings refuse such an address first: wrong-value"),
    ("bad-base-url", "the settings refuse such an address first: wrong-value"),
    ("bad-proxy", "a variable of the process: token-client/tests/cli/proxy.rs"),
    ("call-token-missing", "a request of the program's own: token-client/tests/integrations"),
    ("certificate-out-of-time", "a key of the vault that ended before its certificate"),
    ("clock-skew", "an authority with another time, and the program: token-client/tests/cli/doctor.rs"),
    ("ciphertext-too-long", "a ciphertext, not a setting: credential-core/tests/decrypting.rs"),
    ("decrypter-panicked", "a ciphertext, not a setting: credential-core/tests/decrypting.rs"),
    ("decrypter-timeout", "a ciphertext, not a setting: credential-core/tests/decrypting.rs"),
    ("decryption-abandoned", "the runtime ends"),
    ("decryption-failed", "a ciphertext, not a setting: credential-cert-store/tests/decrypters.rs"),
    ("environment-invalid", "a variable that names no file or secret: credential-keyvault/src/identity/implied.rs"),
    ("environment-source-absent", "a registry without that source: credential-keyvault/tests/entries.rs"),
    ("exchange-abandoned", "the runtime ends: tests/tests/faults/runtimes.rs"),
    ("exchange-panicked", "code of the program panics: tests/tests/faults/runtimes.rs"),
    ("https-not-available", "the machine has no certificate authorities at all"),
    ("inspection-ended", "the runtime ends"),
    ("load-abandoned", "the runtime ends: credential-core/tests/chain/runtimes.rs"),
    ("managed-identity-panicked", "code of ours panics"),
    ("missing-client-id", "the settings say it first: missing-setting"),
    ("newer-certificate-without-key", "two certificates of one subject: credential-cert-store/tests/lookup.rs"),
    ("no-address", "a layer of the program's own: token-client/tests/integrations"),
    ("no-decrypter", "a ciphertext, not a setting: credential-core/tests/decrypting.rs"),
    ("no-scope", "an argument of the program: token-client/tests/cli/token.rs"),
    ("no-such-credential", "an argument of the program: token-client/tests/cli/token.rs"),
    ("no-such-entry", "an index of the program's own: credential-core/tests/chain/anew.rs"),
    ("no-token-engine", "a registry without a client: credential-keyvault/tests/entries.rs"),
    ("platform-detected", "a machine that gives tokens, and the program: token-client/tests/cli/doctor.rs"),
    ("presenting-panicked", "signers and providers have codes of their own: credential-core/tests/chain/presenting.rs"),
    ("presenting-timeout", "signers and providers have codes of their own: credential-core/tests/chain/presenting.rs"),
    ("reading-abandoned", "the runtime ends"),
    ("secret-of-another-certificate", "a vault's secret that was overwritten"),
    ("secret-unreadable", "a vault's secret that was overwritten"),
    ("section-of-its-own", "a request of a provider's own"),
    ("section-unusable", "what is wrong with the section says it: tests/tests/applications/sections.rs"),
    ("shared-cache-refused", "a store that refuses: tests/tests/real_redis/sharing.rs"),
    ("shared-cache-unreachable", "a store that is gone: tests/tests/real_redis/sharing.rs"),
    ("shared-token-ended", "a value of the store: tests/tests/shared_cache/values.rs"),
    ("shared-token-unreadable", "a value of the store: tests/tests/shared_cache/values.rs"),
    ("signing-abandoned", "the runtime ends"),
    ("signing-failed", "a key that was read and does not sign"),
    ("store-not-supported", "another operating system than the tests run on"),
    ("token-not-sendable", "a source of tokens of the program's own: token-client/tests/integrations"),
    ("token-service-broken", "code of ours panics"),
    ("too-large", "a content of very many parts: credential-cert-store/tests/hostile_memory.rs"),
    ("unknown-credential", "a further kind of credential than there is"),
    ("vault-cannot-sign", "a key of the vault without the operation"),
    ("vault-challenge-lost", "another task forgets the challenge in between"),
    ("vault-leads-elsewhere", "a vault that redirects: credential-keyvault/src/vault/sdk/transport.rs"),
    ("vault-request-failed", "the vault's SDK fails in a way that it has not yet"),
    ("vault-request-invalid", "a request that the vault's SDK never makes"),
    ("vault-token-invalid", "a token that ends after the year 9999"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts() {
    let mut rows: Vec<Row> = given::rows().await;
    rows.extend(certificates::rows().await);
    rows.extend(chain::rows().await);
    rows.extend(vault::rows().await);
    rows.sort_by(|one, other| one.code.cmp(&other.code));
    let wrong: Vec<&String> = rows.iter().filter_map(|row| row.instead.as_ref()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    rows.iter().for_each(says_what_to_do);
    let text = shown::text(&rows);
    for hidden in ["s3cret", "kv-s3cret", "token-of"] {
        assert!(!text.contains(hidden), "{hidden} is shown");
    }
    let shown: BTreeSet<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    let missing: Vec<String> = scan::codes().into_iter().filter(|code| !shown.contains(code.as_str())).collect();
    let unexplained: Vec<&String> =
        missing.iter().filter(|code| !OF_NO_INPUT.iter().any(|(known, _)| known == code)).collect();
    assert!(unexplained.is_empty(), "there are codes without an input: {unexplained:#?}");
    let twice: Vec<&str> = OF_NO_INPUT.iter().map(|(code, _)| *code).filter(|code| shown.contains(code)).collect();
    assert!(twice.is_empty(), "they have an input: {twice:?}");
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("codes__texts", text);
    });
}

/// The page of all codes has each of them, and none that is not.
#[test]
fn docs() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../token-client/docs/troubleshooting.md"));
    let page = page.unwrap();
    let anchors: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .filter(|one| !one.starts_with("AADSTS"))
        .map(str::to_owned)
        .collect();
    let codes = scan::codes();
    let (missing, gone): (Vec<_>, Vec<_>) =
        (codes.difference(&anchors).collect(), anchors.difference(&codes).collect());
    assert!(missing.is_empty() && gone.is_empty(), "without an anchor: {missing:?}; without a code: {gone:?}");
    // Each says who can mend it, and what to do.
    let sections = page.split("\n### ").skip(1).map(|section| section.split("\n## ").next().unwrap_or_default());
    let silent: Vec<&str> =
        sections.filter(|section| !section.contains("**: ")).filter_map(|section| section.lines().next()).collect();
    assert!(silent.is_empty(), "nothing is said to do: {silent:?}");
}

/// What a remedy does not begin with.
const NO_VERBS: [&str; 10] = ["the", "it", "an", "a", "one", "on", "in", "see", "no", "to"];
/// What belongs to the program alone.
const SWITCHES: [&str; 6] = ["--config", "--section", "--set", "--environment", "--as-app", "--user-assertion"];

/// What a person reads has something to do in it, which begins with a verb; the library's texts do not speak of the
/// program's switches.
fn says_what_to_do(row: &Row) {
    let (code, remedy) = (&row.code, row.finding.remedy.as_deref().unwrap_or_default());
    let first = remedy.split(' ').next().unwrap_or_default().trim_end_matches(':');
    let is_word = !first.is_empty() && first.bytes().all(|one| one.is_ascii_lowercase());
    assert!(is_word && !NO_VERBS.contains(&first), "{code} does not say what to do: {remedy:?}");
    assert!(!SWITCHES.iter().any(|switch| remedy.contains(switch)), "{code} speaks of the program: {remedy}");
}
