//! The real file system where it is not made of files.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that fails says where")]

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use credential_core::{Files, LocalFiles};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Opening a pipe waits for a writer, for ever.
#[tokio::test]
async fn a_pipe_is_refused_and_not_waited_for() {
    let pipe = folder("pipe").join("app.pfx");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = LocalFiles::default().read(&pipe, 1024).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_link_that_leads_nowhere_is_listed() {
    let folder = folder("links");
    std::os::unix::fs::symlink("nowhere", folder.join("app.pfx")).unwrap();
    std::os::unix::fs::symlink("loop.pfx", folder.join("loop.pfx")).unwrap();
    let mut names: Vec<PathBuf> =
        LocalFiles::default().list(&folder, 10).await.unwrap().into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(names, [PathBuf::from("app.pfx"), PathBuf::from("loop.pfx")]);
}
