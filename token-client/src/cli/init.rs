//! `init`: an appsettings.json from arguments, from the variables that are set, and from a few answers.

use std::io::Write;
use std::path::Path;

use credential_core::world::{Environment, ProcessEnvironment};
use serde_json::{Value, json};

use super::args::InitArgs;
use super::context::OwnSources;
use super::migrate::{self, Draft};
use super::output::Output;
use super::questions::{Ask, Stdin};
use super::{Failure, Outcome, schema};
use crate::settings::scopes::is_default;

/// Where the schema is written, beside the settings.
const SCHEMA: &str = "appsettings.schema.json";

pub(crate) async fn run(args: InitArgs, own: &OwnSources, output: &Output) -> Outcome {
    let to_stdout = args.output.as_os_str() == "-";
    if !to_stdout && args.output.exists() {
        let message =
            format!("{} is there already: name another file with --output, or - to print it", args.output.display());
        return Err(Failure::Usage(message));
    }
    let (file, with_schema) = (args.output.clone(), args.schema && !to_stdout);
    let mut draft = made(args, &ProcessEnvironment, &mut Stdin::new(*output)).await?;
    output.note_lines(&draft.lines());
    if !with_schema {
        draft.schema = None;
    }
    if to_stdout {
        output.print(draft.text().trim_end());
        return Ok(());
    }
    if with_schema {
        let text = schema::text(&["AzureAd".to_owned()], own);
        written(&file.with_file_name(SCHEMA), &text, output)?;
    }
    written(&file, &draft.text(), output)?;
    let call = draft.api.as_ref().map(|(name, section)| match section.get("RequestAppToken") {
        Some(_) => format!(", then: token-client call {name}"),
        None => format!(", then: token-client call {name} --user-assertion @FILE"),
    });
    output.note(&format!("next: token-client doctor{}", call.unwrap_or_default()));
    Ok(())
}

/// What the arguments say, then the variables, then the answers.
async fn made(args: InitArgs, environment: &dyn Environment, ask: &mut impl Ask) -> Result<Draft, Failure> {
    let mut draft = Draft { schema: Some(format!("./{SCHEMA}")), ..Draft::default() };
    let said = [
        ("Instance", "--instance", args.instance),
        ("TenantId", "--tenant", args.tenant),
        ("ClientId", "--client-id", args.client_id),
    ];
    for (setting, argument, value) in said {
        if let Some(value) = value {
            draft.set(setting, value, argument);
        }
    }
    if let Some(name) = args.secret_variable {
        draft.entry("ClientSecret", "--secret-variable", vec![("ClientSecretEnvironmentVariable", json!(name))]);
    }
    if let Some(file) = args.certificate {
        draft.entry("Path", "--certificate", vec![("CertificateDiskPath", json!(file))]);
    }
    migrate::read(environment, &mut draft);
    let mut asked = Asked { who: ask, any: false };
    for (setting, argument, question) in [
        ("TenantId", "--tenant", "tenant, its id or domain"),
        ("ClientId", "--client-id", "client id of the application"),
    ] {
        if !draft.has(setting) {
            let answer = asked.ask(question).await?.ok_or_else(|| missing(setting, argument))?;
            draft.set(setting, answer, "answered");
        }
    }
    if draft.entries.is_empty() {
        let question = "credential: a certificate file, or the name of the variable that has the client secret";
        let argument = "--secret-variable NAME or --certificate";
        let answer = asked.ask(question).await?.ok_or_else(|| missing("a credential", argument))?;
        if is_variable(&answer) {
            draft.entry("ClientSecret", "answered", vec![("ClientSecretEnvironmentVariable", json!(answer))]);
        } else if is_certificate(&answer) {
            draft.entry("Path", "answered", vec![("CertificateDiskPath", json!(answer))]);
        } else {
            return Err(Failure::Usage(NO_CREDENTIAL.to_owned()));
        }
    }
    let given = args.api.zip(args.base_url).zip(args.scope);
    let api = match given {
        Some(((name, base_url), scope)) => Some(Api { name, base_url, scope }),
        // Whoever answers is asked; a script that says everything in arguments is not kept waiting.
        None if asked.any => asked_api(&mut asked).await?,
        None => None,
    };
    draft.api = api.map(|api| (api.name.clone(), api.section()));
    Ok(draft)
}

/// The API that the person names, if any.
async fn asked_api(ask: &mut impl Ask) -> Result<Option<Api>, Failure> {
    let Some(name) = ask.ask("downstream API to call, a name of your own; nothing for none").await? else {
        return Ok(None);
    };
    let base_url = ask.ask("its address, https://...").await?.ok_or_else(|| missing("the address", "--base-url"))?;
    let question = "its scope, RESOURCE/.default to call it as the application, another to call it for users";
    let scope = ask.ask(question).await?.ok_or_else(|| missing("the scope", "--scope"))?;
    Ok(Some(Api { name, base_url, scope }))
}

/// A downstream API as it was said.
struct Api {
    name: String,
    base_url: String,
    scope: String,
}

impl Api {
    /// What the application itself is granted is asked for with `.default`; every other scope is a user's.
    fn section(&self) -> Value {
        let mut section = json!({"BaseUrl": self.base_url, "Scopes": [self.scope]});
        if is_default(&self.scope)
            && let Some(keys) = section.as_object_mut()
        {
            keys.insert("RequestAppToken".to_owned(), json!(true));
        }
        section
    }
}

/// Who answers, and whether anybody was asked.
struct Asked<'a, A> {
    who: &'a mut A,
    any: bool,
}

impl<A: Ask> Ask for Asked<'_, A> {
    async fn ask(&mut self, question: &str) -> Result<Option<String>, Failure> {
        self.any = true;
        self.who.ask(question).await
    }
}

/// Never shows the answer: it may be the secret itself.
const NO_CREDENTIAL: &str = "the answer is neither the name of a variable nor a certificate file (.pfx, .pem, ...): \
    write the NAME of the variable that has the secret, never the secret itself";

/// A name as shells have it.
fn is_variable(answer: &str) -> bool {
    !answer.starts_with(|first: char| first.is_ascii_digit())
        && answer.bytes().all(|one| one.is_ascii_alphanumeric() || one == b'_')
}

/// A file that is there, or is named as certificates are.
fn is_certificate(answer: &str) -> bool {
    let path = Path::new(answer);
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    extension.is_some_and(|extension| CERTIFICATES.contains(&extension.as_str())) || path.is_file()
}

/// How files with a certificate and its key end.
const CERTIFICATES: [&str; 7] = ["pfx", "p12", "pem", "crt", "cer", "der", "key"];

fn missing(what: &str, argument: &str) -> Failure {
    Failure::Usage(format!("{what} is missing: add {argument}, or answer the question"))
}

/// A new file, which never takes the place of another one.
fn written(file: &Path, text: &str, output: &Output) -> Outcome {
    let new = std::fs::OpenOptions::new().write(true).create_new(true).open(file);
    let done = new.and_then(|mut new| new.write_all(text.as_bytes()));
    done.map_err(|error| Failure::Usage(format!("{} cannot be written: {error}", file.display())))?;
    output.note(&format!("{} is written", file.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::path::PathBuf;

    use credential_core::testing::FakeEnvironment;

    use super::*;
    use crate::settings::{Configuration, Location};

    /// Answers in their order, and what was asked.
    #[derive(Default)]
    struct Answers(VecDeque<&'static str>, Vec<String>);

    impl Ask for Answers {
        async fn ask(&mut self, question: &str) -> Result<Option<String>, Failure> {
            self.1.push(question.to_owned());
            Ok(self.0.pop_front().map(str::to_owned))
        }
    }

    fn args() -> InitArgs {
        InitArgs {
            output: PathBuf::from("-"),
            schema: false,
            instance: None,
            tenant: None,
            client_id: None,
            secret_variable: None,
            certificate: None,
            api: None,
            base_url: None,
            scope: None,
        }
    }

    /// With a downstream API, so that none is asked for.
    fn with_api() -> InitArgs {
        let said = |text: &str| Some(text.to_owned());
        InitArgs { api: said("Stock"), base_url: said("https://stock/"), scope: said("api://stock/.default"), ..args() }
    }

    #[tokio::test]
    async fn only_what_nobody_says_is_asked() {
        let environment = FakeEnvironment::default();
        let mut answers = Answers(["t1", "c1", "certs/a.pfx"].into(), Vec::new());
        let draft = made(with_api(), &environment, &mut answers).await.unwrap();
        assert_eq!(answers.1.len(), 3);
        for part in [r#""TenantId": "t1""#, r#""ClientId": "c1""#, r#""CertificateDiskPath": "certs/a.pfx""#] {
            assert!(draft.text().contains(part), "{}", draft.text());
        }
        // Variables answer, and arguments go before them.
        environment.set("AZURE_TENANT_ID", "t2");
        environment.set("AZURE_CLIENT_ID", "c2");
        environment.set("AZURE_FEDERATED_TOKEN_FILE", "/token");
        let mut answers = Answers::default();
        let draft =
            made(InitArgs { tenant: Some("t3".to_owned()), ..args() }, &environment, &mut answers).await.unwrap();
        assert!(answers.1.is_empty() && draft.text().contains(r#""TenantId": "t3", // --tenant"#), "{}", draft.text());
        assert!(draft.text().contains("SignedAssertionFilePath") && draft.notes[0].contains("AZURE_TENANT_ID"));
    }

    #[tokio::test]
    async fn a_downstream_api_is_called_as_its_scope_says() {
        for (scope, for_app) in [("api://stock/.default", true), ("api://stock/read", false)] {
            let mut answers = Answers(["t1", "c1", "SECRET", "Stock", "https://stock/", scope].into(), Vec::new());
            let draft = made(args(), &FakeEnvironment::default(), &mut answers).await.unwrap();
            let text = draft.text();
            let configuration =
                Configuration::from_json(&text, &Location::default(), &FakeEnvironment::default().vars());
            assert!(configuration.findings.is_empty(), "{text}\n{:?}", configuration.findings);
            let api = configuration.downstream("stock").unwrap();
            assert_eq!((api.scope_list(), api.is_app_token()), (&[scope.to_owned()][..], for_app), "{text}");
        }
        // None is wanted; and one that is half said is an error.
        let mut answers = Answers(["t1", "c1", "SECRET"].into(), Vec::new());
        assert!(made(args(), &FakeEnvironment::default(), &mut answers).await.unwrap().api.is_none());
        let mut answers = Answers(["t1", "c1", "SECRET", "Stock"].into(), Vec::new());
        let failed = made(args(), &FakeEnvironment::default(), &mut answers).await;
        assert!(matches!(failed, Err(Failure::Usage(message)) if message.contains("--base-url")));
    }

    #[tokio::test]
    async fn a_secret_for_an_answer_is_not_written_and_not_shown() {
        for secret in ["Zx8Q~hunter2.abc", "hunter2 ", "hunter-2", "2hunter"] {
            let mut answers = Answers(["t1", "c1", secret].into(), Vec::new());
            let failed = made(args(), &FakeEnvironment::default(), &mut answers).await;
            let Err(Failure::Usage(message)) = failed else { panic!("{secret:?} is taken") };
            assert!(message.contains("NAME") && !message.contains("hunter"), "{message}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_never_comes_names_the_argument() {
        let failed = made(args(), &FakeEnvironment::default(), &mut Answers::default()).await;
        assert!(matches!(failed, Err(Failure::Usage(message)) if message.contains("--tenant")));
    }
}
