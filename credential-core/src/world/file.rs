//! Reading a file that an entry names, with one clear error for each way it can fail.

use std::io;
use std::path::{Path, PathBuf};

use crate::credential::SecretBytes;
use crate::guard::{Unanswered, bounded};
use crate::text::stand_in;
use crate::world::{FILE_TIMEOUT, FileStamp};
use crate::{LoadRequest, SourceError, World};

impl World {
    /// As [`Files::read`](crate::world::Files::read), whoever wrote these: their panic, and a silence of [`FILE_TIMEOUT`], are
    /// errors.
    ///
    /// # Errors
    /// As there; `TimedOut` when there is no answer, `Other` when they panic.
    pub async fn read(&self, path: &Path, max: u64) -> io::Result<SecretBytes> {
        self.of_files(|| self.files.read(path, max)).await
    }

    /// As [`Files::stamp`](crate::world::Files::stamp), guarded and bounded as [`read`](Self::read) is.
    ///
    /// # Errors
    /// As there.
    pub async fn stamp(&self, path: &Path) -> io::Result<FileStamp> {
        self.of_files(|| self.files.stamp(path)).await
    }

    /// As [`Files::list`](crate::world::Files::list), guarded and bounded as [`read`](Self::read) is.
    ///
    /// # Errors
    /// As there.
    pub async fn list(&self, folder: &Path, max: usize) -> io::Result<Vec<(PathBuf, FileStamp)>> {
        self.of_files(|| self.files.list(folder, max)).await
    }

    async fn of_files<T, F: Future<Output = io::Result<T>>>(&self, ask: impl FnOnce() -> F) -> io::Result<T> {
        let deadline = self.clock.moment().after(FILE_TIMEOUT);
        match bounded(&*self.clock, deadline, ask).await {
            Ok(answer) => answer,
            Err(Unanswered::Late) => {
                Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {FILE_TIMEOUT:?}")))
            }
            Err(Unanswered::Panicked) => {
                tracing::error!("the code that reads files panicked");
                Err(io::Error::other("the code that reads files panicked"))
            }
        }
    }

    /// The whole content of a file that has at most `max` bytes.
    ///
    /// # Errors
    /// All but `file-timeout` are settled locally; the caller names the setting with
    /// [`SourceError::about`]: `request.read_file(path, max).await.map_err(|error| error.about("Setting"))?`.
    /// `NotApplicable` when there is no such file, `Denied` when it may not be read, `Invalid` when it
    /// is a folder, a pipe or too large, `Misconfigured` when the path cannot be one, `Transient` for whatever
    /// else the file system answers.
    pub async fn read_file(&self, path: &Path, max: u64) -> Result<SecretBytes, SourceError> {
        self.read(path, max).await.map_err(|error| {
            // Whoever has waited once need not wait again at every look.
            let silent = error.kind() == io::ErrorKind::TimedOut;
            let error = file_error(error, &self.files.resolve(path), max);
            if silent { error } else { error.settled_locally() }
        })
    }
}

impl LoadRequest<'_> {
    /// [`World::read_file`] in the request's world.
    ///
    /// # Errors
    /// As there, and `Invalid` where something else stands in the place of the content
    /// ([`stand_in`]).
    pub async fn read_file(&self, path: &Path, max: u64) -> Result<SecretBytes, SourceError> {
        let content = self.world.read_file(path, max).await?;
        let Some(found) = stand_in(content.expose()) else { return Ok(content) };
        let message = format!("{} {}", self.world.files.resolve(path).display(), found.what);
        Err(SourceError::invalid("not-the-file", message).remedy(found.remedy).settled_locally())
    }
}

/// Whether the path begins, or its last part does, with a drive or a share: `C:\certs\app.pfx`.
fn is_of_windows(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let last = text.rsplit('/').next().unwrap_or_default();
    last.starts_with("\\\\") || matches!(last.as_bytes(), [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic())
}

fn file_error(error: io::Error, path: &Path, max: u64) -> SourceError {
    let shown = path.display();
    let found = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            let remedy = match is_of_windows(path) && !cfg!(windows) {
                true => "write the path that the file has on this machine: this one is of Windows",
                false => "put the file there, or correct the path",
            };
            return SourceError::not_applicable("file-not-found", format!("{shown}: file not found")).remedy(remedy);
        }
        io::ErrorKind::IsADirectory => {
            return SourceError::invalid("file-is-folder", format!("{shown} is a directory; a file is expected"))
                .remedy("name the file in it");
        }
        io::ErrorKind::Unsupported => {
            let message = format!("{shown} is a pipe, a socket or a device; a file is expected");
            return SourceError::invalid("file-is-pipe", message).remedy("name a file");
        }
        io::ErrorKind::FileTooLarge => {
            return SourceError::invalid("file-too-large", format!("{shown} has more than {max} bytes"))
                .remedy("check that the path names the right file");
        }
        io::ErrorKind::PermissionDenied => {
            SourceError::denied("file-unreadable", format!("{shown}: permission denied"))
                .remedy("give the account that runs this process the right to read it")
        }
        io::ErrorKind::TimedOut => SourceError::transient("file-timeout", format!("{shown}: reading it timed out"))
            .remedy("look at the disk or share that it is on; the file is read again at the next exchange"),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => {
            SourceError::misconfigured("bad-path", format!("{shown:?} cannot be the path of a file"))
                .remedy("correct the path")
        }
        _ => SourceError::transient("file-unreadable", format!("{shown}: cannot be read"))
            .remedy("look at the cause; the file is read again at the next exchange"),
    };
    found.caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SourceErrorKind::{Denied, Invalid, Misconfigured, NotApplicable, Transient};

    #[test]
    fn each_failure_has_its_kind_and_names_the_file() {
        for (kind, expected) in [
            (io::ErrorKind::NotFound, (NotApplicable, "file-not-found")),
            (io::ErrorKind::NotADirectory, (NotApplicable, "file-not-found")),
            (io::ErrorKind::PermissionDenied, (Denied, "file-unreadable")),
            (io::ErrorKind::IsADirectory, (Invalid, "file-is-folder")),
            (io::ErrorKind::Unsupported, (Invalid, "file-is-pipe")),
            (io::ErrorKind::FileTooLarge, (Invalid, "file-too-large")),
            (io::ErrorKind::InvalidInput, (Misconfigured, "bad-path")),
            (io::ErrorKind::TimedOut, (Transient, "file-timeout")),
            (io::ErrorKind::StaleNetworkFileHandle, (Transient, "file-unreadable")),
        ] {
            let error = file_error(kind.into(), Path::new("a/secret.txt"), 16);
            assert_eq!((error.kind(), error.code()), expected);
            assert!(error.to_string().contains("a/secret.txt"), "{error}");
            assert!(error.remedy_text().is_some(), "{error}");
        }
    }

    #[cfg(not(windows))]
    #[test]
    fn a_path_of_windows_is_told_so() {
        for (path, told) in [("C:\\certs\\a.pfx", true), ("/app/\\\\share\\a.pfx", true), ("/app/C:a.pfx", false)] {
            let error = file_error(io::ErrorKind::NotFound.into(), Path::new(path), 16);
            assert_eq!(error.remedy_text().is_some_and(|remedy| remedy.contains("Windows")), told, "{path}");
        }
    }

    #[cfg(feature = "testing")]
    #[tokio::test]
    async fn whoever_waited_for_a_file_need_not_wait_at_every_look() {
        let fake = crate::testing::FakeWorld::new();
        for (kind, local) in [(io::ErrorKind::TimedOut, false), (io::ErrorKind::NotFound, true)] {
            fake.files.fail("secret.txt", kind);
            let error = fake.world().read_file(Path::new("secret.txt"), 16).await.unwrap_err();
            assert_eq!(error.is_local(), local, "{error}");
        }
    }
}
