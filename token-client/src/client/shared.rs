//! What the clients of one configuration share, and a client with the one before a reload.

use std::sync::Arc;

use credential_core::World;

use crate::token::digest::Digests;
use crate::token::gate::Gates;
use crate::token::hosts::Hosts;
use crate::token::time::TokenTime;

/// What the clients of one configuration share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) time: Arc<TokenTime>,
    pub(crate) digests: Digests,
    pub(crate) gates: Arc<Gates>,
}

impl Shared {
    pub(crate) fn new(world: &World, max_requests: usize) -> Self {
        let time = Arc::new(TokenTime::new(Arc::clone(&world.clock)));
        let gates = Arc::new(Gates::new(Hosts::of(world), max_requests));
        Self { time, digests: Digests::new(world), gates }
    }
}
