//! The codes that stand in the sources: every text of lower-case words with hyphens between them that is a code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where codes are.
const CRATES: [&str; 6] = [
    "credential-core",
    "credential-secret",
    "credential-cert-store",
    "credential-federated",
    "credential-keyvault",
    "token-client",
];

/// Files whose texts are none: what tests are made of.
const WITHOUT: [&str; 5] = ["/testing/", "/emulator/", "/tests/", "tests.rs", "golden.rs"];

/// Texts of that form that are something else: headers, features, crates, kinds, names of others.
const OTHERS: &[&str] = &[
    "api-version",
    "cert-store",
    "client-request-id",
    "content-length",
    "content-type",
    "credential-cert-store",
    "credential-federated",
    "credential-keyvault",
    "credential-secret",
    "demo-secret-of-no-use-elsewhere",
    "id-pda-gender",
    "newest-versions",
    "not-applicable",
    "not-tried",
    "openid-configuration",
    "public-key-token",
    "retry-after",
    "return-client-request-id",
    "token-client",
    "token-client-file",
    "token-client-kill",
    "transfer-encoding",
    "usgov-legacy",
    "www-authenticate",
    "x-client-os",
    "x-client-sku",
    "x-client-ver",
    "x-ms-client-principal",
    "x-ms-client-principal-id",
    "x-ms-client-principal-idp",
    "x-ms-client-principal-name",
    "x-ms-client-request-id",
    "x-ms-lib-capability",
    "x-ms-request-id",
    "x-original-url",
    "change-me",
    "replace-me",
    "needs-user",
    "unknown-host",
    "store-certs",
    "azure-core",
    "reqwest-middleware",
    "grpc-message",
    "grpc-status",
    "iso-8859-1",
    "iso8859-1",
    "keep-alive",
    "proxy-connection",
    "service-accounts",
    "sha2-256",
    "sha2-384",
    "sha2-512",
    "shared-cache",
    "utf-16",
    "utf-16be",
    "utf-16le",
    "windows-1252",
    "x-amz-date",
    "x-amz-security-token",
    "x-cp1252",
];

/// All codes.
pub(crate) fn codes() -> BTreeSet<String> {
    let mut files = Vec::new();
    for name in CRATES {
        below(&Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(name).join("src"), &mut files);
    }
    assert!(files.len() > 100, "the sources are elsewhere");
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    texts.flat_map(|text| literals(&text)).filter(|text| !OTHERS.contains(&text.as_str())).collect()
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let shown = path.display().to_string();
        if path.is_dir() {
            below(&path, files);
        } else if shown.ends_with(".rs") && !WITHOUT.iter().any(|part| shown.contains(part)) {
            files.push(path);
        }
    }
}

/// The texts of a source that have the form of a code; what a test module says counts for nothing.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines: Vec<&str> = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let texts = lines.iter().flat_map(|line| line.split('"').skip(1).step_by(2)).filter(|text| is_code(text));
    texts.map(str::to_owned).chain(words(&lines.join("\n"))).collect()
}

/// How an error or finding is made; its code follows.
const MADE: [&str; 8] =
    ["::error(", "::warning(", "::hint(", "invalid(", "denied(", "misconfigured(", "not_applicable(", "transient("];

/// Codes of one word.
fn words(source: &str) -> Vec<String> {
    let after = MADE.iter().flat_map(|made| source.split(made).skip(1));
    let texts = after.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    let is_word =
        |text: &&str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit());
    texts.filter(is_word).filter(|text| !["example", "own", "x"].contains(text)).map(str::to_owned).collect()
}

fn is_code(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit());
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.contains('-')
        && text.split('-').all(is_word)
        && !credential_core::text::guid::is_guid(text)
}
