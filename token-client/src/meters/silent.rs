//! Nothing is measured.

use std::time::Duration;

use credential_core::{CredentialChain, World};

use super::Began;
use crate::store::StoreErrorKind;
use crate::{AccessToken, TokenError};

/// Measures nothing, and takes no room.
#[derive(Debug, Default)]
pub(crate) struct Meters;

/// What nobody wants to know.
pub(crate) struct Unmeasured;

impl Meters {
    pub(crate) fn of(_section: &str, _chain: &CredentialChain) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn hit(&self, _for_app: bool) {}

    #[inline]
    pub(crate) fn begin(&self, _began: impl FnOnce() -> Began) -> Unmeasured {
        Unmeasured
    }

    #[inline]
    pub(crate) fn ended(
        &self,
        _began: Unmeasured,
        _result: &Result<AccessToken, TokenError>,
        _took: Duration,
        _world: &World,
    ) {
    }

    #[inline]
    pub(crate) fn credentials(&self, _chain: &CredentialChain) {}

    #[inline]
    pub(crate) fn replaced(&self, _own: &CredentialChain, _by: &Self, _chain: &CredentialChain) {}
}

#[inline]
pub(crate) fn store_command(_operation: &'static str, _failed: Option<StoreErrorKind>, _took: Duration) {}

pub(crate) fn timed(world: World) -> World {
    world
}
