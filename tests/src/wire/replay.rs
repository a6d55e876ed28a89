//! A case's steps, done with the token client.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use credential_cert_store::Material;
use credential_core::credential::SecretBytes;
use credential_core::testing::{FakeEnvironment, FakeFiles};
use credential_core::world::Clock;
use credential_core::{Finding, Severity, World};
use serde_json::Value;
use token_client::settings::{Configuration, Location};
use token_client::{
    Acquired, ConfigurationError, ManagedIdentityId, TokenClient, TokenError, TokenOrigin, TokenRequest,
};
use tokio::task::JoinSet;

use super::calendar::{Calendar, WithoutJitter};
use super::case::Case;
use super::client::Loopback;
use super::cloud::Cloud;
use super::seen::{Step, token_request};
use super::{jwt, keys, provider};

/// Where .NET keeps the certificate store `CurrentUser/My` of the user whose home is `/home/app`.
const STORE: &str = "/home/app/.dotnet/corefx/cryptography/x509stores/my";
const SETTINGS: &str = "/case/appsettings.json";

/// Does every step of the case in a world of its own; gives what each did.
pub async fn replay(case: &Case) -> Vec<Step> {
    let replay = Replay::new(case).await;
    let mut client = None;
    let mut steps = Vec::new();
    for (kind, options) in case.steps() {
        steps.push(replay.step(&kind, &options, &mut client).await);
    }
    steps
}

/// Seconds to the next fifty: the machines that recorded and replay are not equally fast.
pub(crate) fn rounded(seconds: f64) -> String {
    format!("{}", (seconds / 50.0).round() * 50.0)
}

struct Replay<'a> {
    case: &'a Case,
    cloud: Cloud,
    calendar: Arc<Calendar>,
    files: Arc<FakeFiles>,
    world: World,
    /// The users' tokens that came in, by their claims: a user comes again with the same one.
    incoming: Mutex<BTreeMap<String, String>>,
}

/// The client, or why there is none.
type Built = Result<TokenClient, ConfigurationError>;

impl<'a> Replay<'a> {
    async fn new(case: &'a Case) -> Self {
        let (calendar, files) = (Arc::new(Calendar::default()), Arc::new(FakeFiles::default()));
        let cloud = Cloud::start(&case.scenario, Arc::clone(&calendar)).await;
        let environment = FakeEnvironment::default();
        environment.set("HOME", "/home/app");
        for (name, value) in case.case["env"].as_object().into_iter().flatten() {
            environment.set(name, keys::placed(value.as_str().unwrap()));
        }
        files.write(SETTINGS, case.settings.clone());
        keys::FILES.iter().for_each(|(name, content)| files.write(format!("/state/{name}"), content.clone()));
        let world = World::new(Arc::new(Loopback::new(cloud.address)))
            .with_environment(Arc::new(environment))
            .with_files(Arc::clone(&files) as _)
            .with_clock(Arc::clone(&calendar) as _)
            .with_random(Arc::new(WithoutJitter));
        let replay = Self { case, cloud, calendar, files, world, incoming: Mutex::default() };
        for (name, file) in case.case["files"].as_object().into_iter().flatten() {
            replay.write(name, file);
        }
        for (path, text) in case.case["absolute_files"].as_object().into_iter().flatten() {
            replay.files.write(path, text.as_str().unwrap());
        }
        replay
    }

    fn write(&self, name: &str, file: &Value) {
        let mut content = match file {
            Value::Object(file) if file.contains_key("copy") => {
                let from = file["copy"].as_str().unwrap().rsplit('/').next().unwrap();
                keys::FILES[from].clone()
            }
            file if file["text"].is_string() => file["text"].as_str().unwrap().as_bytes().to_vec(),
            file => jwt::issue(&jwt::at(&file["jwt"], self.calendar.seconds())).into_bytes(),
        };
        content.extend_from_slice(file["suffix"].as_str().unwrap_or_default().as_bytes());
        self.files.write(format!("/case/{name}"), content);
    }

    async fn step(&self, kind: &str, options: &Value, client: &mut Option<Built>) -> Step {
        let mut step = Step {
            outcome: "done".to_owned(),
            findings: Vec::new(),
            scopes: BTreeSet::new(),
            requests: Vec::new(),
            crowd: None,
        };
        match kind {
            "replace_file" => self.write(options["name"].as_str().unwrap(), &options["with"]),
            "delete_file" => self.files.remove(format!("/case/{}", options.as_str().unwrap())),
            "cloud" => self.cloud.merge(options),
            "wait_s" => self.calendar.advance(Duration::from_secs_f64(options.as_f64().unwrap())),
            "store_add" => self.add_to_store(options["pfx"].as_str().unwrap()),
            _ => {
                if client.is_none() {
                    *client = Some(self.build().await);
                }
                match client.as_ref().unwrap() {
                    Ok(client) => self.ask(kind, options, client, &mut step).await,
                    Err(error) => fail(&mut step, error.findings().iter()),
                }
            }
        }
        self.cloud.settle().await;
        let asked: Vec<_> = self.cloud.asked().iter().filter_map(token_request).collect();
        if kind.starts_with("concurrent") {
            step.crowd = Some(asked.len());
        }
        step.requests = asked;
        if step.crowd.is_some() {
            step.requests.sort_by(|one, other| one.line.cmp(&other.line));
            step.requests.dedup_by(|one, other| one.line == other.line);
        }
        step
    }

    /// .NET writes what it adds without a password.
    fn add_to_store(&self, pfx: &str) {
        let name = pfx.rsplit('/').next().unwrap().trim_end_matches(".pfx");
        let thumbprint = keys::of_file(name).thumbprint("");
        self.files.write(format!("{STORE}/{thumbprint}.pfx"), keys::FILES[&format!("{name}-empty.pfx")].clone());
    }

    async fn build(&self) -> Built {
        let setup = &self.case.case["setup"];
        let mut location = Location::default();
        location.file = SETTINGS.into();
        for (name, flag) in setup["provider_data_bool"].as_object().into_iter().flatten() {
            let path = format!("AzureAd:ClientCredentials:0:CustomSignedAssertionProviderData:{name}");
            location = location.set(path, flag.to_string());
        }
        let mut configuration = Configuration::read(&location, &self.world).await;
        for given in setup["certificates"].as_array().into_iter().flatten() {
            let file = given.get("pfx").or_else(|| given.get("der")).unwrap().as_str().unwrap();
            let content = keys::FILES[file.rsplit('/').next().unwrap()].clone();
            let password = given["password"].as_str().map(Into::into);
            let material = Material::read(SecretBytes::new(content), password).await.unwrap();
            let credential = material.into_credential(file, self.world.clock.now()).map_err(|error| error.finding())?;
            let entry =
                &mut configuration.application.credentials[usize::try_from(given["index"].as_u64().unwrap()).unwrap()];
            *entry = entry.clone().given(credential);
        }
        let builder = TokenClient::builder().configuration(configuration).world(self.world.clone());
        builder.source(provider::source(&setup["providers"])).build().await
    }

    async fn ask(&self, kind: &str, options: &Value, client: &TokenClient, step: &mut Step) {
        let request = self.request(options);
        match kind {
            "app_token" | "on_behalf_of" => match client.acquire(&request).await {
                Ok(acquired) => self.succeed(step, &acquired),
                Err(error) => refuse(step, &error),
            },
            "header_for_app" => {
                let token = client.token(&request).await.unwrap();
                let header = token.authorization_header().expose();
                let (scheme, token) = header.split_once(' ').unwrap();
                step.outcome = format!("ok {} {scheme}", how(token));
            }
            "concurrent_app_tokens" | "concurrent_on_behalf_of" => crowd(options, client, &request, step).await,
            other => panic!("{}: a step {other} is not known here", self.case.name),
        }
    }

    fn request(&self, options: &Value) -> TokenRequest {
        let text = |name: &str| options[name].as_str().map(str::to_owned);
        let mut request = match &options["assertion"] {
            // Crowds name no scope.
            Value::Null => {
                TokenRequest::app(options["scope"].as_str().unwrap_or("https://graph.microsoft.com/.default"))
            }
            assertion => {
                let mut incoming = self.incoming.lock().unwrap();
                let made = || jwt::issue(&jwt::at(&assertion["jwt"], self.calendar.seconds()));
                let token = incoming.entry(assertion["jwt"].to_string()).or_insert_with(made).clone();
                let scopes: Vec<&str> =
                    options["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                let scopes = if scopes.is_empty() { vec!["https://graph.microsoft.com/user.read"] } else { scopes };
                TokenRequest::on_behalf_of(token, scopes)
            }
        };
        request.tenant = text("tenant");
        request.claims = text("claims");
        request.correlation_id = text("correlation_id");
        request.fmi_path = text("fmi_path");
        let further = &options["extra_parameters"];
        request.assertion_fmi_path = further["IDWEB_FMI_PATH_FOR_CLIENT_ASSERTION"].as_str().map(str::to_owned);
        request.force_refresh = options["force_refresh"] == true;
        let pairs = |name: &str| -> Vec<(String, String)> {
            let pairs = options[name].as_object().into_iter().flatten();
            pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
        };
        request.extra_headers = pairs("extra_headers");
        request.extra_query = pairs("extra_query");
        request.managed_identity = options.get("managed_identity").filter(|one| one.is_object()).map(|identity| {
            let id = identity["user_assigned_client_id"].as_str();
            id.map_or(ManagedIdentityId::SystemAssigned, |id| ManagedIdentityId::ClientId(id.to_owned()))
        });
        request
    }

    fn succeed(&self, step: &mut Step, acquired: &Acquired) {
        let token = &acquired.token;
        let life = token.expires_on().duration_since(self.calendar.now()).unwrap_or_default();
        let parts = [
            "ok",
            &how(token.value().expose()),
            from(acquired.origin),
            token.tenant().unwrap_or_default(),
            &rounded(life.as_secs_f64()),
        ];
        step.outcome = parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ");
        step.scopes = token.scopes().into_iter().map(str::to_owned).collect();
    }
}

/// All at once: each for a scope of the request, in one of several tenants.
async fn crowd(options: &Value, client: &TokenClient, request: &TokenRequest, step: &mut Step) {
    let mut crowd = JoinSet::new();
    for nth in 0..options["count"].as_u64().unwrap() {
        let (client, mut request) = (client.clone(), request.clone());
        if let Some(tenants) = options["tenants"].as_u64() {
            request.tenant = Some(format!("tenant{}.example", nth % tenants));
        }
        crowd.spawn(async move { client.acquire(&request).await });
    }
    let origins: Vec<TokenOrigin> = crowd.join_all().await.into_iter().map(|one| one.unwrap().origin).collect();
    let count = |origin: TokenOrigin| match origins.iter().filter(|one| **one == origin).count() {
        0 => None,
        count => Some(format!("ok {} {count}", from(origin))),
    };
    let counts = [TokenOrigin::Authority, TokenOrigin::Cache].into_iter().filter_map(count);
    step.outcome = counts.collect::<Vec<_>>().join(", ");
}

fn from(origin: TokenOrigin) -> &'static str {
    match origin {
        TokenOrigin::Cache => "cache",
        _ => "authority",
    }
}

/// By what the application was recognised, as the cloud's tokens tell.
fn how(token: &str) -> String {
    jwt::open(token).and_then(|claims| Some(claims["how"].as_str()?.to_owned())).unwrap_or_default()
}

fn refuse(step: &mut Step, error: &TokenError) {
    fail(step, error.findings().iter());
    if let Some(said) = error.authority() {
        step.outcome = format!("error {} {}", said.error, said.status);
    }
}

fn fail<'f>(step: &mut Step, findings: impl Iterator<Item = &'f Finding>) {
    step.outcome = "error".to_owned();
    let errors = findings.filter(|finding| finding.severity == Severity::Error);
    step.findings = errors.map(|finding| finding.code.to_string()).collect();
    step.findings.sort();
}
