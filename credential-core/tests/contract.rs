//! What the contract must be able to do: loaders that are made late, that decorate others, that need tokens.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use credential_core::registry::Binding;
use credential_core::source::{Entry, Origin};
use credential_core::testing::{Bound, FakeReply, FakeWorld, NestedSource, application};
use credential_core::tokens::{ProvidedToken, TokenFor, TokenProvider, TokenProviders};
use credential_core::world::{HttpRequest, HttpResponse};
use credential_core::*;

/// Counts its loads, each entry for itself.
#[derive(Debug)]
struct Counting;

#[derive(Debug, Default)]
struct Counter(AtomicUsize);

impl CredentialSource for Counting {
    fn source_type(&self) -> SourceType {
        SourceType::known("Counting")
    }

    fn settings(&self) -> &[Setting] {
        &[]
    }

    fn bind(&self, _: &CredentialDescription, _: &mut BindContext<'_>) -> BindResult {
        Ok(Arc::new(Counter::default()))
    }
}

#[async_trait]
impl CredentialLoader for Counter {
    async fn load(&self, _: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let nth = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Credential::secret(format!("load {nth}"), format!("s3cret-{nth}")))
    }
}

async fn loaded(loader: &Bound, world: &World) -> Result<Credential, SourceError> {
    let (application, deadline) = (application(), world.clock.moment().after(Duration::from_secs(5)));
    loader.load(&LoadRequest::new(&application, deadline, world)).await
}

#[tokio::test]
async fn two_entries_of_one_source_remember_nothing_of_each_other() {
    let world = FakeWorld::new().world();
    let registry = SourceRegistry::new().with(Counting);
    let entries = vec![CredentialDescription::new("Counting"), CredentialDescription::new("Counting")];
    let chain = registry.bind(entries, world.clone()).unwrap();
    let deadline = world.clock.moment().after(Duration::from_secs(5));
    assert_eq!(chain.load(0, deadline).await.unwrap().id(), "load 1");
    assert_eq!(chain.load(0, deadline).await.unwrap().id(), "load 2");
    assert_eq!(chain.load(1, deadline).await.unwrap().id(), "load 1");
    assert_eq!(chain.load(2, deadline).await.unwrap_err().code(), "no-such-entry");
}

/// A source that keeps a record of another one's loads, under a name of its own.
#[derive(Debug)]
struct Auditing<S> {
    inner: S,
    record: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug)]
struct Audited {
    path: String,
    inner: Arc<dyn CredentialLoader>,
    record: Arc<Mutex<Vec<String>>>,
}

impl<S: CredentialSource> CredentialSource for Auditing<S> {
    fn source_type(&self) -> SourceType {
        SourceType::new(format!("Audited{}", self.inner.source_type()))
    }

    fn settings(&self) -> &[Setting] {
        self.inner.settings()
    }

    fn bind(&self, entry: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        let inner = self.inner.bind(entry, cx)?;
        Ok(Arc::new(Audited { path: entry.path().to_owned(), inner, record: Arc::clone(&self.record) }))
    }
}

#[async_trait]
impl CredentialLoader for Audited {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let loaded = self.inner.load(request).await;
        let outcome = loaded.as_ref().map_or_else(|error| error.code().to_owned(), |found| found.id().to_owned());
        self.record.lock().unwrap().push(format!("{}: {outcome}", self.path));
        loaded
    }
}

#[tokio::test]
async fn a_source_may_decorate_another_one() {
    let record = Arc::<Mutex<Vec<String>>>::default();
    // In a box, as one that is chosen when the program runs.
    let inner: Box<dyn CredentialSource> = Box::new(Counting);
    let auditing = Auditing { inner, record: Arc::clone(&record) };
    let entry = CredentialDescription::new("AuditedCounting").at("A:0", Origin::Code);
    let bound = Bound::new(auditing, entry).unwrap();
    let world = FakeWorld::new().world();
    loaded(&bound, &world).await.unwrap();
    loaded(&bound, &world).await.unwrap();
    assert_eq!(*record.lock().unwrap(), ["A:0: load 1", "A:0: load 2"]);
}

/// A loader that asks a server what it is, at its first load.
#[derive(Debug, Default)]
struct Late(tokio::sync::OnceCell<String>);

#[derive(Debug)]
struct LateSource;

impl CredentialSource for LateSource {
    fn source_type(&self) -> SourceType {
        SourceType::known("Late")
    }

    fn settings(&self) -> &[Setting] {
        &[]
    }

    fn bind(&self, _: &CredentialDescription, _: &mut BindContext<'_>) -> BindResult {
        Ok(Arc::new(Late::default()))
    }
}

#[async_trait]
impl CredentialLoader for Late {
    async fn load(&self, request: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        let connect = || async {
            let answer = request.world.send(HttpRequest::get("https://server.example/hello")).await;
            let answer = answer.map_err(|error| SourceError::transient("server-gone", "no hello").caused_by(error))?;
            Ok(String::from_utf8_lossy(answer.body.expose()).into_owned())
        };
        let hello = self.0.get_or_try_init(connect).await?;
        Ok(Credential::secret("late", format!("s3cret of {hello}")))
    }
}

#[tokio::test]
async fn a_loader_may_be_made_at_its_first_load() {
    let world = FakeWorld::new();
    let bound = Bound::new(LateSource, CredentialDescription::new("Late")).unwrap();
    assert_eq!(loaded(&bound, &world.world()).await.unwrap_err().code(), "server-gone");
    let hello = FakeReply::Answer(HttpResponse::new(200, Vec::new(), "me"));
    world.http.on("GET", "https://server.example/", hello);
    loaded(&bound, &world.world()).await.unwrap();
    loaded(&bound, &world.world()).await.unwrap();
    assert_eq!(world.http.requests().len(), 2, "one that failed, and one");
}

#[test]
fn what_a_source_repeats_of_others_moves_no_terminal() {
    let text = "certs/\u{1b}[31m\u{202e}x\nforged line: file not found";
    let entry = CredentialDescription::new("Counting").at("A:0", Origin::Code);
    let error = SourceError::invalid("x", text).remedy(text).caused_by(text).placed(&entry);
    let warning = Finding::warning("x", text).because(text).placed(&entry);
    for shown in [error.to_string(), error.finding().to_string(), warning.to_string()] {
        assert!(!shown.contains(['\u{1b}', '\u{202e}', '\n']) && shown.contains("\\u{1b}"), "{shown:?}");
    }
}

/// A vault that is read with a token, which another entry gives.
fn vault() -> NestedSource {
    NestedSource::new("Vault", "https://vault.example/.default")
}

/// Gives the nested entry's secret as the token.
struct Exchanging;

#[derive(Debug)]
struct Exchanged(CredentialChain);

impl TokenProviders for Exchanging {
    fn provider(&self, chain: CredentialChain) -> Arc<dyn TokenProvider> {
        Arc::new(Exchanged(chain))
    }
}

#[async_trait]
impl TokenProvider for Exchanged {
    async fn token(&self, request: &TokenFor<'_>) -> Result<ProvidedToken, SourceError> {
        let credential = self.0.load(0, request.deadline).await?;
        Ok(ProvidedToken::new(format!("token by {}", credential.id()), SystemTime::UNIX_EPOCH))
    }
}

fn entry(nested: &[(&str, &str)]) -> CredentialDescription {
    let settings = nested.iter().map(|(name, value)| Entry::text(*name, *value, Origin::Code)).collect();
    let entry = CredentialDescription::new("Vault").at("A:0", Origin::Code);
    entry.with_entry(Entry::map("Credential", settings, Origin::Code))
}

#[tokio::test]
async fn a_nested_entry_is_bound_as_every_entry_is_and_exchanged_by_whoever_binds() {
    let registry = SourceRegistry::new().with(vault()).with(Counting);
    let world = FakeWorld::new().world();
    let deadline = world.clock.moment().after(Duration::from_secs(5));
    let good = || vec![entry(&[("SourceType", "Counting")])];
    let binding = Binding::new(world.clone()).application(application()).tokens(&Exchanging);
    let chain = registry.bind(good(), binding).unwrap();
    let Credential::Secret(secret) = chain.load(0, deadline).await.unwrap() else { panic!("a secret") };
    assert_eq!(secret.value().expose(), "token by load 1");
    // Nobody exchanges: it binds, and asking says why there is no token.
    let chain = registry.bind(good(), world.clone()).unwrap();
    let error = chain.load(0, deadline).await.unwrap_err();
    assert_eq!((error.code(), error.path()), ("no-token-engine", Some("A:0")));
    // What is wrong with it is found with everything else, at its own place.
    for (nested, code) in [(vec![("SourceType", "Countin")], "unknown-source-type"), (vec![], "missing-source-type")] {
        let error = registry.bind(vec![entry(&nested)], world.clone()).unwrap_err();
        let found = &error.findings()[0];
        assert_eq!((found.code, found.path.as_deref()), (code, Some("A:0:Credential:SourceType")));
    }
}

/// Reads its vault as whoever the machine is, which nobody wrote down.
#[derive(Debug)]
struct ImplyingSource(&'static str);

impl CredentialSource for ImplyingSource {
    fn source_type(&self) -> SourceType {
        SourceType::known("Implying")
    }

    fn settings(&self) -> &[Setting] {
        &[]
    }

    fn bind(&self, _: &CredentialDescription, cx: &mut BindContext<'_>) -> BindResult {
        match cx.tokens_for(CredentialDescription::new(self.0).at("MACHINE", Origin::environment("MACHINE"))) {
            Ok(tokens) => Ok(vault().loader(tokens)),
            Err(error) => Ok(Arc::new(Nobody(error.findings().first().map_or("", |first| first.code)))),
        }
    }
}

#[derive(Debug)]
struct Nobody(&'static str);

#[async_trait]
impl CredentialLoader for Nobody {
    async fn load(&self, _: &LoadRequest<'_>) -> Result<Credential, SourceError> {
        Err(SourceError::not_applicable(self.0, "nobody is there"))
    }
}

#[tokio::test]
async fn an_entry_that_nobody_wrote_is_exchanged_too_and_its_findings_are_nobodys() {
    let world = FakeWorld::new().world();
    let deadline = world.clock.moment().after(Duration::from_secs(5));
    for (implied, token) in [("Counting", Ok("token by load 1")), ("Absent", Err("unknown-source-type"))] {
        let registry = SourceRegistry::new().with(ImplyingSource(implied)).with(Counting);
        let binding = Binding::new(world.clone()).application(application()).tokens(&Exchanging);
        let chain = registry.bind(vec![CredentialDescription::new("Implying")], binding).unwrap();
        assert!(chain.findings().is_empty(), "{:?}", chain.findings());
        let loaded = chain.load(0, deadline).await;
        let found = match &loaded {
            Ok(Credential::Secret(secret)) => Ok(secret.value().expose()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.code()),
        };
        assert_eq!(found, token);
    }
}
