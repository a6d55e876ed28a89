//! What was made of a content: the same content is not taken apart, nor its keys derived, twice.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use credential_core::{Secret, SecretBytes, SourceError};

use crate::Material;
use crate::error::again;
use crate::material::{Unread, off_the_runtime};

/// Most entries that are remembered: as many as a list may have.
const MAX_REMEMBERED: usize = 1024;

/// What an entry's material is read from.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) content: SecretBytes,
    pub(super) key: Option<SecretBytes>,
    pub(super) password: Option<Secret>,
}

struct Remembered {
    entry: String,
    input: Input,
    outcome: Outcome,
}

pub(super) type Outcome = Arc<Result<Material, Unread>>;

/// The last content of each entry, with what came of it. A newer one replaces it.
#[derive(Default)]
pub(super) struct Memory(Mutex<VecDeque<Remembered>>);

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("entries", &self.entries().len()).finish()
    }
}

impl Memory {
    fn entries(&self) -> MutexGuard<'_, VecDeque<Remembered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The material of an entry, read on the blocking pool unless its content is the one of before.
    ///
    /// # Errors
    /// `Transient` when the runtime shuts down meanwhile.
    pub(super) async fn material(&self, entry: String, input: Input) -> Result<Outcome, SourceError> {
        let known = |old: &&Remembered| old.entry == entry && old.input == input;
        if let Some(old) = self.entries().iter().find(known) {
            return Ok(Arc::clone(&old.outcome));
        }
        let Input { content, key, password } = input.clone();
        let read =
            move || Ok(Material::parts(content.expose(), key.as_ref().map(SecretBytes::expose), password.as_ref()));
        let outcome: Outcome = Arc::new(off_the_runtime(read).await?);
        let mut entries = self.entries();
        entries.retain(|old| old.entry != entry);
        entries.truncate(MAX_REMEMBERED - 1);
        entries.push_front(Remembered { entry, input, outcome: Arc::clone(&outcome) });
        Ok(outcome)
    }
}

/// The material, or the error once more.
pub(super) fn opened(outcome: &Outcome) -> Result<&Material, Unread> {
    outcome.as_ref().as_ref().map_err(|Unread { error, of_key }| Unread { error: again(error), of_key: *of_key })
}
