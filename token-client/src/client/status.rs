//! What a client knows of itself, for an operator: which credential is in use, what failed, what ends when.

use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use credential_core::chain::{EntryStatus, InUse};

use super::TokenClients;
use super::trouble::Failing;
use crate::TokenClient;
use crate::store::SharedCacheStatus;

/// A credential that ends sooner is worth a look.
pub const ENDS_SOON: Duration = Duration::from_secs(7 * 86_400);

/// How a client is, as far as it knows without asking anybody. Ordered: the worst comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Health {
    /// The best-placed credential is in use.
    Well,
    /// No token was asked for yet.
    Unknown,
    /// Tokens are given, and something is to be looked at: a better-placed credential that fails, one in use that ends
    /// within [`ENDS_SOON`], an authority that is unwell, a shared cache that is left alone.
    Degraded,
    /// No credential works: every one has failed, or was refused while no exchange worked.
    Failing,
}

/// What a client knows at this moment; made without a request and without waiting. Shows no secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientStatus {
    /// The section of the settings.
    pub section: String,
    /// The application.
    pub client_id: String,
    /// The authority.
    pub authority: String,
    /// Which entry is in use, since when and why; `None` until an authority has accepted one.
    pub in_use: Option<InUse>,
    /// Every entry that is tried, by position: its credential and when that ends, why it failed or was refused last, and until when it is left
    /// alone.
    pub entries: Vec<EntryStatus>,
    /// The shared cache, where there is one.
    pub shared_cache: Option<SharedCacheStatus>,
    /// Since when no exchange has worked, and why the last one failed; `None` while they do.
    pub failing: Option<Failing>,
    now: SystemTime,
}

impl ClientStatus {
    /// How the client is.
    ///
    /// ```
    /// use token_client::{Health, TokenClient};
    ///
    /// /// The status of an HTTP health check.
    /// fn readiness(client: &TokenClient) -> u16 {
    ///     if client.status().health() == Health::Failing { 503 } else { 200 }
    /// }
    /// ```
    pub fn health(&self) -> Health {
        if !self.entries.is_empty() && self.entries.iter().all(|entry| self.is_useless(entry)) {
            return Health::Failing;
        }
        let place = self.in_use.as_ref().map_or(usize::MAX, |in_use| in_use.index);
        let fails = |entry: &EntryStatus| entry.failure.is_some() || entry.refusal.is_some();
        let better_fails = self.entries.iter().any(|entry| entry.index <= place && fails(entry));
        let soon = self.now.checked_add(ENDS_SOON);
        let ends = self.expires_on().zip(soon).is_some_and(|(end, soon)| end < soon);
        let alone = self.shared_cache.as_ref().is_some_and(|shared| !shared.is_well());
        match &self.in_use {
            _ if better_fails || ends || alone || self.failing.is_some() => Health::Degraded,
            Some(_) => Health::Well,
            None => Health::Unknown,
        }
    }

    /// Whether no token can be had by the entry: nothing is loaded that has not ended, or it is refused.
    fn is_useless(&self, entry: &EntryStatus) -> bool {
        let ended = |end: SystemTime| end <= self.now;
        let standing = entry.credential.as_ref().filter(|credential| !credential.expires_on().is_some_and(ended));
        let refused = entry.refused_everywhere || entry.refusal.is_some() && self.failing.is_some();
        refused || entry.failure.is_some() && standing.is_none()
    }

    /// When the credential in use ends: its certificate, or a secret or assertion that says so.
    pub fn expires_on(&self) -> Option<SystemTime> {
        self.entries.iter().find(|entry| entry.in_use)?.credential.as_ref()?.expires_on()
    }
}

impl TokenClient {
    /// What the client knows of its credentials and of its shared cache. No request is sent and nothing is waited for.
    pub fn status(&self) -> ClientStatus {
        let inner = self.inner();
        ClientStatus {
            section: inner.configuration.section.clone(),
            client_id: inner.client_id.clone(),
            authority: inner.authority.endpoints().authority,
            in_use: inner.chain.in_use(),
            entries: inner.chain.status(),
            shared_cache: inner.recipe.sharing.as_ref().map(|sharing| sharing.status()),
            failing: inner.trouble.current(),
            now: inner.world().clock.now(),
        }
    }
}

impl TokenClients {
    /// The status of each client that was made so far, by section.
    pub fn status(&self) -> Vec<ClientStatus> {
        let built = self.built().lock().unwrap_or_else(PoisonError::into_inner);
        let mut clients: Vec<TokenClient> = built.values().cloned().collect();
        drop(built);
        let mut all: Vec<ClientStatus> = clients.drain(..).map(|client| client.status()).collect();
        all.sort_by(|one, other| one.section.cmp(&other.section));
        all
    }
}
