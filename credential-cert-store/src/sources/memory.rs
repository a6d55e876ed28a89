//! What was made of a content: the same content is not taken apart, nor its keys derived, twice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use credential_core::Secret;
use credential_core::credential::SecretBytes;

use crate::Material;
use crate::material::{Unread, off_the_runtime};

/// What an entry's material is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) content: SecretBytes,
    pub(super) key: Option<SecretBytes>,
    pub(super) password: Option<Secret>,
}

type Outcome = Result<Arc<Material>, Unread>;

/// The last content of one entry, with what came of it. A newer one replaces it.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Option<(Input, Outcome)>>);

impl Memory {
    fn last(&self) -> MutexGuard<'_, Option<(Input, Outcome)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The material, read on the blocking pool unless the content is the one of before.
    ///
    /// # Errors
    /// What is wrong with the content; `Transient`, which is not remembered, when the runtime shuts down
    /// meanwhile.
    pub(super) async fn material(&self, input: Input) -> Outcome {
        if let Some((_, outcome)) = self.last().as_ref().filter(|(old, _)| *old == input) {
            return outcome.clone();
        }
        let Input { content, key, password } = input.clone();
        let read =
            move || Ok(Material::parts(content.expose(), key.as_ref().map(SecretBytes::expose), password.as_ref()));
        let abandoned = |error| Unread { error, of_key: false };
        let outcome = off_the_runtime(read).await.map_err(abandoned)?.map(Arc::new);
        *self.last() = Some((input, outcome.clone()));
        outcome
    }
}
