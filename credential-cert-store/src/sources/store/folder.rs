//! The files that a store is made of, read once and again when they change.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use credential_core::credential::SecretBytes;
use credential_core::world::FileStamp;
use credential_core::{Finding, LoadRequest, SourceError};

use super::place::{Kind, Place, StorePath};
use super::stored::{MAX_FILE_ROUNDS, Stored};
use crate::MAX_CONTENT;
use crate::material::off_the_runtime;
use crate::work::Work;

/// Most files in the folder of a store.
pub const MAX_STORE_FILES: usize = 10_000;
/// Rounds of key derivation for one look at a store, all its new files together. What is left over
/// is done at the next look.
pub const MAX_STORE_ROUNDS: u64 = 9_000_000;
/// What a file is told that found no rounds left.
pub(super) const OF_STORE: &str = "MAX_STORE_ROUNDS (9,000,000 for one look at a store; the next look goes on)";
/// Bytes that are read before they are taken apart.
const BATCH: usize = 4 * 1024 * 1024;
/// A file that changed this shortly before it was read may change again under the same stamp.
const SETTLING: Duration = Duration::from_secs(2);
/// Most files that a message names.
pub(super) const MAX_NAMED: usize = 8;

/// A certificate, or why there is none.
pub(super) type Outcome = Result<Arc<Stored>, SourceError>;

/// A file with what was made of it.
#[derive(Clone, Debug)]
struct File {
    stamp: FileStamp,
    read_at: SystemTime,
    outcomes: Vec<Outcome>,
    /// Whether the outcome holds as long as the stamp does: a file that could not be read may be
    /// readable next time, and one that found no rounds left gets its turn.
    lasting: bool,
}

type Files = BTreeMap<PathBuf, File>;

/// The files of one entry's store, as they were read last.
#[derive(Debug, Default)]
pub(super) struct Folder(Mutex<Files>);

/// What a store holds now.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) place: Place,
    pub(super) certificates: Vec<Arc<Stored>>,
    pub(super) skipped: Vec<(PathBuf, String)>,
}

impl Folder {
    fn known(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lists the store's files and reads what is new among them.
    ///
    /// # Errors
    /// `NotApplicable` when there is no folder, `Denied` when it may not be listed, `Invalid` when it
    /// has too many files. Not for files that cannot be read: they are skipped, as .NET skips them.
    pub(super) async fn read(
        &self,
        request: &LoadRequest<'_>,
        place: Place,
        store: &StorePath,
    ) -> Result<Content, SourceError> {
        let world = request.world;
        let listed = list(&place, &*world.files, store).await?;
        let known = self.known().clone();
        let (mut files, mut batch, mut size) = (Files::new(), Vec::new(), 0);
        let mut work = Work::limited(MAX_STORE_ROUNDS, OF_STORE);
        for (path, stamp) in listed {
            if let Some(file) =
                known.get(&path).filter(|file| file.lasting && file.stamp == stamp && file.has_settled())
            {
                files.insert(path, file.clone());
                continue;
            }
            let content = request.read_file(&path, MAX_CONTENT).await;
            size += content.as_ref().map_or(0, SecretBytes::len);
            batch.push((path, stamp, content));
            if size >= BATCH {
                work = take_apart(place.kind, std::mem::take(&mut batch), work, world.clock.now(), &mut files).await?;
                // What is done is done, also when the caller leaves.
                self.known().clone_from(&files);
                size = 0;
            }
        }
        take_apart(place.kind, batch, work, world.clock.now(), &mut files).await?;
        let content = Content::of(place, &files);
        *self.known() = files;
        Ok(content)
    }
}

/// The files that make up the store. Where any of several places may be missing, those that are
/// there count.
async fn list(
    place: &Place,
    files: &dyn credential_core::world::Files,
    store: &StorePath,
) -> Result<Vec<(PathBuf, FileStamp)>, SourceError> {
    let mut found = Vec::new();
    for path in &place.paths {
        if place.kind != Kind::Personal {
            match files.stamp(path).await {
                Err(_) => continue,
                Ok(stamp) if !stamp.is_folder => {
                    found.push((path.clone(), stamp));
                    continue;
                }
                Ok(_) => {}
            }
        }
        let listed = files.list(path, MAX_STORE_FILES.saturating_sub(found.len())).await;
        let listed = listed.map_err(|error| unlistable(error, &files.resolve(path), store))?;
        let counts = |name: &Path| place.kind != Kind::Personal || is_pfx(name);
        let listed = listed.into_iter().filter(|(name, stamp)| !stamp.is_folder && counts(name));
        found.extend(listed.map(|(name, stamp)| (path.join(name), stamp)));
    }
    Ok(found)
}

type Unread = (PathBuf, FileStamp, Result<SecretBytes, SourceError>);

async fn take_apart(
    kind: Kind,
    batch: Vec<Unread>,
    mut work: Work,
    read_at: SystemTime,
    files: &mut Files,
) -> Result<Work, SourceError> {
    if batch.is_empty() {
        return Ok(work);
    }
    let (work, read) = off_the_runtime(move || {
        let read: Vec<(PathBuf, File)> = batch
            .into_iter()
            .map(|(path, stamp, content)| {
                let was_read = content.is_ok();
                let had_rounds = work.left() >= MAX_FILE_ROUNDS;
                let outcomes = match content {
                    Ok(content) => Stored::read(kind, &path, content.expose(), &mut work),
                    Err(error) => vec![Err(error)],
                };
                let lasting = was_read && (had_rounds || outcomes.iter().all(Result::is_ok));
                (path, File { stamp, read_at, outcomes, lasting })
            })
            .collect();
        Ok((work, read))
    })
    .await?;
    files.extend(read);
    Ok(work)
}

impl File {
    fn has_settled(&self) -> bool {
        self.read_at.duration_since(self.stamp.modified).is_ok_and(|age| age >= SETTLING)
    }
}

/// .NET looks for this ending in lower case alone.
fn is_pfx(name: &Path) -> bool {
    name.as_os_str().as_encoded_bytes().ends_with(b".pfx")
}

fn unlistable(error: io::Error, folder: &Path, store: &StorePath) -> SourceError {
    let shown = folder.display();
    let found = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            SourceError::not_applicable("store-empty", format!("the store {store} is empty: folder {shown} not found"))
                .remedy("add the certificate to the store with .NET as the account that runs this process, or use Path")
        }
        io::ErrorKind::PermissionDenied => {
            SourceError::denied("store-unreadable", format!("the store {store}: permission denied: {shown}"))
                .remedy("give the account that runs this process the right to read the folder and its files")
        }
        io::ErrorKind::QuotaExceeded => SourceError::invalid(
            "store-too-large",
            format!("the store {store} has more files than MAX_STORE_FILES ({MAX_STORE_FILES}): {shown}"),
        )
        .remedy("remove certificates that are no longer used"),
        _ => SourceError::transient("store-unreadable", format!("the store {store} cannot be read: {shown}")),
    };
    found.caused_by(error)
}

impl Content {
    /// The same certificate in two files counts once, with its key if either has it.
    fn of(place: Place, files: &Files) -> Self {
        let mut certificates: BTreeMap<[u8; 32], Arc<Stored>> = BTreeMap::new();
        let mut skipped = Vec::new();
        for (path, outcome) in files.iter().flat_map(|(path, file)| file.outcomes.iter().map(move |one| (path, one))) {
            match outcome {
                Ok(stored) => {
                    let held = certificates.entry(stored.facts.sha256).or_insert_with(|| Arc::clone(stored));
                    if !held.has_key() && stored.has_key() {
                        *held = Arc::clone(stored);
                    }
                }
                Err(error) => skipped.push((path.clone(), error.to_string())),
            }
        }
        Self { place, certificates: certificates.into_values().collect(), skipped }
    }

    /// What was skipped, in words.
    pub(super) fn skipped_text(&self) -> Option<String> {
        if self.skipped.is_empty() {
            return None;
        }
        let named = self.skipped.iter().take(MAX_NAMED);
        let mut texts: Vec<String> = named.map(|(name, why)| format!("{}: {why}", name.display())).collect();
        if self.skipped.len() > MAX_NAMED {
            texts.push(format!("and {} more", self.skipped.len() - MAX_NAMED));
        }
        Some(texts.join("; "))
    }

    /// A warning about what was skipped.
    pub(super) fn finding(&self, store: &StorePath) -> Option<Finding> {
        let skipped = self.skipped_text()?;
        let message = format!("{} files of the store {store} are skipped", self.skipped.len());
        Some(Finding::warning("store-files-skipped", message).because(skipped).remedy("remove or replace them"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_named_with_its_value() {
        assert_eq!((MAX_STORE_ROUNDS, MAX_FILE_ROUNDS, crate::MAX_ROUNDS), (9_000_000, 900_000, 4_500_000));
        assert!(OF_STORE.contains("9,000,000"));
        let refused = |mut work: Work| {
            let derivation = crate::work::Derivation::Pkcs5;
            format!("{:?}", work.take(derivation, crate::hash::Hash::Sha256, 10_000_000, 32).unwrap_err())
        };
        assert!(refused(Work::default()).contains("MAX_ROUNDS (4,500,000"));
    }
}
