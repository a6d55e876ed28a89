//! The real file system where it is not made of files.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that fails says where")]

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use credential_core::world::{Files, LocalFiles};

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

/// Those that stand open already are somebody's `<(command)`; any other under /dev is a pipe like all.
#[tokio::test]
async fn a_pipe_or_device_under_dev_is_refused_at_once() {
    let pipe = Path::new("/dev/shm").join(format!("credential-core-{}", std::process::id()));
    let _ = std::fs::remove_file(&pipe);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.as_path(), Path::new("/dev/ptmx"), Path::new("/dev/zero")] {
        let error = LocalFiles::default().read(path, 1024).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{}", path.display());
    }
    std::fs::remove_file(&pipe).unwrap();
}

/// Other tests' threads come and go; those that hang stay.
async fn threads_become(count: usize) {
    let start = std::time::Instant::now();
    while waiting_threads() != count {
        assert!(start.elapsed() < std::time::Duration::from_secs(5), "{} threads, not {count}", waiting_threads());
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

fn waiting_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.starts_with("token-client-f")).count()
}

/// As a file on a share that has gone away: the read ends when the share comes back.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "current_thread")]
async fn reads_of_a_file_that_hangs_hold_one_thread_and_the_others_go_on() {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    let (reader, mut writer) = std::io::pipe().unwrap();
    let hangs = PathBuf::from(format!("/proc/self/fd/{}", reader.as_raw_fd()));
    let healthy = folder("healthy").join("secret.txt");
    std::fs::write(&healthy, "s3cret").unwrap();
    let files = LocalFiles::default();
    for _ in 0..20 {
        let read = LocalFiles::default();
        let gave_up = tokio::time::timeout(Duration::from_millis(10), read.read(&hangs, 1024)).await;
        assert!(gave_up.is_err());
        assert_eq!(files.read(&healthy, 1024).await.unwrap().expose(), b"s3cret");
    }
    threads_become(1).await;
    // It comes back: what waits is served.
    writer.write_all(b"late").unwrap();
    drop(writer);
    assert_eq!(files.read(&hangs, 1024).await.unwrap().expose(), b"");
    threads_become(0).await;
}

/// A runtime that stands still was handed the turn once, and kept the path from everybody else.
#[test]
fn a_runtime_that_nobody_drives_keeps_no_path_from_the_others() {
    use std::time::Duration;

    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let path = folder("idle").join("secret.txt");
    std::fs::write(&path, "s3cret").unwrap();
    let idle = runtime();
    idle.block_on(async {
        for _ in 0..3 {
            let path = path.clone();
            tokio::spawn(async move { LocalFiles::default().read(&path, 1024).await.is_ok() });
        }
        tokio::task::yield_now().await;
    });
    let files = LocalFiles::default();
    let read = async { tokio::time::timeout(Duration::from_secs(10), files.read(&path, 1024)).await };
    assert_eq!(runtime().block_on(read).unwrap().unwrap().expose(), b"s3cret");
    drop(idle);
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
