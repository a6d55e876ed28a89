//! `init`: an appsettings.json from arguments, from the variables that are set, and from a few answers.

use std::io::Write;
use std::path::Path;

use credential_core::world::{Environment, ProcessEnvironment};
use serde_json::json;

use super::args::InitArgs;
use super::context::OwnSources;
use super::migrate::{self, Draft};
use super::output::Output;
use super::questions::{Ask, Stdin};
use super::{Failure, Outcome, schema};

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
    output.note("next: token-client doctor");
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
    for (setting, argument, question) in [
        ("TenantId", "--tenant", "tenant, its id or domain"),
        ("ClientId", "--client-id", "client id of the application"),
    ] {
        if !draft.has(setting) {
            let answer = ask.ask(question).await?.ok_or_else(|| missing(setting, argument))?;
            draft.set(setting, answer, "answered");
        }
    }
    if draft.entries.is_empty() {
        let question = "credential: a certificate file, or the variable that has the client secret";
        let argument = "--secret-variable NAME or --certificate";
        let answer = ask.ask(question).await?.ok_or_else(|| missing("a credential", argument))?;
        match is_file(&answer) {
            true => draft.entry("Path", "answered", vec![("CertificateDiskPath", json!(answer))]),
            false => draft.entry("ClientSecret", "answered", vec![("ClientSecretEnvironmentVariable", json!(answer))]),
        }
    }
    let api = args.api.zip(args.base_url).zip(args.scope);
    if let Some(((name, base_url), scope)) = api {
        draft.api = Some((name, json!({"BaseUrl": base_url, "Scopes": [scope], "RequestAppToken": true})));
    }
    Ok(draft)
}

/// A certificate's file, and no variable's name.
fn is_file(answer: &str) -> bool {
    answer.contains(['/', '\\', '.'])
}

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

    #[tokio::test]
    async fn only_what_nobody_says_is_asked() {
        let environment = FakeEnvironment::default();
        let mut answers = Answers(["t1", "c1", "certs/a.pfx"].into(), Vec::new());
        let draft = made(args(), &environment, &mut answers).await.unwrap();
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
    async fn an_answer_that_never_comes_names_the_argument() {
        let failed = made(args(), &FakeEnvironment::default(), &mut Answers::default()).await;
        assert!(matches!(failed, Err(Failure::Usage(message)) if message.contains("--tenant")));
    }
}
