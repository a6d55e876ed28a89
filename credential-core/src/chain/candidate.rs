//! A credential whose turn it is, and what the authority says of it.

use crate::source::Presentation;
use crate::world::Moment;
use crate::{Credential, SourceError};

/// What the authority said of one credential.
#[derive(Debug)]
pub enum Verdict<T, E> {
    /// It was accepted; this came of it.
    Accept(T),
    /// This authority refused the credential: look for other material, then go on with the next entry.
    Next(E),
    /// The credential itself is wrong or has ended, whoever is asked: as [`Next`](Self::Next), and it
    /// is presented to no other authority either.
    Invalid(E),
    /// Refused in a way that may pass (an authority of many nodes learns of a credential node by
    /// node): as [`Next`](Self::Next), and when no entry works this one gets a last attempt.
    NextInDoubt(E),
    /// The credential could not be presented: its provider or signer failed. Counts as a failed load.
    Unusable(SourceError),
    /// The answer is not about the credential: end the search, blame no entry.
    Stop(E),
}

/// A credential whose turn it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// The entry's place in the list, from 0.
    pub index: usize,
    /// The credential.
    pub credential: Credential,
    /// How its entry wants it presented.
    pub presentation: Presentation,
    /// What was presented of it was refused: its provider is to be asked for an assertion that is not
    /// from its cache ([`AssertionRequest::fresh`](crate::credential::AssertionRequest::fresh)).
    pub fresh: bool,
    /// When its turn ends: signing, or asking its provider, takes no longer, so that the next entry has time
    /// of its own. What the authority does with it may take until the exchange's deadline.
    pub deadline: Moment,
    /// Nobody waits for this: a better-placed entry is tried behind the callers' back.
    pub background: bool,
}
