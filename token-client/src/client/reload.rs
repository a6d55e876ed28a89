//! A configuration read again, without a restart: what nothing changed goes on.

use std::sync::Arc;

use credential_core::{Credential, CredentialChain, Finding, Secret};

use super::sections::Built;
use super::token_client::Inner;
use crate::settings::{Configuration, Tree, codes, key};
use crate::{AccessToken, ConfigurationError, TokenClient};

/// How far sections that name each other are followed.
const MAX_WAY: usize = 8;

impl TokenClient {
    /// Reads the settings again, from the same files and variables and with the same values in code, and goes on with what they say now; so do
    /// all clones of this client. Calls under way end as they began. No request is sent.
    ///
    /// Tokens stay where nothing that made them has changed: the section's own settings, and the entry whose
    /// credential was accepted with everything in it. Credentials are loaded anew. A
    /// [`DownstreamApi`](crate::DownstreamApi) that was made before keeps the settings of its own section.
    ///
    /// # Errors
    /// Everything that is wrong with the settings, at once; the client goes on with the old ones then. Also
    /// where the program gave the configuration itself: see [`reload_with`](Self::reload_with).
    pub async fn reload(&self) -> Result<(), ConfigurationError> {
        let old = self.inner();
        let Some(location) = &old.recipe.location else {
            let message = "the program gave the configuration itself; there is no file to read again";
            let finding = Finding::error(codes::NOTHING_TO_RELOAD, message);
            return Err(finding.remedy("call reload_with with the new configuration").into());
        };
        self.reload_with(Configuration::read_with(location, &old.recipe.code, &old.recipe.world).await)
    }

    /// As [`reload`](Self::reload), with a configuration that the program has read. The section is the one that
    /// the configuration was read for.
    ///
    /// # Errors
    /// Everything that is wrong with the configuration, at once; the client goes on with the old one then.
    pub fn reload_with(&self, configuration: Configuration) -> Result<(), ConfigurationError> {
        let old = self.inner();
        let configuration = configuration.with_code(&old.recipe.code);
        let new = old.recipe.client(configuration, &Built::default(), Arc::clone(&old.life))?.into_inner();
        keep_tokens(&old, &new);
        self.replace(new);
        Ok(())
    }
}

/// Hands over the tokens that the new settings would have given as well.
fn keep_tokens(old: &Inner, new: &Inner) {
    let (before, now) = (&old.configuration, &new.configuration);
    let own = |configuration: &Configuration| settings(&configuration.tree, &configuration.section, true);
    if own(before) != own(now) || old.authority.endpoints() != new.authority.endpoints() {
        return;
    }
    let entries: Vec<_> = paths(&new.chain).map(|path| (entry(&now.tree, path), given(&now.tree, path))).collect();
    let stays = |path: &&str| {
        let (said, own) = (entry(&before.tree, path), given(&before.tree, path));
        entries.iter().any(|(entry, given)| *entry == said && same(*given, own))
    };
    let unchanged: Vec<&str> = paths(&old.chain).filter(stays).collect();
    let stands =
        |token: &AccessToken| token.credential().is_some_and(|accepted| unchanged.contains(&accepted.path.as_str()));
    new.cache.take_from(&old.cache, stands);
}

fn paths(chain: &CredentialChain) -> impl Iterator<Item = &str> {
    chain.entries().map(|(_, description)| description.path())
}

/// The credential that the program handed over with an entry.
fn given<'t>(tree: &'t Tree, path: &str) -> Option<&'t Credential> {
    tree.node(path)?.given.as_ref()
}

fn same(one: Option<&Credential>, other: Option<&Credential>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.same_material(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// A setting by its path in its section, and its value. Where it stands makes no token.
type Said = (String, Option<Secret>);

/// The settings of a section; those of its lists of credentials may be left out.
fn settings(tree: &Tree, path: &str, without_lists: bool) -> Vec<Said> {
    let leaves = tree.leaves(path).into_iter();
    let said = leaves.map(|leaf| (key::fold(leaf.path.get(path.len()..).unwrap_or_default()), leaf.value));
    said.filter(|(name, _)| !(without_lists && is_of_list(name))).collect()
}

fn is_of_list(name: &str) -> bool {
    ["ClientCredentials", "ClientCertificates"].iter().any(|list| {
        let list = key::fold(list);
        name.strip_prefix(key::SEPARATOR)
            .and_then(|name| name.strip_prefix(&list))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(key::SEPARATOR))
    })
}

/// An entry's settings, and those of the sections that it names.
fn entry(tree: &Tree, path: &str) -> Vec<Said> {
    let mut said = settings(tree, path, false);
    let mut next = 0;
    let mut followed: Vec<String> = Vec::new();
    while let Some((_, value)) = said.get(next) {
        next += 1;
        // Kept as a secret: most values name no section, and any may be one.
        let Some(value) = value.clone() else { continue };
        let name = value.expose();
        let is_section = tree.node(name).is_some_and(|node| !node.children().is_empty());
        if is_section && followed.len() < MAX_WAY && !followed.contains(&key::fold(name)) {
            said.extend(settings(tree, name, false));
            followed.push(key::fold(name));
        }
    }
    said
}
