//! A caller: asks for what the dice say, again and again, and sometimes does not wait for the answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use token_client::{PreparedToken, TokenClient, TokenOrigin, TokenRequest, TokenSource};

use crate::authority::{tenant_name, user_token};
use crate::dice::Dice;
use crate::judge::{Judge, Key};

/// Users that are about at a time.
const USERS: usize = 200;
/// Of these so many come and go each second.
const GO_EACH_SECOND: usize = 5;
const APP_SCOPES: [&str; 2] = ["api://orders/.default", "api://inventory/.default"];
const USER_SCOPES: [&[&str]; 2] = [&["api://orders/read"], &["api://orders/read", "api://orders/write"]];

/// A process: a client with a memory of its own.
pub(crate) struct Process {
    client: TokenClient,
    /// By tenant and scope.
    prepared: Vec<PreparedToken>,
}

impl Process {
    pub(crate) fn new(client: TokenClient, tenants: usize) -> Self {
        let keys = (0..tenants).flat_map(|tenant| (0..APP_SCOPES.len()).map(move |scope| (tenant, scope)));
        let prepared = keys.map(|(tenant, scope)| client.token_source(app_request(tenant, scope))).collect();
        Self { client, prepared }
    }

    pub(crate) fn cached_bytes(&self) -> usize {
        self.client.cached_bytes()
    }
}

fn app_request(tenant: usize, scope: usize) -> TokenRequest {
    TokenRequest::app(APP_SCOPES[scope]).tenant(tenant_name(tenant))
}

/// What a token must have.
pub(crate) fn scopes(key: &Key) -> &'static [&'static str] {
    match key.user {
        Some(_) => USER_SCOPES[key.scope],
        None => std::slice::from_ref(&APP_SCOPES[key.scope]),
    }
}

pub(crate) fn user_name(user: usize) -> String {
    format!("user{user}")
}

/// Calls until the end.
pub(crate) async fn call(processes: Arc<Vec<Process>>, judge: Arc<Judge>, mut dice: Dice, end: Instant) {
    let start = Instant::now();
    while Instant::now() < end {
        let key = drawn(&mut dice, start.elapsed(), processes.len(), judge.tenants);
        let process = &processes[key.process];
        let (asked, at_hand) = (Instant::now(), judge.has(&key));
        let impatient = dice.once_in(20).then(|| dice.between(Duration::ZERO, Duration::from_millis(3)));
        let by_source = key.user.is_none() && !key.force && dice.once_in(2);
        let call = async {
            if by_source {
                let source = &process.prepared[key.tenant * APP_SCOPES.len() + key.scope];
                return source.token().await.map(|token| (token, None));
            }
            let request = request(&key);
            let acquired = process.client.acquire(&request).await;
            acquired.map(|acquired| (acquired.token, Some(acquired.origin)))
        };
        let given: Option<Result<_, _>> = match impatient {
            Some(patience) => tokio::time::timeout(patience, call).await.ok(),
            None => Some(call.await),
        };
        match given {
            Some(Ok((token, origin))) => judge.given(&key, asked, &token, origin),
            Some(Err(error)) => judge.failed(&key, asked, at_hand, &error),
            None => judge.left(),
        }
        tokio::time::sleep(dice.between(Duration::ZERO, Duration::from_millis(40))).await;
    }
}

fn drawn(dice: &mut Dice, elapsed: Duration, processes: usize, tenants: usize) -> Key {
    let (process, scope, force) = (dice.below(processes), dice.below(2), dice.once_in(500));
    let user = dice.once_in(2).then(|| elapsed.as_secs() as usize * GO_EACH_SECOND + dice.below(USERS));
    // A user has one tenant.
    let tenant = user.map_or_else(|| dice.below(tenants), |user| user % tenants);
    Key { process, tenant, user, scope, force }
}

fn request(key: &Key) -> TokenRequest {
    let request = match key.user {
        None => app_request(key.tenant, key.scope),
        Some(user) => {
            let token = user_token(&user_name(user));
            TokenRequest::on_behalf_of(token, USER_SCOPES[key.scope].iter().copied()).tenant(tenant_name(key.tenant))
        }
    };
    if key.force { request.force_refresh() } else { request }
}

/// Where a token came from, as it is counted.
pub(crate) fn place(origin: Option<TokenOrigin>) -> usize {
    match origin {
        None => 0,
        Some(TokenOrigin::Cache) => 1,
        Some(TokenOrigin::SharedCache) => 2,
        Some(_) => 3,
    }
}
