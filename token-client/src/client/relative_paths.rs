//! Relative paths in the settings start at the settings file's folder, whoever's files they are.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use credential_core::World;
use credential_core::credential::SecretBytes;
use credential_core::world::{FileStamp, Files};

/// The world as sources see it: its own files, looked at from the folder of the settings file.
pub(crate) fn beside_settings(world: World, file: &Path) -> World {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            let files = Beside { folder: folder.to_path_buf(), files: Arc::clone(&world.files) };
            world.with_files(Arc::new(files))
        }
        _ => world,
    }
}

/// Another's files from a folder of theirs.
#[derive(Debug)]
struct Beside {
    folder: PathBuf,
    files: Arc<dyn Files>,
}

#[async_trait]
impl Files for Beside {
    async fn read(&self, path: &Path, max: u64) -> io::Result<SecretBytes> {
        self.files.read(&self.folder.join(path), max).await
    }

    async fn stamp(&self, path: &Path) -> io::Result<FileStamp> {
        self.files.stamp(&self.folder.join(path)).await
    }

    async fn list(&self, folder: &Path, max: usize) -> io::Result<Vec<(PathBuf, FileStamp)>> {
        self.files.list(&self.folder.join(folder), max).await
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        self.files.resolve(&self.folder.join(path))
    }
}
