//! Files in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::credential::SecretBytes;
use crate::sync::{Mutex, lock};
use crate::world::{FileStamp, Files};

/// Files that a test writes; every write gives a file a new stamp.
#[derive(Debug, Default)]
pub struct FakeFiles(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, File>,
    owners: BTreeMap<PathBuf, u32>,
    writes: u64,
    reads: u64,
}

#[derive(Debug)]
enum File {
    Content(SecretBytes, u64),
    Failing(io::ErrorKind),
}

impl FakeFiles {
    /// Writes or replaces a file.
    pub fn write(&self, path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) {
        let mut state = lock(&self.0);
        state.writes += 1;
        let write = state.writes;
        state.files.insert(path.into(), File::Content(SecretBytes::new(content), write));
    }

    /// Lets every use of a file or folder fail.
    pub fn fail(&self, path: impl Into<PathBuf>, kind: io::ErrorKind) {
        lock(&self.0).files.insert(path.into(), File::Failing(kind));
    }

    /// Says which account a file or folder belongs to.
    pub fn own(&self, path: impl Into<PathBuf>, owner: u32) {
        lock(&self.0).owners.insert(path.into(), owner);
    }

    /// Removes a file.
    pub fn remove(&self, path: impl AsRef<Path>) {
        lock(&self.0).files.remove(path.as_ref());
    }

    /// How many times any content was read.
    pub fn reads(&self) -> u64 {
        lock(&self.0).reads
    }
}

impl State {
    fn content(&self, path: &Path) -> io::Result<(&SecretBytes, FileStamp)> {
        match self.files.get(path) {
            Some(File::Content(content, write)) => {
                let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(*write);
                Ok((content, FileStamp::new(content.len() as u64, modified, *write, false)))
            }
            Some(File::Failing(kind)) => Err((*kind).into()),
            None if self.files.keys().any(|file| file.starts_with(path)) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

#[async_trait]
impl Files for FakeFiles {
    async fn read(&self, path: &Path, max: u64) -> io::Result<SecretBytes> {
        let mut state = lock(&self.0);
        state.reads += 1;
        let (content, stamp) = state.content(path)?;
        if stamp.len > max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(content.clone())
    }

    async fn stamp(&self, path: &Path) -> io::Result<FileStamp> {
        let state = lock(&self.0);
        let stamp = match state.content(path) {
            Ok((_, stamp)) => stamp,
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                FileStamp::new(0, SystemTime::UNIX_EPOCH, 0, true)
            }
            Err(error) => return Err(error),
        };
        Ok(state.owners.get(path).map_or(stamp, |owner| stamp.owned_by(*owner)))
    }

    async fn list(&self, folder: &Path, max: usize) -> io::Result<Vec<(PathBuf, FileStamp)>> {
        let state = lock(&self.0);
        if let Some(File::Failing(kind)) = state.files.get(folder) {
            return Err((*kind).into());
        }
        let mut names = Vec::new();
        for path in state.files.keys().filter(|path| path.parent() == Some(folder)) {
            if let (Some(name), Ok((_, stamp))) = (path.file_name(), state.content(path)) {
                names.push((PathBuf::from(name), stamp));
            }
        }
        match names.len() {
            0 => Err(io::ErrorKind::NotFound.into()),
            found if found > max => Err(io::ErrorKind::QuotaExceeded.into()),
            _ => Ok(names),
        }
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }
}
