//! What is known of one entry.

use std::time::SystemTime;

use crate::chain::SharedError;
use crate::{Credential, SourceError, SourceType};

/// What is known of one entry.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EntryStatus {
    /// The entry's place in the list, from 0.
    pub index: usize,
    /// Its source.
    pub source_type: SourceType,
    /// What its source gave last.
    pub credential: Option<Credential>,
    /// Why its source failed last; cleared when it succeeds.
    pub failure: Option<SourceError>,
    /// Why an authority refused its credential last; cleared when it accepts it.
    pub refusal: Option<SharedError>,
    /// Whether that refusal is about nothing but the credential, and so holds at every authority.
    pub refused_everywhere: bool,
    /// Until when it is left alone for its failure or refusal (of several authorities' the last); `None` when
    /// it is tried at the next exchange.
    pub left_alone_until: Option<SystemTime>,
    /// Whether it is the application's entry in use; see [`CredentialChain::in_use`](crate::CredentialChain::in_use).
    pub in_use: bool,
}
