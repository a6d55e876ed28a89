//! The real world: this process's environment, files, clock and tokio runtime.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::time::Instant;

use crate::SecretBytes;
use crate::world::{Clock, Environment, FileStamp, Files, Moment, Random, Task, Tasks};

/// The environment variables of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

#[expect(clippy::disallowed_methods, reason = "this is where the environment comes in")]
impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn vars(&self) -> BTreeMap<String, String> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    fn home(&self) -> Option<PathBuf> {
        std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
    }
}

/// The file system. Relative paths are taken from `base`, or from the working folder without one.
#[derive(Clone, Debug, Default)]
pub struct LocalFiles {
    base: Option<PathBuf>,
}

impl LocalFiles {
    /// Takes relative paths from this folder.
    pub fn relative_to(base: impl Into<PathBuf>) -> Self {
        Self { base: Some(base.into()) }
    }

    /// Runs blocking file work where it holds up nobody.
    async fn blocking<T: Send + 'static>(
        &self,
        path: &Path,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let path = self.resolve(path);
        tokio::task::spawn_blocking(move || work(&path)).await.map_err(io::Error::other)?
    }
}

#[async_trait]
impl Files for LocalFiles {
    async fn read(&self, path: &Path, max: u64) -> io::Result<SecretBytes> {
        self.blocking(path, move |path| read_bounded(path, max)).await
    }

    async fn stamp(&self, path: &Path) -> io::Result<FileStamp> {
        self.blocking(path, |path| Ok(stamp_of(&std::fs::symlink_metadata(path).and_then(|_| metadata(path))?))).await
    }

    async fn list(&self, folder: &Path, max: usize) -> io::Result<Vec<(PathBuf, FileStamp)>> {
        self.blocking(folder, move |folder| {
            let mut names = Vec::new();
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                if names.len() == max {
                    return Err(io::Error::new(io::ErrorKind::QuotaExceeded, format!("more than {max} entries")));
                }
                let stamp = match metadata(&entry.path()) {
                    Ok(found) => stamp_of(&found),
                    Err(_) => FileStamp::new(0, SystemTime::UNIX_EPOCH, 0, false),
                };
                names.push((PathBuf::from(entry.file_name()), stamp));
            }
            Ok(names)
        })
        .await
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        match &self.base {
            Some(base) => base.join(path),
            None => path.to_path_buf(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where files come in")]
fn metadata(path: &Path) -> io::Result<std::fs::Metadata> {
    std::fs::metadata(path)
}

/// Reads at most `max` bytes, however large the file says it is: devices and pipes say nothing.
#[expect(clippy::disallowed_methods, reason = "this is where files come in")]
fn read_bounded(path: &Path, max: u64) -> io::Result<SecretBytes> {
    use std::io::Read;

    let found = metadata(path)?;
    if found.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    // Opening one waits for a writer, for ever. What stands open already is somebody's `<(command)`.
    if is_pipe(&found) && !path.starts_with("/dev") && !path.starts_with("/proc") {
        return Err(io::ErrorKind::Unsupported.into());
    }
    if found.len() > max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    // Room for all of it at once: a buffer that grows leaves copies of secrets behind.
    let room = usize::try_from(found.len()).unwrap_or(0).saturating_add(1);
    let mut content = zeroize::Zeroizing::new(Vec::with_capacity(room));
    std::fs::File::open(path)?.take(max.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(SecretBytes::new(std::mem::take(&mut *content)))
}

fn is_pipe(found: &std::fs::Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        found.file_type().is_fifo() || found.file_type().is_socket()
    }
    #[cfg(not(unix))]
    {
        let _ = found;
        false
    }
}

fn stamp_of(found: &std::fs::Metadata) -> FileStamp {
    #[cfg(unix)]
    let identity = std::os::unix::fs::MetadataExt::ino(found);
    #[cfg(not(unix))]
    let identity = 0;
    FileStamp::new(found.len(), found.modified().unwrap_or(SystemTime::UNIX_EPOCH), identity, found.is_dir())
}

/// This machine's clock, on tokio's timer.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where time comes in")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn moment(&self) -> Moment {
        Moment::since_start(self.start.elapsed())
    }

    async fn sleep_until(&self, moment: Moment) {
        let wait = moment.since(Moment::default());
        let end = self.start.checked_add(wait).unwrap_or_else(|| self.start + Duration::from_secs(86_400 * 365));
        tokio::time::sleep_until(end).await;
    }
}

/// The operating system's random bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            // A system without randomness: ids stay unique by the process's random hash keys.
            let seed = RandomState::new();
            for (nth, byte) in buffer.iter_mut().enumerate() {
                *byte = seed.hash_one(nth) as u8;
            }
        }
    }
}

/// The tokio runtime that the caller runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTasks;

impl Tasks for TokioTasks {
    #[expect(clippy::disallowed_methods, reason = "this is where tasks come in")]
    fn spawn(&self, task: Task) {
        tokio::spawn(task);
    }
}
