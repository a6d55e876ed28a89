//! The other applications of a configuration, as the engine that binds one of them sees them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use credential_core::codes::SECTION_CYCLE;
use credential_core::registry::BindError;
use credential_core::tokens::{ProvidedToken, SectionTokens, TokenFor, TokenProvider, TokenProviders};
use credential_core::{CredentialChain, Finding, SourceError};

use super::bind::bind;
use super::nested_tokens::{self, NestedTokens};
use super::recipe::Recipe;
use crate::settings::{Configuration, any_error, codes, key};
use crate::{TokenClient, TokenRequest};

/// The clients of a configuration by section, whatever its case: each is made once, whoever names it.
pub(crate) type Built = Mutex<HashMap<String, TokenClient>>;

/// Binds nested entries and other applications' sections while one section is bound.
pub(crate) struct Sections<'a> {
    pub(crate) configuration: &'a Configuration,
    pub(crate) recipe: &'a Recipe,
    pub(crate) built: &'a Built,
    /// The sections that are being bound, outermost first.
    pub(crate) under_way: Vec<&'a str>,
}

impl TokenProviders for Sections<'_> {
    fn provider(&self, chain: CredentialChain) -> Arc<dyn TokenProvider> {
        let Recipe { shared, sharing, .. } = self.recipe;
        Arc::new(NestedTokens::new(chain, Arc::clone(&shared.gates), sharing.clone()))
    }

    fn section(&self, path: &str) -> Result<SectionTokens, BindError> {
        let refused = |finding| BindError::new(vec![finding]);
        if self.under_way.iter().any(|section| key::same(section, path)) {
            return Err(refused(cycle(&self.under_way, path)));
        }
        let (client, findings) = match get(self.built, path) {
            Some(client) => (client, Vec::new()),
            None => {
                let node = self.configuration.tree.node(path);
                if node.is_none_or(|node| node.children().is_empty()) {
                    return Err(refused(missing(self.configuration, path)));
                }
                self.build(path)?
            }
        };
        Ok(SectionTokens::new(Arc::new(OfSection { section: path.to_owned(), client }), findings))
    }
}

impl<'a> Sections<'a> {
    /// Those of a configuration whose own section is bound.
    pub(crate) fn of(configuration: &'a Configuration, recipe: &'a Recipe, built: &'a Built) -> Self {
        Self { configuration, recipe, built, under_way: vec![&configuration.section] }
    }

    fn build(&self, path: &str) -> Result<(TokenClient, Vec<Finding>), BindError> {
        let configuration = self.configuration.of_section(path);
        let mut under_way = self.under_way.clone();
        under_way.push(path);
        let sections = Sections { under_way, ..*self };
        let bound = bind(&configuration, &sections);
        let findings: Vec<Finding> = configuration.section_findings().iter().chain(&bound.findings).cloned().collect();
        if any_error(&findings) {
            return Err(BindError::new(findings));
        }
        match self.recipe.assemble(configuration, bound, Arc::default()) {
            Ok(client) => Ok((keep(self.built, path, client), findings)),
            Err(error) => Err(BindError::new(error.findings().to_vec())),
        }
    }
}

pub(crate) fn get(built: &Built, path: &str) -> Option<TokenClient> {
    built.lock().unwrap_or_else(PoisonError::into_inner).get(&key::fold(path)).cloned()
}

/// Keeps a client, and gives the one that is kept: another's may have been there before.
pub(crate) fn keep(built: &Built, path: &str, client: TokenClient) -> TokenClient {
    let mut built = built.lock().unwrap_or_else(PoisonError::into_inner);
    built.entry(key::fold(path)).or_insert(client).clone()
}

fn cycle(under_way: &[&str], path: &str) -> Finding {
    let way = under_way.join(" -> ");
    Finding::error(SECTION_CYCLE, format!("{way} -> {path} is a cycle: each token would need itself"))
        .remedy("give one of these sections a credential of its own")
}

fn missing(configuration: &Configuration, path: &str) -> Finding {
    let finding = Finding::error(codes::MISSING_SECTION, format!("section {path:?} not found"));
    let known: Vec<&str> = configuration.tree.sections().take(20).collect();
    finding.remedy(match credential_core::text::nearest(path, known.iter().copied()) {
        Some(near) => format!("write {near:?}"),
        None => format!("add it, or name one of these: {}", known.join(", ")),
    })
}

/// The tokens of another application: those of its client.
#[derive(Debug)]
struct OfSection {
    section: String,
    client: TokenClient,
}

#[async_trait]
impl TokenProvider for OfSection {
    async fn token(&self, wanted: &TokenFor<'_>) -> Result<ProvidedToken, SourceError> {
        if wanted.authority.is_some() || wanted.client_id.is_some() {
            let message = format!("the section {:?} has an authority and a client of its own", self.section);
            return Err(SourceError::misconfigured("section-of-its-own", message)
                .remedy("ask for its token without naming an authority or a client"));
        }
        let mut request = TokenRequest::app(wanted.scope);
        request.tenant = wanted.tenant.map(str::to_owned);
        request.claims = wanted.claims.map(str::to_owned);
        request.fmi_path = wanted.fmi_path.map(str::to_owned);
        request.force_refresh = wanted.fresh;
        let token = tokio::select! {
            biased;
            token = self.client.token(&request) => token,
            () = wanted.world.clock.sleep_until(wanted.deadline) => return Err(nested_tokens::late()),
        };
        match token {
            Ok(token) => Ok(ProvidedToken::new(token.value().clone(), token.expires_on())),
            Err(error) => Err(nested_tokens::failed(&error)),
        }
    }
}
