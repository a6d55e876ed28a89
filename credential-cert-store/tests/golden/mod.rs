//! The recorded behaviour of the reference, and the table of differences in the README.

#![allow(dead_code, reason = "each test file uses its part")]

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::Value;

/// A row of the reference's behaviour (in two parts), what comes of it here, and why.
pub(crate) type Difference<'a> = (&'a str, &'a str, &'a str, &'a str);

/// A file of the golden data.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden")).join(name)
}

#[expect(clippy::disallowed_methods, reason = "golden data is read from disk")]
pub(crate) fn read(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The rows of a file with one JSON object a line.
pub(crate) fn rows(name: &str) -> Vec<Value> {
    let text = String::from_utf8(read(name)).unwrap();
    text.lines().map(|row| serde_json::from_str(row).unwrap()).collect()
}

/// 2026-12-01, when each certificate that is meant to be valid is.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_083_200)
}

/// Each reason stands in the README's table of differences.
#[expect(clippy::disallowed_methods, reason = "the README is read from disk")]
pub(crate) fn assert_documented(differences: &[Difference<'_>]) {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for (.., reason) in differences {
        assert!(readme.contains(reason), "not in the README: {reason}");
    }
}
