//! The shape *variable*: a platform puts the token into an environment variable before the program starts.
//! `EnvironmentVariable` for any, `GitLab` for its jobs.

use async_trait::async_trait;
use credential_core::source::Detected;
use credential_core::world::near_variable;
use credential_core::{
    BindContext, BindResult, CredentialDescription, CredentialSource, Secret, Setting, SettingKind, SourceError,
    SourceType, World,
};

use crate::audience::EXCHANGE_URL;
use crate::platform::{Asking, Platform, Tokens, absent};

const VARIABLE: &str = "VariableName";
const MISTAKEN: &[&str] = &["Variable", "EnvironmentVariable", "EnvironmentVariableName", "TokenVariable"];
/// Platforms that set a variable of a name of their own.
const KNOWN: &[(&str, &str)] = &[
    ("Bitbucket Pipelines", "BITBUCKET_STEP_OIDC_TOKEN"),
    ("CircleCI", "CIRCLE_OIDC_TOKEN_V2"),
    ("Terraform Cloud", "TFC_WORKLOAD_IDENTITY_TOKEN"),
    ("Vercel", "VERCEL_OIDC_TOKEN"),
];
const JOB_OF_GIT_LAB: &str = "GITLAB_CI";
/// What GitLab's own samples call it.
const OF_GIT_LAB: &str = "GITLAB_OIDC_TOKEN";

/// The token in an environment variable as the assertion.
///
/// ```json
/// { "SourceType": "EnvironmentVariable", "VariableName": "BITBUCKET_STEP_OIDC_TOKEN" }
/// ```
///
/// The variable is looked at at every exchange; its token is a JWT for `TokenExchangeUrl` that has not ended.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvironmentVariableSource;

impl EnvironmentVariableSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("EnvironmentVariable");
}

#[async_trait]
impl CredentialSource for EnvironmentVariableSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[
            Setting::new(VARIABLE, SettingKind::Identifier, "The environment variable that holds the token.")
                .required()
                .mistaken(MISTAKEN),
            EXCHANGE_URL,
        ];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let name = cx.required(entry, VARIABLE)?.expose().to_owned();
        bind(entry, cx, name, Maker::Anybody)
    }

    async fn detect(&self, world: &World) -> Vec<Detected> {
        let found = KNOWN.iter().filter(|(_, name)| world.environment.text(name).is_some());
        let found =
            found.map(|(platform, name)| Detected::new(*platform, format!("{name} is set")).setting(VARIABLE, *name));
        found.collect()
    }
}

/// The token of a GitLab job as the assertion
/// (<https://docs.gitlab.com/ci/secrets/id_token_authentication/>).
///
/// ```json
/// { "SourceType": "GitLab" }
/// ```
///
/// The job declares it: `id_tokens: { GITLAB_OIDC_TOKEN: { aud: api://AzureADTokenExchange } }`. Another name goes
/// into `VariableName`.
#[derive(Clone, Copy, Debug, Default)]
pub struct GitLabSource;

impl GitLabSource {
    /// The `SourceType` of its entries.
    pub const SOURCE_TYPE: SourceType = SourceType::known("GitLab");
}

#[async_trait]
impl CredentialSource for GitLabSource {
    fn source_type(&self) -> SourceType {
        Self::SOURCE_TYPE
    }

    fn settings(&self) -> &[Setting] {
        const SETTINGS: &[Setting] = &[
            Setting::new(VARIABLE, SettingKind::Identifier, "The name of the token under id_tokens of the job.")
                .default(OF_GIT_LAB)
                .mistaken(MISTAKEN),
            EXCHANGE_URL,
        ];
        SETTINGS
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let name = entry.text(VARIABLE).filter(|name| !name.trim().is_empty()).unwrap_or(OF_GIT_LAB);
        bind(entry, cx, name.to_owned(), Maker::GitLab)
    }

    async fn detect(&self, world: &World) -> Vec<Detected> {
        let has = |name| world.environment.text(name).is_some();
        if !has(JOB_OF_GIT_LAB) {
            return Vec::new();
        }
        let found = Detected::new("GitLab", format!("{JOB_OF_GIT_LAB} is set"));
        let remedy = "declare it under id_tokens of the job, or name the one that is there in VariableName";
        vec![if has(OF_GIT_LAB) { found } else { found.lacks(format!("{OF_GIT_LAB} is not set: {remedy}")) }]
    }
}

fn bind(entry: &CredentialDescription, cx: &mut BindContext<'_>, name: String, maker: Maker) -> BindResult {
    // The name is shown in messages, so it must not be the token itself by mistake.
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        let error =
            SourceError::misconfigured("not-a-variable-name", format!("{VARIABLE} is not the name of a variable"));
        return Err(cx.error(error.about(VARIABLE).remedy("write the variable's name: letters, digits and _")));
    }
    Ok(Tokens::loader(entry, cx, Variable { name, maker }))
}

/// Who sets the variable.
#[derive(Clone, Copy, Debug)]
enum Maker {
    Anybody,
    GitLab,
}

#[derive(Debug)]
struct Variable {
    name: String,
    maker: Maker,
}

#[async_trait]
impl Platform for Variable {
    fn name(&self) -> String {
        match self.maker {
            Maker::Anybody => format!("the variable {}", self.name),
            Maker::GitLab => format!("GitLab ({})", self.name),
        }
    }

    fn is_kept(&self) -> bool {
        false
    }

    fn other_audience(&self, asked: &str) -> String {
        match self.maker {
            Maker::Anybody => format!("let the platform issue it for {asked}"),
            Maker::GitLab => format!("write aud: {asked} under {} of the job's id_tokens", self.name),
        }
    }

    /// # Errors
    /// `NotApplicable` where the variable is not set; all settled locally.
    async fn token(&self, asking: &Asking<'_>) -> Result<Secret, SourceError> {
        let name = &self.name;
        if let Some(token) = asking.variable(name) {
            return Ok(Secret::new(token));
        }
        let here = asking.variable(JOB_OF_GIT_LAB).is_some();
        Err(match self.maker {
            Maker::GitLab if here => {
                let remedy = format!("add id_tokens: {{ {name}: {{ aud: {} }} }} to the job", asking.audience);
                SourceError::denied("token-not-granted", format!("GitLab gave this job no token: {name} is not set"))
                    .remedy(remedy)
                    .settled_locally()
            }
            Maker::GitLab => absent("GitLab", &format!("{JOB_OF_GIT_LAB} is not set"), "run in a job of GitLab"),
            Maker::Anybody => {
                let remedy = match near_variable(&*asking.world.environment, name) {
                    Some(near) => format!("write \"{near}\", which is set, or let the platform set {name}"),
                    None => "let the platform set it, or correct VariableName".to_owned(),
                };
                SourceError::not_applicable("variable-not-set", format!("{name} is not set"))
                    .remedy(remedy)
                    .settled_locally()
            }
        }
        .about(VARIABLE))
    }
}
