//! The shapes *GET* and *POST*: the source types `HttpGet` and `HttpPost`, for platforms that have no source type of
//! their own.

mod template;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use credential_core::source::{Entry, Value};
use credential_core::world::HttpRequest;
use credential_core::{
    BindContext, BindResult, CredentialDescription, CredentialSource, Secret, Setting, SettingKind, SourceError,
    SourceType,
};
use serde_json::{Map, json};
use url::Url;

use crate::audience::EXCHANGE_URL;
use crate::platform::{Asking, Endpoint, Platform, TOKEN_FIELD, Tokens, ask};
use template::Template;

const URL: &str = "Url";
const HEADERS: &str = "Headers";
const AUDIENCE: &str = "AudienceParameter";
const BODY: &str = "Body";
const SOCKET: &str = "UnixSocket";

const URL_SETTING: Setting = Setting::new(
    URL,
    SettingKind::Url,
    "Where the token is asked for. `$NAME` in its path and query is the value of that environment variable.",
)
.with_variables()
.required()
.mistaken(&["Uri", "Address", "Endpoint", "TokenUrl"]);
const HEADERS_SETTING: Setting = Setting::new(
    HEADERS,
    SettingKind::Map,
    "Headers of the request; `$NAME` in a value is an environment variable, `$$` a dollar.",
)
.with_variables()
.secret()
.mistaken(&["Header", "ExtraHeaders"]);
const SOCKET_SETTING: Setting = Setting::new(
    SOCKET,
    SettingKind::FilePath,
    "The Unix socket that is connected to; the address still says host and path.",
)
.mistaken(&["Socket", "SocketPath", "UnixSocketPath"]);

/// The token that a request is answered with as the assertion.
///
/// ```json
/// { "SourceType": "HttpGet", "Url": "https://tokens.example/issue", "AudienceParameter": "audience",
///   "Headers": { "Authorization": "Bearer $ISSUE_TOKEN" }, "TokenField": "value" }
/// ```
///
/// ```json
/// { "SourceType": "HttpPost", "Url": "https://agent.buildkite.com/v3/jobs/$BUILDKITE_JOB_ID/oidc/tokens",
///   "Headers": { "Authorization": "Token $BUILDKITE_AGENT_ACCESS_TOKEN" },
///   "AudienceParameter": "audience", "TokenField": "token" }
/// ```
///
/// `$NAME` is an environment variable: an entry whose variables are not set is `NotApplicable`. Secrets stay in
/// variables, and are sent by https or to this machine alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpSource {
    /// A `GET`, with the audience in a query parameter: the `SourceType` `HttpGet`.
    Get,
    /// A `POST` with a JSON body of the members of `Body`, and the audience in a member: the `SourceType` `HttpPost`.
    Post,
}

impl HttpSource {
    fn method(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl CredentialSource for HttpSource {
    fn source_type(&self) -> SourceType {
        match self {
            Self::Get => SourceType::known("HttpGet"),
            Self::Post => SourceType::known("HttpPost"),
        }
    }

    fn settings(&self) -> &[Setting] {
        const GET: &[Setting] = &[
            URL_SETTING,
            HEADERS_SETTING,
            Setting::new(
                AUDIENCE,
                SettingKind::Identifier,
                "The query parameter that says the audience; without it none does.",
            ),
            TOKEN_FIELD,
            SOCKET_SETTING,
            EXCHANGE_URL,
        ];
        const POST: &[Setting] = &[
            URL_SETTING,
            HEADERS_SETTING,
            Setting::new(
                AUDIENCE,
                SettingKind::Identifier,
                "The member of the JSON body that says the audience; without it none does.",
            ),
            Setting::new(
                BODY,
                SettingKind::Map,
                "Further members of the JSON body, texts; `$NAME` is an environment variable.",
            )
            .with_variables()
            .secret()
            .mistaken(&["Json", "Content"]),
            TOKEN_FIELD,
            SOCKET_SETTING,
            EXCHANGE_URL,
        ];
        match self {
            Self::Get => GET,
            Self::Post => POST,
        }
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let url = cx.required(entry, URL)?;
        let host = url.expose().split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
        if host.is_some_and(|host| host.contains('$')) {
            let error =
                SourceError::misconfigured("wrong-value", format!("{URL} has a variable in its host")).about(URL);
            return Err(cx.error(error.remedy("write the host itself: variables are for the path and the query")));
        }
        let text = |name| entry.text(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let platform = Asked {
            by: *self,
            url: Template::read(url),
            headers: named(entry.map(HEADERS)),
            body: named(entry.map(BODY)),
            audience: text(AUDIENCE),
            field: text(TOKEN_FIELD.name),
            socket: text(SOCKET).map(PathBuf::from),
        };
        Ok(Tokens::loader(entry, cx, platform))
    }
}

/// Names and texts.
fn named(members: Option<&[Entry]>) -> Vec<(String, Template)> {
    let text = |member: &Entry| match &member.value {
        Value::Text(text) => Some((member.name.clone(), Template::read(text))),
        Value::Map(_) => None,
    };
    members.unwrap_or_default().iter().filter_map(text).collect()
}

/// One entry. `Debug` shows of a [`Template`] its variables alone.
#[derive(Debug)]
struct Asked {
    by: HttpSource,
    url: Template,
    headers: Vec<(String, Template)>,
    body: Vec<(String, Template)>,
    /// The parameter or member that says the audience.
    audience: Option<String>,
    field: Option<String>,
    socket: Option<PathBuf>,
}

#[async_trait]
impl Platform for Asked {
    fn name(&self) -> String {
        format!("{URL}'s service")
    }

    fn other_audience(&self, asked: &str) -> String {
        format!("let the service issue it for {asked}: set AudienceParameter, or say it in the request")
    }

    async fn token(&self, asking: &Asking<'_>) -> Result<Secret, SourceError> {
        let name = self.name();
        // Every secret of a request comes of a variable.
        let mut secrets = Vec::new();
        let mut url = self.url.filled(asking, template::encoded, &mut secrets)?;
        if let (Some(parameter), HttpSource::Get) = (&self.audience, self.by)
            && let Ok(mut parsed) = Url::parse(&url)
        {
            parsed.query_pairs_mut().append_pair(parameter, asking.audience);
            url = parsed.into();
        }
        let mut request = HttpRequest::new(self.by.method(), url).header("Accept", "application/json");
        for (header, value) in &self.headers {
            request.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(header));
            request = request.header(header, value.filled(asking, template::plain, &mut secrets)?);
        }
        if self.by == HttpSource::Post {
            request = request.header("Content-Type", "application/json").body(self.json(asking, &mut secrets)?);
        }
        if let Some(socket) = &self.socket {
            there(asking, socket).await?;
            request = request.unix_socket(socket);
        }
        let endpoint = Endpoint {
            name: &name,
            named_by: URL,
            field: self.field.as_deref(),
            refused: "look at the variables that Headers name: the service refuses what they hold",
            unknown: "correct Url, Headers or Body",
            secrets: &secrets,
        };
        let asked = ask(asking, &endpoint, request).await;
        asked.map_err(|error| if error.setting().is_none() { error.about(URL) } else { error })
    }
}

impl Asked {
    fn json(&self, asking: &Asking<'_>, secrets: &mut Vec<Secret>) -> Result<String, SourceError> {
        let mut members = Map::new();
        for (name, value) in &self.body {
            members.insert(name.clone(), json!(value.filled(asking, template::plain, secrets)?));
        }
        if let Some(member) = &self.audience {
            members.insert(member.clone(), json!(asking.audience));
        }
        Ok(serde_json::Value::Object(members).to_string())
    }
}

/// Whether the socket is there: where it is not, neither is the platform.
async fn there(asking: &Asking<'_>, socket: &Path) -> Result<(), SourceError> {
    match asking.world.stamp(socket).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let message = format!("{}: socket not found", socket.display());
            Err(SourceError::not_applicable("platform-absent", message)
                .about(SOCKET)
                .remedy("run on the platform that has this socket, or correct UnixSocket")
                .settled_locally()
                .caused_by(error))
        }
    }
}
