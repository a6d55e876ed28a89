//! One exchange behind the cache: what other processes share, or the authority, and what is kept of it.

use std::sync::Arc;
use std::time::Duration;

use credential_core::Finding;
use credential_core::chain::{ChainError, Search};
use credential_core::guard::{Unanswered, bounded};
use credential_core::world::Moment;
use tracing::Span;

use super::token_client::{Inner, Outcome};
use crate::authority::{AuthorityError, merge_query, with_query};
use crate::exchange::led::{self, About, MadeFrom};
use crate::exchange::{Exchange, ExchangeError, Issued, chain_gap, claims};
use crate::http::{addresses, headers};
use crate::meters::{Began, Reason};
use crate::settings::scopes::{app_scope, check_user_token, user_scopes};
use crate::spans;
use crate::store::SharedToken;
use crate::store::shared_key::{Holder, SharedKey};
use crate::store::sharing::Found;
use crate::token::asked::Key;
use crate::token::cache::Came;
use crate::token::error::panicked;
use crate::token::user_assertion;
use crate::{AccessToken, TokenError, TokenRequest};

/// A renewal that was refused is tried again after this: what can be mended is not mended in a moment.
const RENEWAL_PAUSE: Duration = Duration::from_secs(30);

impl Inner {
    /// As [`shared_or_asked`](Self::shared_or_asked), measured.
    pub(super) async fn exchange(&self, key: &Key, request: &TokenRequest, span: &Span) -> Outcome {
        let _under_way = self.life.begin();
        if self.life.has_ended() {
            return Err(TokenError::shut_down());
        }
        let (world, start) = (self.world(), self.world().clock.moment());
        let began = self.meters.begin(|| Began { for_app: request.is_for_app(), reason: self.reason(key, request) });
        let result = self.shared_or_asked(key, request, span).await;
        self.meters.ended(began, &result, world.clock.moment().since(start), world);
        self.meters.credentials(&self.chain);
        result
    }

    fn reason(&self, key: &Key, request: &TokenRequest) -> Reason {
        match request {
            TokenRequest { claims: Some(_), .. } => Reason::Claims,
            TokenRequest { force_refresh: true, .. } => Reason::Forced,
            _ if self.cache.last_resort(key).is_some() => Reason::Proactive,
            _ => Reason::Missing,
        }
    }

    /// What another process shares, or the whole exchange; what it gives is in the cache when it ends. A managed
    /// identity's token is the machine's alone.
    async fn shared_or_asked(&self, key: &Key, request: &TokenRequest, span: &Span) -> Outcome {
        if let Some(identity) = &request.managed_identity {
            return self.identity_token(identity, key, request).await;
        }
        let world = self.world().clone();
        let deadline = world.clock.moment().after(self.recipe.patience);
        let turn = match self.shared(key, request).await {
            Some(Found::Token(SharedToken { issued, tenant, .. })) => {
                let came = Came { attempts: Vec::new(), tenant };
                return Ok(self.keep(key, &issued, came));
            }
            Some(Found::Ask(turn)) => Some(turn),
            None => None,
        };
        let asked = self.ask(key, request, deadline, span).await;
        self.trouble.note(&asked, world.clock.now());
        let token = asked?;
        if let Some(turn) = turn {
            turn.keep(&token);
        }
        Ok(token)
    }

    /// The exchange with the authority.
    async fn ask(&self, key: &Key, request: &TokenRequest, deadline: Moment, span: &Span) -> Outcome {
        let world = self.world().clone();
        let (exchange, authority) = self.prepare(request, deadline).await.map_err(TokenError::before)?;
        spans::exchanges(span, &exchange);
        let (tenant, sends_x5c) = (exchange.tenant.clone(), exchange.send_x5c);
        let presented = match exchange.gate.refusal(world.clock.moment()) {
            Some(error) => Err(ChainError::Stopped { error, attempts: Vec::new() }),
            None => {
                let (exchange, world) = (Arc::new(exchange), world.clone());
                let search = Search::new(&authority, deadline).anew(request.force_refresh);
                let presented = self.chain.first_accepted(search, move |candidate| {
                    let (exchange, world) = (Arc::clone(&exchange), world.clone());
                    async move { exchange.attempt(&candidate, &world).await }
                });
                presented.await
            }
        };
        let mut presented = presented;
        if sends_x5c {
            chain_gap::warn(match &mut presented {
                Ok(accepted) => &mut accepted.attempts,
                Err(error) => error.attempts_mut(),
            });
        }
        match presented {
            Ok(accepted) => {
                let came = Came { attempts: accepted.attempts, tenant };
                let token = self.keep(key, &accepted.value, came);
                self.throttled.forget(key, world.clock.moment());
                Ok(token)
            }
            Err(error) => Err(self.failed(key, error, request)),
        }
    }

    fn made_from(&self, request: &TokenRequest) -> MadeFrom {
        MadeFrom {
            configuration: Arc::clone(&self.configuration),
            api: request.section.0.clone(),
            scopes: request.scopes.clone(),
            tenant: request.tenant.clone(),
            user_assertion: request.user_assertion.clone(),
        }
    }

    /// What other processes share for the request, or the turn to ask; `None` where nothing is shared. A request that
    /// cannot work as it is waits for nobody.
    async fn shared(&self, key: &Key, request: &TokenRequest) -> Option<Found> {
        let sharing = self.recipe.sharing.as_ref().filter(|sharing| sharing.takes(request.is_for_app()))?;
        scope_to_send(request).ok()?;
        let options = self.options();
        let holder = Holder {
            authority: &self.authority.endpoints().authority,
            client_id: &self.client_id,
            capabilities: options.client_capabilities.as_ref().map_or(&[], |list| &list.value),
            extra_query: &options.extra_query(),
        };
        let shared = SharedKey::of(&holder, request, key.tenant());
        // A store has no token for claims of its own.
        if request.force_refresh || request.claims.is_some() {
            return Some(Found::Ask(sharing.turn(shared)));
        }
        let kept = self.cache.last_resort(key);
        // Whoever renews wants a newer one than it has; whoever has none takes what still lasts.
        let fit = |shared: &SharedToken| match &kept {
            Some(kept) => kept.expires_on() < shared.expires_on,
            None => true,
        };
        Some(sharing.find(shared, self.recipe.patience / 4, fit).await)
    }

    /// Keeps what came for a key, and makes a token of it.
    pub(super) fn keep(&self, key: &Key, issued: &Issued, came: Came) -> AccessToken {
        let token = self.cache.keep(key, issued, came, self.world());
        // Whatever was wrong with the one without claims: this one is newer, and has more.
        key.without_claims().inspect(|plain| self.cache.keep_as(plain, &token));
        token
    }

    /// Remembers a failure, so that the next callers do not repeat it at once.
    fn failed(&self, key: &Key, error: ChainError<ExchangeError>, request: &TokenRequest) -> TokenError {
        let world = self.world();
        let was_sent = !matches!(error, ChainError::Stopped { error: ExchangeError::LeftAlone(..), .. });
        let error = TokenError::new(error, world.clock.now(), !request.is_for_app());
        let error = if was_sent { self.throttled.note(key, error, world) } else { error };
        let least = if error.is_transient() { Duration::ZERO } else { RENEWAL_PAUSE };
        self.cache.put_off(key, error.retry_after().unwrap_or_default().max(least));
        error
    }

    /// Checks the request and learns the token endpoint, and the authority that it belongs to.
    async fn prepare(&self, request: &TokenRequest, deadline: Moment) -> Result<(Exchange, String), ExchangeError> {
        let (options, world) = (self.options(), self.world());
        let scope = scope_to_send(request)?;
        let capabilities = options.client_capabilities.as_ref().map_or_else(Vec::new, |list| list.value.clone());
        let claims = claims::merged(&capabilities, request.claims.as_deref())?;
        for (name, value) in &request.extra_headers {
            headers::check_unreserved(name, value)?;
        }
        if let Some(id) = &request.correlation_id {
            let checked = headers::check("client-request-id", id);
            checked.map_err(|finding| Box::new(finding.remedy("write correlation_id as a GUID")))?;
        }
        let resolve = || self.authority.resolve(request.tenant.as_deref(), request.is_for_app(), world);
        let endpoints = match bounded(&*world.clock, deadline, resolve).await {
            Ok(endpoints) => endpoints,
            Err(Unanswered::Panicked) => return Err(panicked().into()),
            Err(_) => Err(AuthorityError::late(&self.authority.endpoints().authority, self.recipe.patience)),
        };
        let led = |finding| led::placed(finding, &self.made_from(request).led(&[About::Tenant], None));
        let endpoints = endpoints.map_err(|error| ExchangeError::Endpoints(error.placed(led)))?;
        let gate = self.recipe.shared.gates.to(&endpoints.token, &endpoints.authority);
        let query = merge_query(&request.extra_query, &options.extra_query());
        let token_endpoint = addresses::credential_bearing(&with_query(&endpoints.token, &query))?;
        let exchange = Exchange {
            client_id: self.client_id.clone(),
            tenant: endpoints.tenant,
            token_endpoint: token_endpoint.into(),
            assertion_audience: endpoints.assertion_audience,
            kind: self.authority.kind(),
            send_x5c: options.sends_x5c(),
            scope,
            claims,
            asked_claims: request.claims.clone(),
            capabilities,
            user_assertion: request.user_assertion.clone(),
            correlation_id: request.correlation_id.clone().unwrap_or_else(|| world.uuid()),
            trace_context: request.trace_context.clone(),
            fmi_path: request.fmi_path.clone(),
            assertion_fmi_path: request.assertion_fmi_path.clone(),
            extra_headers: request.extra_headers.clone(),
            deadline,
            made_from: Some(self.made_from(request)),
            gate,
        };
        Ok((exchange, endpoints.authority))
    }
}

/// The `scope` parameter.
fn scope_to_send(request: &TokenRequest) -> Result<String, Box<Finding>> {
    if request.is_for_app() {
        return app_scope(&request.scopes).map(str::to_owned);
    }
    check_user_token(&request.scopes)?;
    request.user_assertion.as_ref().map_or(Ok(()), user_assertion::check)?;
    Ok(user_scopes(&request.scopes).join(" "))
}
