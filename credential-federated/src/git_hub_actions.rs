//! The source type `GitHubActions`: the token of a job
//! (<https://docs.github.com/actions/reference/security/oidc>).

use async_trait::async_trait;
use credential_core::source::Detected;
use credential_core::world::HttpRequest;
use credential_core::{
    BindContext, BindResult, CredentialDescription, CredentialSource, Secret, Setting, SourceError, SourceType, World,
};
use url::Url;

use crate::audience::EXCHANGE_URL;
use crate::platform::{Asking, Endpoint, Platform, Tokens, absent, ask};

const JOB: &str = "GITHUB_ACTIONS";
const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const PERMISSION: &str =
    "add permissions: id-token: write to the job; a pull request of a fork is given no token whatever it says";

/// The token of a GitHub Actions job as the assertion.
///
/// ```json
/// { "SourceType": "GitHubActions" }
/// ```
///
/// The job needs `permissions: id-token: write`. The token lives for 5 minutes and is asked for anew a minute before
/// its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct GitHubActionsSource;

impl GitHubActionsSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("GitHubActions");
}

#[async_trait]
impl CredentialSource for GitHubActionsSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[EXCHANGE_URL];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        Ok(Tokens::loader(entry, cx, GitHubActions))
    }

    async fn detect(&self, world: &World) -> Vec<Detected> {
        let has = |name| world.environment.text(name).is_some();
        if !has(JOB) && !has(URL) {
            return Vec::new();
        }
        let found = Detected::new("GitHub Actions", format!("{} is set", if has(JOB) { JOB } else { URL }));
        vec![match [URL, TOKEN].into_iter().find(|name| !has(name)) {
            Some(unset) => found.lacks(format!("{unset} is not set: {PERMISSION}")),
            None => found,
        }]
    }
}

#[derive(Debug)]
struct GitHubActions;

#[async_trait]
impl Platform for GitHubActions {
    fn name(&self) -> String {
        "GitHub Actions".to_owned()
    }

    async fn token(&self, asking: &Asking<'_>) -> Result<Secret, SourceError> {
        let (Some(address), Some(bearer)) = (asking.variable(URL), asking.variable(TOKEN)) else {
            let unset = if asking.variable(URL).is_none() { URL } else { TOKEN };
            return Err(match asking.variable(JOB) {
                Some(_) => {
                    let message = format!("GitHub Actions gives this job no token: {unset} is not set");
                    SourceError::denied("token-not-granted", message).remedy(PERMISSION).settled_locally()
                }
                None => absent("GitHub Actions", &format!("{unset} is not set"), "run in a job of GitHub Actions"),
            });
        };
        let bearer = Secret::new(bearer);
        let endpoint = Endpoint {
            name: "GitHub Actions",
            named_by: URL,
            field: Some("value"),
            refused: PERMISSION,
            unknown: "run the job again: the address that it was given is no longer known",
            secrets: std::slice::from_ref(&bearer),
        };
        // What is no URL is refused as any other bad address is.
        let url = Url::parse(&address).map_or(address, |mut url| {
            url.query_pairs_mut().append_pair("audience", asking.audience);
            url.into()
        });
        let request = HttpRequest::get(url)
            .header("Accept", "application/json")
            .header("Authorization", format!("Bearer {}", bearer.expose()));
        ask(asking, &endpoint, request).await
    }
}
