//! The recorded cases of assertion files and custom providers: the same credentials presented in the
//! same order with the same verdicts, or a difference that stands in the table with its reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::jwt;
use async_trait::async_trait;
use credential_core::chain::{Search, Verdict};
use credential_core::credential::{Assertion, AssertionProvider, AssertionRequest};
use credential_core::source::{Entry, Origin};
use credential_core::testing::FakeWorld;
use credential_core::world::Clock;
use credential_core::{Credential, CredentialChain, CredentialDescription, SourceError, SourceRegistry};
use credential_federated::{CustomSignedAssertionSource, ProviderData, SignedAssertionFileSource, describe};
use serde_json::{Value, json};

const EXPIRED: &str = "an expired assertion fails when it is loaded and is not sent";
const FALLS_BACK: &str = "whatever goes wrong with one entry, the next one has its turn";
const READ_AGAIN: &str = "the file is read at every exchange";
const NO_REPEAT: &str = "the same refused assertion is not sent a second time";

/// Case, step, what is presented here, and why it is not what the reference presents.
const DIFFERENCES: &[(&str, usize, &[&str], &str)] = &[
    ("custom-throws", 0, &["secret: accepted"], FALLS_BACK),
    ("fallback-assertion-expired-secret", 0, &["secret: accepted"], EXPIRED),
    ("fallback-assertion-refused-secret", 0, &["stranger: refused", "secret: accepted"], FALLS_BACK),
    ("file-expired", 0, &[], EXPIRED),
    ("file-expired-replaced", 0, &[], EXPIRED),
    ("file-no-exp", 0, &["pod first: refused"], NO_REPEAT),
    ("file-path-trailing-newline", 0, &["pod: accepted"], "the line end is cut"),
    ("file-refused-then-replaced", 3, &["pod second: refused", "pod first: accepted"], READ_AGAIN),
    ("file-replaced-6-min", 2, &["pod second: accepted"], READ_AGAIN),
    ("file-replaced-at-expiry", 2, &["pod second: accepted"], READ_AGAIN),
];

#[tokio::test]
async fn every_recorded_case_is_equal_or_a_listed_difference() {
    let mut wrong = Vec::new();
    let cases = cases();
    let mut met = 0;
    for folder in &cases {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mut run = Run::new(folder);
        for step in 0..run.case["steps"].as_array().map_or(0, Vec::len) {
            let ours = run.step(step).await;
            let listed = DIFFERENCES.iter().find(|(case, at, ..)| *case == name && *at == step);
            met += usize::from(listed.is_some());
            let reference = run.reference(step);
            let expected = listed.map_or_else(|| reference.clone(), |(_, _, ours, _)| strings(ours));
            if ours != expected || listed.is_some() && ours == reference {
                wrong.push(format!("{name} step {step}: {ours:?} instead of {expected:?}, reference {reference:?}"));
            }
        }
    }
    assert_eq!(met, DIFFERENCES.len(), "every listed difference is of a case that is there");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|one| (*one).to_owned()).collect()
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/wire");
    let names = ["file-", "custom-", "fallback-assertion-"];
    let mut list: Vec<PathBuf> = std::fs::read_dir(root)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            names.iter().any(|name| path.file_name().is_some_and(|own| own.to_string_lossy().starts_with(name)))
        })
        .collect();
    list.sort();
    list
}

/// One case in a world of its own.
struct Run {
    case: Value,
    trace: Value,
    world: FakeWorld,
    chain: Option<CredentialChain>,
    presented: Arc<Mutex<Vec<String>>>,
    refusals: Arc<Mutex<u64>>,
    trusted: Vec<String>,
}

impl Run {
    fn new(folder: &Path) -> Self {
        let [case, settings, scenario, trace] =
            ["case", "appsettings", "scenario", "trace"].map(|name| read(&folder.join(format!("{name}.json"))));
        let world = FakeWorld::new();
        for (name, value) in case["env"].as_object().into_iter().flatten() {
            world.environment.set(name, placed(value));
        }
        for (name, file) in case["files"].as_object().into_iter().flatten() {
            write(&world, name, file);
        }
        let chain = registry(&case["setup"]["providers"]).bind(entries(&settings), world.world()).ok();
        let known = scenario["apps"]["app1"]["fics"].as_array().into_iter().flatten();
        let trusted = known.map(|one| one["sub"].as_str().unwrap_or_default().to_owned()).collect();
        Self { case, trace, world, chain, presented: Arc::default(), refusals: Arc::default(), trusted }
    }

    /// What the reference presented, and what the authority said.
    fn reference(&self, step: usize) -> Vec<String> {
        let posts = self.trace.as_array().into_iter().flatten();
        let posts = posts.filter(|one| one["method"] == "POST" && one["step"] == step);
        posts
            .map(|one| {
                let claims = &one["body"]["client_assertion"]["cloud_token"];
                let verdict = if one["status"] == 200 { "accepted" } else { "refused" };
                if claims.is_null() { format!("secret: {verdict}") } else { shown(claims, verdict) }
            })
            .collect()
    }

    /// Does a step; gives what was presented in it.
    async fn step(&mut self, number: usize) -> Vec<String> {
        let step = self.case["steps"][number].clone();
        let (kind, options) = step.as_object().and_then(|step| step.iter().next()).unwrap_or_else(|| panic!("{step}"));
        match kind.as_str() {
            "app_token" => self.exchange().await,
            "replace_file" => write(&self.world, options["name"].as_str().unwrap_or_default(), &options["with"]),
            "delete_file" => self.world.files.remove(format!("case/{}", options.as_str().unwrap_or_default())),
            "wait_s" => self.world.clock.advance(Duration::from_secs(options.as_u64().unwrap_or_default())),
            "cloud" => set(&self.refusals, options["faults"][0]["to"].as_u64().unwrap_or(u64::MAX)),
            other => panic!("a step {other} is not known here"),
        }
        std::mem::take(&mut *self.presented.lock().unwrap_or_else(|error| panic!("{error}")))
    }

    async fn exchange(&self) {
        let Some(chain) = &self.chain else { return };
        let authority = "https://login.microsoftonline.com/contoso.example";
        let world = self.world.world();
        let deadline = world.clock.moment().after(Duration::from_secs(30));
        let (presented, refusals, trusted) = (self.presented.clone(), self.refusals.clone(), self.trusted.clone());
        let attempt = move |candidate: credential_core::chain::Candidate| {
            let (presented, refusals) = (presented.clone(), refusals.clone());
            let (trusted, world) = (trusted.clone(), world.clone());
            async move {
                let refused = |why: &str| Verdict::Next(std::io::Error::other(why.to_owned()));
                let claims = match &candidate.credential {
                    Credential::Assertion(assertion) => {
                        let mut request = AssertionRequest::new("app1", "https://login/token", deadline, &world);
                        request.fresh = candidate.fresh;
                        match assertion.ask(&request).await {
                            Ok(assertion) => assertion.token,
                            Err(error) => return refused(&error.to_string()),
                        }
                    }
                    _ => {
                        push(&presented, "secret: accepted".to_owned());
                        return Verdict::Accept(());
                    }
                };
                let facts = describe(claims.expose()).unwrap_or_default();
                let in_time = facts.expires_on.is_some_and(|end| end > world.clock.now());
                let known = facts.subject.is_some_and(|subject| trusted.contains(&subject));
                let good = in_time && known && take_one(&refusals);
                let verdict = if good { "accepted" } else { "refused" };
                push(&presented, shown(&payload(claims.expose()), verdict));
                if good { Verdict::Accept(()) } else { refused("refused") }
            }
        };
        let _ = chain.first_accepted(Search::new(authority, deadline), attempt).await;
    }
}

fn shown(claims: &Value, verdict: &str) -> String {
    let text = |name: &str| claims[name].as_str().unwrap_or_default();
    format!("{}: {verdict}", format!("{} {}", text("sub"), text("jti")).trim_end())
}

fn payload(jwt: &str) -> Value {
    use base64::Engine;
    let part = jwt.split('.').nth(1).unwrap_or_default();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// `false` while there are refusals to come, each once.
fn take_one(refusals: &Mutex<u64>) -> bool {
    let mut left = refusals.lock().unwrap_or_else(|error| panic!("{error}"));
    let none = *left == 0;
    *left = left.saturating_sub(1);
    none
}

fn set(refusals: &Mutex<u64>, count: u64) {
    *refusals.lock().unwrap_or_else(|error| panic!("{error}")) = count;
}

fn push(presented: &Mutex<Vec<String>>, what: String) {
    presented.lock().unwrap_or_else(|error| panic!("{error}")).push(what);
}

#[expect(clippy::disallowed_methods, reason = "the recorded cases are files of the project")]
fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn placed(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace("$DIR", "case")
}

/// A file of the case: a JWT whose times are relative to now, or text.
fn write(world: &FakeWorld, name: &str, file: &Value) {
    let now = world.clock.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let moved = |value: &Value| match value.as_str().and_then(|text| text.parse::<i64>().ok()) {
        Some(offset) => json!(now.saturating_add_signed(offset)),
        None => value.clone(),
    };
    let mut text = match (&file["jwt"], &file["text"]) {
        (Value::Object(claims), _) => {
            let claims: BTreeMap<_, _> = claims.iter().map(|(name, value)| (name, moved(value))).collect();
            jwt(&json!(claims).to_string())
        }
        (_, Value::String(text)) => text.clone(),
        _ => panic!("a file {file} is not known here"),
    };
    text.push_str(file["suffix"].as_str().unwrap_or_default());
    world.files.write(format!("case/{name}"), text);
}

fn entries(settings: &Value) -> Vec<CredentialDescription> {
    let list = settings["AzureAd"]["ClientCredentials"].as_array().into_iter().flatten();
    list.map(|entry| {
        let source_type = entry["SourceType"].as_str().unwrap_or_default();
        let settings = entry.as_object().into_iter().flatten().filter(|(name, _)| *name != "SourceType");
        settings.fold(CredentialDescription::new(source_type), |description, (name, value)| {
            description.with_entry(setting(name, value))
        })
    })
    .collect()
}

fn setting(name: &str, value: &Value) -> Entry {
    match value {
        Value::Object(map) => {
            Entry::map(name, map.iter().map(|(name, value)| setting(name, value)).collect(), Origin::Code)
        }
        text => Entry::text(name, placed(text), Origin::Code),
    }
}

fn registry(providers: &Value) -> SourceRegistry {
    let mut custom = CustomSignedAssertionSource::new();
    for (name, behaviour) in providers.as_object().into_iter().flatten() {
        let behaviour = behaviour.clone();
        custom = custom.with_factory(name, move |data: &ProviderData| {
            let file = data.text("File").unwrap_or_default().to_owned();
            Ok(Arc::new(Provider { behaviour: behaviour.clone(), file }))
        });
    }
    let mut registry = SourceRegistry::new().with(SignedAssertionFileSource).with(custom);
    credential_secret::sources().into_iter().for_each(|source| registry.register(source));
    registry
}

/// What the recorded provider did: gave the file that its data names, threw, or gave nothing.
#[derive(Debug)]
struct Provider {
    behaviour: Value,
    file: String,
}

#[async_trait]
impl AssertionProvider for Provider {
    async fn assertion(&self, request: &AssertionRequest<'_>) -> Result<Assertion, SourceError> {
        let thrown = self.behaviour.get("throw").or_else(|| self.behaviour.get("skip_and_throw"));
        if let Some(message) = thrown {
            return Err(SourceError::transient("thrown", message.as_str().unwrap_or_default()));
        }
        if self.behaviour["nothing"] == true {
            return Ok(Assertion::new("", None));
        }
        let content = request.world.files.read(Path::new(&self.file), 65_536).await;
        let content = content.map_err(|error| SourceError::transient("unreadable", error.to_string()))?;
        Ok(Assertion::new(String::from_utf8_lossy(content.expose()).into_owned(), None))
    }
}
