//! The real file system, which may stop answering: a share that hangs holds one thread a path, and
//! nobody's runtime.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use super::{FileStamp, Files};
use crate::credential::SecretBytes;

/// A disk or share that has not answered for this long has failed. A command behind a pipe has no
/// longer either.
pub const FILE_TIMEOUT: Duration = Duration::from_secs(30);
/// The most files of this process that are looked at at once; further ones wait for their turn.
const MAX_OUTSTANDING: usize = 64;

/// The file system. Relative paths are taken from `base`, or from the working folder without one.
///
/// Each look at a file is a thread of its own, so that one that hangs takes none of the runtime's. For
/// one path there is one at a time in the whole process: behind one that hangs the others wait, and
/// fail with [`io::ErrorKind::TimedOut`] after [`FILE_TIMEOUT`].
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
        tokio::select! {
            biased;
            result = looked_at(path, work) => result,
            () = timeout() => {
                let text = format!("no answer within {FILE_TIMEOUT:?}; the disk or share does not answer");
                Err(io::Error::new(io::ErrorKind::TimedOut, text))
            }
        }
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
        self.blocking(folder, move |folder| list_bounded(folder, max)).await
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        match &self.base {
            Some(base) => base.join(path),
            None => path.to_path_buf(),
        }
    }
}

/// Does the work in a thread, after whatever is done with the same path already.
async fn looked_at<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let turn = Turn::at(&path).await;
    let (sender, result) = oneshot::channel();
    std::thread::Builder::new().name("token-client-file".to_owned()).spawn(move || {
        let result = work(&path);
        // Before anybody learns of the end, so that the next look at the path waits for nothing.
        drop(turn);
        // A caller that has left needs no result.
        let _ = sender.send(result);
    })?;
    result.await.unwrap_or_else(|_| Err(io::Error::other("the thread that looked at the file panicked")))
}

async fn timeout() {
    match Handle::try_current() {
        Ok(_) => tokio::time::timeout(FILE_TIMEOUT, std::future::pending::<()>()).await.unwrap_or_default(),
        Err(_) => std::future::pending().await,
    }
}

/// The paths that are looked at, process-wide as the threads are.
static OUTSTANDING: LazyLock<Outstanding> = LazyLock::new(Outstanding::default);

#[derive(Default)]
struct Outstanding {
    paths: Mutex<HashSet<PathBuf>>,
    ended: Notify,
}

impl Outstanding {
    fn paths(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the path may be looked at now.
    fn begins(&self, path: &Path) -> bool {
        let mut paths = self.paths();
        paths.len() < MAX_OUTSTANDING && paths.insert(path.to_path_buf())
    }
}

/// The turn to look at a path; ends when it is dropped.
struct Turn(PathBuf);

impl Turn {
    /// Nobody is handed a turn: whoever runs takes it. One that was handed to a task of a runtime that
    /// nobody drives would end with that runtime.
    async fn at(path: &Path) -> Self {
        loop {
            // Before the look, so that no end between the two is missed.
            let mut ended = std::pin::pin!(OUTSTANDING.ended.notified());
            ended.as_mut().enable();
            if OUTSTANDING.begins(path) {
                return Self(path.to_path_buf());
            }
            ended.await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        OUTSTANDING.paths().remove(&self.0);
        OUTSTANDING.ended.notify_waiters();
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where files come in")]
fn metadata(path: &Path) -> io::Result<std::fs::Metadata> {
    std::fs::metadata(path)
}

fn list_bounded(folder: &Path, max: usize) -> io::Result<Vec<(PathBuf, FileStamp)>> {
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
}

/// Reads at most `max` bytes, however large the file says it is: what stands behind a descriptor says nothing.
#[expect(clippy::disallowed_methods, reason = "this is where files come in")]
fn read_bounded(path: &Path, max: u64) -> io::Result<SecretBytes> {
    use std::io::Read;

    let found = metadata(path)?;
    if found.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let is_readable = found.is_file() || is_pipe(&found) && is_descriptor(path);
    if !is_readable {
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

/// Whether it is a pipe that stands open already, somebody's `<(command)`: opening any other waits for
/// a writer, for ever.
fn is_descriptor(path: &Path) -> bool {
    let number = |name: &std::ffi::OsStr| name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
    let folders = [Path::new("/dev/fd"), Path::new("/proc/self/fd")];
    let in_folder = path.parent().is_some_and(|parent| folders.contains(&parent));
    path == Path::new("/dev/stdin") || (in_folder && path.file_name().is_some_and(number))
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
    let modified = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        FileStamp::new(found.len(), modified, found.ino(), found.is_dir()).owned_by(found.uid())
    }
    #[cfg(not(unix))]
    FileStamp::new(found.len(), modified, 0, found.is_dir())
}
