//! What an authority was shown: a credential, and whether its provider had been asked for a fresh assertion.

use std::sync::Arc;

use crate::Credential;

/// A credential as it is presented.
#[derive(Clone, Debug)]
pub(crate) struct Presented {
    pub(crate) credential: Credential,
    /// Its provider is asked for an assertion that is not from its cache.
    pub(crate) fresh: bool,
}

impl Presented {
    /// As it is loaded.
    pub(crate) fn loaded(credential: Credential) -> Self {
        Self { credential, fresh: false }
    }

    /// The same with a fresh assertion, where it has a provider and was not fresh already.
    pub(crate) fn fresher(&self) -> Option<Self> {
        let provided = matches!(&self.credential, Credential::Assertion(provided) if provided.token().is_none());
        (provided && !self.fresh).then(|| Self { fresh: true, ..self.clone() })
    }

    /// Whether the authority would see the same thing.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.fresh == other.fresh && self.credential.same_material(&other.credential)
    }

    /// Whether the authority's word on `other` holds for this one too: they are the same material, and of
    /// a provider the other was no less fresh.
    pub(crate) fn judged_with(&self, other: &Self) -> bool {
        self.credential.same_material(&other.credential) && (other.fresh || !self.fresh)
    }
}

/// Whether both come from the same provider, that is the same object.
pub(crate) fn same_provider<T: ?Sized>(a: &Arc<T>, b: &Arc<T>) -> bool {
    std::ptr::addr_eq(Arc::as_ptr(a), Arc::as_ptr(b))
}
